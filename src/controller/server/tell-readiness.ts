import type { AuthorizationServerStatus } from '../../api/authorization-server.ts';
import { isEventReason } from '../../api/events.ts';
import type { Reason } from '../../api/reasons.ts';
import { keyOfServer, serverNamed } from '../../core/server-key.ts';
import type { ServerObject } from '../../core/server-object.ts';
import type { Context } from '../context.ts';

/**
 * Writes an Event when a server object stops being Ready, or is not Ready from the start, and one when it is Ready again.
 * Its clients get none for that.
 *
 * An Event of a ClusterAuthorizationServer only refers to its status: it is in namespace `default`, where more people read
 * Events than may read the object.
 *
 * @param status what was just written; `object.status` is what was there before
 */
export function tellReadiness(
  object: ServerObject,
  status: AuthorizationServerStatus,
  { caches, events }: Pick<Context, 'caches' | 'events'>,
): void {
  const [before, after] = [readyIn(object.status), readyIn(status)];
  const wasReady = before?.status !== 'False';
  const isReady = after?.status === 'True';
  const reason = after?.reason as Reason | undefined;
  if (after === undefined || reason === undefined || wasReady === isReady || !isEventReason(reason)) {
    return;
  }
  const { metadata } = object;
  const { kind, name, namespace } = serverNamed(keyOfServer(object));
  const home = namespace === undefined ? undefined : caches.namespaces.get(namespace);
  const said =
    kind === 'AuthorizationServer'
      ? after.message
      : `${kind} ${name} is ${isReady ? 'ready again' : 'not ready'}: kubectl get coas ${name} -o wide`;
  events.record({
    reason,
    action: 'Reconcile',
    message: said,
    regarding: {
      kind,
      namespace: namespace ?? '',
      name,
      uid: metadata.uid ?? '',
      namespaceTerminating: home?.metadata.deletionTimestamp !== undefined,
    },
  });
}

const readyIn = ({ conditions }: AuthorizationServerStatus) =>
  conditions?.find(({ type }) => type === 'Ready');
