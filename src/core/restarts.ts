import { type GivenCredential, newCredential, usableSince } from './given-credential.ts';
import type { Registered } from './narrowed.ts';
import type { Observation, RestartsDone } from './observation.ts';
import { basisText } from './remembered-refusal.ts';
import { isSecretHeld, usableName } from './workload.ts';

/** Restarts of the workloads that a spec names, once for each new credential in their Secret. */

/** The workloads are restarted for this credential, as far as is known: by this process, or as status has it. */
export const restartsDone = (o: Observation): RestartsDone | undefined =>
  o.restarted ?? o.object?.status.rolloutRestarts;

/**
 * The credential for which the workloads that the spec names are still to be restarted; `undefined`: none, as for the first
 * one of the object. Workloads that were restarted after `since` have it.
 */
export function restartDue(o: Registered): GivenCredential | undefined {
  const { rolloutRestartTargets: targets = [] } = o.spec;
  const credential = targets.length === 0 ? undefined : newCredential(o, o.current);
  const isDone = credential === undefined || restartsDone(o)?.credential === credential.id;
  const isShown = usableName(o, o.current) !== undefined && !isSecretHeld(o, o.current);
  return isDone || !isShown ? undefined : { id: credential.id, since: usableSince(o, o.current, credential) };
}

/** What a restart is tried with. A setback holds only for the same basis. */
export const restartBasis = ({ object }: Registered, { id }: GivenCredential): string =>
  basisText(id, String(object.generation), object.reconcileRequestedAt ?? '');
