import type { KubernetesObject } from '../api/kubernetes.ts';
import { keyOf } from '../api/kubernetes.ts';
import { ANNOTATIONS } from '../api/names.ts';
import { secretNames } from '../core/connect.ts';
import type { ClientObject } from '../core/desired.ts';
import type { ServerRef } from '../core/record.ts';
import { type ServerObject, serverKey } from '../core/server.ts';
import { canonicalJson } from '../oauth/json.ts';
import type { Caches, Context, CredentialObject, RegistrationObject, SecretObject } from './context.ts';
import { Memory } from './memory.ts';
import { type Change, ObjectCache } from './object-cache.ts';
import { registeredAs, serverRefOf } from './observe.ts';
import { reconcileClient } from './reconcile-client.ts';
import { type Discovered, keyOfServer, reconcileServer } from './reconcile-server.ts';
import { ServerRegistry } from './server-registry.ts';
import { Slots } from './slots.ts';
import { type WorkItem, WorkQueue } from './work-queue.ts';

/** What a round told, for metrics. */
export interface RoundReport {
  readonly result: 'rested' | 'later' | 'failed';
  readonly seconds: number;
}

export interface Controller {
  /** To be fed by watches. */
  readonly caches: Caches;
  readonly queueDepth: () => number;
  /** Begins to work. Call it when the watches are synced. */
  start(): void;
  /** Takes nothing new, and resolves when what is under way has ended. */
  stop(): Promise<void>;
}

type Given = Omit<Context, 'caches' | 'servers' | 'memory' | 'slots'> & {
  readonly report: (report: RoundReport) => void;
};

const SERVER = 'server:';
const CLIENT = 'client:';
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 60_000;
const DEFAULT_LIMIT = 16;
/** Most of a round is spent at the API server: more rounds than calls of one server may be under way. */
const ROUNDS_PER_CALL = 4;

/** Ties caches, queue and reconcilers together: what changed decides who looks again. */
export function createController(given: Given): Controller {
  const { clock, ledger, log } = given;
  const failures = new Map<string, number>();
  const discovered = new Map<string, Discovered>();
  const queue = new WorkQueue({
    clock,
    run,
    limitOf: (lane) =>
      ROUNDS_PER_CALL * (context.servers.state(lane)?.connection?.maxInFlight ?? DEFAULT_LIMIT),
  });
  const servers = new ServerRegistry({
    clock,
    wake: (client) => addClient(client, false),
    changed: addServer,
    endpointsChanged: (server) => {
      for (const { metadata } of caches.clients.values()) {
        if (laneOf(keyOf(metadata)) === server) {
          addClient(keyOf(metadata), false);
        }
      }
    },
  });
  const caches = createCaches({ addClient, addServer, servers });
  const context: Context = { ...given, caches, servers, memory: new Memory(), slots: new Slots() };

  function addServer(key: string): void {
    queue.add(serverItem(key));
  }

  function addClient(key: string, urgent: boolean): void {
    queue.add(clientItem(key, urgent));
  }

  function laneOf(key: string): string {
    const ref = serverRefOf(key, context);
    return ref === undefined ? '' : serverKey(ref, key.split('/')[0] ?? '');
  }

  function clientItem(key: string, urgent: boolean): WorkItem {
    return { key: `${CLIENT}${key}`, lane: laneOf(key), namespace: key.split('/')[0] ?? '', urgent };
  }

  /** Never rejects: a fault in one object's round is logged, and the object is looked at again. */
  async function run(item: string): Promise<void> {
    const start = clock.monotonic();
    const result = await (item.startsWith(SERVER) ? runServer : runClient)(item.slice(CLIENT.length)).catch(
      (error: unknown) => {
        log.error('round failed', { item, error });
        retry(item);
        return 'failed' as const;
      },
    );
    given.report({ result, seconds: (clock.monotonic() - start) / 1000 });
  }

  async function runClient(key: string): Promise<RoundReport['result']> {
    const end = await reconcileClient(key, context);
    if (end.kind === 'later') {
      log.debug('looking again later', { client: key, why: end.why });
      retry(`${CLIENT}${key}`);
      return 'later';
    }
    failures.delete(`${CLIENT}${key}`);
    if (end.until !== undefined) {
      queue.addAfter(clientItem(key, false), Math.max(0, end.until - clock.now()) + 10);
    }
    return 'rested';
  }

  async function runServer(key: string): Promise<RoundReport['result']> {
    const object = serverOf(key, caches);
    if (object === undefined) {
      servers.remove(key);
      return 'rested';
    }
    const again = await reconcileServer(object, context, discovered);
    failures.delete(`${SERVER}${key}`);
    if (again !== undefined) {
      queue.addAfter(serverItem(key), again);
    }
    return 'rested';
  }

  function retry(item: string): void {
    const count = (failures.get(item) ?? 0) + 1;
    failures.set(item, count);
    const delay =
      Math.min(FIRST_RETRY_MS * 2 ** (count - 1), LONGEST_RETRY_MS) * (0.8 + 0.4 * given.random());
    const key = item.slice(CLIENT.length);
    queue.addAfter(item.startsWith(SERVER) ? serverItem(key) : clientItem(key, false), delay);
  }

  return {
    caches,
    queueDepth: () => queue.depth,
    start() {
      for (const { client } of ledger.entries()) {
        addClient(`${client.namespace}/${client.name}`, true);
      }
      queue.start();
    },
    stop: () => queue.stop(),
  };
}

const serverItem = (key: string): WorkItem => ({
  key: `${SERVER}${key}`,
  lane: SERVER,
  namespace: '',
  urgent: true,
});

interface Wake {
  readonly addClient: (key: string, urgent: boolean) => void;
  readonly addServer: (key: string) => void;
  readonly servers: ServerRegistry;
}

function createCaches({ addClient, addServer, servers }: Wake): Caches {
  const serverChanged = ({ before, after }: Change<ServerObject>) => {
    const object = after ?? before;
    if (object !== undefined && (after === undefined || after.generation !== before?.generation)) {
      addServer(keyOfServer(object));
    }
  };
  const caches: Caches = {
    clients: new ObjectCache<ClientObject>({ onChange: (change) => clientChanged(change, addClient) }),
    servers: new ObjectCache<ServerObject>({ onChange: serverChanged }),
    clusterServers: new ObjectCache<ServerObject>({ onChange: serverChanged }),
    registrations: new ObjectCache<RegistrationObject>({
      indexOf: ({ record }) =>
        record === undefined
          ? []
          : [`${record.client.namespace}/${record.client.name}`, registeredAs(record)],
      onChange: ({ before, after }) => wakeOwner((after ?? before)?.record?.client, addClient),
    }),
    secrets: new ObjectCache<SecretObject>({
      indexOf: (secret) => [ownerKey(secret)].filter((key) => key !== undefined),
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

/** A new object waits its turn; an edit or a deletion goes first; a change of status alone is the operator's own. */
function clientChanged({ before, after }: Change<ClientObject>, addClient: Wake['addClient']): void {
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
      owners,
      asked.reconcileRequestedAt,
      asked.rotateRequestedAt,
      asked.abandoned,
    ]);
  if (matters(was) !== matters(is)) {
    addClient(key, true);
  }
}

function wakeOwner(
  client: { namespace: string; name: string } | undefined,
  addClient: Wake['addClient'],
): void {
  if (client !== undefined) {
    addClient(`${client.namespace}/${client.name}`, false);
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

function serverOf(key: string, caches: Caches): ServerObject | undefined {
  const [kind, ...name] = key.split('/');
  const ref = { kind, name: name.join('/') } as ServerRef;
  return ref.kind === 'AuthorizationServer'
    ? caches.servers.get(ref.name)
    : caches.clusterServers.get(ref.name);
}
