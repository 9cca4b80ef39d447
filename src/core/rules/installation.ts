import { isOfOtherCluster, isOurs } from '../installation.ts';
import { continueInstallation } from '../kubectl-command.ts';
import type { Observation } from '../observation.ts';
import { gone, stall } from './idle.ts';
import type { Rule } from './rule.ts';

/** Rules about whose a client is: another installation's is left alone, until a person says which one goes on. */

export const managedElsewhere: Rule<Observation> = {
  finding: 'ManagedElsewhere',
  found: 'The ledger, the object or a record names another installation.',
  follows: 'Nothing is sent. Of a copy from another cluster that is being deleted, the finalizer is removed.',
  decide: (o) => {
    const { object, installation } = o;
    const other = managerOf(o);
    if (other === undefined) {
      return undefined;
    }
    if (object === undefined) {
      return gone();
    }
    const isCopy = isOfOtherCluster(other, installation);
    if (isCopy && object.deleting && object.hasFinalizer) {
      const message = `The object is being deleted, and was copied from another cluster, whose installation "${other}" has the client.`;
      return { type: 'RemoveFinalizer', message, object, managedBy: other };
    }
    const what = `Installation "${other}" registered this client, and this one is "${installation.id}". Nothing is sent for it.`;
    return stall(
      'ManagedElsewhere',
      isCopy
        ? `${what} If the other cluster is gone, or its operator is stopped, a platform engineer lets this one go on: ${continueInstallation(other)}`
        : what,
    );
  },
};

/** Ids of the installations that the ledger, the object and its records name. */
const installationsNamed = ({ heldFor, object, records }: Observation): readonly string[] =>
  [heldFor, object?.status.installation, ...records.map((record) => record.installation)].filter(
    (id) => id !== undefined,
  );

/** The installation that has the client, where it isn't this one. */
const managerOf = (o: Observation): string | undefined =>
  installationsNamed(o).find((id) => !isOurs(id, o.installation));

/** Whether the object, its records or the ledger were copied from another cluster: nobody else writes its status then. */
export const isCopied = (o: Observation): boolean =>
  installationsNamed(o).some((id) => isOfOtherCluster(id, o.installation));

/** After a move, or an upgrade from a version whose ids held no cluster: a copy can be recognized from then on. */
export const installationRenamed: Rule<Observation> = {
  finding: 'InstallationRenamed',
  found: 'A record names this installation by an earlier id.',
  follows: 'The record gets the present id.',
  decide: ({ records, installation }) => {
    const record = records.find(({ installation: id }) => id !== installation.id);
    return (
      record && {
        type: 'Claim',
        message: `Registration Secret ${record.secretName} names this installation by an earlier id, "${record.installation}".`,
        record,
        installation: installation.id,
      }
    );
  },
};
