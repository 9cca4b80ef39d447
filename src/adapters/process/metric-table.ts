import { REASONS } from '../../api/reasons.ts';
import { CAPABILITIES } from '../../controller/gauges.ts';
import type { HttpOutcome } from '../../controller/ports.ts';
import { END_FIELDS, HORIZONS, PROGRESS } from '../../controller/state/client-tally.ts';
import { AUDIT_EVENTS, AUDIT_OUTCOMES } from '../../core/audit-line.ts';
import { GATES } from '../../core/health-gate.ts';
import { PROBE_RESULTS } from '../../core/probe.ts';

/** One metric, as `/metrics` shows it. */
export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Which question of an operator it answers. */
  readonly answers: string;
}

export type NoAnswerReason = Exclude<HttpOutcome, { readonly kind: 'answered' }>['reason'];

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

export const DISTINCT_STATUSES = [401, 403, 429];

export const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];

/** Outcomes of calls to authorization servers. */
export const CALL_OUTCOMES: readonly string[] = [
  ...DISTINCT_STATUSES.map(String),
  ...['2xx', '3xx', '4xx', '5xx', 'other'],
  ...Object.keys(NO_ANSWER_REASONS),
];

const REASON_VALUES = [...Object.keys(REASONS), 'Other'];

/**
 * The values that a label can have, by metric and label; a label without a row has names of server objects or of the
 * Kubernetes API. Bounds and expressions are tested against them.
 */
export const LABEL_VALUES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  oauth_registrar_authorization_server_requests_total: { call: METHODS, outcome: CALL_OUTCOMES },
  oauth_registrar_authorization_server_request_duration_seconds: { call: METHODS },
  oauth_registrar_clients: {
    ready: ['True', 'False', 'Unknown'],
    condition: [...PROGRESS, 'None'],
    reason: REASON_VALUES,
  },
  oauth_registrar_clients_not_ready_for_long: { reason: REASON_VALUES },
  oauth_registrar_client_changes_total: {
    event: Object.keys(AUDIT_EVENTS),
    outcome: [...Object.keys(AUDIT_OUTCOMES), 'None'],
  },
  oauth_registrar_ends: { what: Object.keys(END_FIELDS), within: Object.keys(HORIZONS) },
  oauth_registrar_registrations: { role: ['current', 'owed', 'retained', 'left-behind'] },
  oauth_registrar_verifications_total: { result: PROBE_RESULTS },
  oauth_registrar_authorization_servers: { ready: ['True', 'False', 'Unknown'], reason: REASON_VALUES },
  oauth_registrar_authorization_server_gates: { gate: GATES },
  oauth_registrar_authorization_server_pause_seconds: { calls: ['registrations', 'management', 'tokens'] },
  oauth_registrar_authorization_server_capabilities: { capability: CAPABILITIES },
  oauth_registrar_reconciles_total: { result: ['rested', 'later', 'failed'] },
  oauth_registrar_ledger_entries: { state: ['UnderWay', 'Interrupted'] },
  oauth_registrar_kubernetes_requests_total: { verb: ['get', 'list', 'create', 'update', 'patch', 'delete'] },
};

/**
 * Every metric of the operator, except those of Node.js. The instruments and the reference page are made from this
 * table.
 */
export const METRICS = {
  oauth_registrar_clients: {
    type: 'gauge',
    labels: ['server', 'ready', 'condition', 'reason'],
    help: 'OAuthClients by the status and reason of Ready, and by which of Reconciling, Stalled and Paused is True.',
    answers: 'How many clients work, and why do the others not?',
  },
  oauth_registrar_clients_not_ready_for_long: {
    type: 'gauge',
    labels: ['server', 'reason'],
    help: 'OAuthClients that have not been Ready for 15 minutes, without suspended ones and those that ended as planned.',
    answers: 'Does anybody wait for longer than usual?',
  },
  oauth_registrar_client_ready_seconds: {
    type: 'histogram',
    labels: ['server'],
    help: 'Time from the creation of an OAuthClient until it was Ready for the first time; creation times are whole seconds.',
    answers: 'How long does a new workload wait for its client?',
  },
  oauth_registrar_client_changes_total: {
    type: 'counter',
    labels: ['server', 'event', 'outcome'],
    help: 'Lines of the audit trail: changes of clients at authorization servers.',
    answers: 'What was done, how often, and how did it end?',
  },
  oauth_registrar_ends: {
    type: 'gauge',
    labels: ['what', 'within'],
    help: 'Client secrets, registration access tokens and clients with a lifetime that end within a time, to the hour.',
    answers: 'How much must be renewed, or ends, in the next days?',
  },
  oauth_registrar_renewals_overdue: {
    type: 'gauge',
    labels: ['server'],
    help: 'Clients that end within 48 hours, or whose secret or registration access token does, and whose renewal has been due for an hour.',
    answers: 'Will a workload lose its client soon?',
  },
  oauth_registrar_registrations: {
    type: 'gauge',
    labels: ['server', 'role'],
    help: 'Registered clients: in use (current), still to be removed (owed), kept (retained), or given up (left-behind).',
    answers: 'What exists at the servers, and what of it does nobody use?',
  },
  oauth_registrar_suspected_orphans: {
    type: 'gauge',
    labels: ['server'],
    help: 'Registrations without an answer in the lists of suspected orphans.',
    answers: 'For how many clients must somebody look at a server?',
  },
  oauth_registrar_suspected_orphans_total: {
    type: 'counter',
    labels: ['server'],
    help: 'Registrations whose outcome is unknown, listed or not.',
    answers: 'How often are answers lost?',
  },
  oauth_registrar_lost_tokens_total: {
    type: 'counter',
    labels: ['server'],
    help: 'Calls for which a server refused the registration access token of a client.',
    answers: 'Did a server lose its data or its keys?',
  },
  oauth_registrar_verifications_total: {
    type: 'counter',
    labels: ['server', 'result'],
    help: 'Answers of token endpoints about the credential of a client, by spec.verification: Accepted, Refused, Inconclusive, or Later, which is asked again.',
    answers: 'Do the servers still accept the credentials of the clients?',
  },
  oauth_registrar_authorization_servers: {
    type: 'gauge',
    labels: ['server', 'ready', 'reason'],
    help: 'Server objects by the status and reason of Ready.',
    answers: 'Which servers can be used, and why can the others not?',
  },
  oauth_registrar_authorization_server_gates: {
    type: 'gauge',
    labels: ['server', 'gate'],
    help: 'Server objects by whether calls go: Open, Paused (the server asked for it), OneAtATime, Failing, Silent, AdmissionRefused, Suspect (lost tokens), Unavailable or Suspended.',
    answers: 'Does a server keep clients waiting?',
  },
  oauth_registrar_authorization_server_pause_seconds: {
    type: 'gauge',
    labels: ['server', 'calls'],
    help: 'Time until a pause ends that a server asked for; the longest, where several servers have the label. Absent without a pause.',
    answers: 'When do calls go on?',
  },
  oauth_registrar_authorization_server_capabilities: {
    type: 'gauge',
    labels: ['server', 'capability'],
    help: 'Server objects that can register clients now (Registers), take updates and deletions (Updates, Deletes), and gave means to manage a client (Manages).',
    answers: 'Which servers leave clients behind, or need another client for each edit?',
  },
  oauth_registrar_authorization_server_requests_total: {
    type: 'counter',
    labels: ['server', 'call', 'outcome'],
    help: 'Calls to authorization servers.',
    answers: 'What do the servers answer?',
  },
  oauth_registrar_authorization_server_request_duration_seconds: {
    type: 'histogram',
    labels: ['server', 'call'],
    help: 'Duration of calls to authorization servers.',
    answers: 'Is a server slow?',
  },
  oauth_registrar_reconciles_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Finished reconciliations.',
    answers: 'Does the operator work, and does it fail?',
  },
  oauth_registrar_reconcile_duration_seconds: {
    type: 'histogram',
    labels: [],
    help: 'Duration of reconciliations.',
    answers: 'Is one object slow?',
  },
  oauth_registrar_queue_depth: {
    type: 'gauge',
    labels: [],
    help: 'Objects that wait for a reconciliation.',
    answers: 'Is there more work than the operator does?',
  },
  oauth_registrar_ledger_entries: {
    type: 'gauge',
    labels: ['state'],
    help: 'Calls in the ledger: UnderWay, or Interrupted, whose outcome is not known.',
    answers: 'How many calls would be in doubt if the operator stopped now?',
  },
  oauth_registrar_ledger_write_duration_seconds: {
    type: 'histogram',
    labels: [],
    help: 'Duration of writes of the ledger, which every registration waits for.',
    answers: 'Does the API server slow registrations down?',
  },
  oauth_registrar_kubernetes_requests_total: {
    type: 'counter',
    labels: ['verb', 'resource', 'code'],
    help: 'Calls to the Kubernetes API; code 0 had no answer.',
    answers: 'Does the API server refuse what the operator needs?',
  },
  oauth_registrar_watch_last_event_age_seconds: {
    type: 'gauge',
    labels: ['resource'],
    help: 'Time since the last event or bookmark of a watch.',
    answers: 'Does the operator still hear of changes?',
  },
  oauth_registrar_leader: {
    type: 'gauge',
    labels: [],
    help: '1 while this process leads.',
    answers: 'Does an operator work, and which Pod is it?',
  },
  oauth_registrar_memory_limit_bytes: {
    type: 'gauge',
    labels: [],
    help: 'Memory that the container may use; 0 if it has no limit.',
    answers: 'Is process_resident_memory_bytes near its limit?',
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

/** What `/metrics` of `oauth-registrar documents` shows. */
export const DOCUMENT_METRICS = {
  oauth_registrar_document_requests_total: {
    type: 'counter',
    labels: ['status'],
    help: 'Answers at the port of documents: 200 and 304 for a document or a key set, 410 for a URL without a client, 503 before the first list of documents is read, 405 for what is no GET, 500.',
    answers: 'Do servers fetch documents, and do they get them?',
  },
  oauth_registrar_documents: {
    type: 'gauge',
    labels: ['state'],
    help: 'ConfigMaps of the namespace of documents: Served, or Unreadable, of which nothing is served.',
    answers: 'How many clients have a document, and did somebody damage one?',
  },
  oauth_registrar_documents_view_age_seconds: {
    type: 'gauge',
    labels: [],
    help: 'Time since the last event or bookmark of the watch of documents; bookmarks come about once a minute. What is served stays as it was.',
    answers: 'Does this Pod still hear of new, changed and removed documents?',
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

/** The same as {@link LABEL_VALUES}, of {@link DOCUMENT_METRICS}. */
export const DOCUMENT_LABEL_VALUES = {
  oauth_registrar_document_requests_total: { status: ['200', '304', '405', '410', '500', '503'] },
  oauth_registrar_documents: { state: ['Served', 'Unreadable'] },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
