import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { SHARES } from '../../api/shares.ts';
import type { Gauges, Sample } from '../../controller/gauges.ts';
import type { Counters } from '../../controller/ports.ts';
import { AUDIT_EVENTS, AUDIT_OUTCOMES } from '../../core/audit-line.ts';
import { PROBE_RESULTS } from '../../core/probe.ts';
import type { ServerName } from '../../core/server-key.ts';
import { metricOptions } from './metric-options.ts';
import { CALL_OUTCOMES, DISTINCT_STATUSES, METHODS, METRICS, type NoAnswerReason } from './metric-table.ts';

/** Counts what the operator does. Durations are in seconds, as Prometheus recommends. No method throws or waits. */
export interface Metrics extends Counters {
  /** One call to an authorization server; `outcome` is the status code, or the reason why there is none. */
  serverCall(call: {
    readonly server: ServerName;
    readonly call: string;
    readonly outcome: number | NoAnswerReason;
    readonly seconds: number;
  }): void;
  reconcileDone(reconcile: { readonly result: string; readonly seconds: number }): void;
  /** `code` 0: no answer was read. */
  kubernetesCall(call: { readonly verb: string; readonly resource: string; readonly code: number }): void;
  queueDepth(depth: number): void;
  leader(leads: boolean): void;
  /** A write of the ledger was answered, or got no answer. */
  ledgerWritten(seconds: number): void;
  /** `read` is called at every scrape. A second call for the same resource replaces it. */
  watchAge(resource: string, read: () => number): void;
  /**
   * The text that `/metrics` serves. It is made at most once a second; more frequent requests get the same text.
   *
   * @param read called when it is made. `undefined`: this process has no present state to show, since it doesn't lead.
   *   Default: that.
   */
  render(read?: () => Gauges | undefined): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Making the text is most of the cost of a scrape. */
const TEXT_SERVES_MS = 1_000;
const CALL_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

const READY_BUCKETS = [1, 2, 5, 10, 30, 60, 300, 900, 3_600, 86_400];
const WRITE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Metrics in a registry of their own. `processMetrics` adds Node's (default: false). `now`: milliseconds of a
 * monotonic clock. `memoryLimit`: in bytes; default: that of the container.
 *
 * No tenant chooses a label. `server` is the object's name for a ClusterAuthorizationServer, and the kind for all
 * AuthorizationServers together. `outcome` is a class of statuses.
 */
export function createMetrics(
  options: {
    readonly processMetrics?: boolean;
    readonly now?: () => number;
    readonly memoryLimit?: number;
  } = {},
): Metrics {
  const registry = new Registry();
  if (options.processMetrics === true) {
    collectDefaultMetrics({ register: registry });
  }
  const instruments = createInstruments(registry);
  const labels = boundedLabels(SHARES.metricLabels.most);
  const watchAges = createWatchAges(registry);
  instruments.memoryLimit.set(options.memoryLimit ?? containerLimit());

  return {
    serverCall: ({ server, call, outcome, seconds }) => {
      const named = { server: labels.of(server), call };
      instruments.serverRequests.inc({ ...named, outcome: classOf(outcome) });
      instruments.serverSeconds.observe(named, seconds);
    },
    reconcileDone: ({ result, seconds }) => {
      instruments.reconciles.inc({ result });
      instruments.reconcileSeconds.observe(seconds);
    },
    orphanSuspected: (server) => instruments.orphansTotal.inc({ server: labels.of(server) }),
    clientChanged: ({ server, event, outcome = 'None' }) =>
      instruments.changes.inc({ server: labels.of(server), event, outcome }),
    tokenLost: (server) => instruments.lostTokens.inc({ server: labels.of(server) }),
    verified: (server, result) => instruments.verifications.inc({ server: labels.of(server), result }),
    firstReady: (server, seconds) => instruments.ready.observe({ server: labels.of(server) }, seconds),
    serverGone: (server) => {
      const label = labels.free(server);
      if (label !== undefined) {
        forgetServer(instruments, label);
      }
    },
    kubernetesCall: (call) => instruments.kubernetesRequests.inc({ ...call }),
    queueDepth: (depth) => instruments.queueDepth.set(depth),
    leader: (leads) => instruments.leader.set(leads ? 1 : 0),
    ledgerWritten: (seconds) => instruments.ledgerSeconds.observe(seconds),
    watchAge: (resource, read) => watchAges.set(resource, read),
    render: servedFor(TEXT_SERVES_MS, options.now ?? (() => performance.now()), async (read) => {
      show(read?.(), instruments, labels.ofName);
      return { contentType: registry.contentType, body: await registry.metrics() };
    }),
  };
}

function createInstruments(registry: Registry) {
  const as = metricOptions(METRICS, registry);
  return {
    serverRequests: new Counter(as('oauth_registrar_authorization_server_requests_total')),
    serverSeconds: new Histogram({
      ...as('oauth_registrar_authorization_server_request_duration_seconds'),
      buckets: CALL_BUCKETS,
    }),
    clients: new Gauge(as('oauth_registrar_clients')),
    notReady: new Gauge(as('oauth_registrar_clients_not_ready_for_long')),
    ready: new Histogram({ ...as('oauth_registrar_client_ready_seconds'), buckets: READY_BUCKETS }),
    changes: new Counter(as('oauth_registrar_client_changes_total')),
    ends: new Gauge(as('oauth_registrar_ends')),
    overdue: new Gauge(as('oauth_registrar_renewals_overdue')),
    registrations: new Gauge(as('oauth_registrar_registrations')),
    orphans: new Gauge(as('oauth_registrar_suspected_orphans')),
    orphansTotal: new Counter(as('oauth_registrar_suspected_orphans_total')),
    lostTokens: new Counter(as('oauth_registrar_lost_tokens_total')),
    verifications: new Counter(as('oauth_registrar_verifications_total')),
    servers: new Gauge(as('oauth_registrar_authorization_servers')),
    gates: new Gauge(as('oauth_registrar_authorization_server_gates')),
    pauses: new Gauge(as('oauth_registrar_authorization_server_pause_seconds')),
    capabilities: new Gauge(as('oauth_registrar_authorization_server_capabilities')),
    ledger: new Gauge(as('oauth_registrar_ledger_entries')),
    ledgerSeconds: new Histogram({
      ...as('oauth_registrar_ledger_write_duration_seconds'),
      buckets: WRITE_BUCKETS,
    }),
    memoryLimit: new Gauge(as('oauth_registrar_memory_limit_bytes')),
    reconciles: new Counter(as('oauth_registrar_reconciles_total')),
    reconcileSeconds: new Histogram({
      ...as('oauth_registrar_reconcile_duration_seconds'),
      buckets: CALL_BUCKETS,
    }),
    queueDepth: new Gauge(as('oauth_registrar_queue_depth')),
    kubernetesRequests: new Counter(as('oauth_registrar_kubernetes_requests_total')),
    leader: new Gauge(as('oauth_registrar_leader')),
  };
}

type Instruments = ReturnType<typeof createInstruments>;

/** Shows the present state in place of the former one. */
function show(gauges: Gauges | undefined, into: Instruments, labelOf: (server: string) => string): void {
  put(into.clients, gauges?.clients, labelOf);
  put(into.notReady, gauges?.notReadyForLong, labelOf);
  put(into.ends, gauges?.ends, labelOf);
  put(into.overdue, gauges?.overdueRenewals, labelOf);
  put(into.registrations, gauges?.registrations, labelOf);
  put(into.orphans, gauges?.orphans, labelOf);
  put(into.servers, gauges?.servers, labelOf);
  put(into.gates, gauges?.gates, labelOf);
  put(into.pauses, gauges?.pauses, labelOf, Math.max);
  put(into.capabilities, gauges?.capabilities, labelOf);
  put(into.ledger, gauges?.ledger, labelOf);
  // A counter that begins above 0 has no increase: it begins when the server object is seen.
  for (const { server } of gauges?.servers ?? []) {
    into.orphansTotal.inc({ server: labelOf(server) }, 0);
    into.lostTokens.inc({ server: labelOf(server) }, 0);
  }
}

/** @param join makes one value of those of several samples with the same labels. Default: their sum. */
function put<Label extends string>(
  gauge: Gauge<Label>,
  samples: readonly Sample<Label>[] | undefined,
  labelOf: (server: string) => string,
  join = (one: number, other: number) => one + other,
): void {
  gauge.reset();
  const joined = new Map<string, { readonly labels: Record<string, string>; readonly value: number }>();
  for (const { count, ...rest } of samples ?? []) {
    const labels: Record<string, string> = { ...rest };
    if (labels['server'] !== undefined) {
      labels['server'] = labelOf(labels['server']);
    }
    const key = Object.values(labels).join(' ');
    const before = joined.get(key);
    joined.set(key, { labels, value: before === undefined ? count : join(before.value, count) });
  }
  for (const { labels, value } of joined.values()) {
    gauge.set(labels as Record<Label, string>, value);
  }
}

/** 0: none. The kernel says "none" with a number that no machine has. */
function containerLimit(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < Number.MAX_SAFE_INTEGER ? limit : 0;
}

function createWatchAges(registry: Registry): Map<string, () => number> {
  const readers = new Map<string, () => number>();
  const gauge = new Gauge({
    ...metricOptions(METRICS, registry)('oauth_registrar_watch_last_event_age_seconds'),
    collect: () => {
      for (const [resource, read] of readers) {
        gauge.set({ resource }, read());
      }
    },
  });
  return readers;
}

/** `2xx`, `401`, `5xx`, or a reason: what alerts need. A server can't create a label by inventing a status. */
function classOf(outcome: number | NoAnswerReason): string {
  if (typeof outcome !== 'number') {
    return outcome;
  }
  if (DISTINCT_STATUSES.includes(outcome)) {
    return String(outcome);
  }
  return outcome >= 200 && outcome < 600 ? `${Math.floor(outcome / 100)}xx` : 'other';
}

/** Object names are in lower case, so none equals the kind. */
function boundedLabels(most: number) {
  const known = new Set<string>();
  const ofCluster = (name: string): string => {
    if (known.size >= most && !known.has(name)) {
      return 'Other';
    }
    known.add(name);
    return name;
  };
  return {
    of: ({ kind, name }: ServerName): string => (kind === 'AuthorizationServer' ? kind : ofCluster(name)),
    /** The same of a name in {@link Gauges}. */
    ofName: (server: string): string =>
      server === 'AuthorizationServer' || server === 'None' ? server : ofCluster(server),
    /** Frees the label of a deleted cluster server and returns it; `undefined` if it had none. */
    free: ({ kind, name }: ServerName): string | undefined =>
      kind === 'ClusterAuthorizationServer' && known.delete(name) ? name : undefined,
  };
}

function forgetServer(
  { serverRequests, serverSeconds, orphansTotal, lostTokens, verifications, ready, changes }: Instruments,
  server: string,
): void {
  for (const instrument of [orphansTotal, lostTokens, ready]) {
    instrument.remove({ server });
  }
  for (const result of PROBE_RESULTS) {
    verifications.remove({ server, result });
  }
  for (const event of Object.keys(AUDIT_EVENTS)) {
    for (const outcome of [...Object.keys(AUDIT_OUTCOMES), 'None']) {
      changes.remove({ server, event, outcome });
    }
  }
  for (const call of METHODS) {
    serverSeconds.remove({ server, call });
    for (const outcome of CALL_OUTCOMES) {
      serverRequests.remove({ server, call, outcome });
    }
  }
}

/** Reuses a result for `ms`. Calls that come while it is made share it. */
function servedFor<A, T>(
  ms: number,
  now: () => number,
  make: (from: A) => Promise<T>,
): (from: A) => Promise<T> {
  let made: { readonly at: number; readonly result: Promise<T> } | undefined;
  return (from) => {
    if (made === undefined || now() >= made.at + ms) {
      made = { at: now(), result: make(from) };
    }
    return made.result;
  };
}
