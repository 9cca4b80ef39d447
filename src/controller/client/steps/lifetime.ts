import { ALWAYS_BINDABLE, kindText } from '../../../api/bindable-kinds.ts';
import {
  apiVersionOf,
  type KubernetesObject,
  type OwnerReference,
  RESOURCES,
  referenceText,
} from '../../../api/kubernetes.ts';
import type { BoundTo } from '../../../core/action.ts';
import { toClientObject } from '../../../core/desired.ts';
import type { ObservedClient } from '../../../core/observation.ts';
import { DONE, later, notDone, type StepInput, type StepResult } from '../round.ts';
import { setBack } from '../setbacks.ts';
import { notWritten, subjectOf } from './report.ts';

/** Makes an object the owner of this one, so that Kubernetes deletes it with that one. */
export async function bindToOwner(
  { uid, resourceVersion }: ObservedClient,
  boundTo: BoundTo,
  input: StepInput,
): Promise<StepResult> {
  const { o, round, context } = input;
  const { api } = context;
  const { namespace } = o;
  const { kind, name } = boundTo;
  const { bindableKinds = ALWAYS_BINDABLE } = context.settings;
  const resource = bindableKinds.find((known) => known.kind === kind && known.group === boundTo.group);
  if (resource === undefined) {
    return later(`${kindText(boundTo)} is no kind that this installation admits`);
  }
  const found = await api.get<KubernetesObject>(resource, { namespace, name });
  if (!found.ok && (found.status !== 404 || found.reason === 'NotServed')) {
    return notDone(`${kind} ${name} is not read`, found);
  }
  if (!found.ok) {
    const message = `${kind} ${name} doesn't exist in namespace ${namespace}`;
    const failure = { kind: 'Transient', reason: 'BoundObjectNotFound', message } as const;
    setBack(round.key, { action: 'Bind', basis: referenceText(boundTo) }, failure, context);
    return DONE;
  }
  const key = { namespace, name: o.name };
  const object = await api.get<KubernetesObject>(RESOURCES.oauthClient, key);
  if (!object.ok) {
    return notDone('The OAuthClient is not read', object);
  }
  const { uid: ownerUid = '' } = found.object.metadata;
  const owner: OwnerReference = { apiVersion: apiVersionOf(resource), kind, name, uid: ownerUid };
  const ownerReferences = [...(object.object.metadata.ownerReferences ?? []), owner];
  const metadata = { uid, resourceVersion: object.object.metadata.resourceVersion ?? resourceVersion };
  const patched = await api.patch<KubernetesObject>(RESOURCES.oauthClient, key, {
    metadata: { ...metadata, ownerReferences },
  });
  if (!patched.ok) {
    return notWritten('The owner is not set', patched, input);
  }
  context.caches.clients.learn(toClientObject(patched.object));
  return DONE;
}

/** The lifetime is over: deletes the object, and with it the client and the Secret. */
export async function deleteObject({ uid }: ObservedClient, input: StepInput): Promise<StepResult> {
  const { o, context } = input;
  const { api, events } = context;
  const { namespace, name } = o;
  const gone = await api.delete(RESOURCES.oauthClient, { namespace, name }, { uid });
  if (!gone.ok && gone.status !== 404) {
    return notWritten('The object is not deleted', gone, input);
  }
  events.record({
    reason: 'Ended',
    action: 'DeleteObject',
    message: 'The lifetime in spec.lifetime.expiresAfter is over; the object is deleted.',
    regarding: subjectOf(o, undefined),
  });
  return later('The lifetime is over, and the object is being deleted', 'Deleting');
}
