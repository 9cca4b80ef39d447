/** Labels, annotations and the finalizer, each in one place. */

const prefix = 'oauth-registrar.dev';

/** The finalizer of an OAuthClient: the registration at the server ends before the object does. */
export const FINALIZER = `${prefix}/registration`;

export const FIELD_MANAGER = 'oauth-registrar';

export const LABELS = {
  /** On every Secret that a server object refers to. Without it the operator neither sees nor sends the Secret. */
  credential: `${prefix}/credential`,
  /** On registration Secrets: selects them; with another value on server records, see `core/server-record.ts`. */
  registration: `${prefix}/registration`,
  /** On registration Secrets: `current`, `owed`, `retained`, `left-behind`. */
  role: `${prefix}/role`,
  clientNamespace: `${prefix}/client-namespace`,
  clientName: `${prefix}/client-name`,
  clientUid: `${prefix}/client-uid`,
  /** On an OAuthClient, and from there on its registration Secrets: what the client is for. */
  purpose: `${prefix}/purpose`,
  /** Likewise: the session, run or conversation that the client was made for. */
  session: `${prefix}/session`,
  /** On workload Secrets: selects them. */
  workload: `${prefix}/workload`,
  /** On workload Secrets: name of the OAuthClient, cut to 63 characters. */
  client: `${prefix}/client`,
  /** On the Secret with the key of hashes. */
  hashKey: `${prefix}/hash-key`,
  /** On a namespace: the operator may restart workloads in it; the admission policy for its account reads it. */
  rolloutRestarts: `${prefix}/rollout-restarts`,
  /** On ConfigMaps of documents: selects them. */
  document: `${prefix}/document`,
} as const;

interface LabelFacts {
  readonly on: string;
  readonly value: string;
}

/** The labels that people may set or select by. The reference page is made from this table. */
export const LABEL_FACTS: Readonly<Record<keyof typeof LABELS, LabelFacts>> = {
  credential: {
    on: 'Secrets that a server object or an OAuthClient refers to; people set it',
    value: '`true`: the operator may read the Secret and send it',
  },
  workload: { on: 'Secrets of workloads', value: '`true`' },
  client: {
    on: 'Secrets of workloads',
    value:
      'name of the OAuthClient, cut to 63 characters; the annotation of the same name has the whole `NAMESPACE/NAME`',
  },
  registration: {
    on: 'registration Secrets, server records',
    value: '`true`; `server` on what is kept of an AuthorizationServer to remove its clients',
  },
  hashKey: { on: 'Secret `oauth-registrar-hash-key`', value: '`true`' },
  rolloutRestarts: {
    on: 'namespaces; people set it',
    value: '`true`: workloads may be restarted there after a new credential, where the install permits it',
  },
  document: { on: 'ConfigMaps with documents, in the namespace of documents', value: '`true`' },
  role: { on: 'registration Secrets', value: '`current`, `retained`, `owed` or `left-behind`' },
  clientNamespace: { on: 'registration Secrets', value: 'namespace of the OAuthClient' },
  clientName: {
    on: 'registration Secrets',
    value:
      'name of the OAuthClient, cut to 63 characters; the annotation `oauth-registrar.dev/client` has the whole `NAMESPACE/NAME`',
  },
  clientUid: { on: 'registration Secrets', value: 'uid of the OAuthClient' },
  purpose: {
    on: 'OAuthClients, and from there registration Secrets; people set it',
    value: 'what the client is for',
  },
  session: {
    on: 'OAuthClients, and from there registration Secrets; people set it',
    value: 'the session, run or conversation that the client was made for',
  },
};

export const ANNOTATIONS = {
  /** Asks for another try; handled once per value, which status then shows. */
  reconcileRequestedAt: `${prefix}/reconcile-requested-at`,
  /** Asks for a replacement by a new registration; handled once per value. */
  rotateRequestedAt: `${prefix}/rotate-requested-at`,
  /** On an OAuthClient that can't be deregistered: lets it go. The value is the object's uid. */
  abandon: `${prefix}/abandon`,
  /** On a server object: it serves OAuthClients that name no server. */
  isDefault: `${prefix}/is-default-server`,

  /** On the operator's namespace: id of the installation that this one continues, after a move to another cluster. */
  continues: `${prefix}/continues`,

  // On registration Secrets.
  /** Format of the Secret, from 2 on: see `newer-version.ts`. */
  format: `${prefix}/format`,
  attempt: `${prefix}/attempt`,
  /** On a registration Secret: attempt of the last call whose answer was stored here; absent until the first update. */
  writtenBy: `${prefix}/written-by`,
  client: `${prefix}/client`,
  namespaceUid: `${prefix}/namespace-uid`,
  installation: `${prefix}/installation`,
  server: `${prefix}/server`,
  /** uid of the server object: a name can be given to another one. */
  serverUid: `${prefix}/server-uid`,
  registrationOrigin: `${prefix}/registration-origin`,
  /** The server object of a namespace reached the server by a CA or a proxy of its own. */
  ownPath: `${prefix}/own-path`,
  /** `Retain` where the client outlives its object, however that goes. */
  deletionPolicy: `${prefix}/deletion-policy`,
  issuer: `${prefix}/issuer`,
  clientId: `${prefix}/client-id`,
  metadataHash: `${prefix}/metadata-hash`,
  revision: `${prefix}/revision`,
  registeredAt: `${prefix}/registered-at`,
  clientSecretExpiresAt: `${prefix}/client-secret-expires-at`,
  /** When the client secret was given, where a later answer than that of the registration gave it. */
  secretIssuedAt: `${prefix}/secret-issued-at`,
  registrationAccessTokenExpiresAt: `${prefix}/registration-access-token-expires-at`,
  tokenIssuedAt: `${prefix}/token-issued-at`,
  managed: `${prefix}/managed`,
  /** The client was not registered for the object: somebody brought it, with its token. */
  adopted: `${prefix}/adopted`,
  /** Somebody changed the client at the server; that was reported, and not corrected. */
  drifted: `${prefix}/drifted`,
  /** When a client was left behind. */
  leftAt: `${prefix}/left-at`,
  /** `client_name` of a client that is owed or left behind. */
  displayName: `${prefix}/display-name`,
  /** Authentication method for which the server gave no client secret. */
  secretMissingFor: `${prefix}/secret-missing-for`,
  replaces: `${prefix}/replaces`,
  /** Since when the replaced client serves again. */
  replacementUndoneAt: `${prefix}/replacement-undone-at`,
  /** Since when the replacement serves again. */
  replacementMadeAt: `${prefix}/replacement-made-at`,
  endIsFixed: `${prefix}/end-is-fixed`,
  earlierRegistrations: `${prefix}/earlier-registrations`,
  keyCreatedAt: `${prefix}/key-created-at`,
  keyRotatesAt: `${prefix}/key-rotates-at`,
  keyRetiresAt: `${prefix}/key-retires-at`,
  /** How a client stands that is identified by a document. */
  servedDocument: `${prefix}/served-document`,

  // On workload Secrets: which registration they show, and of which inputs they are made.
  shows: `${prefix}/shows`,
  projection: `${prefix}/projection`,
  /** Likewise: since when the Secret shows its credential, where that is not the first one of the object. */
  shownSince: `${prefix}/shown-since`,
} as const;

/** Value of `shows` on a workload Secret that outlived its object and its client. */
export const SHOWS_NONE = '';

const ON_CLIENTS: readonly string[] = [
  ANNOTATIONS.reconcileRequestedAt,
  ANNOTATIONS.rotateRequestedAt,
  ANNOTATIONS.abandon,
];

/** The first annotation of an OAuthClient that has the prefix of these names and means nothing: most likely a typing error. */
export const unknownAnnotation = (annotations: Readonly<Record<string, string>>): string | undefined =>
  Object.keys(annotations).find((name) => name.startsWith(`${prefix}/`) && !ON_CLIENTS.includes(name));

/** The message in status about such an annotation. */
export const unknownAnnotationMessage = (name: string): string =>
  `Annotation ${name} is not known and does nothing: an OAuthClient may have ${ON_CLIENTS.join(', ')}.`;

/**
 * Labels and annotations that make other controllers use a Secret as credential of a cluster or a repository, or copy
 * it. By default no OAuthClient may set them on its Secret; a name that ends with `/` is a prefix.
 */
export const RESERVED_SECRET_METADATA = [
  'argocd.argoproj.io/secret-type',
  'replicator.v1.mittwald.de/',
  'reflector.v1.k8s.emberstack.com/',
] as const;
