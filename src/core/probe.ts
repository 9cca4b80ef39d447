import { isFromApi } from '../oauth/body-form.ts';
import { type ErrorResponse, isPassingError, readErrorResponse } from '../oauth/error-response.ts';
import type { HttpAnswer, HttpOutcome } from '../oauth/http-message.ts';
import { retryAfterMs } from '../oauth/retry-after.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import { accessTokenOf } from '../oauth/token-response.ts';
import { deniesClient } from './forgotten-client.ts';
import { narrowestScope, type OwnCredential } from './own-credential.ts';
import {
  type Telling,
  type Told,
  tellAnswer,
  tellNoAnswer,
  tellNotSent,
  type Words,
  wordsOf,
} from './tell.ts';

/** One request to a token endpoint that shows whether the server accepts a client's credential. Pure. */

/**
 * What is asked for. `Token`: an access token, which is revoked. Otherwise something made up is offered, which the server
 * can only refuse after it has accepted the credential.
 */
type ProbeKind = 'Token' | 'RefreshToken' | 'Code';

export interface ProbeRequest {
  readonly kind: ProbeKind;
  /** Without those of the client's authentication. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * The request for a client, by its grant types.
 *
 * - With `client_credentials`: a token for one scope, the first that the client registered and that is not about a user;
 *   without such a scope, for none, which means the server's default (RFC 6749 section 3.3).
 * - Otherwise, with `refresh_token`: a refresh token that is made up.
 * - Otherwise, with `authorization_code`: a code that is made up, because servers answer `unauthorized_client` to a grant
 *   that the client did not register.
 *
 * @param madeUp as hard to guess as a token
 */
export function probeRequest(
  { grantTypes, scopes, redirectUris: [redirectUri] }: Omit<OwnCredential, 'authentication'>,
  madeUp: string,
): ProbeRequest {
  if (grantTypes.includes('client_credentials')) {
    const [scope] = narrowestScope({ scopes });
    const narrowed = scope === undefined ? {} : { scope };
    return { kind: 'Token', parameters: { grant_type: 'client_credentials', ...narrowed } };
  }
  if (grantTypes.includes('authorization_code') && !grantTypes.includes('refresh_token')) {
    const redirect = redirectUri === undefined ? {} : { redirect_uri: redirectUri };
    // Of a length that RFC 7636 section 4.1 permits, where the server wants one.
    const verifier = madeUp.repeat(2).slice(0, 52);
    const parameters = {
      grant_type: 'authorization_code',
      code: madeUp,
      ...redirect,
      code_verifier: verifier,
    };
    return { kind: 'Code', parameters };
  }
  return { kind: 'RefreshToken', parameters: { grant_type: 'refresh_token', refresh_token: madeUp } };
}

/** What an answer shows. */
export type ProbeVerdict =
  /** `token`: what the server gave, to be revoked. */
  | { readonly kind: 'Accepted'; readonly message: string; readonly token: Sensitive | undefined }
  /** `isUnknown`: the server says that it doesn't know the client. */
  | ({ readonly kind: 'Refused'; readonly isUnknown: boolean } & Words)
  | ({ readonly kind: 'Inconclusive' } & Words)
  /** The same request may be answered later. */
  | ({
      readonly kind: 'Later';
      readonly retryAfterMs: number | undefined;
      readonly isLimit: boolean;
    } & Words);

/** Every `kind` of a verdict. */
export const PROBE_RESULTS = [
  'Accepted',
  'Refused',
  'Inconclusive',
  'Later',
] as const satisfies readonly ProbeVerdict['kind'][];

interface ProbeContext extends Told {
  readonly kind: ProbeKind;
  readonly clientId: string;
  readonly isPublic: boolean;
  /** Values that messages must not repeat. */
  readonly secrets: readonly Sensitive[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function classifyProbe(outcome: HttpOutcome, context: ProbeContext): ProbeVerdict {
  switch (outcome.kind) {
    case 'notSent':
      return notNow(tellNotSent(outcome), context);
    case 'noAnswer':
      return notNow(tellNoAnswer(outcome), context);
    case 'answered':
      return classifyAnswer(outcome, context);
  }
}

function classifyAnswer(answer: HttpAnswer, context: ProbeContext): ProbeVerdict {
  const { kind, secrets, now } = context;
  const said = readErrorResponse(answer, secrets);
  const { status, error } = said;
  const told = tellAnswer('The token endpoint', said);
  const token = accessTokenOf(answer);
  if (token !== undefined) {
    return { kind: 'Accepted', message: acceptedMessage(context), token };
  }
  if (status === 429 || status === 408 || status >= 500 || isPassingError(error) || !isFromApi(answer)) {
    return {
      ...notNow(told, context),
      retryAfterMs: retryAfterMs(answer, now),
      isLimit: status === 429,
    };
  }
  if (refusesClient(said)) {
    return { kind: 'Refused', isUnknown: deniesClient(said), ...wordsOf(told, context) };
  }
  return kind !== 'Token' && error === 'invalid_grant'
    ? { kind: 'Accepted', message: acceptedMessage(context), token: undefined }
    : { kind: 'Inconclusive', ...wordsOf(told, context) };
}

/**
 * `invalid_client` (RFC 6749 section 5.2). Keycloak answers 401 `unauthorized_client` instead where the secret is wrong or the
 * client unknown, and tells that apart from a grant that the client may not use by its words alone.
 */
const refusesClient = ({ status, error, description = '' }: ErrorResponse): boolean =>
  error === 'invalid_client' ||
  (status === 401 && error === 'unauthorized_client' && /\binvalid client\b/i.test(description));

const ACCEPTED: Readonly<Record<ProbeKind, string>> = {
  Token: 'the token endpoint gave it an access token',
  RefreshToken: 'the token endpoint refused only the refresh token that was made up',
  Code: 'the token endpoint refused only the authorization code that was made up',
};

const acceptedMessage = ({ kind, clientId, isPublic }: ProbeContext): string =>
  isPublic
    ? `The server knows client ${clientId}, which is public and has no credential: ${ACCEPTED[kind]}.`
    : `The server accepts the credential of client ${clientId}: ${ACCEPTED[kind]}.`;

const notNow = (telling: Telling, context: ProbeContext) =>
  ({ kind: 'Later', retryAfterMs: undefined, isLimit: false, ...wordsOf(telling, context) }) as const;
