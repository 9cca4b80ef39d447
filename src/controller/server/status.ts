import { keyOf, RESOURCES } from '../../api/kubernetes.ts';
import { rfc3339 } from '../../api/time.ts';
import { type ClientCounts, type ServerObject, summarizeServer } from '../../core/server.ts';
import { keyOfServer } from '../../core/server-key.ts';
import { isSameJson, type JsonObject } from '../../oauth/json.ts';
import type { Context } from '../context.ts';
import type { ServerState } from '../state/server-registry.ts';

/** What is said of a server object: how it stands, and how many clients there are. */

/** When to look again, in milliseconds from now; `undefined`: when something changes. */
export type LookAgain = number | undefined;

/** A person may have looked after some of them: that is noticed. Resolves with when to look again. */
export async function lookAtOrphans(
  key: string,
  { orphans, servers, clock }: Context,
): Promise<number | undefined> {
  if (orphans.countAt(key) === 0) {
    return undefined;
  }
  const before = orphans.countAt(key);
  await orphans.refresh();
  if (orphans.countAt(key) < before) {
    servers.wakeAll(key);
  }
  return clock.now() + ORPHANS_REFRESH_MS;
}

const ORPHANS_REFRESH_MS = 60_000;

function countsOf(key: string, { caches: { registrations }, orphans }: Context): ClientCounts {
  return {
    clients: registrations.count('clients', key),
    suspectedOrphans: orphans.countAt(key),
    leftBehind: registrations.count('leftBehind', key),
  };
}

/** Writes the status where it differs. */
export async function tellStatus(
  object: ServerObject,
  context: Context,
  state: ServerState,
): Promise<LookAgain> {
  const { api, clock, log, servers, caches } = context;
  const key = keyOfServer(object);
  servers.set(key, state);
  const now = rfc3339(clock.now());
  const effectiveDialect = state.connection?.dialect as JsonObject | undefined;
  const counts = countsOf(key, context);
  const status = summarizeServer({
    object,
    ...state,
    effectiveDialect,
    health: servers.health(key),
    counts,
    now,
  });
  if (isSameJson(status, object.status)) {
    return undefined;
  }
  const isCluster = object.metadata.namespace === undefined;
  const resource = isCluster ? RESOURCES.clusterAuthorizationServer : RESOURCES.authorizationServer;
  const { apiVersion, kind, metadata } = object;
  const written = await api.replace(
    resource,
    { apiVersion, kind, metadata, status } as ServerObject,
    'status',
  );
  if (!written.ok) {
    log.debug('server status not written', {
      server: keyOf(metadata),
      status: written.status,
      reason: written.reason,
    });
    return 1_000;
  }
  const cache = isCluster ? caches.clusterServers : caches.servers;
  const { resourceVersion = '' } = written.object.metadata;
  cache.learn({ ...object, metadata: { ...metadata, resourceVersion }, status });
  return undefined;
}
