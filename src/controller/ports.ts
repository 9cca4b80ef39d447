import type { KubernetesObject, Resource } from '../api/kubernetes.ts';
import type { ServerName } from '../core/server-key.ts';
import type { HttpOutcome, HttpRequest, Transport } from '../oauth/http-message.ts';
import type { JsonObject } from '../oauth/json.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import type { EncryptionKey, GeneratedKey, KeyPairAlgorithm, SigningKey } from '../oauth/signing-key.ts';

/** What the controller needs of the world. `adapters/` makes these real; tests may make them otherwise. */

export interface Clock {
  /** Wall clock, in milliseconds since the epoch: for what people and servers read. */
  readonly now: () => number;
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

/**
 * Verbs of the Kubernetes API, one call each. No retries, no hidden reads; nothing is thrown for an HTTP answer. Of a
 * Secret that was written, metadata alone is answered.
 */
export interface KubernetesApi {
  get<T extends KubernetesObject>(resource: Resource, key: ObjectKey): Promise<ApiResult<T>>;
  create<T extends KubernetesObject>(resource: Resource, object: T): Promise<ApiResult<T>>;
  /** As {@link KubernetesApi.create}, but nothing is stored (`dryRun=All`): whether it would be admitted. */
  dryRun<T extends KubernetesObject>(resource: Resource, object: T): Promise<ApiResult<T>>;
  /** PUT; `metadata.resourceVersion`, where present, makes it conditional. */
  replace<T extends KubernetesObject>(
    resource: Resource,
    object: T,
    subresource?: 'status',
  ): Promise<ApiResult<T>>;
  /** JSON merge patch (RFC 7386). */
  patch<T extends KubernetesObject>(resource: Resource, key: ObjectKey, patch: object): Promise<ApiResult<T>>;
  /** DELETE, conditional on what `preconditions` gives. */
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
  /** The server object that the call is made for: what it may reach, and whose share it takes. */
  readonly server: ServerName;
}

/** The answers that are read and not yet recorded: survives the process, not the node. Synchronous on purpose. */
export interface Journal {
  /**
   * Adds one answer. A full or broken volume, or a namespace that has its share of it, is reported by the adapter's log and
   * never stops the caller.
   */
  append(entry: JournalEntry): void;
  /** The answer with this id is recorded; it may be forgotten. */
  settle(id: string): void;
  /** What an earlier process left unsettled, oldest first. */
  readonly unsettled: () => readonly JournalEntry[];
}

export interface JournalEntry {
  /** The attempt id of the call, unique. */
  readonly id: string;
  /** Of the client: each has a share of the journal. */
  readonly namespace: string;
  /** What to write, in full, as JSON. Holds secrets. */
  readonly payload: Sensitive;
  /** The same in few bytes, where there is no room for the whole. */
  readonly minimal?: () => Sensitive;
}

export interface Lead {
  /** True while this process holds the lease by its own monotonic clock. */
  readonly held: () => boolean;
}

/** What alerts are made of. */
export interface Counters {
  /** A registration whose answer nobody could read. */
  orphanSuspected(server: ServerName): void;
  /** The server object was deleted: nothing is counted of it any more. */
  serverGone(server: ServerName): void;
}

export interface Log {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** Signs and encrypts JSON Web Tokens. Rejects with a `SigningError`, whose message names what is wrong with the key. */
export interface JsonWebTokens {
  /** A compact JWS (RFC 7515) of at most 32 KiB. Header: `alg`, `typ` (default `JWT`) and `kid` where it is known. */
  sign(claims: JsonObject, key: SigningKey, header?: { readonly typ?: string }): Promise<Sensitive>;
  /** A nested JWT (RFC 7519 section 5.2) of at most 32 KiB, never compressed. */
  encrypt(jwt: Sensitive, recipient: EncryptionKey): Promise<Sensitive>;
  /**
   * What a server needs to verify signatures: the public JWK with `kid` (the key's own or its thumbprint, RFC 7638),
   * `alg` and `use`. `undefined` for a shared secret.
   */
  publicJwk(key: SigningKey): Promise<JsonObject | undefined>;
  /**
   * A new key pair for a client of the namespace; RSA keys have 2048 bits. Namespaces take turns: an RSA key takes a core
   * for some tenths of a second.
   */
  generate(algorithm: KeyPairAlgorithm, namespace: string): Promise<GeneratedKey>;
}
