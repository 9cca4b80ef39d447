import type { EventReason } from '../api/events.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { isFromApi } from '../oauth/body-form.ts';
import { type ErrorResponse, isPassingError, readErrorResponse } from '../oauth/error-response.ts';
import type { HttpAnswer } from '../oauth/http-message.ts';
import { own } from '../oauth/objects.ts';
import { describeTarget } from '../oauth/redirect.ts';
import { retryAfterMs } from '../oauth/retry-after.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import { asSentence } from '../oauth/text.ts';
import { type Failure, failure } from './failure.ts';
import { reworded, type Telling, type Told, tellAnswer, tellOnly, wordsOf } from './tell.ts';
import { mayLackCall } from './unsupported-calls.ts';
import { maySee } from './viewers.ts';

export interface ClassifyOptions extends Told {
  readonly dialect: Dialect;
  /** Credentials that were held or sent; they are masked in the server's words. */
  readonly secrets: readonly Sensitive[];
  /** Advice for the server's answer. */
  readonly hint?: ((said: ErrorResponse) => string | undefined) | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Classifies a refusal: by the metadata, by the credential, or by the state of the server. */

/** Appends advice after the complete description of the failure. Only owners of a credential see advice about it. */
export function withHint(failed: Failure, said: ErrorResponse, context: ClassifyOptions): Failure {
  const advice = context.hint?.(said);
  const fact = failed.kind === 'TokenRefused' ? 'AdmissionWords' : 'MetadataWords';
  return advice === undefined
    ? failed
    : reworded(
        failed,
        (text, viewer) => (maySee(viewer, fact) ? `${asSentence(text)} ${advice}` : text),
        context,
      );
}

/** An answer that proves that nothing was done. */
export function refusal(answer: HttpAnswer, context: ClassifyOptions): Failure {
  const said = readErrorResponse(answer, context.secrets);
  const failed = refusalBy(said, answer, context);
  return isFromApi(answer) ? withHint(failed, said, context) : failed;
}

/** Who may have given an answer that isn't one of an API. */
const SOMEBODY = 'The server, or a proxy or firewall before it,';

/** The message about an answer that isn't one of the API, so that its status proves nothing about the client. */
export const tellOther = (said: ErrorResponse): Telling => tellAnswer(SOMEBODY, said);

/**
 * A refusal in HTML or text: a proxy, a firewall or an ingress answered, and may let the next call pass. It may also
 * refuse the content of this one call.
 */
function notFromApi(said: ErrorResponse, answer: HttpAnswer, context: ClassifyOptions): Failure {
  const words = wordsOf(tellOther(said), context, true);
  const wished = retryAfterMs(answer, context.now);
  const more = { serverTrouble: true, perhapsOwn: true, isSlow: true };
  return failure('Transient', 'ResponseNotJSON', words, {
    ...more,
    ...(wished === undefined ? {} : { retryAfterMs: wished }),
  });
}

function refusalBy(said: ErrorResponse, answer: HttpAnswer, context: ClassifyOptions): Failure {
  const { status } = said;
  if (status >= 300 && status < 400) {
    const what = (to: string) => ` (a redirect${to}; redirects are not followed)`;
    const more = tellOnly('Connection', what(targetOf(answer, context)), what(''));
    return failure(
      'Terminal',
      'RedirectRefused',
      wordsOf(both(tellAnswer('The server', said), more), context, true),
    );
  }
  if (status === 429 || status === 503 || status === 501 || status === 408) {
    return unavailable(said, askedPauseMs(answer, context.now), context);
  }
  if (status >= 400 && !isFromApi(answer)) {
    return notFromApi(said, answer, context);
  }
  if (isTokenRefusal(said, context.dialect)) {
    const words = wordsOf(tellAnswer('The server', said, 'AdmissionWords'), context, doubtsAddress(answer));
    return failure('TokenRefused', 'AdmissionRefused', words, { credential: credentialShown(said) });
  }
  if (isPassingError(said.error)) {
    return unavailable(said, askedPauseMs(answer, context.now), context);
  }
  const words = wordsOf(tellAnswer('The server', said), context, doubtsAddress(answer));
  return failure('Terminal', reasonOf(said), words);
}

const both =
  (first: Telling, second: Telling): Telling =>
  (viewer) =>
    first(viewer) + second(viewer);

/** `undefined` where the server asks for no pause. A value that can't be read counts as half a minute. */
const askedPauseMs = (answer: HttpAnswer, now: number): number | undefined =>
  retryAfterMs(answer, now) ??
  (answer.status === 429 || answer.headers['retry-after'] !== undefined ? DEFAULT_PAUSE_MS : undefined);

/** A pause that the server asks for applies to all calls. Without one, this call alone may have caused the failure. */
function unavailable(said: ErrorResponse, pauseMs: number | undefined, context: ClassifyOptions): Failure {
  const reason = said.status === 429 ? 'RateLimited' : 'AuthorizationServerUnavailable';
  const words = wordsOf(tellAnswer('The server', said), context);
  const failed = failure('Transient', reason, words, { serverTrouble: true });
  return pauseMs === undefined ? { ...failed, perhapsOwn: true } : { ...failed, retryAfterMs: pauseMs };
}

/** RFC 6750 section 3.1: `invalid_token` with 401 means the token; other refusals may be about the request. */
function credentialShown({ status, error }: ErrorResponse): NonNullable<Failure['credential']> {
  const namesToken = error === 'invalid_token';
  if (status === 401) {
    return namesToken ? 'Refused' : 'Doubted';
  }
  return status === 403 && namesToken ? 'Doubted' : 'Denied';
}

/** Recognised before metadata errors: some servers refuse a token with 400 or 403. */
function isTokenRefusal({ status, error }: ErrorResponse, { tokenRefusals }: Dialect): boolean {
  return (
    status === 401 ||
    ((status === 400 || status === 403 || status < 300) &&
      error !== undefined &&
      tokenRefusals.includes(error))
  );
}

const BY_ERROR: Readonly<Record<string, EventReason>> = {
  invalid_redirect_uri: 'InvalidRedirectURI',
  invalid_client_metadata: 'InvalidClientMetadata',
  invalid_software_statement: 'InvalidSoftwareStatement',
  unapproved_software_statement: 'UnapprovedSoftwareStatement',
};

function reasonOf({ status, error }: ErrorResponse): EventReason {
  if (status === 404 || status === 405) {
    return 'RegistrationNotSupported';
  }
  return own(BY_ERROR, error ?? '') ?? 'RegistrationRefused';
}

function targetOf({ headers }: HttpAnswer, { secrets, call }: ClassifyOptions): string {
  const target = describeTarget(headers['location'], call?.url, secrets);
  return target === undefined ? '' : ` to ${target}`;
}

/**
 * Whether the address of the call may be at fault, so that every viewer who may see the call needs it: a redirect, 404,
 * 405, 501, or what isn't an answer of an API.
 */
export const doubtsAddress = (answer: HttpAnswer): boolean =>
  (answer.status >= 300 && answer.status < 400) || mayLackCall(answer) || !isFromApi(answer);

/** The pause where the server asks for fewer calls and doesn't say for how long. */
const DEFAULT_PAUSE_MS = 30_000;
