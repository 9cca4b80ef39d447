/** One metric, as `/metrics` shows it. */
export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
}

/**
 * Every metric of the operator, except those of Node.js. The instruments and the reference page are made from this
 * table.
 */
export const METRICS = {
  oauth_registrar_authorization_server_requests_total: {
    type: 'counter',
    labels: ['server', 'call', 'outcome'],
    help: 'Calls to authorization servers.',
  },
  oauth_registrar_authorization_server_request_duration_seconds: {
    type: 'histogram',
    labels: ['server', 'call'],
    help: 'Duration of calls to authorization servers.',
  },
  oauth_registrar_suspected_orphans_total: {
    type: 'counter',
    labels: ['server'],
    help: 'Registrations whose outcome is unknown.',
  },
  oauth_registrar_reconciles_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Finished reconciliations.',
  },
  oauth_registrar_reconcile_duration_seconds: {
    type: 'histogram',
    labels: [],
    help: 'Duration of reconciliations.',
  },
  oauth_registrar_queue_depth: {
    type: 'gauge',
    labels: [],
    help: 'Objects that wait for a reconciliation.',
  },
  oauth_registrar_kubernetes_requests_total: {
    type: 'counter',
    labels: ['verb', 'resource', 'code'],
    help: 'Calls to the Kubernetes API; code 0 had no answer.',
  },
  oauth_registrar_watch_last_event_age_seconds: {
    type: 'gauge',
    labels: ['resource'],
    help: 'Time since the last event or bookmark of a watch.',
  },
  oauth_registrar_leader: {
    type: 'gauge',
    labels: [],
    help: '1 while this process leads.',
  },
} as const satisfies Readonly<Record<string, MetricRow>>;
