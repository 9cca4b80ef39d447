import { type KubernetesObject, keyOf } from '../api/kubernetes.ts';
import { ANNOTATIONS } from '../api/names.ts';
import { type ClientKey, clientKey, storedClientKey } from '../core/client-key.ts';
import { mayShareClients, namesOfClient, namesOfSharers } from '../core/home.ts';
import type { ClientObject } from '../core/observation.ts';
import { isLessOfClient, isLessOfServer, lessOfClient, lessOfServer } from '../core/over-share.ts';
import { keyOfServer, type ServerKey, serverKey } from '../core/server-key.ts';
import type { ServerObject } from '../core/server-object.ts';
import type { ServerRecordObject } from '../core/server-record.ts';
import { accountOf, isEarlierObject } from '../core/workload-account.ts';
import { withoutUnowned } from '../core/workload-secret.ts';
import { canonicalJson, isSameJson, type Json } from '../oauth/json.ts';
import type { Caches } from './context.ts';
import type { RegistrationObject, SecretObject } from './state/cached-objects.ts';
import type { ClientTally } from './state/client-tally.ts';
import type { CredentialCache, CredentialObject } from './state/credential-cache.ts';
import { DefaultServers } from './state/default-servers.ts';
import type { NamespaceMemory } from './state/namespace-memory.ts';
import { type Change, ObjectCache } from './state/object-cache.ts';
import type { OldestServers } from './state/oldest-servers.ts';
import { RECORD_COUNTS, RECORD_GROUPS, type RecordCount, type RecordGroup } from './state/record-counts.ts';
import type { ServerRegistry } from './state/server-registry.ts';
import type { StatusWrites } from './state/status-writes.ts';
import type { TextPool } from './state/text-pool.ts';

/** The caches, and the objects that a change requeues. */

interface Wake {
  /** Requeues the client; urgent ones go first. */
  readonly addClient: (key: ClientKey, urgent: boolean) => void;
  /** The same, delayed if the object changes often. */
  readonly paceClient: (key: ClientKey, urgent: boolean) => void;
  readonly paceServer: (key: ServerKey) => void;
  /** Somebody changed or removed the Secret, the finalizer or the status that the operator wrote. */
  readonly undone: (key: ClientKey) => void;
  /** The number of a server's clients changed. */
  readonly countAgain: (key: ServerKey) => void;
  /** The answer of a registration is recorded, by whatever process. */
  readonly recorded: (attempt: string) => void;
  /** A registration Secret changed, whoever wrote it. */
  readonly unremoved: (change: Change<RegistrationObject>) => void;
  readonly servers: ServerRegistry;
  readonly credentials: CredentialCache;
  readonly oldest: OldestServers;
  readonly namespaceMemory: NamespaceMemory;
  readonly texts: TextPool;
  readonly statusWrites: StatusWrites;
  /** Counts the OAuthClients. */
  readonly tally: ClientTally;
}

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: the table of all caches, with the wake-ups of each
export function createCaches(wake: Wake): Caches {
  const { paceClient, paceServer, undone, addClient, countAgain, servers, credentials, texts, statusWrites } =
    wake;
  const attemptRecorded = ({ after }: Change<RegistrationObject>) => {
    if (after?.record !== undefined) {
      wake.recorded(after.record.attempt);
    }
  };
  const memory = wake.namespaceMemory;
  const serverChanged = ({ before, after }: Change<ServerObject>) => {
    const object = after ?? before;
    const isTakenUp = before !== undefined && after !== undefined && isLessOfServer(before);
    const isSame =
      before?.metadata.uid === after?.metadata.uid &&
      before?.generation === after?.generation &&
      before?.reconcileRequestedAt === after?.reconcileRequestedAt &&
      before?.isDefault === after?.isDefault;
    if (object === undefined) {
      return;
    }
    const key = keyOfServer(object);
    if (!isSame || isTakenUp || (isStatusChanged(before, after) && !statusWrites.isUnderWay(key))) {
      paceServer(key);
    }
    if (!isSameJson(migratesTo(before), migratesTo(after))) {
      wakeReferring(key, addClient, caches);
    }
  };
  const defaults: DefaultServers = new DefaultServers(() => caches);
  const caches: Caches = {
    clients: new ObjectCache<ClientObject, 'account', 'references'>({
      texts,
      indexes: { account: accountOf },
      counts: { references: referenceOf },
      tally: wake.tally,
      onChange: (change) => {
        clientChanged(change, wake, caches);
        wakeNextOfAccount(change, addClient, caches);
      },
      onOwnWrite: (change) => wakeNextOfAccount(change, addClient, caches),
      bounds: { memory, less: lessOfClient, isLess: isLessOfClient },
    }),
    servers: new ObjectCache<ServerObject, 'defaults'>({
      texts,
      indexes: { defaults: defaultOf },
      onChange: (change) => {
        wake.oldest.changed(change);
        serverChanged(change);
      },
      bounds: { memory, less: lessOfServer, isLess: isLessOfServer },
    }),
    clusterServers: new ObjectCache<ServerObject, 'defaults'>({
      texts,
      indexes: { defaults: defaultOf },
      onChange: (change) => {
        defaults.changed(change);
        serverChanged(change);
      },
      onOwnWrite: (change) => defaults.changed(change),
    }),
    defaults,
    registrations: new ObjectCache<
      RegistrationObject,
      'client' | 'sharedClient' | 'server',
      RecordCount,
      RecordGroup
    >({
      texts,
      keyOf: ({ name }) => name,
      indexes: {
        client: ({ record, newerOf }) => (record ? clientKey(record.client) : newerOf),
        sharedClient: ({ record }) => record && namesOfClient(record),
        server: ({ record }) => record && serverKey(record.server, record.client.namespace),
      },
      counts: RECORD_COUNTS,
      groups: RECORD_GROUPS,
      onChange: (change) => {
        const { record, newerOf } = change.after ?? change.before ?? {};
        attemptRecorded(change);
        wake.unremoved(change);
        wakeOwner(record?.client, addClient);
        if (newerOf !== undefined) {
          addClient(newerOf, false);
        }
        recordChanged(change, countAgain);
        wakeSharers(change, addClient, caches);
      },
      onOwnWrite: (change) => {
        attemptRecorded(change);
        wake.unremoved(change);
        recordChanged(change, countAgain);
        wakeSharers(change, addClient, caches);
      },
    }),
    serverRecords: new ObjectCache<ServerRecordObject, 'server', 'namespace'>({
      texts,
      keyOf: ({ name }) => name,
      indexes: { server: ({ server }) => server },
      counts: { namespace: ({ serverNamespace }) => serverNamespace },
      onChange: ({ before, after }) => {
        const { server } = after ?? before ?? {};
        if (server !== undefined) {
          paceServer(server);
        }
      },
    }),
    secrets: new ObjectCache<SecretObject, 'client'>({
      texts,
      indexes: { client: ownerKey },
      isOfUse: (secret) => ownerKey(secret) !== undefined,
      bounds: {
        memory,
        less: (secret) => lessOfSecret(secret, caches),
        isLess: ({ observed }) => observed.isPartial === true,
      },
      onChange: ({ before, after }) => {
        const key = ownerKey(after ?? before);
        if (key !== undefined) {
          undone(key);
        }
      },
    }),
    credentials: new ObjectCache<CredentialObject>({
      texts,
      bounds: {
        memory,
        less: (credential) =>
          credentials.usersOf(keyOf(credential.metadata)).length > 0
            ? { ...credential, isOverShare: true }
            : undefined,
        isLess: ({ isOverShare }) => isOverShare === true,
      },
      onChange: ({ before, after }) => {
        const metadata = (after ?? before)?.metadata;
        for (const who of metadata === undefined ? [] : credentials.usersOf(keyOf(metadata))) {
          if (who.kind === 'Client') {
            paceClient(who.key, false);
          } else {
            paceServer(who.key);
          }
        }
      },
    }),
    namespaces: new ObjectCache<KubernetesObject>({
      texts,
      onChange: ({ before, after }) => {
        const { name } = (after ?? before)?.metadata ?? {};
        if (name !== undefined && continuesOf(before) !== continuesOf(after)) {
          wakeEverybody(caches, addClient);
        }
        if (after !== undefined) {
          servers.wakeNamespace(after.metadata.name);
          wakeEnforced({ before, after }, addClient, caches);
        }
      },
    }),
  };
  return caches;
}

/** Server objects count records by their roles, whoever wrote them and whichever comes first, watch or answer. */
function recordChanged({ before, after }: Change<RegistrationObject>, countAgain: Wake['countAgain']): void {
  const record = (after ?? before)?.record;
  if (record !== undefined && before?.record?.role !== after?.record?.role) {
    countAgain(serverKey(record.server, record.client.namespace));
  }
}

/** A record is no longer in use: other objects may have waited because it names their client, too. */
function wakeSharers(
  { before, after }: Change<RegistrationObject>,
  addClient: Wake['addClient'],
  { registrations }: Pick<Caches, 'registrations'>,
): void {
  const ended = before?.record;
  if (ended?.role !== 'current' || after?.record?.role === 'current') {
    return;
  }
  for (const { record } of registrations.find('sharedClient', namesOfSharers(ended))) {
    if (record !== undefined && record !== after?.record && mayShareClients(ended, record)) {
      wakeOwner(record.client, addClient);
    }
  }
}

const continuesOf = (namespace: KubernetesObject | undefined): string | undefined =>
  namespace?.metadata.annotations?.[ANNOTATIONS.continues];

/** A person declared that this installation continues another one. That is rare, and requeues all clients. */
function wakeEverybody(
  { clients, registrations }: Pick<Caches, 'clients' | 'registrations'>,
  addClient: Wake['addClient'],
): void {
  for (const { metadata } of clients.values()) {
    addClient(clientKey(metadata), false);
  }
  for (const { record } of registrations.values()) {
    wakeOwner(record?.client, addClient);
  }
}

/**
 * A new object is queued last. An edit or a deletion goes first; frequent edits of one object are delayed. A change of
 * status alone is ignored while the operator writes status itself. Else somebody else wrote it, most likely a former
 * leader: it is put right. If it names a client without a record, it was restored from a backup.
 */
/** The next client of a ServiceAccount waited for the one that is gone, or that names another account or server now. */
function wakeNextOfAccount(
  { before, after }: Change<ClientObject>,
  addClient: Wake['addClient'],
  { clients }: Pick<Caches, 'clients'>,
): void {
  const account = before && accountOf(before);
  const isSame =
    after !== undefined &&
    accountOf(after) === account &&
    canonicalJson(after.observed.status.authorizationServerRef) ===
      canonicalJson(before?.observed.status.authorizationServerRef);
  if (account === undefined || isSame) {
    return;
  }
  const [next, ...others] = clients.find('account', account);
  if (next !== undefined) {
    const first = others.reduce((best, other) => (isEarlierObject(other, best) ? other : best), next);
    addClient(clientKey(first.metadata), false);
  }
}

function clientChanged(
  { before, after }: Change<ClientObject>,
  {
    addClient,
    paceClient,
    statusWrites,
    undone,
  }: Pick<Wake, 'addClient' | 'paceClient' | 'statusWrites' | 'undone'>,
  { registrations }: Pick<Caches, 'registrations'>,
): void {
  const object = after ?? before;
  if (object === undefined) {
    return;
  }
  const key = clientKey(object.metadata);
  const [was, is] = [before?.observed, after?.observed];
  const isTakenUp = before !== undefined && after !== undefined && isLessOfClient(before);
  if (was === undefined || is === undefined || was.uid !== is.uid || isTakenUp) {
    addClient(key, is?.deleting ?? false);
    return;
  }
  const finalizers = ({ finalizers: all, hasFinalizer }: typeof is) => canonicalJson([all, hasFinalizer]);
  const asked = (object: typeof is) =>
    canonicalJson([
      object.generation,
      object.deleting,
      object.owners,
      object.reconcileRequestedAt,
      object.rotateRequestedAt,
      object.abandoned,
      object.unknownAnnotation,
    ]);
  const { clientId } = is.status;
  const isRestored =
    clientId !== was.status.clientId &&
    !registrations
      .find('client', key)
      .some(({ record }) => record?.client.uid === is.uid && record.clientId === clientId);
  if (is.deleting && !was.deleting) {
    addClient(key, true);
  } else if (isRestored || asked(was) !== asked(is)) {
    paceClient(key, true);
  } else if (
    finalizers(was) !== finalizers(is) ||
    (isStatusChanged(was, is) && !statusWrites.isUnderWay(key))
  ) {
    undone(key);
  }
}

/** Whether both versions are there, and their status differs. */
const isStatusChanged = (
  was: { readonly status: object } | undefined,
  is: { readonly status: object } | undefined,
): boolean => was !== undefined && is !== undefined && !isSameJson(was.status as Json, is.status as Json);

/** Servers may admit namespaces by label, and may enforce that for registered clients: requeues those clients. */
function wakeEnforced(
  { before, after }: Change<KubernetesObject>,
  addClient: Wake['addClient'],
  { registrations, clusterServers }: Pick<Caches, 'registrations' | 'clusterServers'>,
): void {
  const labelsOf = (namespace: KubernetesObject | undefined): string =>
    canonicalJson(namespace?.metadata.labels ?? {});
  if (before === undefined || labelsOf(before) === labelsOf(after)) {
    return;
  }
  const { name } = before.metadata;
  const enforcing = [...clusterServers.values()].filter(({ spec }) => spec?.policy.enforce === 'Existing');
  for (const { record } of enforcing.flatMap((server) => registrations.find('server', keyOfServer(server)))) {
    if (record?.client.namespace === name) {
      addClient(clientKey(record.client), false);
    }
  }
}

/** Of `spec.migration`, what clients that moved have to know, too. */
const migratesTo = (object: ServerObject | undefined): Json => {
  const { to, overlap } = object?.spec?.migration ?? {};
  return to === undefined ? null : { to, overlap: overlap ?? null };
};

/**
 * The clients of a server object move to another one, or no longer do, or keep their former clients for another time. That is
 * rare, and looks at all clients.
 */
function wakeReferring(
  server: ServerKey,
  addClient: Wake['addClient'],
  { clients, registrations }: Pick<Caches, 'clients' | 'registrations'>,
): void {
  for (const object of clients.values()) {
    if (referenceOf(object) === server) {
      addClient(clientKey(object.metadata), false);
    }
  }
  for (const { record } of registrations.find('server', server)) {
    wakeOwner(record?.client, addClient);
  }
}

/** The server object that the spec of a client names. */
function referenceOf({ metadata, observed: { desired } }: ClientObject): ServerKey | undefined {
  const ref = desired.valid ? desired.spec.authorizationServerRef : undefined;
  return ref && serverKey(ref, metadata.namespace ?? '');
}

/** Index key of a default server: its namespace; `''` for a cluster server. */
const defaultOf = ({ isDefault, metadata }: ServerObject): string | undefined =>
  isDefault ? (metadata.namespace ?? '') : undefined;

function wakeOwner(
  client: { namespace: string; name: string } | undefined,
  addClient: Wake['addClient'],
): void {
  if (client !== undefined) {
    addClient(clientKey(client), false);
  }
}

/** Only for Secrets that show a client of this operator; what other Secrets claim is ignored. */
const lessOfSecret = (secret: SecretObject, { registrations }: Caches): SecretObject | undefined =>
  registrations.get(secret.observed.shows ?? '') === undefined
    ? undefined
    : { ...secret, observed: withoutUnowned(secret.observed) };

/** The OAuthClient that a workload Secret names; ignored unless it is in the Secret's own namespace. */
function ownerKey(secret: SecretObject | undefined): ClientKey | undefined {
  const named = secret?.observed.annotations[ANNOTATIONS.client];
  return named?.startsWith(`${secret?.observed.namespace}/`) ? storedClientKey(named) : undefined;
}
