import { toCredentialObject } from '../../../src/adapters/kubernetes/cache-feeds.ts';
import { RESOURCES, type Resource } from '../../../src/api/kubernetes.ts';
import { LABELS } from '../../../src/api/names.ts';
import type { Caches } from '../../../src/controller/context.ts';
import { toRegistrationObject, toSecretObject } from '../../../src/controller/state/cached-objects.ts';
import type { ObjectCache } from '../../../src/controller/state/object-cache.ts';
import { toClientObject } from '../../../src/core/desired.ts';
import { toServerObject } from '../../../src/core/server-object.ts';
import type { Change, Stored } from '../../kit/fakes/cluster.ts';
import type { Process, World } from './world.ts';

/** A list, then the changes since, in order, each with a random delay. */
export async function startWatches(world: World, process: Process, caches: Caches): Promise<void> {
  const follow = <T extends Stored>(
    cache: ObjectCache<T>,
    resource: Resource,
    transform: (raw: Stored) => T,
    label?: string,
  ) => followOne(world, process, { cache, resource, transform, label });
  await Promise.all([
    follow(caches.namespaces as ObjectCache<Stored>, RESOURCES.namespace, (raw) => raw),
    follow(caches.clusterServers as never, RESOURCES.clusterAuthorizationServer, toServer as never),
    follow(caches.registrations as never, RESOURCES.secret, toRegistration as never, LABELS.registration),
    follow(caches.secrets as never, RESOURCES.secret, toSecret as never, LABELS.workload),
    follow(caches.credentials as never, RESOURCES.secret, toCredential as never, LABELS.credential),
    follow(caches.clients as never, RESOURCES.oauthClient, toClient as never),
  ]);
}

/** Objects are never changed in place, so each is read once for all processes. */
function once<T extends object>(transform: (raw: Stored) => T): (raw: Stored) => T {
  const known = new WeakMap<Stored, T>();
  return (raw) => {
    const read = known.get(raw) ?? transform(raw);
    known.set(raw, read);
    return read;
  };
}

const toServer = once((raw) => toServerObject('ClusterAuthorizationServer', raw, { allowHttp: false }));
const toRegistration = once(toRegistrationObject);
const toSecret = once(toSecretObject);
const toCredential = once((raw) => toCredentialObject(raw as never));
const toClient = once(toClientObject);

interface Follow<T extends Stored> {
  readonly cache: ObjectCache<T>;
  readonly resource: Resource;
  readonly transform: (raw: Stored) => T;
  readonly label: string | undefined;
}

function followOne<T extends Stored>(
  world: World,
  process: Process,
  { cache, resource, transform, label }: Follow<T>,
): Promise<void> {
  const { cluster, scheduler } = world;
  const waiting: Change[] = [];
  process.waiting.push(waiting);
  let isDue = false;
  const isSelected = (object: Stored | undefined): object is Stored =>
    object !== undefined && (label === undefined || object.metadata.labels?.[label] === 'true');
  const list = () => {
    const selection = label === undefined ? {} : { labelSelector: `${label}=true` };
    world.underWay -= waiting.length;
    waiting.length = 0;
    cache.replaced(cluster.list(resource, selection).map(transform), cluster.version);
  };
  const deliver = ({ before, after, version }: Change) => {
    if (isSelected(after)) {
      cache.applied(transform(after));
    } else if (isSelected(before)) {
      const last = { ...before, metadata: { ...before.metadata, resourceVersion: version } };
      cache.deleted(transform(last));
    }
  };
  const next = () => {
    if (!process.alive || isDue || waiting.length === 0) {
      return;
    }
    isDue = true;
    scheduler.after(world.lag(), () => {
      isDue = false;
      if (!process.alive) {
        return;
      }
      if (world.random() < world.weather.relists) {
        list();
        return;
      }
      const some = 1 + Math.floor(world.random() * waiting.length);
      world.underWay -= some;
      waiting.splice(0, some).forEach(deliver);
      next();
    });
  };
  return new Promise((resolve) => {
    scheduler.after(world.latency(), () => {
      if (!process.alive) {
        return;
      }
      list();
      cluster.onChange.push((change) => {
        if (process.alive && change.kind === resource.kind) {
          world.underWay += 1;
          waiting.push(change);
          next();
        }
      });
      resolve();
    });
  });
}
