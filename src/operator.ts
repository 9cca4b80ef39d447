import { randomUUID } from 'node:crypto';
import { createJsonWebTokens } from './adapters/authorization-server/json-web-tokens.ts';
import {
  createReviewsOfPorts,
  type ReviewsOfPorts,
  refusalOfPath,
} from './adapters/kubernetes/access-review.ts';
import { createKubernetesApi, type PagedApi } from './adapters/kubernetes/api.ts';
import { createAssertionTokens } from './adapters/kubernetes/assertion-tokens.ts';
import { createWatches, type Watches } from './adapters/kubernetes/cache-feeds.ts';
import { readClusterId } from './adapters/kubernetes/cluster-id.ts';
import { type Connection, connect } from './adapters/kubernetes/connection.ts';
import { createInventoryAccess } from './adapters/kubernetes/inventory-access.ts';
import { createLeaderElector, type LeaderElector } from './adapters/kubernetes/leader.ts';
import { byTurns, ledgerApart } from './adapters/kubernetes/turns.ts';
import {
  whatIsMissing,
  whatRestartCures,
  whySecretsAreUnwatched,
} from './adapters/kubernetes/watch-health.ts';
import { countCalls, observeCalls } from './adapters/measured.ts';
import { systemClock } from './adapters/process/clock.ts';
import { type ClusterClock, createClusterClock } from './adapters/process/cluster-clock.ts';
import { startHttpEndpoint } from './adapters/process/health.ts';
import type { HttpServer } from './adapters/process/http-server.ts';
import { startInventoryEndpoint } from './adapters/process/inventory-endpoint.ts';
import { openJournal } from './adapters/process/journal.ts';
import { createMemoryRelief } from './adapters/process/memory-relief.ts';
import { createMetrics, type Metrics } from './adapters/process/metrics.ts';
import { systemRandom } from './adapters/process/random.ts';
import { ALWAYS_BINDABLE } from './api/bindable-kinds.ts';
import { RESOURCES } from './api/kubernetes.ts';
import type { Config } from './config.ts';
import { installationOf } from './controller/client/observe.ts';
import type { Context } from './controller/context.ts';
import { type Controller, createController } from './controller/controller.ts';
import { createEventRecorder } from './controller/durable/events.ts';
import { HashKey } from './controller/durable/hash-key.ts';
import { Ledger } from './controller/durable/ledger.ts';
import { createRecorder } from './controller/durable/recorder.ts';
import { Orphans } from './controller/durable/suspected-orphans.ts';
import type { ListPods, Log } from './controller/ports.ts';
import { ReusableTokens } from './controller/state/reusable-tokens.ts';
import { TextPool } from './controller/state/text-pool.ts';
import { installationId, isOurs } from './core/installation.ts';
import { createServerCalls } from './server-calls.ts';

/** Composition root: creates the adapters, acquires leadership, and runs until a signal stops it. */

/** How often the watches are looked at, for the status of server objects. */
const LOOK_MS = 15_000;
/** Leaves a part of the pod's grace period for the steps that follow. */
const DRAIN_MS = 50_000;
/** Prometheus gives a scrape ten seconds by default, and a caller needs two reviews. */
const REVIEW_MS = 4_000;
/** An unreachable API server must not prevent the process from ending. */
const FLUSH_MS = 5_000;

/** The ports through which every effect goes. Failure tests wrap them. */
export type EffectPorts = Pick<Context, 'http' | 'journal'> & { readonly api: PagedApi };
type Around = (ports: EffectPorts) => EffectPorts;

/** @returns the exit code: 0 after a signal, 1 after the lead was lost. */
export async function operate(config: Config, log: Log, around: Around = (ports) => ports): Promise<number> {
  const ending = endOnSignal(log);
  const clock = createClusterClock(systemClock, log);
  const connection = await connect({ clock, log, kubeconfig: config.kubeconfig });
  const namespace = config.namespace ?? connection.namespace;
  if (namespace === undefined) {
    throw new Error("The operator's namespace isn't known; set --namespace.");
  }
  const metrics = createMetrics({ processMetrics: true });
  const identity = `${config.identity}_${randomUUID().slice(0, 8)}`;
  const elector = createElector({ connection, namespace, identity, config, clock, log });
  const clusterId =
    config.clusterId ??
    (await readClusterId(createKubernetesApi(connection, { clock }), { clock, log, ending }));
  if (clusterId === undefined) {
    await connection.close();
    return 0;
  }
  const installation = await install({
    clusterId,
    config,
    connection,
    namespace,
    identity,
    elector,
    metrics,
    clock,
    log,
    around,
  });
  try {
    const isAsked = config.metricsAuthentication || config.inventoryPort !== undefined;
    const reviews = isAsked ? reviewsOver(connection, clock) : undefined;
    return await lead({ ...installation, namespace, elector, config, clock, log, ending, metrics, reviews });
  } finally {
    await connection.close();
  }
}

/** With a connection of their own, so that reviews never take the turns of writes. */
const reviewsOver = (connection: Connection, clock: ClusterClock): ReviewsOfPorts =>
  createReviewsOfPorts({
    api: createKubernetesApi({ ...connection, calls: connection.watches }, { clock, timeoutMs: REVIEW_MS }),
    clock,
  });

function endOnSignal(log: Log): AbortSignal {
  const ending = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info('stopping', { signal });
      ending.abort();
    });
  }
  return ending.signal;
}

function createElector({
  connection,
  namespace,
  identity,
  config: { lease },
  clock,
  log,
}: Pick<Parts, 'connection' | 'namespace' | 'identity' | 'config' | 'clock' | 'log'>): LeaderElector {
  // If a renewal gets no answer, there is time for a second one before the deadline.
  const timeoutMs = Math.round(0.4 * lease.renewDeadlineMs);
  return createLeaderElector({
    // The lease has its own connection, so that many other writes never delay a renewal.
    api: createKubernetesApi({ ...connection, calls: connection.watches }, { clock, timeoutMs }),
    namespace,
    name: 'oauth-registrar',
    identity,
    clock,
    random: systemRandom,
    log,
    leaseDurationMs: lease.durationMs,
    renewDeadlineMs: lease.renewDeadlineMs,
    retryPeriodMs: lease.retryPeriodMs,
  });
}

interface Parts {
  readonly config: Config;
  readonly connection: Connection;
  readonly namespace: string;
  readonly clusterId: string;
  readonly identity: string;
  readonly elector: LeaderElector;
  readonly metrics: Metrics;
  readonly clock: ClusterClock;
  readonly log: Log;
  readonly around: Around;
}

interface Installed {
  readonly controller: Controller;
  readonly watches: Watches;
  readonly ledger: Ledger;
  /** What a new leader does before it reconciles anything. */
  readonly takeLead: () => Promise<void>;
  /** Resolves with the reason when another process has taken the lead. */
  readonly fenced: Promise<string>;
}

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: the composition root of the operator
async function install({
  config,
  connection,
  namespace,
  clusterId,
  identity,
  elector,
  metrics,
  clock,
  log,
  around,
}: Parts): Promise<Installed> {
  const byRoads = ledgerApart(
    byTurns(createKubernetesApi(connection, { clock })),
    createKubernetesApi({ ...connection, calls: connection.watches }, { clock }),
  );
  const counted = countCalls(byRoads, metrics);
  const { api, http, journal } = around({
    api: counted,
    http: observeCalls(
      await createServerCalls({ config, origin: connection.origin, api: counted, log }),
      metrics,
      clock,
    ),
    journal: openJournal(config.journalDir, log),
  });
  const recorder = createRecorder({ api, journal, clock, log });
  const orphans = new Orphans({ api, namespace, clock, log });
  const fenced = Promise.withResolvers<string>();
  const name = config.installation ?? namespace;
  const settings = {
    operatorNamespace: namespace,
    installation: { id: installationId(name, clusterId), name },
    cluster: config.clusterName ?? name,
    urlRules: { allowHttp: config.allowHttp },
    namespacedServerHosts: config.namespacedServerHosts,
    assertionAudiences: config.assertionAudiences,
    bindableKinds: [...ALWAYS_BINDABLE, ...config.boundToKinds],
    mayRestart: config.rolloutRestarts,
    namespaces: config.namespaces,
    reservedSecretMetadata: config.reservedSecretMetadata,
    namespaceMemoryBytes: config.namespaceMemoryBytes,
    documents: config.documents,
  };
  const hashKey = new HashKey({ api, namespace, clock, log });
  const ledger = new Ledger({
    api,
    namespace,
    holder: identity,
    clock,
    log,
    onFenced: fenced.resolve,
    isBacklog: () => controller.queueDepth() > 0,
    onWrite: (seconds) => metrics.ledgerWritten(seconds),
    installation: {
      id: installationId(name, clusterId),
      isOurs: (id) => isOurs(id, installationOf({ caches: controller.caches, settings })),
    },
  });
  const events = createEventRecorder({
    api,
    clock,
    random: systemRandom,
    log,
    operatorNamespace: namespace,
    identity,
  });
  const lead = config.leaderElect ? elector : { held: () => true };
  const given = {
    api,
    http,
    clock,
    random: systemRandom,
    log,
    lead,
    journal,
    ledger,
    recorder,
    orphans,
    events,
    counters: metrics,
    jwt: createJsonWebTokens(),
    // An install for listed namespaces serves no cluster server, and has no right to ask for such tokens.
    listPods: podsOf(api),
    assertions:
      config.namespaces === undefined
        ? createAssertionTokens({
            api,
            headers: connection.headers,
            namespace,
            account: config.assertionAccount,
          })
        : undefined,
    tokens: new ReusableTokens(clock),
    settings,
  };
  const texts = new TextPool();
  const relieveMemory = createMemoryRelief(clock);
  const controller = createController({
    ...given,
    texts,
    hashOf: hashKey.hashOf,
    report(report) {
      metrics.reconcileDone(report);
      relieveMemory();
    },
  });
  const watches = createWatches(controller.caches, {
    connection,
    api,
    clock,
    random: systemRandom,
    log,
    operatorNamespace: namespace,
    namespaces: config.namespaces,
    urlRules: settings.urlRules,
    texts,
  });
  void controller.replayJournal();
  const takeLead = async () => {
    await ledger.takeLead();
    await hashKey.load();
    await orphans.load();
  };
  return { controller, watches, ledger, takeLead, fenced: fenced.promise };
}

interface Running extends Installed {
  readonly elector: LeaderElector;
  readonly config: Config;
  readonly clock: ClusterClock;
  readonly log: Log;
  readonly ending: AbortSignal;
  readonly metrics: Metrics;
  /** The operator's. */
  readonly namespace: string;
  /** `undefined`: nothing is served to callers with a token. */
  readonly reviews: ReviewsOfPorts | undefined;
}

async function lead(running: Running): Promise<number> {
  const { controller, watches, ledger, takeLead, fenced, elector, config, clock, log, ending } = running;
  const state = { synced: false, leading: false };
  const looking = new AbortController();
  const endpoint = await serve(running, state);
  const inventory = await serveInventory(running, state);
  log.info('started', { port: endpoint.port, ...(inventory && { inventoryPort: inventory.port }) });
  try {
    if (config.leaderElect && !(await elector.acquire(ending))) {
      return 0;
    }
    state.leading = true;
    running.metrics.leader(true);
    await takeLead();
    watches.start();
    await Promise.race([watches.synced, aborted(ending)]);
    state.synced = true;
    log.info('working', {
      clients: controller.caches.clients.size,
      registrations: controller.caches.registrations.size,
    });
    controller.start();
    void tellBlindness(running, looking.signal);
    const lost = await Promise.race([aborted(ending), fenced, elector.lost.then(() => 'the lease was lost')]);
    await Promise.race([controller.stop(), clock.sleep(DRAIN_MS)]);
    if (lost !== undefined) {
      log.error('no longer the leader', { why: lost });
      return 1;
    }
    await Promise.race([ledger.flush(), clock.sleep(FLUSH_MS)]);
    return 0;
  } finally {
    looking.abort();
    await elector.release();
    await Promise.all([watches.stop(), endpoint.close(), inventory?.close()]);
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(undefined);
    }
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

/** Server objects say so while Secrets are not watched. */
async function tellBlindness({ controller, watches, clock }: Running, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    controller.secretsUnwatched(whySecretsAreUnwatched(watches.views()));
    await clock.sleep(LOOK_MS, signal);
  }
}

/** `/livez`, `/readyz`, `/metrics`. A replica that waits for the lead is ready, since it can take over. */
function serve(
  { config, watches, metrics, controller, reviews, log }: Running,
  state: { synced: boolean; leading: boolean },
) {
  for (const name of watches.views().keys()) {
    metrics.watchAge(name, () => (state.leading ? (watches.views().get(name)?.silentMs ?? 0) / 1000 : 0));
  }
  return startHttpEndpoint({
    port: config.port,
    log,
    tls: config.tls,
    ...(reviews === undefined || !config.metricsAuthentication
      ? {}
      : { refusal: (sender) => refusalOfPath(reviews.metrics, sender, '/metrics') }),
    live: () => (state.synced ? whatRestartCures(watches.views()) : undefined),
    ready: () => (state.leading ? whatIsMissing(watches.views()) : undefined),
    metrics: () => {
      metrics.queueDepth(controller.queueDepth());
      return metrics.render(() => (state.synced ? controller.gauges() : undefined));
    },
  });
}

/** The inventory page. It is made of the caches, which only the replica that leads has; another one says so. */
async function serveInventory(
  { config, controller, reviews, namespace, clock, log }: Running,
  state: { readonly synced: boolean },
): Promise<HttpServer | undefined> {
  if (config.inventoryPort === undefined || reviews === undefined) {
    return undefined;
  }
  return startInventoryEndpoint({
    port: config.inventoryPort,
    log,
    tls: config.tls,
    show: createInventoryAccess({
      caches: controller.caches,
      lists: controller.lists,
      isReady: () => state.synced,
      reviews: reviews.inventory,
      operatorNamespace: namespace,
      clock,
    }),
  });
}

const podsOf =
  (api: PagedApi): ListPods =>
  async (namespace, convert) => {
    const found = await api.collect(RESOURCES.pod, { namespace }, convert);
    return found.ok ? { ok: true, object: found.object.items } : found;
  };
