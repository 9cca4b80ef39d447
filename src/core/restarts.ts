import { rfc3339, storedTime } from '../api/time.ts';
import type { Registered } from './narrowed.ts';
import type { Observation, RestartsDone } from './observation.ts';
import type { RegistrationRecord } from './record.ts';
import { basisText } from './remembered-refusal.ts';
import { isSecretHeld, usableName } from './workload.ts';

/** Restarts of the workloads that a spec names, once for each new credential in their Secret. */

/** A credential of a client, and the time that is written into the workloads that are restarted for it. */
interface GivenCredential {
  /** Identifies it: it changes with the client, its secret and its key, and with nothing else. */
  readonly id: string;
  /** RFC 3339: when it was given. */
  readonly since: string;
}

/**
 * The credential that the Secret shows; `undefined`: the first of the object, for which nothing has to be restarted. A client
 * that serves again, since its replacement was undone, is a new credential, too.
 */
function newCredential(o: Observation, record: RegistrationRecord): GivenCredential | undefined {
  const { registrationSecret, registeredAt, secretIssuedAt, keyCreatedAt, replacementMadeAt, replaces } =
    record;
  const undone = o.records
    .filter((other) => other.replaces === registrationSecret)
    .map(({ replacementUndoneAt }) => replacementUndoneAt);
  const given = [registeredAt, secretIssuedAt, keyCreatedAt, replacementMadeAt, ...undone];
  const since = Math.max(...given.flatMap((time) => (time === undefined ? [] : storedTime(time))));
  return replaces === undefined && since <= storedTime(registeredAt)
    ? undefined
    : { id: basisText(registrationSecret, secretIssuedAt ?? '', keyCreatedAt ?? ''), since: rfc3339(since) };
}

/** The workloads are restarted for this credential, as far as is known: by this process, or as status has it. */
export const restartsDone = (o: Observation): RestartsDone | undefined =>
  o.restarted ?? o.object?.status.rolloutRestarts;

/** The credential for which the workloads that the spec names are still to be restarted; `undefined`: none. */
export function restartDue(o: Registered): GivenCredential | undefined {
  const { rolloutRestartTargets: targets = [] } = o.spec;
  const credential = targets.length === 0 ? undefined : newCredential(o, o.current);
  const isDone = credential === undefined || restartsDone(o)?.credential === credential.id;
  const isShown = usableName(o, o.current) !== undefined && !isSecretHeld(o, o.current);
  return isDone || !isShown ? undefined : credential;
}

/** What a restart is tried with. A setback holds only for the same basis. */
export const restartBasis = ({ object }: Registered, { id }: GivenCredential): string =>
  basisText(id, String(object.generation), object.reconcileRequestedAt ?? '');
