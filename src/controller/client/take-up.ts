import { type KubernetesObject, nameOfKey, namespaceOf, RESOURCES } from '../../api/kubernetes.ts';
import type { ClientKey } from '../../core/client-key.ts';
import { toClientObject } from '../../core/desired.ts';
import type { ClientObject } from '../../core/observation.ts';
import { isLessOfClient, isLessOfServer } from '../../core/over-share.ts';
import { type ServerObject, toServerObject } from '../../core/server-object.ts';
import type { Context } from '../context.ts';
import type { ObjectCache } from '../state/object-cache.ts';

/**
 * Objects of which less is kept, since their namespace had no room for them: read again, one at a time, when it has. They
 * aren't read for a try alone: what doesn't fit after all is as it was.
 */

type TakeUpContext = Pick<Context, 'api' | 'caches' | 'namespaceMemory' | 'settings'>;

export async function takeUpClient(key: ClientKey, context: TakeUpContext): Promise<void> {
  const known = context.caches.clients.get(key);
  if (known === undefined || !isLessOfClient(known) || known.observed.deleting || !hasRoom(known, context)) {
    return;
  }
  const [namespace, name] = [namespaceOf(key), nameOfKey(key)];
  const read = await context.api.get<ClientObject>(RESOURCES.oauthClient, { namespace, name });
  if (read.ok) {
    learn(context.caches.clients, toClientObject(read.object), context);
  }
}

/** @returns the object as it is known after that */
export async function takeUpServer(object: ServerObject, context: TakeUpContext): Promise<ServerObject> {
  const { namespace, name } = object.metadata;
  const key = `${namespace}/${name}`;
  if (namespace === undefined || !isLessOfServer(object) || !hasRoom(object, context)) {
    return object;
  }
  const read = await context.api.get<KubernetesObject>(RESOURCES.authorizationServer, { namespace, name });
  if (read.ok) {
    const { urlRules } = context.settings;
    learn(context.caches.servers, toServerObject('AuthorizationServer', read.object, urlRules), context);
  }
  return context.caches.servers.get(key) ?? object;
}

/** Where it fitted, there may be room for another. */
function learn<T extends KubernetesObject>(
  cache: Pick<ObjectCache<T>, 'learn'>,
  object: T,
  { namespaceMemory }: TakeUpContext,
): void {
  const { namespace = '' } = object.metadata;
  const before = namespaceMemory.usedBy(namespace);
  cache.learn(object);
  if (namespaceMemory.usedBy(namespace) > before) {
    namespaceMemory.tellRoom(namespace);
  }
}

const hasRoom = (
  { metadata: { namespace = '' }, takes = 0 }: ClientObject | ServerObject,
  { namespaceMemory }: TakeUpContext,
): boolean => namespaceMemory.hasRoom(namespace, takes);
