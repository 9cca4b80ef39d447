import type { Sensitive } from './sensitive.ts';

/** A call to an authorization server, before it is sent. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  /** Sent as they are. Values may be {@link Sensitive}. */
  readonly headers: Readonly<Record<string, string | Sensitive>>;
  readonly body?: string | Sensitive;
}

/** How a call to an authorization server ended. */
export type HttpOutcome = HttpAnswer | HttpNotSent | HttpNoAnswer;

export interface HttpAnswer {
  readonly kind: 'answered';
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Sensitive;
}

/** Nothing was sent: the server can't have acted on it. */
export interface HttpNotSent {
  readonly kind: 'notSent';
  readonly reason: NotSentReason;
  /** A sentence for people; never a query, a token or a body. */
  readonly detail: string;
}

/** Sent, in part or in whole, but no complete answer was read: the server may have acted on it. */
export interface HttpNoAnswer {
  readonly kind: 'noAnswer';
  readonly reason: 'Timeout' | 'ConnectionLost' | 'ResponseTooLarge';
  /** Known where the headers arrived and the body did not. */
  readonly status?: number;
  readonly detail: string;
}

export type NotSentReason = 'AddressRefused' | 'NameNotResolved' | 'ConnectFailed' | 'TlsVerificationFailed';
