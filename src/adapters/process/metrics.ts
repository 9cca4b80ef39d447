import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { SHARES } from '../../api/shares.ts';
import type { HttpOutcome } from '../../controller/ports.ts';
import type { ServerName } from '../../core/server-key.ts';
import { METRICS } from './metric-table.ts';

/** Counts what the operator does. Durations are in seconds, as Prometheus recommends. No method throws or waits. */
export interface Metrics {
  /** One call to an authorization server; `outcome` is the status code, or the reason why there is none. */
  serverCall(call: {
    readonly server: ServerName;
    readonly call: string;
    readonly outcome: number | NoAnswerReason;
    readonly seconds: number;
  }): void;
  reconcileDone(reconcile: { readonly result: string; readonly seconds: number }): void;
  orphanSuspected(server: ServerName): void;
  /** Removes the samples of a deleted server object. */
  serverGone(server: ServerName): void;
  /** `code` 0: no answer was read. */
  kubernetesCall(call: { readonly verb: string; readonly resource: string; readonly code: number }): void;
  queueDepth(depth: number): void;
  leader(leads: boolean): void;
  /** `read` is called at every scrape. A second call for the same resource replaces it. */
  watchAge(resource: string, read: () => number): void;
  /** The text that `/metrics` serves. It is made at most once a second; more frequent requests get the same text. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Making the text is most of the cost of a scrape. */
const TEXT_SERVES_MS = 1_000;
const CALL_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];

type NoAnswerReason = Exclude<HttpOutcome, { readonly kind: 'answered' }>['reason'];

/**
 * Metrics in a registry of their own. `processMetrics` adds Node's (default: false). `now`: milliseconds of a
 * monotonic clock.
 *
 * No tenant chooses a label. `server` is the object's name for a ClusterAuthorizationServer, and the kind for all
 * AuthorizationServers together. `outcome` is a class of statuses.
 */
export function createMetrics(
  options: { readonly processMetrics?: boolean; readonly now?: () => number } = {},
): Metrics {
  const registry = new Registry();
  if (options.processMetrics === true) {
    collectDefaultMetrics({ register: registry });
  }
  const instruments = createInstruments(registry);
  const labels = boundedLabels(SHARES.metricLabels.most);
  const watchAges = createWatchAges(registry);

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
    orphanSuspected: (server) => instruments.orphans.inc({ server: labels.of(server) }),
    serverGone: (server) => {
      const label = labels.free(server);
      if (label !== undefined) {
        forgetServer(instruments, label);
      }
    },
    kubernetesCall: (call) => instruments.kubernetesRequests.inc({ ...call }),
    queueDepth: (depth) => instruments.queueDepth.set(depth),
    leader: (leads) => instruments.leader.set(leads ? 1 : 0),
    watchAge: (resource, read) => watchAges.set(resource, read),
    render: servedFor(TEXT_SERVES_MS, options.now ?? (() => performance.now()), async () => ({
      contentType: registry.contentType,
      body: await registry.metrics(),
    })),
  };
}

function createInstruments(registry: Registry) {
  const as = <Name extends keyof typeof METRICS>(name: Name) => {
    const { help, labels }: Pick<(typeof METRICS)[Name], 'help' | 'labels'> = METRICS[name];
    return { name, help, labelNames: labels as readonly LabelOf<Name>[], registers: [registry] };
  };
  return {
    serverRequests: new Counter(as('oauth_registrar_authorization_server_requests_total')),
    serverSeconds: new Histogram({
      ...as('oauth_registrar_authorization_server_request_duration_seconds'),
      buckets: CALL_BUCKETS,
    }),
    orphans: new Counter(as('oauth_registrar_suspected_orphans_total')),
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

type LabelOf<Name extends keyof typeof METRICS> = (typeof METRICS)[Name]['labels'][number];

function createWatchAges(registry: Registry): Map<string, () => number> {
  const readers = new Map<string, () => number>();
  const name = 'oauth_registrar_watch_last_event_age_seconds';
  const { help, labels: labelNames } = METRICS[name];
  const gauge = new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
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

const DISTINCT_STATUSES = [401, 403, 429];

/** Object names are in lower case, so none equals the kind. */
function boundedLabels(most: number) {
  const known = new Set<string>();
  return {
    of: ({ kind, name }: ServerName): string => {
      if (kind === 'AuthorizationServer') {
        return kind;
      }
      if (known.size >= most && !known.has(name)) {
        return 'Other';
      }
      known.add(name);
      return name;
    },
    /** Frees the label of a deleted cluster server and returns it; `undefined` if it had none. */
    free: ({ kind, name }: ServerName): string | undefined =>
      kind === 'ClusterAuthorizationServer' && known.delete(name) ? name : undefined,
  };
}

function forgetServer(
  { serverRequests, serverSeconds, orphans }: ReturnType<typeof createInstruments>,
  server: string,
): void {
  orphans.remove({ server });
  for (const call of METHODS) {
    serverSeconds.remove({ server, call });
    for (const outcome of OUTCOMES) {
      serverRequests.remove({ server, call, outcome });
    }
  }
}

const NO_ANSWER_REASONS: Readonly<Record<NoAnswerReason, true>> = {
  AddressRefused: true,
  NameNotResolved: true,
  ConnectFailed: true,
  Unsendable: true,
  TlsVerificationFailed: true,
  Timeout: true,
  ConnectionLost: true,
  ResponseTooLarge: true,
};

const OUTCOMES: readonly string[] = [
  ...DISTINCT_STATUSES.map(String),
  ...['2xx', '3xx', '4xx', '5xx', 'other'],
  ...Object.keys(NO_ANSWER_REASONS),
];

/** Reuses a result for `ms`. Calls that come while it is made share it. */
function servedFor<T>(ms: number, now: () => number, make: () => Promise<T>): () => Promise<T> {
  let made: { readonly at: number; readonly result: Promise<T> } | undefined;
  return () => {
    if (made === undefined || now() >= made.at + ms) {
      made = { at: now(), result: make() };
    }
    return made.result;
  };
}
