import type { Sensitive } from './sensitive.ts';

/** A call to an authorization server, before it is sent. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  /** Sent as they are. Values may be {@link Sensitive}. */
  readonly headers: Readonly<Record<string, string | Sensitive>>;
  readonly body?: string | Sensitive;
}

/** How to reach one server, where that differs from the default. Pure data. */
export interface Transport {
  /** Changes whenever any member below changes. Calls with the same version share kept-alive connections. */
  readonly version: string;
  /**
   * CAs to trust, PEM. As with any `caBundle` of Kubernetes, they take the place of the default CAs. They are for the
   * server, not for a proxy.
   */
  readonly ca?: string | undefined;
  /** Client certificate (RFC 8705), PEM: the certificate first, then its chain. Never shown to a proxy. */
  readonly certificate?: { readonly cert: string; readonly key: Sensitive } | undefined;
  /**
   * An http or https URL, possibly with user and password; every call goes through it. Default: the environment's
   * proxy. Its address is checked like a server's.
   */
  readonly proxyUrl?: string | undefined;
}

/** How a call to an authorization server ended. */
export type HttpOutcome = HttpAnswer | HttpNotSent | HttpNoAnswer;

export interface HttpAnswer {
  readonly kind: 'answered';
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded; empty where `unread` says why. */
  readonly body: Sensitive;
  /** Why the body could not be decoded, as the end of a sentence about it. */
  readonly unread?: string;
  /** What was wrong with the framing, although one complete JSON object was received. For the log. */
  readonly framing?: string;
}

/** Nothing was sent: the server can't have acted on it. */
export interface HttpNotSent {
  readonly kind: 'notSent';
  readonly reason: NotSentReason;
  /** A sentence for people; never a query, a token or a body. */
  readonly detail: string;
  /** The call is to the operator itself, and the API server took no document. */
  readonly isOwn?: true;
  /** For the platform team and the log, where these may see more: the address, the platform's proxy, a flag. */
  readonly why?: string;
}

/** Sent, in part or in whole, but no complete answer was read: the server may have acted on it. */
export interface HttpNoAnswer {
  readonly kind: 'noAnswer';
  readonly reason: 'Timeout' | 'ConnectionLost' | 'ResponseTooLarge';
  /** Known where the headers arrived and the body did not. */
  readonly status?: number;
  /** Names in lower case; known where the status is. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The part of a 2xx answer's body that arrived, up to the adapter's limit. Absent where nothing arrived. */
  readonly received?: Sensitive;
  readonly detail: string;
}

/** `Unsendable`: no request could be built from the call. */
export type NotSentReason =
  | 'AddressRefused'
  | 'NameNotResolved'
  | 'ConnectFailed'
  | 'TlsVerificationFailed'
  | 'Unsendable';
