import { nameOfKey, namespaceOf } from '../api/kubernetes.ts';
import { SHARES } from '../api/shares.ts';
import { backoff } from '../core/backoff.ts';
import { type ClientKey, clientKey, storedClientKey } from '../core/client-key.ts';
import { earliest } from '../core/earliest.ts';
import type { InventoryLists } from '../core/inventory-outstanding.ts';
import type { Problem } from '../core/problem.ts';
import { type ReconciledKey, reconciledText } from '../core/reconciled-key.ts';
import { keyOfServer, type ServerKey, serverKey, serverNamed, storedServerKey } from '../core/server-key.ts';
import type { ServerObject } from '../core/server-object.ts';
import { type Calls, createCalls } from './calls/calls.ts';
import { toldOf } from './calls/record-answer.ts';
import { removeUnused } from './calls/server-means.ts';
import { serverRefOf } from './client/observe.ts';
import { reconcileClient } from './client/reconcile.ts';
import { tellResolvedClient, tellResolvedOrphan } from './client/resolved.ts';
import type { StepContext } from './client/step-context.ts';
import { takeUpServer } from './client/take-up.ts';
import { FAILED_ROUND, tellUnfinished } from './client/unfinished.ts';
import type { Caches, Context } from './context.ts';
import { clientsOf } from './durable/ledger-calls.ts';
import { ListVisits } from './durable/list-visits.ts';
import { UnremovedClients } from './durable/unremoved-clients.ts';
import { type Gauges, gaugesOf } from './gauges.ts';
import type { LaneBounds, SharedBound, WorkItem } from './queue/lane.ts';
import { Pace } from './queue/pace.ts';
import { WorkQueue } from './queue/work-queue.ts';
import { type Discovered, reconcileServer, refuse } from './server/reconcile.ts';
import type { LookAgain } from './server/status.ts';
import { Memory } from './state/client-memory.ts';
import { ClientTally } from './state/client-tally.ts';
import { CredentialCache } from './state/credential-cache.ts';
import { Moves } from './state/moves.ts';
import { NamespaceMemory } from './state/namespace-memory.ts';
import { OldestServers } from './state/oldest-servers.ts';
import { RefusedWrites } from './state/refused-writes.ts';
import { serverObjectOf } from './state/server-objects.ts';
import { ServerRecords } from './state/server-records.ts';
import { ServerRegistry } from './state/server-registry.ts';
import { callsAt, Slots } from './state/slots.ts';
import { StatusWrites } from './state/status-writes.ts';
import type { TextPool } from './state/text-pool.ts';
import { createCaches } from './wake-ups.ts';

/** Results of a round, for metrics. */
interface RoundReport {
  readonly result: 'rested' | 'later' | 'failed';
  readonly seconds: number;
}

export interface Controller {
  /** Filled by watches. */
  readonly caches: Caches;
  readonly queueDepth: () => number;
  /** What metrics show of the present state. */
  readonly gauges: () => Gauges;
  /** The data of the lists of what is owed, left behind or suspected. */
  readonly lists: () => InventoryLists;
  /**
   * Records the answers that an earlier process of this pod read. Starts before this process leads, since a new leader
   * waits for an earlier holder only for a limited time. Only the clients of these answers wait. Resolves when all are
   * recorded.
   */
  replayJournal(): Promise<void>;
  /** Number of entries kept about objects outside of the caches, by kind; they are removed with the objects. */
  readonly kept: () => Readonly<Record<string, number>>;
  /** Why tenants' Secrets are not watched now, in the API server's words; `undefined`: they are. */
  secretsUnwatched(why: string | undefined): void;
  /** Starts to reconcile. Call it after the watches have synced. */
  start(): void;
  /** Starts no further round. Resolves when running rounds have ended and all answers are recorded. */
  stop(): Promise<void>;
}

type Given = Omit<
  Context,
  | 'caches'
  | 'credentials'
  | 'namespaceMemory'
  | 'servers'
  | 'serverRecords'
  | 'memory'
  | 'moves'
  | 'slots'
  | 'refusedWrites'
  | 'statusWrites'
  | 'wake'
  | 'whySecretsUnwatched'
> & {
  /** Deduplicates strings of cached objects. */
  readonly texts: TextPool;
  /** Hashes a value with the key of this installation. */
  readonly hashOf: (value: string) => string;
  readonly report: (report: RoundReport) => void;
};

const RETRIES = { firstMs: 250, longestMs: 60_000 };
const DEFAULT_LIMIT = 16;
/** Delay before status shows new counts: a burst of registrations makes one write. */
const COUNT_MS = 10_000;
/** Concurrent rounds. Rounds wait mostly for the API server, so there may be more of them than calls to one server. */
const ROUNDS_PER_CALL = 3;
/** Longest delay for frequent edits of one object, and for repeated reverts of the operator's writes. */
const LONGEST_PAUSE_MS = { edits: 2_000, fights: 60_000 };

/** An object of a reconciled kind. */
interface Work extends WorkItem {
  readonly of: ReconciledKey;
}

/**
 * Connects caches, queue and reconcilers: a changed object requeues the objects that depend on it.
 *
 * @param callsOf makes the interface by which steps make calls
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: the composition root of the controller
export function createController(
  given: Given,
  callsOf: (context: Context) => Calls = createCalls,
): Controller {
  const { clock, ledger, log } = given;
  const failures = new Map<string, number>();
  const discovered = new Map<string, Discovered>();
  const edits = new Pace(clock, LONGEST_PAUSE_MS.edits);
  const fights = new Pace(clock, LONGEST_PAUSE_MS.fights);
  let isStarted = false;
  let unwatched: string | undefined;
  const queue = new WorkQueue<Work>({ clock, run, boundsOf, shared: TOGETHER });
  const servers = new ServerRegistry({
    clock,
    wake: (client) => addClient(client, false),
    changed: addServer,
    log: given.log,
    namespacesAt: (server) => caches.registrations.groupSize('namespaces', server),
    concernsRegistered: (server) => {
      for (const { record } of caches.registrations.find('server', server)) {
        if (record !== undefined) {
          addClient(clientKey(record.client), false);
        }
      }
    },
  });
  const moves = new Moves((client) => addClient(client, false), countAgain);
  const oldest = new OldestServers(addServer);
  const namespaceMemory: NamespaceMemory = new NamespaceMemory({
    most: given.settings.namespaceMemoryBytes ?? SHARES.namespaceMemoryBytes.most,
    exempt: given.settings.operatorNamespace,
    onRoom: takeUpNext,
  });
  const watched = (key: string) => caches.credentials.get(key);
  const credentials: CredentialCache = new CredentialCache(given.api, namespaceMemory, watched, given.hashOf);
  const statusWrites = new StatusWrites(given.lead);
  const unremoved = new UnremovedClients({
    ...given,
    namespace: given.settings.operatorNamespace,
    resolved: (record, note) => tellResolvedClient(record, note, context),
  });
  const visits = new ListVisits({
    clock,
    log,
    isNeeded: () => !unremoved.isEmpty || !given.orphans.isEmpty,
    visit: visitLists,
  });
  const tally = new ClientTally();
  const caches: Caches = createCaches({
    texts: given.texts,
    addClient,
    paceClient,
    paceServer,
    undone,
    countAgain,
    recorded: (attempt) => given.orphans.recorded(attempt),
    unremoved: (change) => unremoved.changed(change),
    servers,
    credentials,
    namespaceMemory,
    oldest,
    statusWrites,
    tally,
  });
  const context: Context = {
    ...given,
    caches,
    credentials,
    namespaceMemory,
    servers,
    serverRecords: new ServerRecords(),
    memory: new Memory(),
    moves,
    slots: new Slots(),
    refusedWrites: new RefusedWrites(clock),
    statusWrites,
    wake: (client) => addClient(client, false),
    whySecretsUnwatched: () => unwatched,
  };
  const stepContext: StepContext = { ...context, calls: callsOf(context) };

  function addServer(key: ServerKey): void {
    queue.add(workOn({ kind: 'Server', key }, true));
  }

  function paceServer(key: ServerKey): void {
    addAtPace(workOn({ kind: 'Server', key }, true), edits);
  }

  function paceClient(key: ClientKey, urgent: boolean): void {
    if (isLookedAfter(key)) {
      addAtPace(workOn({ kind: 'Client', key }, urgent), edits);
    }
  }

  /** Somebody reverted the operator's write. */
  function undone(key: ClientKey): void {
    if (isLookedAfter(key)) {
      addAtPace(workOn({ kind: 'Client', key }, true), fights);
    }
  }

  /** Changes of cluster servers, and all objects at the start, are reconciled without delay. */
  function addAtPace(item: Work, pace: Pace): void {
    const isExempt = !isStarted || isClusterServer(item.of);
    const pauseMs = isExempt ? 0 : pace.changed(item.key);
    if (pauseMs > 0) {
      queue.addAfter(item, pauseMs);
    } else {
      queue.add(item);
    }
  }

  /** Server objects first: a client can't be reconciled without its server. */
  function takeUpNext(namespace: string): void {
    const server = caches.servers.nextOfLess(namespace);
    const client = caches.clients.nextOfLess(namespace);
    if (server !== undefined) {
      addServer(serverKey({ kind: 'AuthorizationServer', name: nameOfKey(server) }, namespace));
    } else if (client !== undefined) {
      addClient(storedClientKey(client), false);
    }
  }

  function countAgain(key: ServerKey): void {
    queue.addAfter(workOn({ kind: 'Server', key }, true), COUNT_MS);
  }

  /** Records may belong to a namespace that the operator no longer watches: they stay unchanged. */
  function addClient(key: ClientKey, urgent: boolean): void {
    if (isLookedAfter(key)) {
      queue.add(workOn({ kind: 'Client', key }, urgent));
    }
  }

  function isLookedAfter(key: ClientKey): boolean {
    const { namespaces } = given.settings;
    return namespaces === undefined || namespaces.includes(namespaceOf(key));
  }

  function workOn(of: ReconciledKey, urgent: boolean): Work {
    const key = reconciledText(of);
    switch (of.kind) {
      case 'Client': {
        const namespace = namespaceOf(of.key);
        const ref = serverRefOf(of.key, context);
        return { of, key, lane: ref === undefined ? '' : serverKey(ref, namespace), namespace, urgent };
      }
      case 'Server': {
        const { kind, namespace = '' } = serverNamed(of.key);
        const isSilent = discovered.get(of.key)?.problem?.reason === 'ResponseTimedOut';
        return { of, key, lane: isSilent ? `${kind} ${SILENT}` : kind, namespace, urgent: true };
      }
    }
  }

  /** A client is in the lane of its server. */
  function boundsOf(lane: string): LaneBounds {
    const looks = LOOKS[lane];
    if (looks !== undefined || lane === '') {
      return looks ?? { most: ROUNDS_PER_CALL * DEFAULT_LIMIT };
    }
    const server = storedServerKey(lane);
    const limit = servers.state(server)?.connection?.maxInFlight ?? DEFAULT_LIMIT;
    // Servers of tenants can hang: clients of cluster servers don't wait for them.
    return { most: ROUNDS_PER_CALL * callsAt(server, limit), together: serverNamed(server).kind };
  }

  /** Never rejects: an exception in a round is logged, and the object is requeued. */
  async function run(work: Work): Promise<void> {
    const start = clock.monotonic();
    edits.lookedAt(work.key);
    fights.lookedAt(work.key);
    const result = await reconcile(work.of).catch(async (error: unknown) => {
      log.error('round failed', { item: work.key, error });
      await tellFailed(work.of);
      return 'failed' as const;
    });
    if (result === 'rested') {
      failures.delete(work.key);
    } else {
      retry(work);
    }
    given.report({ result, seconds: (clock.monotonic() - start) / 1000 });
  }

  function reconcile(of: ReconciledKey): Promise<RoundReport['result']> {
    switch (of.kind) {
      case 'Client':
        return runClient(of.key);
      case 'Server':
        return runServer(of.key);
    }
  }

  async function tellFailed(of: ReconciledKey): Promise<void> {
    if (of.kind === 'Client') {
      await tellUnfinished(of.key, FAILED_ROUND, stepContext).catch((error: unknown) => {
        log.error('a failed round is not told', { client: of.key, error });
      });
    }
  }

  async function runClient(key: ClientKey): Promise<RoundReport['result']> {
    const end = await reconcileClient(key, stepContext);
    if (end.kind === 'later') {
      log.debug('looking again later', { client: key, reason: end.reason, why: end.why });
      return 'later';
    }
    const of = { kind: 'Client', key } as const;
    if (caches.clients.get(key) === undefined) {
      edits.forget(reconciledText(of));
      fights.forget(reconciledText(of));
    }
    if (end.until !== undefined) {
      queue.addAfter(workOn(of, false), Math.max(0, end.until - clock.now()) + 10);
    }
    return 'rested';
  }

  async function runServer(key: ServerKey): Promise<RoundReport['result']> {
    const object = serverObjectOf(key, caches);
    visits.begin();
    const unused = await removeUnused(key, context);
    if (object === undefined) {
      forgetServer(key);
    }
    const visit = object && (await lookAt(await takeUpServer(object, context), key));
    const again = earliest(unused, visit);
    if (again !== undefined) {
      queue.addAfter(workOn({ kind: 'Server', key }, true), again);
    }
    return 'rested';
  }

  function lookAt(object: ServerObject, key: ServerKey): Promise<LookAgain> {
    if (oldest.isUsed(object)) {
      return reconcileServer(object, context, discovered);
    }
    discovered.delete(key);
    credentials.forget({ kind: 'Server', key });
    return refuse(object, tooMany(object), context);
  }

  /** What a person resolved is told, and what waited for it goes on. */
  async function visitLists(): Promise<void> {
    if (given.lead.held()) {
      for (const resolved of await given.orphans.look()) {
        tellResolvedOrphan(resolved, context);
        servers.wakeAll(resolved.orphan.server);
        addServer(resolved.orphan.server);
      }
      await unremoved.look();
    }
  }

  /** Removes everything that is kept for a deleted server object. */
  function forgetServer(key: ServerKey): void {
    servers.remove(key);
    credentials.forget({ kind: 'Server', key });
    discovered.delete(key);
    moves.end(key);
    context.memory.forgetServer(key);
    edits.forget(reconciledText({ kind: 'Server', key }));
    given.tokens.forgetServer(key);
    given.counters.serverGone(serverNamed(key));
  }

  function retry({ of, key }: Work): void {
    const tries = failures.get(key) ?? 0;
    failures.set(key, tries + 1);
    queue.addAfter(workOn(of, false), backoff(RETRIES, tries, given.random));
  }

  return {
    caches,
    queueDepth: () => queue.depth,
    gauges: () => gaugesOf({ ...context, tally }),
    lists: () => ({ unremoved: unremoved.data, suspects: given.orphans.data }),
    kept: () => ({
      queue: queue.kept,
      failures: failures.size,
      pace: edits.size + fights.size,
      discovered: discovered.size,
      servers: servers.size,
      oldest: oldest.size,
      tokens: given.tokens.size,
      serverRecords: context.serverRecords.size,
      moves: moves.size,
    }),
    secretsUnwatched(why) {
      if (why !== unwatched) {
        unwatched = why;
        for (const server of [...caches.servers.values(), ...caches.clusterServers.values()]) {
          addServer(keyOfServer(server));
        }
      }
    },
    start() {
      for (const client of clientsOf(ledger.entries(), caches.clients)) {
        addClient(client, true);
      }
      isStarted = true;
      queue.start();
      unremoved.start();
      visits.begin();
    },
    replayJournal: () => given.recorder.replay((_, client) => toldOf(client, context, undefined)),
    async stop() {
      visits.stop();
      unremoved.stop();
      await queue.stop();
      await given.recorder.idle();
    },
  };
}

const isClusterServer = (of: ReconciledKey): boolean =>
  of.kind === 'Server' && serverNamed(of.key).kind === 'ClusterAuthorizationServer';

/** Lane of the servers that did not answer the last time: others don't wait for them. */
const SILENT = 'without an answer';

const LOOKS_OF_TENANTS: LaneBounds = {
  most: SHARES.serverLooks.most,
  perNamespace: SHARES.serverLooksOfNamespace.most,
};

/** Of the rounds of all clients, which keep what they work on in memory while the API server or a server is slow. */
const TOGETHER: SharedBound = { most: SHARES.roundsTogether.most, few: 2 };

/** Concurrent rounds of server objects: cluster servers never wait for servers of tenants. */
const LOOKS: Readonly<Record<string, LaneBounds>> = {
  ClusterAuthorizationServer: { most: SHARES.clusterServerLooks.most },
  [`ClusterAuthorizationServer ${SILENT}`]: { most: SHARES.clusterServerLooks.most },
  AuthorizationServer: LOOKS_OF_TENANTS,
  [`AuthorizationServer ${SILENT}`]: LOOKS_OF_TENANTS,
};

const tooMany = ({ metadata: { namespace } }: ServerObject): Problem => ({
  reason: 'NamespaceShareReached',
  message: `Namespace ${namespace} has more than ${SHARES.serversOfNamespace.most} AuthorizationServers, and the oldest are used. Delete one that isn't needed, and this one is used.`,
});
