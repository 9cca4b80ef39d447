import type { Reason } from './reasons.ts';

/** What the Events with one reason have in common. */
export interface EventFacts {
  readonly type: 'Normal' | 'Warning';
  /** Kinds of the object that the Event is about. */
  readonly of: readonly ('OAuthClient' | 'AuthorizationServer' | 'ClusterAuthorizationServer')[];
  /** The occasion on which it is written. */
  readonly when: string;
  /** What a person should do. Default: the cure of the reason. */
  readonly cure?: string;
}

const CLIENT = ['OAuthClient'] as const;
const SERVERS = ['AuthorizationServer', 'ClusterAuthorizationServer'] as const;
const ALL = [...CLIENT, ...SERVERS] as const;

const warning = <const When extends string>(when: When) => ({ type: 'Warning', of: CLIENT, when }) as const;

const NOT_PERMITTED = warning(
  'The operator refuses the spec before it sends anything. It is repeated when the spec is edited.',
);
const REFUSED = warning('The server refused a call for the client.');
const UNREAD = warning('The answer to a call for the client could not be read.');
const NOT_SENT = warning('A call for the client could not be sent.');
const NOT_REMOVED = warning(
  'The client could not be removed in time. Its deregistration continues without the object, or is given up.',
);
const NOT_READY = {
  type: 'Warning',
  of: SERVERS,
  when: 'The server object is not ready any more, or not from the start.',
} as const;
const andNotReady = <const When extends string>({ when }: { readonly when: When }) =>
  ({ type: 'Warning', of: ALL, when: `${when} Or the server object is not ready for this reason.` }) as const;

/**
 * Every Event of the operator, by its reason. Type and reference page are made from this table, and
 * {@link EventReason} permits no other reason. A reason may also be that of a condition; what it means is in
 * `REASONS`.
 */
export const EVENTS = {
  Registered: {
    type: 'Normal',
    of: CLIENT,
    when: 'Another client took the place of the former one. The first registration has no Event.',
    cure: 'Change what refers to the former client_id, and restart what uses it, before the time in the message.',
  },
  Adopted: { type: 'Normal', of: CLIENT, when: 'The object manages a client that existed before.' },
  SecretRestored: {
    type: 'Normal',
    of: CLIENT,
    when: 'Somebody had removed or edited the Secret of the workload. A change of the client or of an endpoint is none.',
  },
  Recovered: {
    type: 'Normal',
    of: CLIENT,
    when: 'The object was Stalled, and is not any more: it is Ready as its spec says.',
  },
  Retained: { type: 'Normal', of: CLIENT, when: 'The object was deleted, and its client was kept.' },
  Deregistered: { type: 'Normal', of: CLIENT, when: 'The client was removed at the server.' },
  Resolved: {
    type: 'Normal',
    of: CLIENT,
    when: 'A person resolved an entry of the lists of suspected orphans or of unremoved clients.',
  },
  Ended: { type: 'Normal', of: CLIENT, when: 'The object was deleted because its lifetime is over.' },
  ManagedElsewhere: {
    type: 'Normal',
    of: CLIENT,
    when: 'The object was deleted. Its client was kept, because another installation manages it.',
  },
  DriftDetected: warning('A read showed that somebody else changed or removed the client at the server.'),
  RegistrationAccessTokenLost: warning('The server refused the registration access token.'),
  ClientForgotten: warning('The server said for the second time that it does not know the client.'),
  CredentialRefused: warning('The server refused the credential of the client twice.'),
  RegistrationRecordMissing: warning(
    'The object was deleted without its registration Secret, or a call needs that Secret.',
  ),
  RegistrationPending: warning('The server took a registration for approval.'),
  RegistrationOutcomeUnknown: warning('A registration got no answer: it is a suspected orphan.'),
  SecretWriteRefused: warning('The API server refused the Secret of the workload.'),
  SecretWriteUndone: warning('The answer to a write of the Secret of the workload lacks what was written.'),
  RestartTargetNotFound: warning('A workload that is to be restarted for a new credential does not exist.'),
  TemplateInvalid: warning('The Secret of the workload can not be made as spec.secret says.'),
  WriteRefused: warning('The API server refused another write that the object needs.'),
  APIServerUnavailable: warning(
    'The API server did not do what the object needs, for more than ten seconds.',
  ),
  RoundFailed: warning('The operator met an error of its own with the object, for more than ten seconds.'),
  RecordWriteRefused: warning('The API server refused the registration Secret.'),
  ReplacementRefused: warning('The server refused another client with the metadata of the one that it has.'),
  ReplacementPending: warning('Only another client can help, and a person has to ask for it.'),
  ClientExpired: warning('The client, or its secret, ended, and nothing could be done about it.'),
  ClientNotReplaced: warning('A registration brought no other client.'),
  ReplacementLimitReached: warning(
    'Another client is due, and the bound on registrations of one object within an hour is reached.',
  ),
  ClientSecretMissing: warning(
    'An answer about the client lacks the secret that its authentication method needs.',
  ),
  MetadataNotOffered: warning(
    'The discovery document excludes a value of the client: before the client is registered or updated, or when an answer shows it.',
  ),
  SecretConflict: warning('The Secret of the workload belongs to somebody else.'),
  ClientAlreadyManaged: warning('An adoption named a client that another object manages.'),
  AdoptionRefused: warning('An adoption failed.'),
  InvalidSpec: andNotReady(NOT_PERMITTED),
  PolicyRefused: NOT_PERMITTED,
  QuotaExceeded: NOT_PERMITTED,
  AuthorizationServerNotAvailable: NOT_PERMITTED,
  InvalidRedirectURI: REFUSED,
  InvalidClientMetadata: REFUSED,
  InvalidSoftwareStatement: REFUSED,
  UnapprovedSoftwareStatement: REFUSED,
  RegistrationRefused: REFUSED,
  RegistrationNotSupported: andNotReady(REFUSED),
  UpdateUnsupported: REFUSED,
  RedirectRefused: andNotReady(REFUSED),
  RateLimited: REFUSED,
  AdmissionRefused: andNotReady(REFUSED),
  ResponseTimedOut: andNotReady(UNREAD),
  ResponseTruncated: andNotReady(UNREAD),
  ResponseTooLarge: andNotReady(UNREAD),
  ResponseNotJSON: andNotReady(UNREAD),
  ResponseTooDeep: andNotReady(UNREAD),
  AnswerNamesOtherClient: UNREAD,
  AuthorizationServerUnavailable: andNotReady(
    warning('A call for the client got no answer, or a failure of the server.'),
  ),
  AddressRefused: andNotReady(NOT_SENT),
  TlsVerificationFailed: andNotReady(NOT_SENT),
  RequestUnsendable: NOT_SENT,
  AdmissionTokenFailed: andNotReady(NOT_SENT),
  AssertionRefused: NOT_SENT,
  AudienceRefused: andNotReady(NOT_SENT),
  ServiceAccountNotFound: NOT_SENT,
  AdmissionScopeNotGranted: NOT_SENT,
  SigningKeyUnusable: andNotReady(NOT_SENT),
  SoftwareStatementExpired: andNotReady(NOT_SENT),
  ConfigurationURLRefused: NOT_SENT,
  DocumentNotReachable: warning('The public URL of the document could not be fetched.'),
  DocumentDiffers: warning('The public URL of the document answers something else.'),
  DocumentWithdrawn: {
    type: 'Normal',
    of: CLIENT,
    when: 'The object is deleted, and its document was withdrawn; the URL is gone later.',
  },
  DocumentsNotServed: NOT_READY,
  DeletionUnconfirmed: NOT_REMOVED,
  DeletionUnsupported: NOT_REMOVED,
  Suspended: NOT_REMOVED,
  Queued: NOT_REMOVED,
  AuthorizationServerPaused: NOT_REMOVED,
  Deleting: NOT_REMOVED,
  DiscoveryFailed: NOT_READY,
  IssuerMismatch: NOT_READY,
  CredentialNotFound: NOT_READY,
  CredentialKeyMissing: NOT_READY,
  CredentialNotLabelled: NOT_READY,
  CredentialTooLarge: NOT_READY,
  CredentialUnusable: NOT_READY,
  NamespaceShareReached: NOT_READY,
  Available: { type: 'Normal', of: SERVERS, when: 'The server object is ready again.' },
} as const satisfies Partial<Readonly<Record<Reason, EventFacts>>>;

/** A reason that an Event may have. */
export type EventReason = keyof typeof EVENTS;

/** A kind of object that an Event may be about. */
export type EventKind = (typeof EVENTS)[EventReason]['of'][number];

export const isEventReason = (reason: Reason): reason is EventReason => reason in EVENTS;
