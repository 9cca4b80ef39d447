import { type KubernetesObject, keyOf } from '../api/kubernetes.ts';
import { ANNOTATIONS } from '../api/names.ts';
import { secretNames } from '../core/connect.ts';
import type { ClientObject } from '../core/desired.ts';
import { type ServerObject, serverKey } from '../core/server.ts';
import { canonicalJson } from '../oauth/json.ts';
import type { Caches, CredentialObject, RegistrationObject, SecretObject } from './context.ts';
import { type Change, ObjectCache } from './object-cache.ts';
import { RECORD_COUNTS, type RecordCount } from './record-counts.ts';
import type { ServerRegistry } from './server-registry.ts';
import { keyOfServer } from './server-status.ts';

/** The caches, and who looks again when one of them changes. */

interface Wake {
  readonly addClient: (key: string, urgent: boolean) => void;
  readonly addServer: (key: string) => void;
  /** The number of a server's clients changed. */
  readonly countAgain: (key: string) => void;
  readonly servers: ServerRegistry;
}

export function createCaches({ addClient, addServer, countAgain, servers }: Wake): Caches {
  const serverChanged = ({ before, after }: Change<ServerObject>) => {
    const object = after ?? before;
    if (object !== undefined && (after === undefined || after.generation !== before?.generation)) {
      addServer(keyOfServer(object));
    }
  };
  const caches: Caches = {
    clients: new ObjectCache<ClientObject>({
      onChange: (change) => clientChanged(change, addClient, caches),
    }),
    servers: new ObjectCache<ServerObject, 'defaults'>({
      indexes: { defaults: defaultOf },
      onChange: serverChanged,
    }),
    clusterServers: new ObjectCache<ServerObject, 'defaults'>({
      indexes: { defaults: defaultOf },
      onChange: serverChanged,
    }),
    registrations: new ObjectCache<RegistrationObject, 'client' | 'clientId' | 'server', RecordCount>({
      keyOf: ({ name }) => name,
      indexes: {
        client: ({ record }) => record && keyOf(record.client),
        clientId: ({ record }) => record?.clientId,
        server: ({ record }) => record && serverKey(record.server, record.client.namespace),
      },
      counts: RECORD_COUNTS,
      onChange: ({ before, after }) => {
        const record = (after ?? before)?.record;
        wakeOwner(record?.client, addClient);
        if (record !== undefined && before?.record?.role !== after?.record?.role) {
          countAgain(serverKey(record.server, record.client.namespace));
        }
      },
    }),
    secrets: new ObjectCache<SecretObject, 'client'>({
      indexes: { client: ownerKey },
      onChange: ({ before, after }) => {
        const key = ownerKey(after ?? before);
        if (key !== undefined) {
          addClient(key, true);
        }
      },
    }),
    credentials: new ObjectCache<CredentialObject>({
      onChange: ({ before, after }) => {
        for (const server of usersOf(after ?? before, caches)) {
          addServer(server);
        }
        for (const client of clientsThatName(after ?? before, caches)) {
          addClient(client, false);
        }
      },
    }),
    namespaces: new ObjectCache<KubernetesObject>({
      onChange: ({ after }) => {
        if (after !== undefined) {
          servers.wakeNamespace(after.metadata.name);
        }
      },
    }),
  };
  return caches;
}

/**
 * A new object waits its turn; an edit or a deletion goes first; a change of status alone is the operator's own, unless
 * it tells of a client that nobody recorded: then it came from a backup.
 */
function clientChanged(
  { before, after }: Change<ClientObject>,
  addClient: Wake['addClient'],
  { registrations }: Pick<Caches, 'registrations'>,
): void {
  const object = after ?? before;
  if (object === undefined) {
    return;
  }
  const key = keyOf(object.metadata);
  const [was, is] = [before?.observed, after?.observed];
  if (was === undefined || is === undefined || was.uid !== is.uid) {
    addClient(key, is?.deleting ?? false);
    return;
  }
  const matters = ({ generation, deleting, finalizers, owners, ...asked }: typeof is) =>
    canonicalJson([
      generation,
      deleting,
      finalizers,
      asked.hasFinalizer,
      owners,
      asked.reconcileRequestedAt,
      asked.rotateRequestedAt,
      asked.abandoned,
    ]);
  const { clientId } = is.status;
  const isRestored =
    clientId !== was.status.clientId &&
    !registrations
      .find('client', key)
      .some(({ record }) => record?.client.uid === is.uid && record.clientId === clientId);
  if (isRestored || matters(was) !== matters(is)) {
    addClient(key, true);
  }
}

/** Under which namespace a server object is found that serves clients which name none; `''` for one of the cluster. */
const defaultOf = ({ isDefault, metadata }: ServerObject): string | undefined =>
  isDefault ? (metadata.namespace ?? '') : undefined;

function wakeOwner(
  client: { namespace: string; name: string } | undefined,
  addClient: Wake['addClient'],
): void {
  if (client !== undefined) {
    addClient(keyOf(client), false);
  }
}

/** The OAuthClient that a workload Secret says it is of; only one of its own namespace counts. */
function ownerKey(secret: SecretObject | undefined): string | undefined {
  const named = secret?.observed.annotations[ANNOTATIONS.client];
  return named?.startsWith(`${secret?.observed.namespace}/`) ? named : undefined;
}

/** Servers that may refer to this credential: those of its namespace, and all of the cluster. */
function usersOf(credential: CredentialObject | undefined, caches: Caches): readonly string[] {
  const all = [...caches.servers.values(), ...caches.clusterServers.values()];
  return all
    .filter(({ spec, metadata }) => {
      const names = spec === undefined ? [] : secretNames(spec);
      const isNear =
        metadata.namespace === undefined || metadata.namespace === credential?.metadata.namespace;
      return isNear && names.includes(credential?.metadata.name ?? '');
    })
    .map(keyOfServer);
}

/** Clients that bring something in this Secret: a software statement, or a client to adopt. */
function clientsThatName(credential: CredentialObject | undefined, caches: Caches): readonly string[] {
  const { namespace, name = '' } = credential?.metadata ?? {};
  return [...caches.clients.values()]
    .filter(({ metadata, observed: { desired } }) => {
      const spec = desired.valid ? desired.spec : undefined;
      const names = [spec?.softwareStatement?.secretRef.name, spec?.adopt?.secretRef.name];
      return metadata.namespace === namespace && names.includes(name);
    })
    .map(({ metadata }) => keyOf(metadata));
}
