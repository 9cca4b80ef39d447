import { isFromApi, mediaTypeOf } from './body-form.ts';
import {
  describeError,
  type ErrorResponse,
  isPassingError,
  presentable,
  readErrorResponse,
} from './error-response.ts';
import { saysError } from './error-words.ts';
import type { HttpAnswer } from './http-message.ts';
import { type Json, type JsonObject, parseJsonObject } from './json.ts';
import { defined } from './objects.ts';
import { describeTarget } from './redirect.ts';
import { Sensitive } from './sensitive.ts';

/** The result of a token request. Messages say what happened, without advice. */
export type TokenResponse =
  | { readonly kind: 'Token'; readonly accessToken: Sensitive; readonly expiresInSeconds?: number }
  | {
      /**
       * `Refused`: the server refused the credential or the request. `ScopeNotGranted`: the token lacks a scope that is
       * needed. `Unusable`: the answer has no usable token. `Unavailable`: a retry may succeed.
       */
      readonly kind: 'Refused' | 'ScopeNotGranted' | 'Unusable' | 'Unavailable';
      /** The message, with the server's words. */
      readonly message: string;
      /** The server's error, where it refused. */
      readonly said?: ErrorResponse;
      /** A proxy or a firewall may have refused in its place. */
      readonly isFromOther?: true;
    };

interface Asked {
  readonly tokenEndpoint: string;
  readonly scopes: readonly string[];
  /** Credentials that were sent or held; they are masked in the server's words. */
  readonly secrets: readonly Sensitive[];
}

/** Reads the answer of a token endpoint (RFC 6749 sections 5.1 and 5.2). */
export function readTokenResponse(answer: HttpAnswer, asked: Asked): TokenResponse {
  const document = parseJsonObject(answer.body.reveal());
  const isSuccess = answer.status >= 200 && answer.status < 300;
  // Some servers answer 200 with an error.
  const refuses = document !== undefined && stringOf(document['access_token']) === '' && saysError(document);
  if (!isSuccess || refuses) {
    return refusedRequest(answer, asked);
  }
  if (document === undefined) {
    return unusable(answer, whyNoObject(answer, asked.secrets));
  }
  return tokenOf(answer, document, asked);
}

/** The access token of a successful answer, whatever its type; `undefined`: there is none. */
export function accessTokenOf({ status, body }: HttpAnswer): Sensitive | undefined {
  const isSuccess = status >= 200 && status < 300;
  const token = isSuccess ? stringOf(parseJsonObject(body.reveal())?.['access_token']) : '';
  return token === '' ? undefined : new Sensitive(token);
}

function whyNoObject({ headers, unread }: HttpAnswer, secrets: readonly Sensitive[]): string {
  if (unread !== undefined) {
    return `but its body ${unread}`;
  }
  const type = mediaTypeOf(headers);
  const what = type === undefined ? '' : `; its content type is ${presentable(type, secrets)}`;
  return `but not with a JSON object${what}`;
}

function refusedRequest(answer: HttpAnswer, { tokenEndpoint, secrets }: Asked): TokenResponse {
  const said = readErrorResponse(answer, secrets);
  const { status, error = '' } = said;
  const message = `The token endpoint answered ${describeError(said)}`;
  if (status >= 300 && status < 400) {
    const target = describeTarget(answer.headers['location'], tokenEndpoint, secrets);
    const to = target === undefined ? '' : ` to ${target}`;
    return { kind: 'Unusable', message: `${message} (a redirect${to}; redirects are not followed)`, said };
  }
  if (status < 500 && !isFromApi(answer)) {
    const other = `The token endpoint, or a proxy or firewall before it, answered ${describeError(said)}`;
    return { kind: 'Unavailable', message: other, said, isFromOther: true };
  }
  if (status >= 500 || status === 429 || status === 408 || isPassingError(error)) {
    return { kind: 'Unavailable', message, said };
  }
  return { kind: error === 'invalid_scope' ? 'ScopeNotGranted' : 'Refused', message, said };
}

function tokenOf(answer: HttpAnswer, document: JsonObject, { scopes, secrets }: Asked): TokenResponse {
  const accessToken = new Sensitive(stringOf(document['access_token']));
  const problem =
    tokenProblem(accessToken.reveal()) ?? typeProblem(document['token_type'], [...secrets, accessToken]);
  if (problem !== undefined) {
    return unusable(answer, problem);
  }
  const granted = grantedScopes(document['scope']);
  const missing = granted === undefined ? [] : scopes.filter((asked) => !granted.includes(asked));
  if (missing.length > 0) {
    const names = `scope${missing.length === 1 ? '' : 's'} ${missing.join(', ')}`;
    return {
      kind: 'ScopeNotGranted',
      message: `The token endpoint answered ${answer.status}, but didn't grant the ${names}`,
    };
  }
  const expiresInSeconds = secondsOf(document['expires_in']);
  return defined({ kind: 'Token', accessToken, expiresInSeconds });
}

const unusable = ({ status }: HttpAnswer, problem: string): TokenResponse => ({
  kind: 'Unusable',
  message: `The token endpoint answered ${status}, ${problem}`,
});

const stringOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

const MAX_TOKEN_LENGTH = 16 * 1024;

/** Why the token can't be part of a header. */
function tokenProblem(token: string): string | undefined {
  if (token === '') {
    return 'but without an access_token';
  }
  if (token.length > MAX_TOKEN_LENGTH) {
    return `but with an access_token of more than ${MAX_TOKEN_LENGTH} characters`;
  }
  return /^[\x21-\x7e]+$/.test(token)
    ? undefined
    : 'but with an access_token that holds spaces, control characters or letters beyond ASCII';
}

/** An absent type counts as Bearer, though RFC 6749 section 5.1 requires the member. */
function typeProblem(type: Json | undefined, secrets: readonly Sensitive[]): string | undefined {
  if (type === undefined || type === null || type === '') {
    return undefined;
  }
  if (typeof type !== 'string') {
    return 'but with a token_type that is no text';
  }
  return type.toLowerCase() === 'bearer'
    ? undefined
    : `but with a token of type ${presentable(type, secrets)}; only Bearer can be used`;
}

/**
 * The scopes of the token; `undefined` where the server names none, so that all requested scopes are granted. An empty
 * text counts as absent: some servers don't list scopes that the token has.
 */
function grantedScopes(scope: Json | undefined): readonly Json[] | undefined {
  const words = typeof scope === 'string' ? scope.split(/\s+/).filter(Boolean) : scope;
  return Array.isArray(words) && words.length > 0 ? words : undefined;
}

/** Whole seconds, also where the number is written as a string. `undefined` for 0 and invalid values. */
function secondsOf(value: Json | undefined): number | undefined {
  const seconds = typeof value === 'string' || typeof value === 'number' ? Math.floor(Number(value)) : 0;
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : undefined;
}
