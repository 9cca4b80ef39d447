import { RESOURCES, type Secret } from '../../api/kubernetes.ts';
import { SHARES } from '../../api/shares.ts';
import type { ServerConnection } from '../../core/connection.ts';
import { earliest } from '../../core/earliest.ts';
import type { Failure } from '../../core/failure.ts';
import type { RegistrationRecord } from '../../core/record.ts';
import { type ServerKey, serverNamed } from '../../core/server-key.ts';
import {
  meansOf,
  type ServerMeans,
  type ServerRecordObject,
  serverRecordName,
  toServerMeans,
  toServerRecord,
  toServerRecordObject,
  versionOfMeans,
} from '../../core/server-record.ts';
import { presentable } from '../../oauth/error-response.ts';
import type { Context } from '../context.ts';
import type { Ledger } from '../durable/ledger.ts';
import { inNamespace } from '../state/record-counts.ts';

/** Why the means can't be kept; the message is a sentence without a full stop. */
type Unkept = Pick<Failure, 'reason' | 'message'>;

/** A server record that no client needs is removed after this time: a registration may be about to begin. */
const UNUSED_MS = 60_000;
/** The least pause before it is looked at again. */
const RETRY_MS = 1_000;

interface ServerRecordContext
  extends Pick<Context, 'api' | 'caches' | 'clock' | 'log' | 'serverRecords' | 'settings'> {
  readonly ledger: Pick<Ledger, 'registrationsAt'>;
}

/**
 * Keeps what manages the clients of an AuthorizationServer, before a client of it is registered and whenever it changed. It
 * writes nothing where it is kept already, or where there is nothing to keep.
 *
 * @returns why it can't be kept
 */
export async function keepMeans(
  server: ServerKey,
  connection: ServerConnection,
  context: ServerRecordContext,
): Promise<Unkept | undefined> {
  const named = serverNamed(server);
  const means = meansOf(connection);
  if (named.kind !== 'AuthorizationServer' || means === undefined) {
    return undefined;
  }
  const { serverRecords, caches, settings } = context;
  const { namespace = '' } = named;
  const name = serverRecordName(connection.uid);
  const version = versionOfMeans(means);
  const isThere = caches.serverRecords.get(name) !== undefined;
  serverRecords.used(name);
  if (isThere && serverRecords.holds(name, version)) {
    return undefined;
  }
  if (!isThere && caches.serverRecords.count('namespace', namespace) >= SHARES.serverRecords.most) {
    return {
      reason: 'NamespaceShareReached',
      message: `Namespace ${namespace} has clients at ${SHARES.serverRecords.most} AuthorizationServers with a certificate, a CA, a proxy or a management credential, and what manages them is kept for no more. Delete the OAuthClients of one that nobody needs`,
    };
  }
  const written = await write(
    toServerRecord(named, connection.uid, means, settings.operatorNamespace),
    isThere,
    context,
  );
  if (!written.ok) {
    return {
      reason: 'RecordWriteRefused',
      message: `What manages the clients of ${named.kind} ${named.name} can't be kept in the operator's namespace: ${presentable(written.message, [])}`,
    };
  }
  caches.serverRecords.learn(toServerRecordObject(written.object));
  serverRecords.wrote(name, version);
  return undefined;
}

/** Of a Secret that exists, the data alone is replaced: others may have labelled it. */
async function write(secret: Secret, isThere: boolean, { api }: ServerRecordContext) {
  const { metadata, data } = secret;
  const { name, namespace = '', labels, annotations } = metadata;
  const patch = () =>
    api.patch<Secret>(RESOURCES.secret, { namespace, name }, { metadata: { labels, annotations }, data });
  const first = await (isThere ? patch() : api.create(RESOURCES.secret, secret));
  if (first.ok) {
    return first;
  }
  return isThere && first.status === 404
    ? api.create(RESOURCES.secret, secret)
    : first.reason === 'AlreadyExists'
      ? patch()
      : first;
}

/**
 * Refreshes what is kept of a server object that has clients.
 *
 * @returns why it can't be kept
 */
export async function refreshMeans(
  server: ServerKey,
  connection: ServerConnection,
  context: ServerRecordContext,
): Promise<Unkept | undefined> {
  const records = inNamespace(server, serverNamed(server).namespace ?? '');
  return context.caches.registrations.count('inNamespace', records) === 0
    ? undefined
    : keepMeans(server, connection, context);
}

/**
 * Removes the server records of this name that no client needs any more.
 *
 * @returns when to look again, in milliseconds from now; `undefined`: there is no need
 */
export async function removeUnused(
  server: ServerKey,
  context: ServerRecordContext,
): Promise<number | undefined> {
  const { caches, clock, serverRecords } = context;
  let lookAgain: number | undefined;
  for (const kept of caches.serverRecords.find('server', server)) {
    const { name } = kept.metadata;
    if (isNeeded(kept, server, context)) {
      serverRecords.used(name);
      continue;
    }
    const now = clock.monotonic();
    const left = serverRecords.unusedSince(name, now) + UNUSED_MS - now;
    const isGone = left <= 0 && (await remove(kept, context));
    lookAgain = isGone ? lookAgain : earliest(lookAgain, Math.max(left, RETRY_MS));
  }
  return lookAgain;
}

function isNeeded(
  { serverUid, serverNamespace }: ServerRecordObject,
  server: ServerKey,
  { caches, ledger }: ServerRecordContext,
): boolean {
  const records = caches.registrations.find('server', server);
  return (
    records.some(({ record }) => record === undefined || record.serverUid === serverUid) ||
    ledger.registrationsAt(server, serverNamespace).length > 0
  );
}

async function remove(kept: ServerRecordObject, context: ServerRecordContext): Promise<boolean> {
  const { api, caches, log, serverRecords } = context;
  const { name, namespace = '', uid = '' } = kept.metadata;
  const gone = await api.delete(RESOURCES.secret, { namespace, name }, { uid });
  if (!gone.ok && gone.status !== 404) {
    log.warn('what was kept of a server object is not removed yet', { secret: name, message: gone.message });
    return false;
  }
  caches.serverRecords.forget(kept);
  serverRecords.forget(name);
  return true;
}

/**
 * What is kept of the server object at which the client was registered. `undefined`: nothing is, or it was damaged.
 *
 * @returns `notRead`: the read failed
 */
export async function keptMeans(
  { server, serverUid }: RegistrationRecord,
  { api, caches, settings }: Pick<Context, 'api' | 'caches' | 'settings'>,
): Promise<ServerMeans | undefined | { readonly notRead: string }> {
  if (server.kind !== 'AuthorizationServer' || serverUid === undefined) {
    return undefined;
  }
  const name = serverRecordName(serverUid);
  if (caches.serverRecords.get(name) === undefined) {
    return undefined;
  }
  const found = await api.get<Secret>(RESOURCES.secret, { namespace: settings.operatorNamespace, name });
  if (!found.ok) {
    return found.status === 404 ? undefined : { notRead: found.message };
  }
  return toServerMeans(found.object);
}
