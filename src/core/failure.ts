import type { EventReason } from '../api/events.ts';
import type { ClientInformation } from '../oauth/client-information.ts';
import type { Words } from './tell.ts';

/**
 * What an answer means, by action and cause. Errors are values: each has a reason, a sentence, and says whether the
 * server may have acted.
 */
export type Verdict =
  | { readonly kind: 'Done'; readonly information: ClientInformation | undefined }
  | Failure;

/** Of a read: a success names the client. */
export type ReadVerdict = { readonly kind: 'Done'; readonly information: ClientInformation } | Failure;

export interface Failure {
  /**
   * `Terminal`: the same call can't succeed. `Transient`: it may, later. `TokenRefused`: a fact about the credential
   * or the endpoint, not about the metadata. `NotFound`, `Unsupported`: of a managed client. `Unknown`: the server may have acted.
   */
  readonly kind: 'Terminal' | 'Transient' | 'TokenRefused' | 'NotFound' | 'Unsupported' | 'Unknown';
  /** A failure may be reported by an Event, so its reason must be one of an Event. */
  readonly reason: EventReason;
  /** What happened, without the object's name and without advice: for those who read the client's object. */
  readonly message: string;
  /** The same for those who read the server object, and for the log, where it says more. */
  readonly detail?: string;
  /** The least delay before the next try; where the server asks for it, capped at an hour. */
  readonly retryAfterMs?: number;
  /** The server as a whole is in trouble, or may be (see `perhapsOwn`), so other clients wait. */
  readonly serverTrouble: boolean;
  /**
   * The content of this call may have caused the failure, so the server may answer other calls. Holds for every
   * `Unknown`.
   */
  readonly perhapsOwn?: boolean;
  /** A person has to act, somewhere: the pauses between tries grow up to an hour. */
  readonly isSlow?: boolean;
  /** The server refused the call though a read shows that it knows the client: it has no such call. */
  readonly isCallLacking?: boolean;
  /** A token endpoint gave no access token, so nothing was sent to the server's other endpoints. */
  readonly isOfTokenEndpoint?: boolean;
  /** The token endpoint does not know who asks, or does not believe it (`invalid_client`, RFC 6749 section 5.2). */
  readonly isClientRefused?: boolean;
  /**
   * The same of the credential by which a client manages itself, which also means that the server does not know the client: more
   * tries hardly change that.
   */
  readonly isOwnRefusal?: boolean;
  /** Nothing was sent, because of the object's own content. The failure shows nothing about the server. */
  readonly unsent?: boolean;
  /**
   * For `TokenRefused`: how certain it is that the credential is at fault. `Refused`, or absent: certain. `Doubted`:
   * the document that was sent with it may be at fault. `Denied`: the document probably is, unless the server has never
   * accepted the credential.
   */
  readonly credential?: 'Refused' | 'Doubted' | 'Denied';
  /** What could be read from an answer that was cut off. A client exists. */
  readonly partial?: ClientInformation;
}

/**
 * A failure that shows nothing about the server as a whole, unless `more` says so.
 *
 * @param words what happened; a string where all viewers may see the same text
 */
export const failure = (
  kind: Failure['kind'],
  reason: EventReason,
  words: string | Words,
  more: Partial<Failure> = {},
): Failure => ({
  kind,
  reason,
  ...(typeof words === 'string' ? { message: words } : words),
  serverTrouble: false,
  ...more,
});
