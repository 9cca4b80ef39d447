import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What the operator counts. Durations are in seconds, as Prometheus wants them; no method throws or waits. */
export interface Metrics {
  /** One call to an authorization server; `outcome` is a status code, or the reason why there is none. */
  serverCall(call: {
    readonly server: string;
    readonly call: string;
    readonly outcome: string;
    readonly seconds: number;
  }): void;
  reconcileDone(reconcile: { readonly result: string; readonly seconds: number }): void;
  orphanSuspected(server: string): void;
  /** `code` 0: no answer was read. */
  kubernetesCall(call: { readonly verb: string; readonly resource: string; readonly code: number }): void;
  queueDepth(depth: number): void;
  leader(leads: boolean): void;
  /** `read` is asked at every scrape; the latest reader of a resource counts. */
  watchAge(resource: string, read: () => number): void;
  /** The text that `/metrics` serves. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

const PREFIX = 'oauth_registrar_';
const MAX_SERVERS = 500;
const CALL_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/**
 * Metrics in a registry of their own. `processMetrics` adds Node's (default: false).
 *
 * Tenants name servers, so only the first 500 get a label; further ones are counted as `other`.
 */
export function createMetrics(options: { readonly processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.processMetrics === true) collectDefaultMetrics({ register: registry });
  const instruments = createInstruments(registry);
  const label = boundedLabel(MAX_SERVERS);
  const watchAges = createWatchAges(registry);

  return {
    serverCall: ({ server, call, outcome, seconds }) => {
      const labels = { server: label(server), call };
      instruments.serverRequests.inc({ ...labels, outcome });
      instruments.serverSeconds.observe(labels, seconds);
    },
    reconcileDone: ({ result, seconds }) => {
      instruments.reconciles.inc({ result });
      instruments.reconcileSeconds.observe(seconds);
    },
    orphanSuspected: (server) => instruments.orphans.inc({ server: label(server) }),
    kubernetesCall: (call) => instruments.kubernetesRequests.inc({ ...call }),
    queueDepth: (depth) => instruments.queueDepth.set(depth),
    leader: (leads) => instruments.leader.set(leads ? 1 : 0),
    watchAge: (resource, read) => watchAges.set(resource, read),
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

function createInstruments(registry: Registry) {
  const as = <const L extends string>(name: string, help: string, ...labelNames: L[]) => ({
    name: `${PREFIX}${name}`,
    help,
    labelNames,
    registers: [registry],
  });
  const server = 'authorization_server_';
  return {
    serverRequests: new Counter(
      as(`${server}requests_total`, 'Calls to authorization servers.', 'server', 'call', 'outcome'),
    ),
    reconciles: new Counter(as('reconciles_total', 'Finished reconciliations.', 'result')),
    orphans: new Counter(as('suspected_orphans_total', 'Registrations whose outcome is unknown.', 'server')),
    kubernetesRequests: new Counter(
      as(
        'kubernetes_requests_total',
        'Calls to the Kubernetes API; code 0 had no answer.',
        'verb',
        'resource',
        'code',
      ),
    ),
    queueDepth: new Gauge(as('queue_depth', 'Objects that wait for a reconciliation.')),
    leader: new Gauge(as('leader', '1 while this process leads.')),
    serverSeconds: new Histogram({
      ...as(
        `${server}request_duration_seconds`,
        'Duration of calls to authorization servers.',
        'server',
        'call',
      ),
      buckets: CALL_BUCKETS,
    }),
    reconcileSeconds: new Histogram({
      ...as('reconcile_duration_seconds', 'Duration of reconciliations.'),
      buckets: CALL_BUCKETS,
    }),
  };
}

function createWatchAges(registry: Registry): Map<string, () => number> {
  const readers = new Map<string, () => number>();
  const gauge = new Gauge({
    name: `${PREFIX}watch_last_event_age_seconds`,
    help: 'Time since the last event or bookmark of a watch.',
    labelNames: ['resource'],
    registers: [registry],
    collect: () => {
      for (const [resource, read] of readers) gauge.set({ resource }, read());
    },
  });
  return readers;
}

function boundedLabel(max: number): (name: string) => string {
  const known = new Set<string>();
  return (name) => {
    if (known.has(name)) return name;
    if (known.size >= max) return 'other';
    known.add(name);
    return name;
  };
}
