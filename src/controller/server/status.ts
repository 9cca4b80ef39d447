import { keyOf, RESOURCES } from '../../api/kubernetes.ts';
import { rfc3339 } from '../../api/time.ts';
import { keyOfServer, type ServerKey } from '../../core/server-key.ts';
import type { ServerObject } from '../../core/server-object.ts';
import { type ClientCounts, summarizeServer } from '../../core/summarize-server.ts';
import { isSameJson, type JsonObject } from '../../oauth/json.ts';
import type { Context } from '../context.ts';
import type { ServerState } from '../state/server-registry.ts';
import { refreshMigration } from './migrate.ts';
import { tellReadiness } from './tell-readiness.ts';

/** Content of a server object's status: its conditions and counts of clients. */

/** When to requeue, in milliseconds from now; `undefined`: only after a change. */
export type LookAgain = number | undefined;

function countsOf(key: ServerKey, { caches: { registrations }, orphans }: Context): ClientCounts {
  return {
    clients: registrations.count('clients', key),
    suspectedOrphans: orphans.countAt(key),
    owed: registrations.count('owed', key),
    leftBehind: registrations.count('leftBehind', key),
  };
}

/** After a restore, records may know of clients of which status does not. */
const issuerOfRecords = (
  { metadata: { uid = '' }, spec }: ServerObject,
  { caches: { registrations } }: Context,
): string | undefined => (registrations.count('atServerObject', uid) > 0 ? spec?.issuer : undefined);

/** While there are documents, their base URL can't be changed: the URL is the client_id. */
const baseUrlOf = (
  object: ServerObject,
  { connection }: ServerState,
  { caches: { registrations } }: Context,
): string | undefined =>
  registrations.count('documents', keyOfServer(object)) > 0
    ? (connection?.documents?.baseUrl ?? object.status.documentBaseUrl)
    : undefined;

/** Writes the status if it differs. */
export async function tellStatus(
  object: ServerObject,
  context: Context,
  state: ServerState,
): Promise<LookAgain> {
  const { api, clock, log, servers, statusWrites, caches } = context;
  const key = keyOfServer(object);
  servers.set(key, state);
  const now = rfc3339(clock.now());
  const effectiveDialect = state.connection?.dialect as JsonObject | undefined;
  const counts = countsOf(key, context);
  const status = summarizeServer({
    object,
    ...state,
    registeredIssuer: state.registered?.issuer ?? issuerOfRecords(object, context),
    documentBaseUrl: baseUrlOf(object, state, context),
    effectiveDialect,
    health: servers.health(key),
    lackingCalls: servers.lackingCalls(key),
    counts,
    migration: refreshMigration(object, context),
    now,
    secretsUnwatched: context.whySecretsUnwatched(),
  });
  if (isSameJson(status, object.status)) {
    return undefined;
  }
  const isCluster = object.metadata.namespace === undefined;
  const resource = isCluster ? RESOURCES.clusterAuthorizationServer : RESOURCES.authorizationServer;
  const { apiVersion, kind, metadata } = object;
  const body = { apiVersion, kind, metadata, status } as ServerObject;
  const written = await statusWrites.write(key, () => api.replace(resource, body, 'status'));
  if (written === undefined) {
    return undefined;
  }
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
  tellReadiness(object, status, context);
  return undefined;
}
