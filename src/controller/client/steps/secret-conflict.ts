import { type KubernetesObject, keyOf, RESOURCES } from '../../../api/kubernetes.ts';
import { ANNOTATIONS } from '../../../api/names.ts';
import type { RegisterStep } from '../../../core/action.ts';
import { setbackOf } from '../../../core/earlier-calls.ts';
import { failure } from '../../../core/failure.ts';
import type { ObservedClient } from '../../../core/observation.ts';
import { publishBasis } from '../../../core/workload.ts';
import { type ObservedSecret, toObservedSecret, wantedSecret } from '../../../core/workload-secret.ts';
import { DONE, type StepInput, type StepResult } from '../round.ts';
import { setBack } from '../setbacks.ts';
import { failed } from './report.ts';

/**
 * A Secret that isn't the object's has the name that the spec gives. It is never touched. Until it is gone, its metadata is
 * read again and again, with pauses that `secret-conflicts.ts` decides; none of its values is read.
 */

/**
 * Whether such a Secret keeps the object from being registered: then nothing is sent. A cached Secret of another
 * OAuthClient is always noticed; for others the API server is asked, but not for each client of many.
 */
export async function isSecretTaken(step: RegisterStep, input: StepInput): Promise<boolean> {
  const { o, round, context } = input;
  const { object, replaces } = step;
  const { secretConflicts } = context.memory;
  const client = { namespace: o.namespace, name: o.name, uid: object.uid };
  const wanted = wantedSecret(client, object.desired.spec);
  if (wanted.isNone || replaces !== undefined || o.secrets.some(({ name }) => name === wanted.name)) {
    return false;
  }
  const cached = context.caches.secrets.get(keyOf({ namespace: o.namespace, name: wanted.name }))?.observed;
  const isKnown = secretConflicts.isWaiting(round.key);
  const mayRead =
    cached === undefined && (isKnown || secretConflicts.mayLook(round.key, context.clock.now()));
  const isTaken = cached === undefined ? mayRead && (await look(wanted.name, input)) === 'Taken' : true;
  const basis = publishBasis(wanted, object);
  if (isTaken) {
    secretTaken(`${describeConflict(wanted.name)} Nothing is registered while it is there`, basis, input);
  } else if (isKnown) {
    context.memory.succeeded(round.key, 'Publish', basis);
  }
  return isTaken;
}

/** Whether a Secret that was in the way is there still, as far as that is known. */
export async function isStillTaken(name: string, input: StepInput): Promise<boolean> {
  const { round, context } = input;
  return context.memory.secretConflicts.isWaiting(round.key) && (await look(name, input)) !== 'Free';
}

/** Stores the conflict as a setback. The first one gets an Event. */
export function secretTaken(message: string, basis: string, input: StepInput): StepResult {
  const { round, context } = input;
  const pauseMs = context.memory.secretConflicts.found(round.key);
  const taken = failure('Terminal', 'SecretConflict', message);
  const isTold = setbackOf(input.o, 'Publish', basis)?.reason === 'SecretConflict';
  if (!isTold) {
    return failed('Publish', basis, taken, input, pauseMs);
  }
  setBack(round.key, { action: 'Publish', basis }, taken, context, pauseMs);
  return DONE;
}

export const describeConflict = (name: string): string =>
  `Secret ${name} exists and isn't this object's; it was not touched.`;

/** `Free`: there is none, or it may be the object's own. */
async function look(
  name: string,
  { o: { namespace, name: client, object }, context: { api } }: StepInput,
): Promise<'Free' | 'Taken' | 'Unknown'> {
  const found = await api.get<KubernetesObject>(RESOURCES.secret, { namespace, name }, 'metadata');
  if (!found.ok) {
    return found.status === 404 ? 'Free' : 'Unknown';
  }
  return mayBeOwn(toObservedSecret(found.object), object, keyOf({ namespace, name: client }))
    ? 'Free'
    : 'Taken';
}

/** A restored Secret names the object and has no owner. */
const mayBeOwn = (
  { ownerUid, annotations }: ObservedSecret,
  object: ObservedClient | undefined,
  client: string,
): boolean => ownerUid === object?.uid || annotations[ANNOTATIONS.client] === client;
