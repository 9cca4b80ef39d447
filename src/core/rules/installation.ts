import { ANNOTATIONS } from '../../api/names.ts';
import type { Action } from '../action.ts';
import { isOfOtherCluster, isOurs } from '../installation.ts';
import type { Observation } from '../observation.ts';
import { gone, stall } from './rests.ts';

/** Rules about whose a client is: another installation's is left alone, until a person says which one goes on. */

export function anotherInstallationManagesIt(o: Observation): Action | undefined {
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
    return { type: 'RemoveFinalizer', object, managedBy: other };
  }
  const what = `Installation "${other}" registered this client, and this one is "${installation.id}". Nothing is sent for it.`;
  return stall(
    'ManagedElsewhere',
    isCopy
      ? `${what} If the other cluster is gone, or its operator is stopped, a platform engineer lets this one go on: kubectl annotate namespace <namespace of the operator> ${ANNOTATIONS.continues}=${other}`
      : what,
  );
}

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

/** After a move, or an upgrade from a version whose ids held no cluster: so that a copy is told from then on. */
export function theRecordNamesAFormerInstallation({
  records,
  installation,
}: Observation): Action | undefined {
  const record = records.find(({ installation: id }) => id !== installation.id);
  return record && { type: 'Claim', record, installation: installation.id };
}
