import { bodyForm, isJsonType, mediaTypeOf } from './body-form.ts';
import { challengeOf } from './challenge.ts';
import { errorWords } from './error-words.ts';
import type { HttpAnswer } from './http-message.ts';
import { parseJsonObject } from './json.ts';
import { masked } from './masking.ts';
import { defined } from './objects.ts';
import type { Sensitive } from './sensitive.ts';
import { cut } from './text.ts';

/** What a server says about a refusal (RFC 7591 section 3.2.2, RFC 6750 section 3). */
export interface ErrorResponse {
  readonly status: number;
  readonly error?: string;
  readonly description?: string;
  /** How the body is to be described where it is neither empty nor a JSON object: `with text/html`. */
  readonly body?: string;
}

const MAX_WORDS = 300;

/** Codes of RFC 6749, 6750, 7591, 7592, 8707, 9126, 9396, 9449, 9470 and OpenID Connect: none reveals a credential. */
const ERROR_CODES: ReadonlySet<string> = new Set([
  'access_denied',
  'insufficient_scope',
  'insufficient_user_authentication',
  'invalid_authorization_details',
  'invalid_client',
  'invalid_client_metadata',
  'invalid_dpop_proof',
  'invalid_grant',
  'invalid_redirect_uri',
  'invalid_request',
  'invalid_request_object',
  'invalid_request_uri',
  'invalid_scope',
  'invalid_software_statement',
  'invalid_target',
  'invalid_token',
  'registration_not_supported',
  'request_not_supported',
  'server_error',
  'temporarily_unavailable',
  'unapproved_software_statement',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_type',
  'unsupported_token_type',
  'use_dpop_nonce',
]);

/** Whether it is an `error` code that the RFCs define, rather than the server's own text. */
export const isErrorCode = (error: string): boolean => ERROR_CODES.has(error);

/** The server says itself that the same call may succeed later (RFC 6749 section 4.1.2.1), with whatever status. */
export const isPassingError = (error = ''): boolean =>
  error === 'temporarily_unavailable' || error === 'server_error';

/**
 * Reads the words of a JSON body in the shapes that servers use ({@link errorWords}), or those of `WWW-Authenticate`
 * where the body has none. Of a body that is no JSON object, only its media type is told: it may be HTML, a stack
 * trace, or an echo of the request.
 *
 * @param secrets values that were held or sent; wherever the server repeats one, it is masked first.
 */
export function readErrorResponse(answer: HttpAnswer, secrets: readonly Sensitive[]): ErrorResponse {
  const document = parseJsonObject(answer.body.reveal());
  const said = document === undefined ? {} : errorWords(document);
  const challenge = challengeOf(answer.headers['www-authenticate']);
  const error = said.error ?? challenge['error'];
  const description = said.description ?? challenge['error_description'];
  return defined({
    status: answer.status,
    error: error && (isErrorCode(error) ? error : presentable(error, secrets)),
    description: description && presentable(description, secrets),
    body: bodyPhrase(answer, secrets),
  });
}

function bodyPhrase(answer: HttpAnswer, secrets: readonly Sensitive[]): string | undefined {
  const form = bodyForm(answer);
  const type = mediaTypeOf(answer.headers);
  if (form === 'Object' || form === 'Empty') {
    return undefined;
  }
  if (answer.unread !== undefined && (form === 'JSON' || type === undefined)) {
    return `whose body ${answer.unread}`;
  }
  if (form === 'JSON') {
    return 'with JSON that is cut off';
  }
  if (type === undefined) {
    return 'with a body that is not a JSON object';
  }
  return `with ${presentable(type, secrets)}${isJsonType(type) ? ' that is not a JSON object' : ''}`;
}

/** Longer texts are cut before they are read. */
const MAX_READ = 1_024;

/** Makes a text fit for people: masks credentials, removes control characters, cuts it. */
export function presentable(text: string, secrets: readonly Sensitive[]): string {
  return cut(clean(masked(text.slice(0, MAX_READ), secrets)), MAX_WORDS);
}

const clean = (text: string): string => text.replace(/[\p{C}\s]+/gu, ' ').trim();

/** One line for people: `400 invalid_redirect_uri: redirect_uris must not contain fragments`. */
export function describeError({ status, error, description, body }: ErrorResponse): string {
  const what = error === undefined ? `status ${status}` : `${status} ${error}`;
  return `${what}${body === undefined ? '' : ` ${body}`}${description === undefined ? '' : `: ${description}`}`;
}
