import { type KubernetesObject, RESOURCES } from '../../../api/kubernetes.ts';
import { FINALIZER } from '../../../api/names.ts';
import type { Step } from '../../../core/action.ts';
import { toClientObject } from '../../../core/desired.ts';
import type { ObservedClient } from '../../../core/observation.ts';
import { isRestored } from '../../../core/restored-object.ts';
import type { ApiResult } from '../../ports.ts';
import { DONE, later, notDone, type StepInput, type StepResult } from '../round.ts';
import { notWritten, subjectOf } from './report.ts';

export async function addFinalizer(object: ObservedClient, input: StepInput): Promise<StepResult> {
  const patched = await patchFinalizers(object, input, (before) => [
    ...before.filter((name) => name !== FINALIZER),
    FINALIZER,
  ]);
  if (patched.ok) {
    input.context.caches.clients.learn(toClientObject(patched.object));
    return DONE;
  }
  if (patched.reason !== 'NotFound') {
    return notWritten('The finalizer is not put on', patched, input);
  }
  // Somebody deleted the object before anything was registered for it; the watch has not shown it yet.
  forgetObject(object, input);
  return DONE;
}

/** Without its last finalizer, an object that is being deleted disappears at once. */
export async function removeFinalizer(object: ObservedClient, input: StepInput): Promise<StepResult> {
  const patched = await patchFinalizers(object, input, (before) =>
    before.filter((name) => name !== FINALIZER),
  );
  if (!patched.ok && patched.status !== 404) {
    return notWritten('The finalizer is not taken off', patched, input);
  }
  if (patched.ok && (patched.object.metadata.finalizers ?? []).length > 0) {
    input.context.caches.clients.learn(toClientObject(patched.object));
  } else {
    forgetObject(object, input);
  }
  return DONE;
}

function forgetObject({ uid }: ObservedClient, { o: { namespace, name }, context }: StepInput): void {
  context.caches.clients.forget({ metadata: { namespace, name, uid } });
}

/** Others, such as the garbage collector, change the list at the same time. */
const MOST_TRIES = 3;

/** A merge patch replaces the whole list, so it is made of the present one: after a conflict that is read. */
async function patchFinalizers(
  object: ObservedClient,
  { o: { namespace, name }, context: { api } }: StepInput,
  change: (before: readonly string[]) => readonly string[],
): Promise<ApiResult<KubernetesObject>> {
  const key = { namespace, name };
  let { finalizers, resourceVersion } = object;
  for (let tries = 1; ; tries += 1) {
    if (finalizers === undefined) {
      const read = await api.get<KubernetesObject>(RESOURCES.oauthClient, key);
      if (!read.ok) {
        return read;
      }
      if (read.object.metadata.uid !== object.uid) {
        return { ok: false, status: 404, reason: 'NotFound', message: 'Another object has its name.' };
      }
      finalizers = read.object.metadata.finalizers ?? [];
      resourceVersion = read.object.metadata.resourceVersion ?? resourceVersion;
    }
    const metadata = { uid: object.uid, resourceVersion, finalizers: change(finalizers) };
    const patched = await api.patch<KubernetesObject>(RESOURCES.oauthClient, key, { metadata });
    if (patched.ok || patched.status !== 409 || tries === MOST_TRIES) {
      return patched;
    }
    finalizers = undefined;
  }
}

/** No record needs the finalizer any more. A client whose record somebody deleted can't be deregistered: reports that. */
export function letGo(
  { object, managedBy }: Extract<Step, { type: 'RemoveFinalizer' }>,
  input: StepInput,
): Promise<StepResult> {
  const { o, context } = input;
  if (managedBy !== undefined) {
    context.events.record({
      reason: 'ManagedElsewhere',
      action: 'Deregister',
      message: `The client of this object was left as it is: installation "${managedBy}" has it.`,
      regarding: subjectOf(o, undefined),
    });
    return removeFinalizer(object, input);
  }
  const { clientId, issuer } = object.status;
  const isRecorded = o.records.some(({ client }) => client.uid === object.uid);
  const shown = o.secrets.find(isRestored);
  const which =
    clientId === undefined ? `The client of Secret ${shown?.name}` : `Client ${clientId} at ${issuer}`;
  if ((clientId !== undefined || shown !== undefined) && !isRecorded) {
    context.events.record({
      reason: 'RegistrationRecordMissing',
      action: 'Deregister',
      message: `${which} was not removed: its registration Secret is gone, and its token with it. Remove the client at the server by hand.`,
      regarding: subjectOf(o, undefined),
    });
  }
  return removeFinalizer(object, input);
}

/** Only an answer that names the object proves that it doesn't exist: any other 404 means that the CRD is missing. */
export async function confirmAbsence({ o, round, context }: StepInput): Promise<StepResult> {
  const found = await context.api.get(RESOURCES.oauthClient, { namespace: o.namespace, name: o.name });
  if (found.ok) {
    return later('The object exists, and the watch has not shown it yet');
  }
  if (found.reason !== 'NotFound') {
    return notDone("Whether the object is gone isn't known", found);
  }
  context.memory.absenceProven(round.key);
  return DONE;
}
