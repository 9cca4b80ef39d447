import type { KubernetesObject, Resource } from '../api/kubernetes.ts';
import type { AuditEvent, AuditOutcome } from '../core/audit-line.ts';
import type { ProbeVerdict } from '../core/probe.ts';
import type { ServerName } from '../core/server-key.ts';
import type { HttpOutcome, HttpRequest, Transport } from '../oauth/http-message.ts';
import type { JsonObject } from '../oauth/json.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import type { EncryptionKey, GeneratedKey, KeyPairAlgorithm, SigningKey } from '../oauth/signing-key.ts';

/** Interfaces to everything outside of the controller. `adapters/` implements them; tests use fakes. */

export interface Clock {
  /** The API server's time, in milliseconds since the epoch. A wall clock of this machine that jumps doesn't change it. */
  readonly now: () => number;
  /**
   * The earlier of the API server's time and the wall clock of this machine, in milliseconds since the epoch. An object
   * ends only when both clocks say so.
   */
  readonly earliest: () => number;
  /** Monotonic clock, in milliseconds: for deadlines. */
  readonly monotonic: () => number;
  /** Resolves after `ms`, or as soon as `signal` aborts. Never rejects. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export interface ObjectKey {
  readonly namespace?: string;
  readonly name: string;
}

/**
 * An answer of the API server, as a value.
 *
 * `status` 0 means that no answer was read (connection lost, deadline passed): the call may have taken effect.
 * `reason` is the Status object's reason (`AlreadyExists`, `Conflict`, `NotFound` …).
 */
export type ApiResult<T> =
  | { readonly ok: true; readonly object: T }
  | { readonly ok: false; readonly status: number; readonly reason: string; readonly message: string };

/** Lists the Pods of a namespace, page by page. What converts to `undefined` is left out. */
export type ListPods = <R>(
  namespace: string,
  convert: (raw: KubernetesObject) => R | undefined,
) => Promise<ApiResult<readonly R[]>>;

/**
 * Verbs of the Kubernetes API, one call each. No retries, no hidden reads; no HTTP answer throws. Writes of a Secret
 * return its metadata only.
 */
export interface KubernetesApi {
  /** @param only `metadata`: the answer has nothing else, so no value of a Secret is read */
  get<T extends KubernetesObject>(
    resource: Resource,
    key: ObjectKey,
    only?: 'metadata',
  ): Promise<ApiResult<T>>;
  create<T extends KubernetesObject>(resource: Resource, object: T): Promise<ApiResult<T>>;
  /** Like {@link KubernetesApi.create}, but stores nothing (`dryRun=All`): tests whether it would be admitted. */
  dryRun<T extends KubernetesObject>(resource: Resource, object: T): Promise<ApiResult<T>>;
  /** PUT; `metadata.resourceVersion`, if present, makes it conditional. */
  replace<T extends KubernetesObject>(
    resource: Resource,
    object: T,
    subresource?: 'status',
  ): Promise<ApiResult<T>>;
  /** JSON merge patch (RFC 7386). */
  patch<T extends KubernetesObject>(resource: Resource, key: ObjectKey, patch: object): Promise<ApiResult<T>>;
  /** DELETE, with `preconditions`. */
  delete(
    resource: Resource,
    key: ObjectKey,
    preconditions?: { readonly uid?: string; readonly resourceVersion?: string },
  ): Promise<ApiResult<KubernetesObject>>;
}

export type { HttpOutcome, HttpRequest, NotSentReason } from '../oauth/http-message.ts';

/** Calls to authorization servers: behind the egress guard, never following redirects, bounded in bytes and time. */
export interface AuthorizationServerHttp {
  /**
   * Never rejects. `timeoutMs` bounds the whole exchange; the answer's body is bounded by the adapter (256 KiB).
   * `transport` is the server's own; default: Node's CAs, no client certificate, the environment's proxy.
   */
  send(request: HttpRequest, options: CallOptions): Promise<HttpOutcome>;
}

interface CallOptions {
  readonly timeoutMs: number;
  readonly transport?: Transport | undefined;
  /** The server object that the call is made for: it decides which addresses are permitted and whose share is used. */
  readonly server: ServerName;
}

/** Answers that were read and aren't recorded yet. Survives the process, not the node. Synchronous on purpose. */
export interface Journal {
  /**
   * Adds one answer. If the volume is full or broken, or the namespace has used its share, the adapter logs that; the
   * caller is never stopped.
   */
  append(entry: JournalEntry): void;
  /** The answer with this id is recorded: removes it. */
  settle(id: string): void;
  /** Answers that an earlier process left unsettled, oldest first. */
  readonly unsettled: () => readonly JournalEntry[];
}

export interface JournalEntry {
  /** The attempt id of the call, unique. */
  readonly id: string;
  /** Namespace of the client: each has a share of the journal. */
  readonly namespace: string;
  /** The complete record as JSON. Holds secrets. */
  readonly payload: Sensitive;
  /** The minimal record, for when there is no room for the complete one. */
  readonly minimal?: () => Sensitive;
}

export interface Lead {
  /** True while this process holds the lease, by its own monotonic clock. */
  readonly held: () => boolean;
}

/** Tokens by which the operator proves to authorization servers which cluster it is in (RFC 7523). */
export interface AssertionTokens {
  /**
   * A new token of the ServiceAccount `oauth-registrar-assertion`, which has no right, for this audience alone: for one use
   * at once. Never for an audience of the API server. Never rejects.
   */
  issue(audience: string): Promise<IssuedAssertion | AssertionRefusal>;
}

/** A token of the ServiceAccount, and what the authorization server must trust. */
export interface IssuedAssertion {
  readonly token: Sensitive;
  /** Of the cluster. */
  readonly issuer: string;
  readonly subject: string;
}

/** Why there is no token. */
export interface AssertionRefusal {
  readonly reason: 'AudienceRefused' | 'ServiceAccountNotFound' | 'AdmissionTokenFailed';
  /** For the platform team. */
  readonly message: string;
  /** The API server didn't answer: the same may succeed later. */
  readonly isTransient: boolean;
}

/** Counters for alerts. No method throws or waits. */
export interface Counters {
  /** A registration whose answer could not be read. */
  orphanSuspected(server: ServerName): void;
  /** What a line of the audit trail tells. `outcome` is absent where no call is made. */
  clientChanged(change: {
    readonly server: ServerName;
    readonly event: AuditEvent;
    readonly outcome: AuditOutcome | undefined;
  }): void;
  /** The server refused the registration access token of a client. */
  tokenLost(server: ServerName): void;
  /** An OAuthClient is Ready for the first time, so many seconds after its creation. */
  firstReady(server: ServerName, seconds: number): void;
  /** A token endpoint was asked whether it accepts the credential of a client. */
  verified(server: ServerName, result: ProbeVerdict['kind']): void;
  /** The server object was deleted: removes its counters. */
  serverGone(server: ServerName): void;
}

export interface Log {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** Signs and encrypts JSON Web Tokens. Rejects with a `SigningError`, whose message names the fault of the key. */
export interface JsonWebTokens {
  /** A compact JWS (RFC 7515) of at most 32 KiB. Header: `alg`, `typ` (default `JWT`) and, if known, `kid`. */
  sign(claims: JsonObject, key: SigningKey, header?: { readonly typ?: string }): Promise<Sensitive>;
  /** A nested JWT (RFC 7519 section 5.2) of at most 32 KiB, never compressed. */
  encrypt(jwt: Sensitive, recipient: EncryptionKey): Promise<Sensitive>;
  /**
   * The public JWK with which a server verifies signatures, with `kid` (the key's own or its thumbprint, RFC 7638),
   * `alg` and `use`. `undefined` for a shared secret.
   */
  publicJwk(key: SigningKey): Promise<JsonObject | undefined>;
  /**
   * Makes a key pair for a client of the namespace; RSA keys have 2048 bits. Namespaces take turns, because an RSA key
   * occupies a core for some tenths of a second.
   */
  generate(algorithm: KeyPairAlgorithm, namespace: string): Promise<GeneratedKey>;
}
