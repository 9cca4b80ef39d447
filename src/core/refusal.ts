import type { Reason } from '../api/reasons.ts';
import type { Dialect } from '../dialects/dialect.ts';
import {
  describeError,
  type ErrorResponse,
  presentable,
  readErrorResponse,
} from '../oauth/error-response.ts';
import type { HttpAnswer } from '../oauth/http-message.ts';
import { retryAfterMs } from '../oauth/retry-after.ts';
import { asSentence } from '../oauth/text.ts';
import type { Context, Failure } from './classify.ts';

/** What a refusal means: whether it is of the metadata, of the credential, or of the server's state. */

export const failure = (kind: Failure['kind'], reason: Reason, message: string): Failure => ({
  kind,
  reason,
  message,
  serverTrouble: false,
});

export /** Advice comes last: what happened is told whole before it. */
function withHint(failed: Failure, said: ErrorResponse, { hint }: Context): Failure {
  const advice = hint?.(said);
  return advice === undefined ? failed : { ...failed, message: `${asSentence(failed.message)} ${advice}` };
}

/** An answer that proves that nothing was done. */
export function refusal(answer: HttpAnswer, context: Context): Failure {
  const said = readErrorResponse(answer, context.secrets);
  return withHint(refusalBy(said, answer, context), said, context);
}

function refusalBy(said: ErrorResponse, answer: HttpAnswer, context: Context): Failure {
  const { status } = said;
  const message = serverWords(said);
  if (status >= 300 && status < 400) {
    const what = `${message} (a redirect${locationOf(answer, context)}; redirects are not followed)`;
    return failure('Terminal', 'RedirectRefused', what);
  }
  if (status === 429 || status === 503 || status === 501 || status === 408) {
    return unavailable(said, askedPauseMs(answer, context.now), context.now);
  }
  return isTokenRefusal(said, context.dialect)
    ? {
        ...failure('TokenRefused', 'AdmissionRefused', message),
        brief: codeAlone(said),
        credential: credentialShown(said),
      }
    : failure('Terminal', reasonOf(said), message);
}

/** `undefined` where the server asks for none: one that can't be read is taken for half a minute. */
const askedPauseMs = (answer: HttpAnswer, now: number): number | undefined =>
  retryAfterMs(answer, now) ??
  (answer.status === 429 || answer.headers['retry-after'] !== undefined ? DEFAULT_PAUSE_MS : undefined);

/** A pause that the server asks for is for all. Without one, it may have failed over this call alone. */
function unavailable(said: ErrorResponse, pauseMs: number | undefined, now: number): Failure {
  const reason = said.status === 429 ? 'RateLimited' : 'AuthorizationServerUnavailable';
  const failed = {
    ...failure('Transient', reason, serverWords(said)),
    brief: codeAlone(said),
    serverTrouble: true,
  };
  if (pauseMs === undefined) {
    return { ...failed, perhapsOwn: true };
  }
  const until = new Date(now + pauseMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    ...failed,
    message: `${failed.message}; nothing is sent until ${until}`,
    retryAfterMs: pauseMs,
  };
}

/** RFC 6750 section 3.1: `invalid_token` with 401 says that it is the token; other refusals may be of what was asked. */
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
    ((status === 400 || status === 403) && error !== undefined && tokenRefusals.includes(error))
  );
}

const BY_ERROR: Readonly<Record<string, Reason>> = {
  invalid_redirect_uri: 'InvalidRedirectURI',
  invalid_client_metadata: 'InvalidClientMetadata',
  invalid_software_statement: 'InvalidSoftwareStatement',
  unapproved_software_statement: 'UnapprovedSoftwareStatement',
};

function reasonOf({ status, error }: ErrorResponse): Reason {
  if (status === 404 || status === 405) {
    return 'RegistrationNotSupported';
  }
  return (Object.hasOwn(BY_ERROR, error ?? '') ? BY_ERROR[error ?? ''] : undefined) ?? 'RegistrationRefused';
}

export const serverWords = (said: ErrorResponse): string => `The server answered ${describeError(said)}`;

/** The words may be about the client's metadata. */
export const codeAlone = ({ status, error }: ErrorResponse): string =>
  serverWords({ status, ...(error === undefined ? {} : { error }) });

/** The origin alone: the rest of an address may carry anything. */
function locationOf({ headers }: HttpAnswer, { secrets }: Context): string {
  const location = headers['location'] ?? '';
  const origin = URL.canParse(location) ? new URL(location).origin : 'null';
  return origin === 'null' ? '' : ` to ${presentable(origin, secrets)}`;
}

/** Where the server asks for fewer calls and doesn't say for how long. */
const DEFAULT_PAUSE_MS = 30_000;
