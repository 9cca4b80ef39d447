import { RECORD_SHARES } from './record-shares.ts';

/**
 * Everything bounded that tenants share, and the share of each: no tenant can take what another needs. The reference page
 * is made from this table; the code takes its bounds from here, and nowhere else says them.
 *
 * No share ever refuses an ending: deletions go on whatever is full.
 */
export interface Share {
  /** What is bounded. */
  readonly what: string;
  /** The bound, in `unit`. */
  readonly most: number;
  readonly unit: string;
  /** Who has such a share. */
  readonly per: string;
  /** How people learn that it is reached. */
  readonly told: string;
}

export const SHARES = {
  ...RECORD_SHARES,
  clientSpecBytes: {
    what: 'Size of the spec of an OAuthClient, as JSON',
    most: 32_768,
    unit: 'bytes',
    per: 'object',
    told: '`InvalidSpec`',
  },
  serverSpecBytes: {
    what: 'Size of the spec of a server object, as JSON',
    most: 131_072,
    unit: 'bytes',
    per: 'object',
    told: '`InvalidSpec`',
  },
  namespaceMemoryBytes: {
    what: 'Memory for what is kept of the OAuthClients, AuthorizationServers, workload Secrets and credentials of a namespace, unless `--namespace-memory` says otherwise. An OAuthClient and its Secret take about 4 KiB, more with a large spec',
    most: 16_777_216,
    unit: 'bytes',
    per: 'namespace',
    told: '`NamespaceShareReached`',
  },
  credentialBytes: {
    what: 'Values of a Secret that serves as a credential, together',
    most: 65_536,
    unit: 'bytes',
    per: 'Secret',
    told: '`CredentialTooLarge`',
  },
  caBundleBytes: {
    what: 'CA bundle that a server object refers to',
    most: 262_144,
    unit: 'bytes',
    per: 'server object',
    told: '`CredentialTooLarge`',
  },
  answerBytes: {
    what: 'Body of an answer of an authorization server',
    most: 262_144,
    unit: 'bytes',
    per: 'call',
    told: '`ResponseTooLarge`',
  },
  pageBytes: {
    what: 'Page of a list of several Kubernetes objects; a larger one is asked for again with fewer objects',
    most: 2_097_152,
    unit: 'bytes',
    per: 'list',
    told: 'no need: nothing is left out',
  },
  watchLineBytes: {
    what: 'Event of a watch; a larger one is passed over, unless it is a deletion',
    most: 2_097_152,
    unit: 'bytes',
    per: 'object',
    told: 'a line of the log',
  },
  metricLabels: {
    what: 'ClusterAuthorizationServers with a label of their own in metrics; AuthorizationServers are counted together',
    most: 500,
    unit: 'names',
    per: 'process',
    told: 'label `Other`',
  },
  probeConnections: {
    what: 'Connections to the port of `/livez`, `/readyz` and `/metrics`',
    most: 64,
    unit: 'connections',
    per: 'process',
    told: 'the oldest connection of the address that has most is closed',
  },
  clusterServerLooks: {
    what: 'ClusterAuthorizationServers that are looked at together',
    most: 48,
    unit: 'at a time',
    per: 'process',
    told: 'the next waits',
  },
  serverLooks: {
    what: 'AuthorizationServers that are looked at together',
    most: 32,
    unit: 'at a time',
    per: 'process, by turns of namespaces',
    told: 'the next waits',
  },
  serverLooksOfNamespace: {
    what: 'AuthorizationServers that are looked at together',
    most: 2,
    unit: 'at a time',
    per: 'namespace',
    told: 'the next waits',
  },
  serversOfNamespace: {
    what: 'AuthorizationServers that are used, the oldest first',
    most: 20,
    unit: 'objects',
    per: 'namespace',
    told: '`NamespaceShareReached`',
  },
  discoveryTime: {
    what: 'All reads of discovery together',
    most: 15,
    unit: 'seconds',
    per: 'look at a server object',
    told: '`ResponseTimedOut`',
  },
  looksAtOnce: {
    what: 'Looks at an object that is changed again and again; then a pause, which doubles from 0.25 s to 2 s, or to 60 s where its Secret or finalizer is what is changed',
    most: 4,
    unit: 'looks at once',
    per: 'object, and one more after 10 s of peace',
    told: '`observedGeneration` follows later',
  },
  keyGenerations: {
    what: 'RSA keys that are made at one time',
    most: 2,
    unit: 'at a time',
    per: 'process, by turns of namespaces',
    told: 'the next waits',
  },
  keyGenerationsOfNamespace: {
    what: 'RSA keys that are made at one time',
    most: 1,
    unit: 'at a time',
    per: 'namespace',
    told: 'the next waits',
  },
  nameLookups: {
    what: 'Look-ups of names for AuthorizationServers at one time; fewer where the process has fewer than 16 threads',
    most: 6,
    unit: 'at a time',
    per: 'process, by turns of namespaces',
    told: 'the next waits',
  },
  nameLookupsOfNamespace: {
    what: 'Look-ups of names for AuthorizationServers at one time',
    most: 2,
    unit: 'at a time',
    per: 'namespace',
    told: 'the next waits',
  },
  poolsOfNamespace: {
    what: 'Sets of connections to AuthorizationServers, one for each certificate, CA or proxy',
    most: 24,
    unit: 'sets',
    per: 'namespace',
    told: 'the one used longest ago is closed',
  },
  urgentInARow: {
    what: 'Edits and deletions that go before new OAuthClients of the same namespace',
    most: 4,
    unit: 'in a row',
    per: 'namespace and server',
    told: 'one new OAuthClient goes',
  },
  callsToOwnServers: {
    what: 'Calls under way at the AuthorizationServers of a namespace together, whatever their `connection.maxInFlight` is',
    most: 32,
    unit: 'calls',
    per: 'namespace',
    told: 'further calls wait for their turn',
  },
  endingsAtOwnServers: {
    what: 'Deregistrations under way at the AuthorizationServers of a namespace, beside the calls above',
    most: 8,
    unit: 'calls',
    per: 'namespace',
    told: 'further calls wait for their turn',
  },
  roundsThatWait: {
    what: 'OAuthClients that wait for room among the calls to the AuthorizationServers of a namespace; deregistrations wait beside them',
    most: 128,
    unit: 'objects',
    per: 'namespace',
    told: '`Queued`: looked at again after a pause',
  },
  callsToClusterServer: {
    what: 'Calls under way at a ClusterAuthorizationServer while clients of another namespace wait for it',
    most: 50,
    unit: '% of `connection.maxInFlight`',
    per: 'namespace',
    told: 'further calls wait for their turn',
  },
  unansweredAtClusterServers: {
    what: 'Calls to ClusterAuthorizationServers that ended without a readable answer and are kept in the ledger',
    most: 64,
    unit: 'calls',
    per: 'namespace',
    told: '`NamespaceShareReached`: nothing but deregistrations and what settles such a call is sent for the namespace',
  },
  unansweredAtOwnServers: {
    what: 'Calls to AuthorizationServers that ended without a readable answer and are kept in the ledger',
    most: 32,
    unit: 'calls',
    per: 'namespace',
    told: '`NamespaceShareReached`: nothing but deregistrations and what settles such a call is sent for the namespace',
  },
  unansweredDeregistrations: {
    what: 'Deregistrations that ended without a readable answer and are kept in the ledger',
    most: 64,
    unit: 'calls',
    per: 'namespace',
    told: 'log; the oldest is forgotten, so that after a restart "not found" does not prove that its client is gone',
  },
  ledgerAtClusterServers: {
    what: 'Calls to ClusterAuthorizationServers in the ledger',
    most: 700,
    unit: 'calls',
    per: 'installation; above three quarters of it, 8 for each namespace',
    told: '`Queued`: looked at again after a pause',
  },
  ledgerAtOwnServers: {
    what: 'Calls to AuthorizationServers in the ledger',
    most: 400,
    unit: 'calls',
    per: 'installation; above three quarters of it, 8 for each namespace',
    told: '`Queued`: looked at again after a pause',
  },
  ledgerAtOwnServersOfNamespace: {
    what: 'Calls to the AuthorizationServers of a namespace in the ledger',
    most: 96,
    unit: 'calls',
    per: 'namespace',
    told: '`Queued`: looked at again after a pause',
  },
  ledgerEndings: {
    what: 'Deregistrations in the ledger, beside the calls above',
    most: 600,
    unit: 'calls',
    per: 'installation; above three quarters of it, 8 for each namespace',
    told: 'the deregistration is tried again after a pause',
  },
  suspectedOrphans: {
    what: 'Registrations at a server that ended without an answer and that nobody has looked after',
    most: 50,
    unit: 'registrations',
    per: 'namespace and server',
    told: '`RegistrationOutcomeUnknown`: no further client of the namespace is registered at that server',
  },
  listedAtClusterServers: {
    what: 'Entries in ConfigMap `oauth-registrar-suspected-orphans`',
    most: 200,
    unit: 'entries',
    per: 'namespace',
    told: 'Event and metric for each further one',
  },
  listedAtOwnServers: {
    what: 'Entries in ConfigMap `oauth-registrar-suspected-orphans-namespaced`',
    most: 50,
    unit: 'entries',
    per: 'namespace',
    told: 'Event and metric for each further one; `RegistrationOutcomeUnknown` at the AuthorizationServers of the namespace',
  },
  listedOrphans: {
    what: 'Entries in each of the two lists of suspected orphans',
    most: 1000,
    unit: 'entries',
    per: 'installation; above three quarters of it, 8 for each namespace',
    told: 'Event and metric for each further one',
  },
  events: {
    what: 'Events in ten minutes; the same is told once in that time',
    most: 200,
    unit: 'Events',
    per: 'namespace',
    told: 'conditions, and the log at level debug',
  },
  eventsOfDeregistrations: {
    what: 'Events of deregistrations in ten minutes, beside those above',
    most: 1_000,
    unit: 'Events',
    per: 'namespace',
    told: 'conditions, and the log at level debug',
  },
  journalOfNamespace: {
    what: 'Answers of servers that are read and not recorded yet, in the journal',
    most: 1_048_576,
    unit: 'bytes',
    per: 'namespace',
    told: 'log; of further answers what manages the client is kept, or else memory alone has them',
  },
  journal: {
    what: 'The same, of all namespaces; above three quarters of it, 65536 bytes for each namespace',
    most: 5_242_880,
    unit: 'bytes',
    per: 'pod',
    told: 'log; of further answers what manages the client is kept, or else memory alone has them',
  },
  kubernetesCalls: {
    what: 'Calls of the operator to the API server about single objects; while another namespace waits, half of them for one',
    most: 64,
    unit: 'calls',
    per: 'process, by turns of namespaces',
    told: 'further calls wait for their turn',
  },
} as const satisfies Readonly<Record<string, Share>>;
