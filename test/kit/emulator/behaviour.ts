import type { Occasion, Refusal } from './refusals.ts';

/**
 * How an emulated authorization server behaves: the switches. The first value named is what RFC 7591, RFC 7592,
 * RFC 6749 and RFC 8414 say; a preset tells what differs from it.
 */
export interface Behaviour {
  readonly paths: Paths;
  readonly discovery: Discovery;
  readonly gate: Gate;
  readonly token: TokenEndpoint;
  readonly metadata: MetadataRules;
  readonly answer: AnswerRules;
  readonly management: Management;
  readonly read: Read;
  readonly update: Update;
  readonly remove: { readonly supported: boolean };
  readonly errors: Errors;
  readonly limits: Limits;
}

/** What differs from another behaviour, group by group; a group's other switches stay. */
export type Departures = { readonly [Group in keyof Behaviour]?: Partial<Behaviour[Group]> };

export type JsonObject = Readonly<Record<string, unknown>>;

/** From the origin, each with a leading slash. */
export interface Paths {
  /** Path of the issuer: a realm, `/` for an issuer that ends in a slash, or empty. */
  readonly issuer: string;
  readonly registration: string;
  readonly token: string;
}

/** Path forms of RFC 8414 section 3 and OpenID Connect Discovery 1.0 section 4. */
export type DiscoveryForm = 'oauthInserted' | 'openidInserted' | 'openidAppended' | 'oauthAppended';

export interface Discovery {
  readonly serves: readonly DiscoveryForm[];
  /** Forms that are served, yet without `registration_endpoint`. */
  readonly withoutRegistration: readonly DiscoveryForm[];
  /** Path advertised as `registration_endpoint` in place of the real one; `undefined`: the real one. */
  readonly advertises: string | undefined;
  readonly publishedIssuer: 'same' | 'port443' | 'trailingSlash' | 'otherPath';
  /** `mtls_endpoint_aliases` (RFC 8705 section 5): the same endpoints under the name localhost. */
  readonly aliases: 'absent' | 'otherName';
  /** Lists like `grant_types_supported` in place of those that are true of the server; they have no effect on it. */
  readonly offers: Readonly<Record<string, readonly string[]>>;
  /** What the other forms answer. */
  readonly elsewhere: 'notFound' | 'htmlPage' | 'unauthorized';
}

/** One thing, of several, that admits a registration. */
export type Admission = 'nothing' | 'fixedToken' | 'countedToken' | 'basic' | 'clientCredentials' | 'ssws';

export interface Gate {
  /** Any one admits. Empty: registration is switched off. */
  readonly admits: readonly Admission[];
  /** What an open endpoint does with a bearer token that nobody asked for. */
  readonly strayBearer: 'ignored' | 'validated' | 'refused' | 'becomesRegistrationToken';
  /** Scope that a token from client credentials must have; `undefined`: any valid token admits. */
  readonly scope: string | undefined;
  readonly scopeMatch: 'included' | 'exact';
  /** Whether a token from client credentials dies by a successful registration. */
  readonly oneUse: boolean;
  /** Registrations that the counted initial access token is good for. */
  readonly count: number;
  readonly statement: 'ignored' | 'optional' | 'required';
  /** Claims that a statement must have, besides `iss`. */
  readonly statementClaims: readonly string[];
  readonly statementMustExpire: boolean;
  readonly statementMaxBytes: number;
  /** Which key of the publisher verifies statements. */
  readonly statementKeys: 'any' | 'secret' | 'publicKey';
  readonly signedBody: boolean;
  readonly signedBodyTypes: readonly string[];
  /** Whether a TLS client certificate is demanded. Needs an emulator with TLS. */
  readonly clientCertificate: boolean;
}

export type AuthMethod =
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'client_secret_jwt'
  | 'private_key_jwt'
  | 'tls_client_auth'
  | 'self_signed_tls_client_auth'
  | 'none';

export interface TokenEndpoint {
  /** By which the client of the admission may authenticate. */
  readonly admissionMethods: readonly AuthMethod[];
  /** Whether a registered client is held to its `token_endpoint_auth_method`, or may also use basic for post. */
  readonly clientMethods: 'asRegistered' | 'anySecret';
  readonly basicDecoding: 'percentDecoded' | 'raw';
  readonly tokenType: string;
  readonly lifetimeSeconds: number;
  /** `less`: only the first word of what was asked for. */
  readonly scopeGranted: 'asAsked' | 'less';
  readonly scopeInAnswer: boolean;
  /** What `aud` of an assertion must hold (RFC 7523 section 3). */
  readonly assertionAudience: 'either' | 'issuer' | 'tokenEndpoint';
}

export interface MetadataRules {
  readonly unknownMembers: 'ignored' | 'kept' | 'refused';
  /** Members known here besides those of the standards. */
  readonly extraMembers: readonly string[];
  readonly languageTags: 'kept' | 'lowercased' | 'dropped' | 'unknownMember';
  readonly chosenIdentifier: 'ignored' | 'honoured' | 'refused';
  readonly chosenSecret: 'ignored' | 'honoured' | 'refused';
  /** Members that are refused, and how. */
  readonly refusedMembers: Readonly<Record<string, Partial<Refusal>>>;
  /** Members that are accepted and lost without a word. */
  readonly droppedMembers: readonly string[];
  readonly requiredMembers: readonly string[];
  readonly scopeMember: 'scope' | 'scopes' | 'either';
  /** Words that a client may have; `undefined`: any. */
  readonly scopes: readonly string[] | undefined;
  readonly jwksForm: 'object' | 'string';
  readonly grantTypes: readonly string[];
  readonly unsupportedGrants: 'refused' | 'dropped';
  readonly authMethods: readonly string[];
  /** Trust domains whose workloads may be clients (draft-ietf-oauth-spiffe-client-auth). Empty: SPIFFE is not known. */
  readonly spiffeTrustDomains: readonly string[];
  /** Every client becomes a public one, whatever it asks for. */
  readonly publicOnly: boolean;
  readonly relativeRedirects: 'refused' | 'accepted';
  readonly redirectUris: 'forRedirectGrants' | 'always' | 'never';
  readonly machine: MachineRules;
  readonly emptyStrings: 'accepted' | 'refused';
  readonly duplicateNames: 'accepted' | 'refused';
  /** Members that need a scope of the token that admits; open registration doesn't care. */
  readonly privileged: { readonly scope: string; readonly members: readonly string[] } | undefined;
  /** Values of members that a request leaves out. */
  readonly defaults: JsonObject;
  readonly substitutions: readonly Substitution[];
}

/** What a client of `client_credentials` alone has to send. */
export interface MachineRules {
  readonly responseTypes: 'any' | 'explicitlyEmpty' | 'absentOrEmpty' | 'absentOrToken';
  readonly redirectUris: 'any' | 'given' | 'nonEmpty';
  /** `application_type` that it needs. */
  readonly applicationType: string | undefined;
}

/** What a server registers in place of what was asked for. */
export type Substitution =
  | 'noneAddedToResponseTypes'
  | 'redirectUrisReordered'
  | 'postLogoutCopied'
  | 'refreshTokenAddedToDefault';

export interface AnswerRules {
  /** In which form clients are read and answered. */
  readonly form: 'metadata' | 'keycloakClient';
  readonly status: 201 | 200;
  readonly clientIds: 'uuid' | 'short' | 'urlSafe' | 'm2m' | 'awkward';
  readonly secrets: 'urlSafe' | 'awkward';
  readonly issuedAt: boolean;
  readonly secretExpiry: 'besideSecret' | 'always' | 'absent';
  /** 0: never. */
  readonly secretLifetimeSeconds: number;
  /** Whether the client goes when its secret does; of public clients too. */
  readonly clientDiesWithSecret: boolean;
  /** Whether a secret that isn't used any more is still answered. */
  readonly unusedSecret: 'hidden' | 'shown';
  readonly configurationUri: ConfigurationUri;
  readonly tokenExpiresIn: 'absent' | 'number' | 'string' | { readonly constant: string | number };
  readonly scope: 'scope' | 'scopes' | 'both';
  readonly redirectUris: 'array' | 'string';
  /** Members of the metadata that are answered. */
  readonly echo: 'all' | readonly string[];
  /** What answers carry where the client has no value: proprietary members, `""` or `null` for unset. */
  readonly base: JsonObject;
  /** Members with a value that the server makes up once for each client. */
  readonly generated: readonly string[];
  readonly location: 'absent' | 'configurationUri' | 'adminPath';
}

/** `lostRealm`: names the right server, yet not the realm. `otherOrigin`: the same server under the name localhost. */
export type ConfigurationUri =
  | 'path'
  | 'query'
  | 'relative'
  | 'relativeQuery'
  | 'otherOrigin'
  | 'lostRealm'
  | 'absent';

/** `ownToken`: the client, by an access token that it obtained itself. */
export type Manager = 'registrationToken' | 'adminToken' | 'ownToken' | 'basic' | 'ssws';

export interface Management {
  /** Who may manage. Empty: nobody, there is no management. */
  readonly admits: readonly Manager[];
  /** Scope of an admin token. */
  readonly adminScope: string;
  /** Where a client is managed below the registration endpoint. */
  readonly form: 'path' | 'query';
  /** 0: for ever. */
  readonly tokenLifetimeSeconds: number;
  /** What becomes of a token that is presented at another client's URL. */
  readonly foreignToken: 'kept' | 'destroyed';
  /** Whether a token is good only under the host name that it was given out under. */
  readonly tokenBoundToHost: boolean;
  /** Reads after a write that still find nothing. */
  readonly staleReads: number;
}

/** What an answer to a read or an update carries, and what the call does to it. */
export interface Read {
  readonly supported: boolean;
  readonly token: 'same' | 'absent' | 'new';
  readonly secret: 'same' | 'absent' | 'new' | 'encoded';
  readonly uri: boolean;
  readonly issuedAt: boolean;
}

export interface Update extends Read {
  readonly clientId: 'required' | 'mustMatchIfGiven' | 'ignored';
  readonly secretEcho: 'mustMatchIfGiven' | 'ignored' | 'required' | 'refused';
  /** `registration_access_token`, `registration_client_uri`, `client_secret_expires_at`, `client_id_issued_at`. */
  readonly serverMembers: 'refused' | 'ignored';
  /** `mergeNonEmpty`: empty values change nothing either. */
  readonly semantics: 'replace' | 'merge' | 'mergeNonEmpty';
  /** Members that a merging server sets to their defaults all the same when they are left out. */
  readonly resets: readonly string[];
  /** Whether the software statement, the one sent or else the one registered, must still verify. */
  readonly verifiesStatement: boolean;
  readonly secretExpiry: 'kept' | 'renewed';
}

export type ErrorShape =
  | 'oauth'
  | 'codeOnly'
  | 'sentence'
  | 'secureauth'
  | 'codeReasonMessage'
  | 'timestampStatusPath'
  | 'okta'
  | 'dump'
  | 'html'
  | 'text'
  | 'empty';

export interface Errors {
  readonly shape: ErrorShape;
  /** Whether a 401 names the scheme in `WWW-Authenticate`. */
  readonly challenge: boolean;
  /** Where this server refuses otherwise than the table in refusals.ts. */
  readonly refusals: { readonly [Name in Occasion]?: Partial<Refusal> };
}

export interface Limits {
  readonly bodyBytes: number;
  readonly contentType: 'checked' | 'unchecked';
  /** Registrations until 429; 0: no limit. */
  readonly registrations: number;
  readonly retryAfterSeconds: number;
  /** Clients until 403; 0: no limit. */
  readonly clients: number;
  /** Whether of two registrations within one second only the later is kept, though both are answered. */
  readonly keyedBySecond: boolean;
}
