import type { ServerKind } from '../../api/authorization-server.ts';
import { assertionOf, audienceProblem, destinationProblem } from '../../core/assertion.ts';
import { classifyUnsent } from '../../core/classify.ts';
import type {
  Admission,
  ClientCredentials,
  ServerConnection,
  ServiceAccountAssertion,
} from '../../core/connection.ts';
import { type Failure, failure } from '../../core/failure.ts';
import type { OwnCredential } from '../../core/own-credential.ts';
import { type ServerKey, serverNamed } from '../../core/server-key.ts';
import {
  KEY_UNUSABLE,
  reworded,
  type Telling,
  type Told,
  tellAnswer,
  tellOnly,
  type Viewers,
  viewersOf,
  wordsOf,
} from '../../core/tell.ts';
import { maySee } from '../../core/viewers.ts';
import { clientAssertionClaims } from '../../oauth/client-assertion.ts';
import { canonicalJson } from '../../oauth/json.ts';
import { defined } from '../../oauth/objects.ts';
import { tokenAuthorization } from '../../oauth/registration.ts';
import { retryAfterMs } from '../../oauth/retry-after.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import { sentCredentials } from '../../oauth/sent-credentials.ts';
import { SigningError } from '../../oauth/signing-key.ts';
import { asSentence } from '../../oauth/text.ts';
import {
  basicAuthorization,
  type ClientAuthentication,
  type TokenRequest,
  tokenRequest,
} from '../../oauth/token-request.ts';
import { readTokenResponse, type TokenResponse } from '../../oauth/token-response.ts';
import type { Context } from '../context.ts';
import type { AssertionRefusal } from '../ports.ts';
import type { ServerRegistry } from '../state/server-registry.ts';

/** Inputs for an admission. */
export interface AdmissionContext
  extends Pick<Context, 'assertions' | 'clock' | 'http' | 'jwt' | 'random' | 'tokens'> {
  readonly settings: Pick<Context['settings'], 'assertionAudiences'>;
  readonly servers: Pick<ServerRegistry, 'state' | 'health'>;
}

/** What obtaining an access token needs of a server; see {@link ServerConnection}. */
export type TokenTerms = Pick<
  ServerConnection,
  'version' | 'issuer' | 'tokenEndpoint' | 'timeoutMs' | 'transport'
> & { readonly dialect: Pick<ServerConnection['dialect'], 'basicEncoding'> };

/** Authorization of one call. It is obtained before the call, so that a failure here never looks like a lost registration. */
export interface Admitted {
  /** Value of the `Authorization` header; `undefined` where the endpoint is open. */
  readonly authorization: Sensitive | undefined;
  /** The token was used before. If the server refuses it, one retry with a fresh token makes sense. */
  readonly reused: boolean;
}

export async function admit(
  admission: Admission,
  server: ServerKey,
  connection: TokenTerms,
  context: AdmissionContext,
): Promise<Admitted | Failure> {
  switch (admission.kind) {
    case 'Open':
      return { authorization: undefined, reused: false };
    case 'Token':
      return withToken(admission.token, false, admission.scheme);
    case 'Basic':
      // RFC 7617. Only the token endpoint expects form-encoding.
      return {
        authorization: basicAuthorization(admission.username, admission.password, 'Raw'),
        reused: false,
      };
    case 'ClientCredentials':
      return admitByToken(admission, server, connection, context);
  }
}

async function admitByToken(
  grant: ClientCredentials,
  server: ServerKey,
  connection: TokenTerms,
  context: AdmissionContext,
): Promise<Admitted | Failure> {
  const { version } = connection;
  const asked = grantIdentity(grant);
  const known = grant.reuse === 'UntilRefused' ? context.tokens.get(server, version, asked) : undefined;
  if (known !== undefined) {
    return withToken(known, true);
  }
  const token = await obtainToken(grant, server, connection, context);
  if (!('accessToken' in token)) {
    return token;
  }
  // The server object may have been deleted during the token request.
  if (grant.reuse === 'UntilRefused' && context.servers.state(server) !== undefined) {
    context.tokens.keep(server, version, asked, token.accessToken, token.expiresInSeconds);
  }
  return withToken(token.accessToken, false);
}

/** Tokens that were requested in the same way are interchangeable. */
const grantIdentity = ({ clientId, scopes, resources, parameters }: ClientCredentials): string =>
  canonicalJson([clientId, scopes, resources, parameters]);

const withToken = (token: Sensitive, reused: boolean, scheme?: string): Admitted => ({
  authorization: tokenAuthorization(token, scheme),
  reused,
});

/** Forgets a refused token. */
export function forgetRefused(
  admission: Admission,
  server: ServerKey,
  { tokens }: Pick<Context, 'tokens'>,
): void {
  if (admission.kind === 'ClientCredentials') {
    tokens.forget(server, grantIdentity(admission));
  }
}

async function obtainToken(
  grant: ClientCredentials,
  server: ServerKey,
  connection: TokenTerms,
  context: AdmissionContext,
): Promise<Extract<TokenResponse, { kind: 'Token' }> | Failure> {
  const name = serverNamed(server);
  const viewers = viewersOf(name.kind);
  const paused = pausedTokens(server, viewers, context);
  if (paused !== undefined) {
    return paused;
  }
  const request = await requestOf(grant, connection, name.kind, context);
  if ('serverTrouble' in request) {
    return request;
  }
  const { timeoutMs, transport } = connection;
  const asked = tokenRequest(request);
  const outcome = await context.http.send(asked, { timeoutMs, transport, server: name });
  const told = { viewers, call: asked };
  if (outcome.kind === 'notSent') {
    const unsent = classifyUnsent(outcome, told);
    return unsent.serverTrouble ? { ...unsent, isOfTokenEndpoint: true } : unsent;
  }
  if (outcome.kind === 'noAnswer') {
    const what = 'The token endpoint gave no answer';
    const telling = tellOnly('Connection', `${what}: ${outcome.detail}`, what);
    return noTokenNow(grant, undefined, telling, told);
  }
  const answer = readTokenResponse(outcome, {
    tokenEndpoint: asked.url,
    scopes: grant.scopes,
    secrets: sentCredentials(asked),
  });
  switch (answer.kind) {
    case 'Token':
      return answer;
    case 'ScopeNotGranted':
      return noToken('TokenRefused', 'AdmissionScopeNotGranted', telling(answer), told);
    case 'Unavailable':
      return {
        ...noTokenNow(grant, outcome.status, telling(answer), told),
        isSlow: answer.isFromOther === true,
        ...defined({ retryAfterMs: retryAfterMs(outcome, context.clock.now()) }),
      };
    default:
      return request.trust === undefined
        ? {
            ...noToken('TokenRefused', 'AdmissionTokenFailed', telling(answer), told),
            ...(answer.said?.error === 'invalid_client' ? { isClientRefused: true } : {}),
          }
        : untrusted(noToken('TokenRefused', 'AssertionRefused', telling(answer), told), request.trust, told);
  }
}

/** What the server must trust, for those who may see the credential. */
const untrusted = (refused: Failure, trust: string, told: Told): Failure =>
  reworded(
    refused,
    (text, viewer) => (maySee(viewer, 'Credential') ? `${asSentence(text)} ${trust}` : text),
    told,
  );

/** A refused credential concerns the server object, not one client: one attempt tests it, not one attempt per client. */
const noToken = (
  kind: 'Transient' | 'TokenRefused',
  reason: Failure['reason'],
  telling: Telling,
  told: Told,
): Failure =>
  failure(kind, reason, wordsOf(telling, told), kind === 'Transient' ? { isOfTokenEndpoint: true } : {});

/** By these the token endpoint says that it has too much to do, whoever asks (RFC 6585 section 4, RFC 9110 section 15.6.4). */
const OVERLOADED: readonly number[] = [429, 503];

/**
 * A token request failed for a passing reason. Where one client asked with its own credential, the client itself may be the cause,
 * unless the server says that it has too much to do: others wait only where their requests fail, too.
 *
 * @param status `undefined`: there was no answer
 */
const noTokenNow = (
  { isOwn }: ClientCredentials,
  status: number | undefined,
  telling: Telling,
  told: Told,
): Failure =>
  isOwn && !OVERLOADED.includes(status ?? 0)
    ? failure('Transient', 'AdmissionTokenFailed', wordsOf(telling, told), {
        serverTrouble: true,
        perhapsOwn: true,
      })
    : noToken('Transient', 'AdmissionTokenFailed', telling, told);

/** Nothing is sent to a token endpoint that asked for a pause, or that failed just now. */
function pausedTokens(
  server: ServerKey,
  viewers: Viewers,
  { servers, clock }: AdmissionContext,
): Failure | undefined {
  const now = clock.now();
  const { until } = servers.health(server).rateLimits.tokens;
  return now >= until
    ? undefined
    : {
        ...noToken('Transient', 'AdmissionTokenFailed', () => TOKENS_PAUSED, { viewers }),
        retryAfterMs: until - now,
        unsent: true,
      };
}

const TOKENS_PAUSED = 'The token endpoint gave no access token just now, and is asked again after a pause';

/** Why there is no token. */
const telling = ({ message, said }: Exclude<TokenResponse, { kind: 'Token' }>): Telling =>
  said === undefined
    ? tellOnly('AdmissionWords', message, 'The token endpoint gave no token that can be used')
    : (viewer) =>
        maySee(viewer, 'AdmissionWords')
          ? message
          : tellAnswer('The token endpoint', said, 'AdmissionWords')(viewer);

/** A token request; `trust`: what the server must trust to accept its assertion. */
type TrustedRequest = TokenRequest & { readonly trust?: string | undefined };

async function requestOf(
  grant: ClientCredentials,
  connection: TokenTerms,
  kind: ServerKind,
  context: AdmissionContext,
): Promise<TrustedRequest | Failure> {
  const { tokenEndpoint } = connection;
  const viewers = viewersOf(kind);
  if (tokenEndpoint === undefined) {
    return noToken('TokenRefused', 'AdmissionTokenFailed', () => 'No token endpoint is known', { viewers });
  }
  try {
    const assertion = assertionOf(grant);
    const issued = assertion && (await issue(assertion, kind, tokenEndpoint, context));
    if (issued !== undefined && 'serverTrouble' in issued) {
      return issued;
    }
    const authentication =
      issued?.authentication ?? (await clientAuthentication(grant, tokenEndpoint, connection, context));
    const { clientId, scopes, resources, parameters } = grant;
    return {
      ...defined({ trust: issued?.trust }),
      tokenEndpoint,
      clientId,
      authentication,
      scopes,
      resources,
      parameters,
    };
  } catch (error) {
    if (error instanceof SigningError) {
      const telling = tellOnly('Credential', error.message, KEY_UNUSABLE);
      return noToken('TokenRefused', 'SigningKeyUnusable', telling, { viewers });
    }
    throw error;
  }
}

interface IssuedAuthentication {
  readonly authentication: ClientAuthentication;
  /** What the server must trust. */
  readonly trust: string;
}

/** A fresh token of the cluster, after everything that speaks against it was asked once more. */
async function issue(
  assertion: ServiceAccountAssertion,
  kind: ServerKind,
  tokenEndpoint: string,
  { assertions, settings }: AdmissionContext,
): Promise<IssuedAuthentication | Failure> {
  const { audience } = assertion;
  const refused = (reason: Failure['reason'], why: string, isTransient = false) => {
    const words = wordsOf(tellOnly('Credential', why, NO_ASSERTION), { viewers: viewersOf(kind) });
    return isTransient
      ? failure('Transient', reason, words, { unsent: true })
      : failure('TokenRefused', reason, words);
  };
  const unsendable = destinationProblem(assertion, kind, tokenEndpoint);
  if (unsendable !== undefined) {
    return refused('AddressRefused', unsendable);
  }
  const notPermitted = audienceProblem(assertion, settings.assertionAudiences ?? []);
  if (notPermitted !== undefined) {
    return refused('AudienceRefused', notPermitted);
  }
  const issued = await assertions?.issue(audience);
  if (issued === undefined || 'reason' in issued) {
    const { reason, message, isTransient } = issued ?? NOT_ISSUED_HERE;
    return refused(reason, message, isTransient);
  }
  const { token, issuer, subject } = issued;
  return {
    authentication: { method: 'ServiceAccountToken', assertion: token },
    trust: `The authorization server must trust the issuer ${issuer} and its keys, and have a client whose subject is ${subject}; the token's audience was ${audience}.`,
  };
}

const NO_ASSERTION = 'The cluster issued no token that admits to the server';
const NOT_ISSUED_HERE: AssertionRefusal = {
  reason: 'AdmissionTokenFailed',
  message: 'An install for listed namespaces issues no ServiceAccount tokens. Choose another authMethod.',
  isTransient: false,
};

/**
 * How a client authenticates in one request to the token endpoint, with a new assertion where it signs one.
 *
 * @throws SigningError where the key can't sign
 */
export async function clientAuthentication(
  { authentication, clientId }: Pick<OwnCredential, 'authentication' | 'clientId'>,
  tokenEndpoint: string,
  { issuer, dialect }: Pick<TokenTerms, 'issuer' | 'dialect'>,
  { jwt, clock, random }: Pick<AdmissionContext, 'jwt' | 'clock' | 'random'>,
): Promise<ClientAuthentication> {
  switch (authentication.method) {
    case 'client_secret_basic':
      return {
        method: 'client_secret_basic',
        clientSecret: authentication.clientSecret,
        encoding: dialect.basicEncoding,
      };
    case 'client_secret_post':
      return { method: 'client_secret_post', clientSecret: authentication.clientSecret };
    case 'client_secret_jwt':
    case 'private_key_jwt': {
      const audience = authentication.audience === 'Issuer' ? issuer : tokenEndpoint;
      const nowSeconds = clock.now() / 1000;
      const claims = clientAssertionClaims({ clientId, audience, nowSeconds, jti: jtiOf(random) });
      return { method: authentication.method, assertion: await jwt.sign(claims, authentication.key) };
    }
    case 'ServiceAccountToken':
      throw new Error('A token of the cluster is issued, never signed here');
    default:
      return { method: authentication.method };
  }
}

/** 26 characters of 5 bits each: unique among all signed tokens, and as hard to guess as `random`. */
export const jtiOf = (random: () => number): string =>
  Array.from({ length: 26 }, () => Math.floor(random() * 32).toString(32)).join('');
