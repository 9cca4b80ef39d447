import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import type { AuthMethod, JsonObject } from './behaviour.ts';
import { Refused } from './error-answer.ts';
import { issueGrant } from './gate.ts';
import type { Message, Reply } from './message.ts';
import { type ServerState, strings, words } from './server-state.ts';
import { fingerprintOf } from './trusted.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Somebody who may ask for tokens: the client of the admission, or a registered one. */
interface Asker {
  readonly clientId: string;
  readonly secret: string | undefined;
  readonly certificateName: string | undefined;
  readonly certificateFingerprint: string | undefined;
  readonly methods: readonly AuthMethod[];
  readonly grantTypes: readonly string[];
  /** Words that it may have; `undefined`: any. */
  readonly scopes: readonly string[] | undefined;
  readonly keys: JWTVerifyGetKey | undefined;
}

/** By which credential a client came, and who it says it is. */
interface Presented {
  readonly method: AuthMethod;
  readonly clientId: string;
  readonly secret?: string;
  readonly assertion?: string;
}

/** RFC 6749 section 4.4: an access token for a client that proves who it is. Answers refusals too, in OAuth's shape. */
export async function token(state: ServerState, message: Message): Promise<Reply> {
  try {
    const form = new URLSearchParams(message.text);
    const presented = presentedIn(state, message, form);
    const asker = askerOf(state, presented.clientId);
    if (asker === undefined || !(await isProven(state, message, presented, asker))) {
      throw new Refused('badClientAuthentication');
    }
    return grant(state, form, asker);
  } catch (cause) {
    throw cause instanceof Refused ? cause : new Refused('badClientAuthentication');
  }
}

function grant(state: ServerState, form: URLSearchParams, asker: Asker): Reply {
  const rules = state.behaviour.token;
  if (form.get('grant_type') !== 'client_credentials') {
    throw new Refused('badGrantType');
  }
  if (!asker.grantTypes.includes('client_credentials')) {
    throw new Refused('grantNotRegistered');
  }
  const asked = words(form.get('scope'));
  if (asked.some((word) => asker.scopes !== undefined && !asker.scopes.includes(word))) {
    throw new Refused('scopeNotAllowed');
  }
  const scopes = rules.scopeGranted === 'less' ? asked.slice(0, 1) : asked;
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: {
      access_token: issueGrant(state, { clientId: asker.clientId, scopes }),
      token_type: rules.tokenType,
      expires_in: rules.lifetimeSeconds,
      ...(rules.scopeInAnswer && scopes.length > 0 ? { scope: scopes.join(' ') } : {}),
    },
  };
}

/** RFC 6749 section 2.3: exactly one way of authentication in a request. */
function presentedIn(state: ServerState, message: Message, form: URLSearchParams): Presented {
  const inForm = {
    id: form.get('client_id') ?? undefined,
    secret: form.get('client_secret') ?? undefined,
    assertion: form.get('client_assertion') ?? undefined,
  };
  const basic = message.authorization?.scheme === 'basic' ? message.authorization.value : undefined;
  if ([basic, inForm.secret, inForm.assertion].filter((value) => value !== undefined).length > 1) {
    throw new Refused('badClientAuthentication');
  }
  if (basic !== undefined) {
    return { method: 'client_secret_basic', ...basicCredentials(state, basic) };
  }
  if (inForm.assertion !== undefined && form.get('client_assertion_type') === ASSERTION_TYPE) {
    const isShared = decodeProtectedHeader(inForm.assertion).alg?.startsWith('HS') === true;
    return {
      method: isShared ? 'client_secret_jwt' : 'private_key_jwt',
      clientId: decodeJwt(inForm.assertion).sub ?? '',
      assertion: inForm.assertion,
    };
  }
  const clientId = inForm.id ?? '';
  return inForm.secret !== undefined
    ? { method: 'client_secret_post', clientId, secret: inForm.secret }
    : { method: certificateMethod(message), clientId };
}

function certificateMethod({ certificateName, certificateFingerprint }: Message): AuthMethod {
  if (certificateName !== undefined) {
    return 'tls_client_auth';
  }
  return certificateFingerprint === undefined ? 'none' : 'self_signed_tls_client_auth';
}

function basicCredentials({ behaviour }: ServerState, value: string) {
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const halves = [text.slice(0, colon), text.slice(colon + 1)];
  const read = behaviour.token.basicDecoding === 'raw' ? (half: string) => half : formDecode;
  const [clientId = '', secret = ''] = halves.map(read);
  return { clientId, secret };
}

/** Throws where the value was not form-encoded. */
const formDecode = (value: string) => decodeURIComponent(value.replaceAll('+', ' '));

function askerOf(state: ServerState, clientId: string): Asker | undefined {
  const { client } = state.credentials;
  const record = state.clients.get(clientId);
  if (clientId === client.clientId) {
    return {
      clientId,
      secret: client.clientSecret,
      certificateName: client.certificateName,
      certificateFingerprint: fingerprintOf(state.trusted.clientCertificate),
      methods: state.behaviour.token.admissionMethods,
      grantTypes: ['client_credentials'],
      scopes: admissionScopes(state),
      keys: async () => client.key.publicKey,
    };
  }
  if (record === undefined) {
    return undefined;
  }
  const expired = record.secretExpiresAt !== 0 && record.secretExpiresAt * 1000 <= state.now();
  return {
    clientId,
    secret: expired ? undefined : record.secret,
    certificateName: commonName(record.metadata),
    certificateFingerprint: undefined,
    methods: registeredMethods(state, record.metadata),
    grantTypes: strings(record.metadata['grant_types']),
    scopes: record.metadata['scope'] === undefined ? undefined : words(record.metadata['scope']),
    keys: keysOf(record.metadata),
  };
}

/** Whatever registering, managing and the members that need a scope of their own take. */
const admissionScopes = ({ behaviour, credentials }: ServerState): readonly string[] => [
  ...credentials.client.scopes,
  ...words(behaviour.management.adminScope),
  ...words(behaviour.metadata.privileged?.scope),
];

/** Of `tls_client_auth_subject_dn` (RFC 8705 section 2.1.2). */
const commonName = (metadata: JsonObject) =>
  /CN=([^,]+)/i.exec(String(metadata['tls_client_auth_subject_dn'] ?? ''))?.[1];

function registeredMethods({ behaviour }: ServerState, metadata: JsonObject): readonly AuthMethod[] {
  const registered = metadata['token_endpoint_auth_method'] as AuthMethod;
  const bySecret: readonly AuthMethod[] = ['client_secret_basic', 'client_secret_post'];
  return behaviour.token.clientMethods === 'anySecret' && bySecret.includes(registered)
    ? bySecret
    : [registered];
}

function keysOf({ jwks, jwks_uri: uri }: JsonObject): JWTVerifyGetKey | undefined {
  if (jwks !== undefined) {
    return createLocalJWKSet(jwks as JSONWebKeySet);
  }
  return typeof uri === 'string' ? createRemoteJWKSet(new URL(uri)) : undefined;
}

async function isProven(
  state: ServerState,
  { certificateName, certificateFingerprint }: Message,
  { method, secret, assertion }: Presented,
  asker: Asker,
): Promise<boolean> {
  if (!asker.methods.includes(method) || method === 'none') {
    return false;
  }
  if (method === 'tls_client_auth') {
    return asker.certificateName !== undefined && asker.certificateName === certificateName;
  }
  if (method === 'self_signed_tls_client_auth') {
    return (
      asker.certificateFingerprint !== undefined && asker.certificateFingerprint === certificateFingerprint
    );
  }
  if (assertion !== undefined) {
    return isAsserted(state, assertion, method, asker);
  }
  return asker.secret !== undefined && asker.secret === secret;
}

/** RFC 7523 section 3: signed by the client, about itself, for us, not expired, never used before. */
async function isAsserted(
  state: ServerState,
  assertion: string,
  method: AuthMethod,
  asker: Asker,
): Promise<boolean> {
  const { behaviour, issuer, origin, assertions } = state;
  const endpoint = `${origin}${behaviour.paths.token}`;
  const audiences = { either: [issuer, endpoint], issuer: [issuer], tokenEndpoint: [endpoint] };
  const sharedKey = new TextEncoder().encode(asker.secret ?? '');
  const keys = method === 'client_secret_jwt' ? async () => sharedKey : (asker.keys ?? noKeys);
  const { payload } = await jwtVerify(assertion, keys, {
    issuer: asker.clientId,
    subject: asker.clientId,
    audience: audiences[behaviour.token.assertionAudience],
    requiredClaims: ['exp', 'jti'],
    currentDate: new Date(state.now()),
  });
  const isNew = !assertions.has(String(payload.jti));
  assertions.add(String(payload.jti));
  return isNew;
}

const noKeys: JWTVerifyGetKey = () => {
  throw new Refused('badClientAuthentication');
};
