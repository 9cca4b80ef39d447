import type { JsonObject } from '../../../src/oauth/json.ts';

/** Documents in forms that real servers were seen to answer: the start of the mutations. */

/** Marks every value of a body that must not be in a message. */
export const CANARY = 'canary-6f1d0c';

export const CLIENT_INFORMATION: readonly JsonObject[] = [
  // All members of RFC 7591 and RFC 7592.
  {
    redirect_uris: ['https://app.example/cb'],
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code', 'none'],
    client_id: 'ea7494fe-8a9e-42c0-972b-2ee9ce02c980',
    client_secret: CANARY,
    scope: 'address phone offline_access',
    request_uris: [],
    post_logout_redirect_uris: ['https://app.example/cb'],
    client_id_issued_at: 1795253761,
    client_secret_expires_at: 0,
    registration_client_uri: 'https://sso.example/register/ea7494fe',
    registration_access_token: `rat-${CANARY}`,
    dpop_bound_access_tokens: false,
  },
  // Both forms of scope, "" for what is unset, language tags in lower case, query in the URI.
  {
    client_id: 'agent-1',
    client_secret: CANARY,
    client_secret_expires_at: 0,
    scope: 'read write',
    scopes: ['read', 'write'],
    'client_name#ja-jpan-jp': 'クライアント名',
    jwks_uri: '',
    logo_uri: '',
    registration_client_uri: 'https://sso.example/register?client_id=agent-1',
    registration_access_token: `rat-${CANARY}`,
  },
  // Numbers written as strings, a relative URI, the list of scopes alone.
  {
    client_id: 'cd1',
    client_secret: CANARY,
    client_id_issued_at: '1700000000',
    client_secret_expires_at: '1900000000',
    registration_access_token_expires_in: '2592000',
    registration_client_uri: '/oauth2/register/cd1',
    scopes: ['openid'],
  },
  // null for unset members, no token, and members of the server's own.
  {
    client_id: '0oa1',
    client_secret: CANARY,
    client_id_issued_at: 1795253761,
    client_secret_expires_at: 0,
    client_uri: null,
    logo_uri: null,
    application_type: 'service',
    jwks: { keys: [{ kty: 'RSA', e: 'AQAB', n: 'xGOr' }] },
  },
  // A string instead of a list, a key set as text, a public client without a secret, a numbered client.
  { client_id: 'm2m_1', redirect_uris: 'https://app.example/cb', jwks: '{"keys":[]}' },
  { client_id: 42, client_secret: CANARY, client_id_expires_at: 1795253761 },
];

export const ERRORS: readonly JsonObject[] = [
  { error: 'invalid_redirect_uri', error_description: 'redirect_uris must not contain fragments' },
  { error: 'invalid_token', error_description: 'no access token provided' },
  { error: 'insufficient_scope', error_description: "Policy 'Trusted Hosts' rejected request" },
  { error: 'Unrecognized field "x_unknown" at line 1 column 61.' },
  { error: 'access_denied', error_description: 'not allowed', details: CANARY },
  { error: 'not found', error_code: 'dcr', status_code: 404, details: [{ trace: CANARY }] },
  { code: 400, reason: 'Bad Request', message: CANARY },
  { timestamp: '2026-01-01T00:00:00Z', status: 500, error: 'Internal Server Error', path: '/register' },
  { errorCode: 'E0000011', errorSummary: CANARY, errorLink: CANARY, errorId: CANARY, errorCauses: [] },
  { error: 'invalid_request', error_description: '{\n  "a": [\n\t1\n  ]\n}', error_uri: CANARY },
  {},
];

export const DISCOVERY: readonly JsonObject[] = [
  {
    issuer: 'https://sso.example/realms/a',
    registration_endpoint: 'https://sso.example/realms/a/register',
    token_endpoint: 'https://sso.example/realms/a/token',
    jwks_uri: 'https://sso.example/realms/a/certs',
    mtls_endpoint_aliases: { token_endpoint: 'https://mtls.sso.example/token' },
    scopes_supported: ['openid', CANARY],
  },
  { issuer: 'https://sso.example/realms/a/', token_endpoint: 'https://sso.example/token' },
  { issuer: 'https://sso.example:443/realms/a', registration_endpoint: null, jwks_uri: '' },
  { issuer: 'https://sso.example/realms/a', registration_endpoint: '/register', token_endpoint: 7 },
  { registration_endpoint: 'https://sso.example/register' },
];

export const TOKENS: readonly JsonObject[] = [
  { access_token: CANARY, token_type: 'Bearer', expires_in: 300, scope: 'register' },
  { access_token: CANARY, token_type: 'bearer', expires_in: '300' },
  { access_token: CANARY, token_type: 'DPoP', scope: ['register', 'other'] },
  { access_token: '', error: 'invalid_scope' },
  { error: 'invalid_client', error_description: 'client authentication failed' },
  { access_token: CANARY, refresh_token: CANARY, id_token: CANARY, scope: '' },
];

/** Bodies that aren't JSON at all. */
export const PAGES: readonly string[] = [
  '',
  `<html><body><h1>Sign in</h1><pre>java.lang.Exception: ${CANARY}\n\tat a.b(C.java:1)</pre></body></html>`,
  `Too many requests ${CANARY}`,
  `["${CANARY}"]`,
  '\ufeff{"client_id":"with-a-mark"}',
  'null',
];
