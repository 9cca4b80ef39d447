import type { Reason } from '../api/reasons.ts';
import type { ClientInformation } from '../oauth/client-information.ts';
import type { Words } from './tell.ts';

/**
 * What an answer means, by action and cause. Errors are values: each has a reason, a sentence, and says whether the
 * server may have acted.
 */
export type Verdict =
  | { readonly kind: 'Done'; readonly information: ClientInformation | undefined }
  | Failure;

export interface Failure {
  /**
   * `Terminal`: the same call can't succeed. `Transient`: it may, later. `TokenRefused`: a fact about the credential,
   * not about the metadata. `NotFound`, `Unsupported`: of a managed client. `Unknown`: the server may have acted.
   */
  readonly kind: 'Terminal' | 'Transient' | 'TokenRefused' | 'NotFound' | 'Unsupported' | 'Unknown';
  readonly reason: Reason;
  /** What happened, without the object's name and without advice: for those who read the client's object. */
  readonly message: string;
  /** The same for those who read the server object, and for the log, where it says more. */
  readonly detail?: string;
  /** The server's wish, at most an hour. */
  readonly retryAfterMs?: number;
  /** The server as a whole is in trouble, so other clients needn't try; or may be, see `perhapsOwn`. */
  readonly serverTrouble: boolean;
  /** The server may have failed over what this call sent, and answer others. So may every `Unknown`. */
  readonly perhapsOwn?: boolean;
  /** Nothing was sent, for what the object itself brings: it shows nothing of the server. */
  readonly unsent?: boolean;
  /**
   * Of `TokenRefused`, how sure it is that the credential is at fault. `Refused`, or absent: it is. `Doubted`: it may be
   * what was sent with it. `Denied`: the more so, unless the server has never accepted the credential.
   */
  readonly credential?: 'Refused' | 'Doubted' | 'Denied';
  /** What could be read of an answer that was cut off: a client exists. */
  readonly partial?: ClientInformation;
}

/**
 * A failure that shows nothing of the server as a whole, unless `more` says so.
 *
 * @param words what happened; as a text where all who read of it may know the same
 */
export const failure = (
  kind: Failure['kind'],
  reason: Reason,
  words: string | Words,
  more: Partial<Failure> = {},
): Failure => ({
  kind,
  reason,
  ...(typeof words === 'string' ? { message: words } : words),
  serverTrouble: false,
  ...more,
});
