import type { Reason } from '../api/reasons.ts';
import type { Dialect } from '../dialects/dialect.ts';
import {
  type ClientInformation,
  parseClientInformation,
  salvageClientInformation,
} from '../oauth/client-information.ts';
import {
  describeError,
  type ErrorResponse,
  presentable,
  readErrorResponse,
} from '../oauth/error-response.ts';
import type { HttpAnswer, HttpNoAnswer, HttpNotSent, HttpOutcome } from '../oauth/http-message.ts';
import { retryAfterMs } from '../oauth/retry-after.ts';
import { Sensitive } from '../oauth/sensitive.ts';
import { asSentence } from '../oauth/text.ts';
import { UNREADABLE, whyUnreadable } from '../oauth/torn-json.ts';

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
  /** What happened, without the object's name and without advice. */
  readonly message: string;
  /** The server's wish, at most an hour. */
  readonly retryAfterMs?: number;
  /** The server as a whole is in trouble, so other clients needn't try. */
  readonly serverTrouble: boolean;
  /** What could be read of an answer that was cut off: a client exists. */
  readonly partial?: ClientInformation;
}

export interface Context {
  readonly dialect: Dialect;
  /** Whatever was held or sent: masked in the server's words. */
  readonly secrets: readonly Sensitive[];
  /** What probably helps, by what the server said. */
  readonly hint?: ((said: ErrorResponse) => string | undefined) | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The outcome of a POST to the registration endpoint: created, not created, or unknown. */
export function classifyRegistration(outcome: HttpOutcome, context: Context): Verdict {
  if (outcome.kind === 'notSent') {
    return classifyUnsent(outcome);
  }
  if (outcome.kind === 'noAnswer') {
    return unanswered(outcome, context, classifyRegistration, 'RegistrationOutcomeUnknown');
  }
  if (isSuccess(outcome)) {
    const information = parseClientInformation(outcome.body);
    return information === undefined ? unreadable(outcome, context) : { kind: 'Done', information };
  }
  const proves =
    outcome.status < 500
      ? outcome.status !== 408
      : context.dialect.notCreatedStatuses.includes(outcome.status);
  return proves
    ? refusal(outcome, context)
    : unknown('RegistrationOutcomeUnknown', answeredText(outcome, context));
}

/** Whatever of a client was read is kept, even if the rest of the answer is lost. */
function unanswered(outcome: HttpNoAnswer, context: Context, classify: Classify, otherwise: Reason): Verdict {
  const told = statusAlone(outcome, context, classify);
  if (told !== undefined) {
    return told;
  }
  const partial = outcome.received && salvageClientInformation(outcome.received);
  return withPartial(unknown(lossReason(outcome, otherwise), noAnswerText(outcome)), partial, context);
}

/** @param otherwise where nothing at all arrived */
function lossReason({ reason, received }: HttpNoAnswer, otherwise: Reason): Reason {
  switch (reason) {
    case 'Timeout':
      return 'ResponseTimedOut';
    case 'ResponseTooLarge':
      return 'ResponseTooLarge';
    case 'ConnectionLost':
      return received === undefined ? otherwise : 'ResponseTruncated';
  }
}

/** A 2xx without a client that could be read: what there is of it is kept. */
function unreadable({ status, body }: HttpAnswer, context: Context): Failure {
  const why = whyUnreadable(body.reveal());
  const partial = salvageClientInformation(body);
  const said = partial === undefined ? ', but without a readable client_id: it is' : ' with';
  return withPartial(
    unknown(
      why === 'Truncated' || why === 'TooDeep' ? `Response${why}` : 'ResponseNotJSON',
      `The server answered ${status}${why === undefined ? ', but without a client_id' : `${said} ${UNREADABLE[why]}`}`,
    ),
    partial,
    context,
  );
}

const withPartial = (
  failed: Failure,
  partial: ClientInformation | undefined,
  { secrets }: Context,
): Failure =>
  partial === undefined
    ? failed
    : {
        ...failed,
        message: `${failed.message}; it names client ${presentable(partial.clientId, secrets)}`,
        partial,
      };

/** The outcome of a PUT to a client configuration endpoint. */
export function classifyUpdate(outcome: HttpOutcome, context: Context): Verdict {
  if (outcome.kind === 'notSent') {
    return classifyUnsent(outcome);
  }
  if (outcome.kind === 'noAnswer') {
    return unanswered(outcome, context, classifyUpdate, 'AuthorizationServerUnavailable');
  }
  if (isSuccess(outcome)) {
    const information = parseClientInformation(outcome.body);
    return information === undefined && outcome.status !== 204
      ? { ...unreadable(outcome, context), serverTrouble: false }
      : { kind: 'Done', information };
  }
  if (outcome.status === 404) {
    return failure('NotFound', 'RegistrationAccessTokenLost', answeredText(outcome, context));
  }
  if (outcome.status === 405 || outcome.status === 501) {
    return failure('Unsupported', 'UpdateUnsupported', answeredText(outcome, context));
  }
  return isUnclear(outcome, context)
    ? unknown('AuthorizationServerUnavailable', answeredText(outcome, context))
    : refusal(outcome, context);
}

/** The outcome of a GET of a client configuration endpoint. */
export function classifyRead(outcome: HttpOutcome, context: Context): Verdict {
  return classifyUpdate(outcome, context);
}

/** The outcome of a DELETE to a client configuration endpoint. */
export function classifyDeletion(outcome: HttpOutcome, context: Context): Verdict {
  if (outcome.kind === 'notSent') {
    return classifyUnsent(outcome);
  }
  if (outcome.kind === 'noAnswer' && outcome.status !== 200 && outcome.status !== 204) {
    return unanswered(outcome, context, classifyDeletion, 'AuthorizationServerUnavailable');
  }
  if (outcome.kind === 'noAnswer' || outcome.status === 200 || outcome.status === 204) {
    return { kind: 'Done', information: undefined };
  }
  const message = answeredText(outcome, context);
  if (outcome.status === 404) {
    return failure('NotFound', 'DeletionUnconfirmed', message);
  }
  if (outcome.status === 405 || outcome.status === 501) {
    return failure('Unsupported', 'DeletionUnsupported', message);
  }
  if (isUnclear(outcome, context)) {
    return unknown('AuthorizationServerUnavailable', message);
  }
  const refused = refusal(outcome, context);
  return refused.kind === 'Terminal'
    ? { ...refused, kind: 'Transient', reason: 'DeletionUnconfirmed' }
    : refused;
}

type Classify = (answer: HttpAnswer, context: Context) => Verdict;

/** A refusal is told by its status, whatever becomes of its body. */
function statusAlone({ status, detail }: HttpNoAnswer, context: Context, classify: Classify) {
  if (status === undefined || status < 300 || status >= 500 || status === 408) {
    return undefined;
  }
  const answer = { kind: 'answered', status, headers: {}, body: new Sensitive('') } as const;
  const told = classify(answer, { ...context, hint: undefined });
  if (told.kind === 'Done') {
    return undefined;
  }
  const message = `${told.message}, and its body was not read: ${detail}`;
  return withHint({ ...told, message }, { status }, context);
}

/** Advice comes last: what happened is told whole before it. */
function withHint(failed: Failure, said: ErrorResponse, { hint }: Context): Failure {
  const advice = hint?.(said);
  return advice === undefined ? failed : { ...failed, message: `${asSentence(failed.message)} ${advice}` };
}

/** A call that never left: nothing happened. */
export function classifyUnsent({ reason, detail }: HttpNotSent): Failure {
  const known: Reason =
    reason === 'AddressRefused' || reason === 'TlsVerificationFailed'
      ? reason
      : 'AuthorizationServerUnavailable';
  return { ...failure('Transient', known, detail), serverTrouble: true };
}

function noAnswerText({ reason, detail }: HttpNoAnswer): string {
  return reason === 'Timeout' ? `No answer in time: ${detail}` : `No complete answer: ${detail}`;
}

function unknown(reason: Reason, message: string): Failure {
  return { ...failure('Unknown', reason, message), serverTrouble: true };
}

const failure = (kind: Failure['kind'], reason: Reason, message: string): Failure => ({
  kind,
  reason,
  message,
  serverTrouble: false,
});

/** The server may have acted before it failed. */
const isUnclear = ({ status }: HttpAnswer, { dialect }: Context): boolean =>
  status === 408 || (status >= 500 && !dialect.notCreatedStatuses.includes(status));

const isSuccess = ({ status }: HttpAnswer): boolean => status >= 200 && status < 300;

/** An answer that proves that nothing was done. */
function refusal(answer: HttpAnswer, context: Context): Failure {
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
    const reason = status === 429 ? 'RateLimited' : 'AuthorizationServerUnavailable';
    const pauseMs = retryAfterMs(answer, context.now) ?? DEFAULT_PAUSE_MS;
    const until = new Date(context.now + pauseMs).toISOString().replace(/\.\d+Z$/, 'Z');
    return {
      ...failure('Transient', reason, `${message}; nothing is sent until ${until}`),
      serverTrouble: true,
      retryAfterMs: pauseMs,
    };
  }
  return isTokenRefusal(said, context.dialect)
    ? failure('TokenRefused', 'AdmissionRefused', message)
    : failure('Terminal', reasonOf(said), message);
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

const answeredText = (answer: HttpAnswer, { secrets }: Context): string =>
  serverWords(readErrorResponse(answer, secrets));

const serverWords = (said: ErrorResponse): string => `The server answered ${describeError(said)}`;

/** The origin alone: the rest of an address may carry anything. */
function locationOf({ headers }: HttpAnswer, { secrets }: Context): string {
  const location = headers['location'] ?? '';
  const origin = URL.canParse(location) ? new URL(location).origin : 'null';
  return origin === 'null' ? '' : ` to ${presentable(origin, secrets)}`;
}

/** Where the server asks for fewer calls and doesn't say for how long. */
const DEFAULT_PAUSE_MS = 30_000;
