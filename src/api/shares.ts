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
  credentialBytes: {
    what: 'Values of a Secret that serves as a credential, together',
    most: 65_536,
    unit: 'bytes',
    per: 'Secret',
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
    most: 4_194_304,
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
  endedRecords: {
    what: 'Clients whose OAuthClients are gone and that are kept, still to be removed or left behind, at servers of the namespace',
    most: 50,
    unit: 'records',
    per: 'namespace',
    told: '`NamespaceShareReached`; nothing more is registered at a server of the namespace',
  },
  endedRecordsAtClusterServers: {
    what: 'The same, at cluster servers',
    most: 1_000,
    unit: 'records',
    per: 'namespace',
    told: '`NamespaceShareReached`; nothing more is registered at a cluster server',
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
  urgentInARow: {
    what: 'Edits and deletions that go before new OAuthClients of the same namespace',
    most: 4,
    unit: 'in a row',
    per: 'namespace and server',
    told: 'one new OAuthClient goes',
  },
} as const satisfies Readonly<Record<string, Share>>;
