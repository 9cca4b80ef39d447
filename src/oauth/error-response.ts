import type { HttpAnswer } from './http-message.ts';
import { type JsonObject, parseJsonObject } from './json.ts';
import { masked } from './masking.ts';
import type { Sensitive } from './sensitive.ts';
import { cut } from './text.ts';

/** What a server says about a refusal (RFC 7591 section 3.2.2, RFC 6750 section 3). */
export interface ErrorResponse {
  readonly status: number;
  readonly error?: string;
  readonly description?: string;
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

/**
 * Reads `error` and `error_description` of a JSON body, or of `WWW-Authenticate` where the body has none. Also reads
 * the code and the sentence in other shapes that servers document: `error_code` with `details`, `errorCode` with
 * `errorSummary`. Any other body is ignored: it may be HTML, a stack trace, or an echo of the request.
 *
 * @param secrets values that were held or sent; wherever the server repeats one, it is masked first.
 */
export function readErrorResponse(answer: HttpAnswer, secrets: readonly Sensitive[]): ErrorResponse {
  const body = parseJsonObject(answer.body.reveal());
  const challenge = challengeOf(answer.headers['www-authenticate'] ?? '');
  const error = codeOf(body) ?? challenge['error'];
  const sentence = nonEmpty(body?.['error']) === error ? undefined : nonEmpty(body?.['error']);
  const description =
    firstText(body, ['error_description', 'errorSummary']) ?? sentence ?? challenge['error_description'];
  return {
    status: answer.status,
    ...(error ? { error: isErrorCode(error) ? error : presentable(error, secrets) } : {}),
    ...(description ? { description: presentable(description, secrets) } : {}),
  };
}

/** A code in `error_code` says more than a sentence in `error`. */
function codeOf(body: JsonObject | undefined): string | undefined {
  const code = firstText(body, ['error_code']);
  return code !== undefined && /^[a-z_]{1,64}$/.test(code) ? code : firstText(body, ['error', 'errorCode']);
}

const firstText = (body: JsonObject | undefined, members: readonly string[]): string | undefined =>
  members.map((member) => nonEmpty(body?.[member])).find((value) => value !== undefined);

const nonEmpty = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/**
 * The auth-params of a Bearer challenge (RFC 6750 section 3). Bounded by the cap on headers; each name is tried once, from
 * its beginning, so that the time grows with the length alone.
 */
function challengeOf(header: string): Readonly<Record<string, string>> {
  const params = header.matchAll(/(?<![a-z_])([a-z_]+)="((?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries(
    [...params].map(([, name = '', value = '']) => [name, value.replace(/\\(.)/g, '$1')]),
  );
}

/** Longer texts are cut before they are read. */
const MAX_READ = 1_024;

/** Makes a text fit for people: masks credentials, removes control characters, cuts it. */
export function presentable(text: string, secrets: readonly Sensitive[]): string {
  return cut(clean(masked(text.slice(0, MAX_READ), secrets)), MAX_WORDS);
}

const clean = (text: string): string => text.replace(/[\p{C}\s]+/gu, ' ').trim();

/** One line for people: `400 invalid_redirect_uri: redirect_uris must not contain fragments`. */
export function describeError({ status, error, description }: ErrorResponse): string {
  if (error === undefined) {
    return description === undefined ? `status ${status}` : `status ${status}: ${description}`;
  }
  return description === undefined ? `${status} ${error}` : `${status} ${error}: ${description}`;
}
