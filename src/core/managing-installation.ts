import { isOfOtherCluster, isOurs } from './installation.ts';
import type { Observation } from './observation.ts';

/** Which installation manages a client, by what the ledger, the object and its records say. */

/** Id of the installation that manages the client, where it isn't this one. */
export const managingInstallation = (o: Observation): string | undefined =>
  installationsNamed(o).find((id) => !isOurs(id, o.installation));

/**
 * Whether the object, its records or the ledger were copied from another cluster: no other installation writes its
 * status then.
 */
export const isCopied = (o: Observation): boolean =>
  installationsNamed(o).some((id) => isOfOtherCluster(id, o.installation));

const installationsNamed = ({ heldFor, object, records }: Observation): readonly string[] =>
  [heldFor, object?.status.installation, ...records.map(({ installation }) => installation)].filter(
    (id) => id !== undefined,
  );
