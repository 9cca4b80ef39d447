import { type KubernetesObject, keyOf, type Resource } from '../../../src/api/kubernetes.ts';
import { LABELS } from '../../../src/api/names.ts';
import { createCalls } from '../../../src/controller/calls/calls.ts';
import { observe } from '../../../src/controller/client/observe.ts';
import type { Round } from '../../../src/controller/client/round.ts';
import type { StepContext } from '../../../src/controller/client/step-context.ts';
import type { Context } from '../../../src/controller/context.ts';
import type { EventInput } from '../../../src/controller/durable/events.ts';
import type { Ledger } from '../../../src/controller/durable/ledger.ts';
import type { LedgerEntry } from '../../../src/controller/durable/ledger-entry.ts';
import type { Reported } from '../../../src/controller/durable/orphan-list.ts';
import { createRecorder } from '../../../src/controller/durable/recorder.ts';
import type { ApiResult, HttpOutcome, KubernetesApi, ObjectKey } from '../../../src/controller/ports.ts';
import { toRegistrationObject, toSecretObject } from '../../../src/controller/state/cached-objects.ts';
import { Memory } from '../../../src/controller/state/client-memory.ts';
import { ClientTally } from '../../../src/controller/state/client-tally.ts';
import { CredentialCache } from '../../../src/controller/state/credential-cache.ts';
import { Moves } from '../../../src/controller/state/moves.ts';
import { RefusedWrites } from '../../../src/controller/state/refused-writes.ts';
import { ReusableTokens } from '../../../src/controller/state/reusable-tokens.ts';
import { ServerRecords } from '../../../src/controller/state/server-records.ts';
import { ServerRegistry, type ServerState } from '../../../src/controller/state/server-registry.ts';
import { Slots } from '../../../src/controller/state/slots.ts';
import { StatusWrites } from '../../../src/controller/state/status-writes.ts';
import { TextPool } from '../../../src/controller/state/text-pool.ts';
import { createCaches } from '../../../src/controller/wake-ups.ts';
import { type ClientKey, clientKey } from '../../../src/core/client-key.ts';
import { toClientObject } from '../../../src/core/desired.ts';
import type { Observation, PendingCall } from '../../../src/core/observation.ts';
import type { OrphanTraits } from '../../../src/core/orphan-entry.ts';
import { type ServerKey, serverKey } from '../../../src/core/server-key.ts';
import { toServerObject } from '../../../src/core/server-object.ts';
import { SERVER_RECORD, toServerRecordObject } from '../../../src/core/server-record.ts';
import { sha256 } from '../../../src/oauth/sha256.ts';
import { CLIENT, registeredClient } from '../fixtures/objects.ts';
import { available, connection, NOW } from '../fixtures/observations.ts';
import { SETTINGS } from '../fixtures/settings.ts';
import { Cluster, type Stored } from './cluster.ts';
import { createFakeClock, createRecordingLog } from './fake-clock.ts';
import {
  contextOf,
  createFakeHttp,
  createFakeJwt,
  type FakeHttp,
  UNCOUNTED,
  unbounded,
} from './fake-ports.ts';

/** All that the steps of one client are given: real state between an API server and an authorization server in memory. */
export interface OperatorInMemory {
  readonly cluster: Cluster;
  readonly context: StepContext;
  readonly round: Round;
  readonly memory: Memory;
  readonly servers: ServerRegistry;
  readonly http: FakeHttp;
  /** What was to be changed at the API server, in order, refused or not. */
  readonly writes: readonly Write[];
  readonly reads: readonly string[];
  readonly events: readonly EventInput[];
  /** Lines of the log, as `level message {fields}`. */
  readonly lines: readonly string[];
  readonly ledger: FakeLedger;
  /** Why each suspected orphan was reported. */
  readonly orphans: readonly string[];
  /** What was said of each to find its client by. */
  readonly traits: readonly OrphanTraits[];
  /** Which client is in use, as the list of suspected orphans was told: `<uid of the object> <client_id>`. */
  readonly inUse: readonly string[];
  /** What the client's reconciler sees now. */
  observe(): Observation;
}

export interface Write {
  /** Such as `patch Secret shop/storefront-oauth`. */
  readonly what: string;
  readonly body: unknown;
}

type Failure = Extract<ApiResult<never>, { readonly ok: false }>;

/** What the API server answers instead of doing it. */
export const refusals = {
  forbidden: { ok: false, status: 403, reason: 'Forbidden', message: 'exceeded quota' },
  conflict: { ok: false, status: 409, reason: 'Conflict', message: 'the object has been modified' },
  unanswered: { ok: false, status: 0, reason: '', message: 'no answer' },
  broken: { ok: false, status: 500, reason: 'InternalError', message: 'etcd is down' },
  notFound: { ok: false, status: 404, reason: 'NotFound', message: 'not found' },
} as const satisfies Readonly<Record<string, Failure>>;

type Refusals = Readonly<Record<string, Failure | readonly Failure[]>>;

export interface InMemoryOptions {
  /** Everything that exists, with its kind. Default: a client that is registered and published. */
  readonly objects?: readonly Stored[];
  /** Verb and kind, such as `patch Secret` → what is answered instead: always, or so often. */
  readonly refuses?: Refusals;
  /** What the authorization server answers, in turn. */
  readonly outcomes?: readonly HttpOutcome[];
  /** What is known of the server `corporate`. */
  readonly server?: Partial<ServerState>;
  readonly suspects?: Reported;
  readonly parts?: Partial<Context>;
}

export function operatorInMemory(options: InMemoryOptions = {}): OperatorInMemory {
  const { objects = registeredClient(), refuses = {}, outcomes = [], suspects = 'Listed' } = options;
  const clock = createFakeClock({ startMs: NOW, skipMs: Number.POSITIVE_INFINITY });
  const cluster = new Cluster(() => new Date(clock.now()).toISOString());
  for (const object of objects) {
    cluster.put(object.kind ?? '', object);
  }
  const [writes, reads]: [Write[], string[]] = [[], []];
  const api = createApi(cluster, refuses, writes, reads);
  const log = createRecordingLog();
  const [events, orphans, inUse]: [EventInput[], string[], string[]] = [[], [], []];
  const traits: OrphanTraits[] = [];
  const ledger = new FakeLedger();
  const http = createFakeHttp(...outcomes);
  const memory = new Memory();
  const servers: ServerRegistry = new ServerRegistry({
    clock,
    wake: () => undefined,
    changed: () => undefined,
    concernsRegistered: () => undefined,
    namespacesAt: () => 1,
    log,
  });
  const texts = new TextPool();
  const namespaceMemory = unbounded();
  const watched = (key: string) => caches.credentials.get(key);
  const credentials: CredentialCache = new CredentialCache(api, namespaceMemory, watched, sha256);
  const nothing = () => undefined;
  const statusWrites = new StatusWrites({ held: () => true });
  const caches = createCaches({
    ...{ addClient: nothing, paceClient: nothing, paceServer: nothing, undone: nothing, countAgain: nothing },
    recorded: nothing,
    unremoved: nothing,
    ...{ servers, credentials, namespaceMemory, texts, statusWrites, oldest: { changed: nothing } as never },
    tally: new ClientTally(),
  });
  const journal = { append: nothing, settle: nothing, unsettled: () => [] };
  const context: Context = {
    api,
    http,
    clock,
    random: () => 0.5,
    moves: new Moves(nothing, nothing),
    log,
    lead: { held: () => true },
    journal,
    ledger: ledger as unknown as Ledger,
    // Of its own: its waiting lets no time pass.
    recorder: createRecorder({
      api,
      journal,
      clock: createFakeClock({ skipMs: Number.POSITIVE_INFINITY }),
      log,
    }),
    refusedWrites: new RefusedWrites(clock),
    orphans: {
      isFull: () => false,
      countIn: () => 0,
      suspectsOf: () => ({ count: 0, latestAt: 0 }),
      report: async (_: LedgerEntry, why: string, of: OrphanTraits) => {
        orphans.push(why);
        traits.push(of);
        return suspects;
      },
      inUse: (uid: string, clientId: string) => void inUse.push(`${uid} ${clientId}`),
    } as unknown as Context['orphans'],
    events: { record: (event) => void events.push(event) },
    counters: UNCOUNTED,
    memory,
    statusWrites,
    servers,
    serverRecords: new ServerRecords(),
    slots: new Slots(),
    caches,
    credentials,
    wake: nothing,
    whySecretsUnwatched: nothing,
    namespaceMemory,
    tokens: new ReusableTokens(clock),
    jwt: createFakeJwt(),
    settings: SETTINGS,
    ...options.parts,
  };
  fill(caches, objects);
  servers.set(serverKey(available.ref, CLIENT.namespace), { ...KNOWN, ...options.server });
  const stepContext = contextOf({ ...context, calls: createCalls(context) });
  const key = clientKey(CLIENT);
  return {
    ...{
      cluster,
      context: stepContext,
      memory,
      servers,
      http,
      writes,
      reads,
      events,
      ledger,
      orphans,
      traits,
      inUse,
    },
    lines: log.lines,
    round: { key, contents: new Map() },
    observe: () => observe(key, stepContext),
  };
}

/** Of the server `corporate`. */
const KNOWN: ServerState = {
  connection,
  problem: undefined,
  endpoints: connection.endpoints,
  management: 'RegistrationAccessToken',
  admissionAccepted: true,
  registered: undefined,
  signingKeys: undefined,
  suspended: false,
};

/** As the watches do. */
export function fill(caches: Context['caches'], objects: readonly Stored[]): void {
  for (const object of objects) {
    const labels = object.metadata.labels ?? {};
    switch (object.kind) {
      case 'Namespace':
        caches.namespaces.applied(object);
        break;
      case 'OAuthClient':
        caches.clients.applied(toClientObject(object));
        break;
      case 'AuthorizationServer':
        caches.servers.applied(toServerObject('AuthorizationServer', object, { allowHttp: false }));
        break;
      case 'ClusterAuthorizationServer':
        caches.clusterServers.applied(
          toServerObject('ClusterAuthorizationServer', object, { allowHttp: false }),
        );
        break;
      case 'Secret':
        if (labels[LABELS.registration] === 'true') {
          caches.registrations.applied(toRegistrationObject(object));
        }
        if (labels[LABELS.registration] === SERVER_RECORD) {
          caches.serverRecords.applied(toServerRecordObject(object));
        }
        if (labels[LABELS.workload] === 'true') {
          caches.secrets.applied(toSecretObject(object));
        }
        if (labels[LABELS.credential] === 'true') {
          caches.credentials.applied({ metadata: object.metadata, isRegistration: false });
        }
        break;
    }
  }
}

const metadataOf = ({ metadata }: KubernetesObject): KubernetesObject => ({ metadata });

export function createApi(
  cluster: Cluster,
  refuses: Refusals,
  writes: Write[],
  reads: string[],
): KubernetesApi {
  const by = 'operator';
  const times = new Map<string, number>();
  const refusalOf = (what: string): Failure | undefined => {
    const given = refuses[what];
    const time = times.get(what) ?? 0;
    times.set(what, time + 1);
    return given === undefined || 'ok' in given ? given : given[time];
  };
  const write = <T>(
    verb: string,
    { kind }: Resource,
    key: ObjectKey,
    body: unknown,
    act: () => ApiResult<Stored>,
  ) => {
    writes.push({ what: `${verb} ${kind} ${keyOf(key)}`, body });
    return Promise.resolve((refusalOf(`${verb} ${kind}`) ?? act()) as ApiResult<T>);
  };
  return {
    get: <T extends KubernetesObject>(resource: Resource, key: ObjectKey, only?: 'metadata') => {
      reads.push(`${only === undefined ? '' : `${only} of `}${resource.kind} ${keyOf(key)}`);
      const found = refusalOf(`get ${resource.kind}`) ?? cluster.get(resource, key);
      const shown = found.ok && only !== undefined ? { ...found, object: metadataOf(found.object) } : found;
      return Promise.resolve(shown as ApiResult<T>);
    },
    create: (resource, object) =>
      write('create', resource, object.metadata, object, () =>
        cluster.create(resource, object as Stored, by),
      ),
    dryRun: (resource, object) =>
      write('dryRun', resource, object.metadata, object, () => ({ ok: true, object })),
    replace: (resource, object, subresource) =>
      write(subresource ?? 'replace', resource, object.metadata, object, () =>
        cluster.replace(resource, object as Stored, subresource, by),
      ),
    patch: (resource, key, patch) =>
      write('patch', resource, key, patch, () => cluster.patch(resource, key, patch, by)),
    delete: (resource, key, preconditions = {}) =>
      write('delete', resource, key, preconditions, () => cluster.delete(resource, key, preconditions, by)),
  };
}

/** Keeps entries in memory, and how each ended. */
export class FakeLedger {
  /** Whether entries can be stored. */
  isOpen = true;
  /** Entries as they were stored. */
  readonly begun: LedgerEntry[] = [];
  /** Such as `settle a1`. */
  readonly ends: string[] = [];
  readonly copiedFrom = undefined;
  readonly hasNewer = () => false;
  readonly #entries = new Map<string, LedgerEntry>();
  readonly #states = new Map<string, PendingCall['state']>();

  /** Whether the call was left by an earlier process: {@link FakeLedger.begin} did not begin it. */
  readonly isInherited = (attempt: string): boolean => !this.begun.some((entry) => entry.attempt === attempt);

  /** An entry that an earlier process left. */
  leave(entry: LedgerEntry, state: PendingCall['state']): void {
    this.#entries.set(entry.attempt, entry);
    this.#states.set(entry.attempt, state);
  }

  async begin(entry: LedgerEntry): Promise<boolean> {
    if (this.isOpen) {
      this.begun.push(entry);
      this.leave(entry, 'underWay');
    }
    return this.isOpen;
  }

  answered(): void {}

  settle(attempt: string): void {
    this.ends.push(`settle ${attempt}`);
    this.#entries.delete(attempt);
  }

  interrupt(attempt: string): void {
    this.ends.push(`interrupt ${attempt}`);
    this.#states.set(attempt, 'interrupted');
  }

  entries(): readonly LedgerEntry[] {
    return [...this.#entries.values()];
  }

  entry(attempt: string): LedgerEntry | undefined {
    return this.#entries.get(attempt);
  }

  callsOf(client: ClientKey): readonly PendingCall[] {
    return [...this.#entries.values()]
      .filter((entry) => clientKey(entry.client) === client)
      .map(({ attempt, kind, startedAt, registrationSecret, isOwn }) => ({
        ...{ attempt, kind, startedAt, registrationSecret, isOwn },
        state: this.#states.get(attempt) ?? 'underWay',
      }));
  }

  registrationsAt(server: ServerKey, namespace: string): readonly LedgerEntry[] {
    return [...this.#entries.values()].filter(
      (entry) => entry.kind === 'Register' && entry.server === server && entry.client.namespace === namespace,
    );
  }

  shortage(): undefined {
    return undefined;
  }
}
