import { describe, expect, test } from 'vitest';
import {
  type AdmissionContext,
  type Admitted,
  admit,
  forgetRefused,
  jtiOf,
} from '../../../../src/controller/calls/admission.ts';
import type { AssertionRefusal, AssertionTokens, HttpOutcome } from '../../../../src/controller/ports.ts';
import { ReusableTokens } from '../../../../src/controller/state/reusable-tokens.ts';
import type {
  Admission,
  ClientCredentials,
  ServerConnection,
  ServiceAccountAssertion,
} from '../../../../src/core/connection.ts';
import type { Failure } from '../../../../src/core/failure.ts';
import { limited, NO_LIMITS } from '../../../../src/core/rate-limits.ts';
import { HEALTHY } from '../../../../src/core/server-health.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';
import { effectiveDialect } from '../../../../src/dialects/presets.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import { SigningError } from '../../../../src/oauth/signing-key.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';
import {
  answered,
  anyServers,
  createFakeHttp,
  createFakeJwt,
  createRandom,
  readJws,
  signingKey,
} from '../../../kit/fakes/fake-ports.ts';
import { connection } from '../../../kit/fixtures/observations.ts';
import {
  answeredError,
  NOT_SENT,
  noAnswer,
  type OutcomeRow,
  verdictOf,
} from '../../../kit/fixtures/outcomes.ts';

const SERVER = storedServerKey('AuthorizationServer/shop/own');
const CLUSTER_SERVER = storedServerKey('ClusterAuthorizationServer/corporate');
const basic = { method: 'client_secret_basic', clientSecret: new Sensitive('canary-secret') } as const;

const grant = (more: Partial<ClientCredentials> = {}): ClientCredentials => ({
  kind: 'ClientCredentials',
  clientId: 'registrar',
  authentication: basic,
  scopes: [],
  resources: [],
  parameters: {},
  reuse: 'Never',
  ...more,
});

/** A grant with an assertion that key `k` signs. */
const byKey = (audience: 'Issuer' | 'TokenEndpoint' = 'Issuer') =>
  grant({ authentication: { method: 'private_key_jwt', key: signingKey('k'), audience } });

/** An operator whose key can't sign. */
const withUnusableKey = () => {
  const unusable = new SigningError('RS256 needs an RSA key');
  return operator(issuing(), createFakeJwt({ sign: () => Promise.reject(unusable) }));
};

/** A token endpoint whose tokens are `t1`, `t2`, and so on. */
const issuing = () =>
  createFakeHttp(
    ...Array.from({ length: 9 }, (_, index) =>
      answered(200, { access_token: `t${index + 1}`, token_type: 'Bearer' }),
    ),
  );

function operator(http = issuing(), jwt = createFakeJwt(), more: Partial<AdmissionContext> = {}) {
  const clock = createFakeClock();
  const tokens = new ReusableTokens(clock);
  const context = {
    ...{ http, jwt, clock, random: createRandom(), tokens, servers: anyServers, settings: {} },
    ...more,
  };
  const ask = (admission: Admission, change: Partial<ServerConnection> = {}, server = SERVER) =>
    admit(admission, server, { ...connection, ...change }, context);
  return { http, clock, context, ask };
}

const isFailure = (result: Admitted | Failure): result is Failure => 'kind' in result;

/** What is sent as `Authorization`, and whether it was sent before. */
const shown = (result: Admitted | Failure) =>
  isFailure(result)
    ? `${result.reason}: ${result.message}`
    : { authorization: result.authorization?.reveal(), reused: result.reused };

const fresh = (token: string) => ({ authorization: `Bearer ${token}`, reused: false });
const kept = (token: string) => ({ authorization: `Bearer ${token}`, reused: true });

const formOf = (body: string | undefined) => [...new URLSearchParams(body)];

describe('a credential that needs no call', () => {
  test.each<readonly [string, Admission, string | undefined]>([
    ['rule 39: nothing to an open endpoint', { kind: 'Open' }, undefined],
    ['a token', { kind: 'Token', scheme: 'Bearer', token: new Sensitive('iat-1') }, 'Bearer iat-1'],
    [
      "a token under a scheme of the server's own",
      { kind: 'Token', scheme: 'SSWS', token: new Sensitive('iat-1') },
      'SSWS iat-1',
    ],
    [
      'Basic as it is: it authenticates no OAuth client',
      { kind: 'Basic', username: 'admin/ü', password: new Sensitive('p:w d') },
      `Basic ${Buffer.from('admin/ü:p:w d').toString('base64')}`,
    ],
  ])('is sent: %s', async (_, admission, authorization) => {
    const { http, ask } = operator();
    expect(shown(await ask(admission))).toEqual({ authorization, reused: false });
    expect(http.sent).toEqual([]);
  });
});

describe('an access token by client credentials', () => {
  const json = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
  const grantType = ['grant_type', 'client_credentials'];

  test('is asked for with exactly what the spec says (rule 6)', async () => {
    const { http, ask } = operator();
    const asked = grant({
      scopes: ['client.create', 'dcr'],
      resources: ['https://a.example.com', 'https://b.example.com'],
      parameters: { audience: 'dcr' },
    });
    const transport = { version: 'mtls' };
    expect(shown(await ask(asked, { timeoutMs: 7_000, transport }))).toEqual(fresh('t1'));
    expect(http.sent).toEqual([
      {
        method: 'POST',
        url: 'https://sso.example.com/token',
        headers: {
          ...json,
          authorization: `Basic ${Buffer.from('registrar:canary-secret').toString('base64')}`,
        },
        body: expect.any(String),
        timeoutMs: 7_000,
        transport,
      },
    ]);
    expect(formOf(http.sent[0]?.body)).toEqual([
      grantType,
      ['scope', 'client.create dcr'],
      ['audience', 'dcr'],
      ['resource', 'https://a.example.com'],
      ['resource', 'https://b.example.com'],
    ]);
  });

  test('carries no scope where the spec gives none', async () => {
    const { http, ask } = operator();
    await ask(grant());
    expect(formOf(http.sent[0]?.body)).toEqual([grantType]);
  });

  test.each<readonly [string, Partial<ServerConnection>, string]>([
    ['percent-encoded, as RFC 6749 says', {}, 'agent%2F7:canary%2Fsecret'],
    [
      'raw, where the dialect says so',
      { dialect: effectiveDialect('rfc7591', { basicEncoding: 'Raw' }) },
      'agent/7:canary/secret',
    ],
  ])('rule 41: is asked for by Basic %s', async (_, change, credentials) => {
    const { http, ask } = operator();
    const authentication = { ...basic, clientSecret: new Sensitive('canary/secret') };
    await ask(grant({ clientId: 'agent/7', authentication }), change);
    const [, encoded = ''] = http.sent[0]?.headers['authorization']?.split(' ') ?? [];
    expect(Buffer.from(encoded, 'base64').toString()).toBe(credentials);
  });

  test.each<readonly [string, ClientCredentials['authentication'], readonly (readonly string[])[]]>([
    [
      'client_secret_post',
      { method: 'client_secret_post', clientSecret: new Sensitive('canary-secret') },
      [
        ['client_id', 'registrar'],
        ['client_secret', 'canary-secret'],
      ],
    ],
    ['tls_client_auth', { method: 'tls_client_auth' }, [['client_id', 'registrar']]],
    ['self_signed_tls_client_auth', { method: 'self_signed_tls_client_auth' }, [['client_id', 'registrar']]],
  ])(
    'is asked for by %s, without an Authorization header (rule 5)',
    async (_, authentication, parameters) => {
      const { http, ask } = operator();
      await ask(grant({ authentication }));
      expect(http.sent[0]?.headers).toEqual(json);
      expect(formOf(http.sent[0]?.body)).toEqual([grantType, ...parameters]);
    },
  );

  const assertionIn = (body: string | undefined) => new URLSearchParams(body).get('client_assertion') ?? '';

  test.each([
    ['client_secret_jwt', signingKey('canary-secret', { format: 'Raw', algorithm: 'HS256' })],
    ['private_key_jwt', signingKey('canary-key', { keyId: 'k1' })],
  ] as const)('is asked for by %s with an assertion for the issuer (rule 5)', async (method, key) => {
    const { http, clock, ask } = operator();
    await ask(grant({ authentication: { method, key, audience: 'Issuer' } }));
    const { headers, body } = http.sent[0] ?? {};
    expect(headers).toEqual(json);
    expect(formOf(body)).toEqual([
      grantType,
      ['client_id', 'registrar'],
      ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
      ['client_assertion', expect.any(String)],
    ]);
    const iat = Math.floor(clock.now() / 1000);
    expect(readJws(assertionIn(body))).toEqual([
      { alg: key.algorithm, ...(method === 'private_key_jwt' ? { kid: 'k1' } : {}) },
      {
        iss: 'registrar',
        sub: 'registrar',
        aud: 'https://sso.example.com',
        iat,
        exp: iat + 60,
        jti: expect.stringMatching(/^[0-9a-v]{26}$/),
      },
      { by: key.material.reveal() },
    ]);
  });

  test.each([
    ['Issuer', 'https://sso.example.com'],
    ['TokenEndpoint', 'https://mtls.example.com/token'],
  ] as const)('is asked for with an assertion whose audience is the %s', async (audience, aud) => {
    const { http, ask } = operator();
    await ask(byKey(audience), { tokenEndpoint: 'https://mtls.example.com/token' });
    expect(http.sent[0]?.url).toBe('https://mtls.example.com/token');
    expect(readJws(assertionIn(http.sent[0]?.body))[1]).toMatchObject({ aud });
  });

  test('is asked for with another assertion each time', async () => {
    const { http, ask } = operator();
    await ask(byKey());
    await ask(byKey());
    const [first, second] = http.sent.map(({ body }) => readJws(assertionIn(body))[1]?.['jti']);
    expect(first).not.toBe(second);
  });

  test('is not asked for with a key that can not sign', async () => {
    const { http, ask } = withUnusableKey();
    expect(await ask(byKey())).toEqual({
      kind: 'TokenRefused',
      reason: 'SigningKeyUnusable',
      message: 'RS256 needs an RSA key',
      serverTrouble: false,
    });
    expect(http.sent).toEqual([]);
  });

  test("does not take a fault of the operator's for one of the key's", async () => {
    const jwt = createFakeJwt({ sign: () => Promise.reject(new TypeError('undefined is not a function')) });
    const { ask } = operator(issuing(), jwt);
    await expect(ask(byKey())).rejects.toThrow('undefined is not a function');
  });
});

describe('how often a token is asked for', () => {
  const reusing = (more: Partial<ClientCredentials> = {}) => grant({ reuse: 'UntilRefused', ...more });

  test('rule 6: a fresh token for each registration', async () => {
    const { http, ask } = operator();
    expect(shown(await ask(grant()))).toEqual(fresh('t1'));
    expect(shown(await ask(grant()))).toEqual(fresh('t2'));
    expect(http.sent).toHaveLength(2);
  });

  test('a token serves until it is refused, where the spec says so', async () => {
    const { http, context, ask } = operator();
    expect(shown(await ask(reusing()))).toEqual(fresh('t1'));
    expect(shown(await ask(reusing()))).toEqual(kept('t1'));
    expect(http.sent).toHaveLength(1);
    forgetRefused(reusing(), SERVER, context);
    expect(shown(await ask(reusing()))).toEqual(fresh('t2'));
  });

  test('a fresh token is asked for whatever another credential keeps', async () => {
    const { ask } = operator();
    await ask(reusing());
    expect(shown(await ask(grant()))).toEqual(fresh('t2'));
    expect(shown(await ask(reusing()))).toEqual(kept('t1'));
  });

  test.each<readonly [string, Partial<ClientCredentials>, Partial<ServerConnection>, string]>([
    ['after the server object or its Secret changed', {}, { version: 'v2' }, SERVER],
    ['at another server', {}, {}, 'AuthorizationServer/shop/sso'],
    ['for another client', { clientId: 'other' }, {}, SERVER],
    ['for other scopes', { scopes: ['dcrm'] }, {}, SERVER],
    ['for other resources', { resources: ['https://a.example.com'] }, {}, SERVER],
    ['with other parameters', { parameters: { audience: 'x' } }, {}, SERVER],
  ])('a kept token does not serve %s', async (_, change, connectionChange, server) => {
    const { ask } = operator();
    await ask(reusing({ scopes: ['dcr'] }));
    const again = reusing({ scopes: ['dcr'], ...change });
    expect(shown(await ask(again, connectionChange, storedServerKey(server)))).toEqual(fresh('t2'));
  });

  test('a kept token serves until shortly before its end, as the token endpoint says it', async () => {
    const lasting = (name: string) =>
      answered(200, { access_token: name, token_type: 'Bearer', expires_in: 300 });
    const { ask, clock } = operator(createFakeHttp(lasting('t1'), lasting('t2')));
    await ask(reusing());
    await clock.advance(289_000);
    expect(shown(await ask(reusing()))).toEqual(kept('t1'));
    await clock.advance(1_000);
    expect(shown(await ask(reusing()))).toEqual(fresh('t2'));
  });

  test('nothing is kept of an answer without a token', async () => {
    const token = answered(200, { access_token: 't1', token_type: 'Bearer' });
    const { ask } = operator(createFakeHttp(answered(503), token));
    expect(shown(await ask(reusing()))).toContain('AdmissionTokenFailed');
    expect(shown(await ask(reusing()))).toEqual(fresh('t1'));
  });

  test('to forget a token that needs no call is no harm', async () => {
    const { context } = operator();
    expect(() => forgetRefused({ kind: 'Open' }, SERVER, context)).not.toThrow();
  });
});

describe('a token that can not be had', () => {
  test.each<OutcomeRow>([
    [
      'refused for its client',
      answeredError(401, 'invalid_client', 'Client authentication failed'),
      'TokenRefused AdmissionTokenFailed',
      'The token endpoint answered 401 invalid_client: Client authentication failed',
    ],
    [
      'refused, and the secret repeated',
      answeredError(400, 'invalid_request', 'canary-secret is wrong'),
      'TokenRefused AdmissionTokenFailed',
      'The token endpoint answered 400 invalid_request: [redacted] is wrong',
    ],
    [
      'refused for its scope',
      answeredError(400, 'invalid_scope'),
      'TokenRefused AdmissionScopeNotGranted',
      'The token endpoint answered 400 invalid_scope',
    ],
    [
      'given without a scope that was asked for',
      answered(200, { access_token: 't1', token_type: 'Bearer', scope: 'openid' }),
      'TokenRefused AdmissionScopeNotGranted',
      "The token endpoint answered 200, but didn't grant the scope dcr",
    ],
    [
      'missing in the answer',
      answered(200, { token_type: 'Bearer' }),
      'TokenRefused AdmissionTokenFailed',
      'The token endpoint answered 200, but without an access_token',
    ],
    [
      'missing in a page of HTML',
      answered(200, '<html>Sign in</html>'),
      'TokenRefused AdmissionTokenFailed',
      'The token endpoint answered 200, but not with a JSON object',
    ],
    [
      'of a type that nobody can send',
      answered(200, { access_token: 't1', token_type: 'DPoP' }),
      'TokenRefused AdmissionTokenFailed',
      'The token endpoint answered 200, but with a token of type DPoP; only Bearer can be used',
    ],
    [
      'behind a redirect',
      answered(302, '', { location: 'https://login.example.com' }),
      'TokenRefused AdmissionTokenFailed',
      'The token endpoint answered status 302 (a redirect to https://login.example.com, another host or port; redirects are not followed)',
    ],
    [
      'not to be had now',
      answered(503),
      'Transient AdmissionTokenFailed of the token endpoint',
      'The token endpoint answered status 503',
    ],
    [
      'refused by a firewall, whose words are not shown',
      answered(403, '<html>canary</html>', { 'content-type': 'text/html' }),
      'Transient AdmissionTokenFailed of the token endpoint',
      'The token endpoint, or a proxy or firewall before it, answered status 403 with text/html',
    ],
    [
      'asked for too often',
      answered(429),
      'Transient AdmissionTokenFailed of the token endpoint',
      'The token endpoint answered status 429',
    ],
    [
      'not answered in time',
      noAnswer('Timeout'),
      'Transient AdmissionTokenFailed of the token endpoint',
      'The token endpoint gave no answer: 30 s',
    ],
    ...NOT_SENT,
  ])('is reported: %s', async (_, outcome, verdict, message) => {
    const { ask } = operator(createFakeHttp(outcome));
    const result = await ask(grant({ scopes: ['dcr'] }));
    if (!isFailure(result)) {
      throw new Error('admitted');
    }
    const isOfTokenEndpoint = result.isOfTokenEndpoint && !result.serverTrouble;
    const found = `${verdictOf(result)}${isOfTokenEndpoint ? ' of the token endpoint' : ''}`;
    expect([found, result.message]).toEqual([verdict, message]);
  });

  test.each<readonly [string, HttpOutcome, object]>([
    ['not answered in time', noAnswer('Timeout'), { serverTrouble: true, perhapsOwn: true }],
    ['that the server fails to give', answered(500), { serverTrouble: true, perhapsOwn: true }],
    ['that a proxy refuses', answered(403, 'no', { 'content-type': 'text/html' }), { perhapsOwn: true }],
    ['asked for too often', answered(429), { isOfTokenEndpoint: true, serverTrouble: false }],
    ['at a server with too much to do', answered(503), { isOfTokenEndpoint: true, serverTrouble: false }],
    [
      'refused for its client, or for its credential',
      answeredError(401, 'invalid_client'),
      { kind: 'TokenRefused', isClientRefused: true },
    ],
  ])(
    "of one client's own concerns others only where the server says so: one %s",
    async (_, outcome, found) => {
      const { ask } = operator(createFakeHttp(outcome));
      const result = await ask(grant({ isOwn: true }));
      expect(result).toMatchObject(found);
      expect('isOfTokenEndpoint' in result).toBe('isOfTokenEndpoint' in found);
    },
  );

  test('is not asked for during the pause that the token endpoint asked for', async () => {
    const { ask, clock, http, context } = operator(
      createFakeHttp(answered(503, '', { 'retry-after': '90' })),
    );
    expect(await ask(grant())).toMatchObject({ retryAfterMs: 90_000, isOfTokenEndpoint: true });
    const rateLimits = limited(NO_LIMITS, 'tokens', 90_000, clock.now());
    Object.assign(context, { servers: { state: () => ({}), health: () => ({ ...HEALTHY, rateLimits }) } });
    expect(await ask(grant())).toMatchObject({
      message: 'The token endpoint gave no access token just now, and is asked again after a pause',
      retryAfterMs: 90_000,
      unsent: true,
    });
    expect(http.sent).toHaveLength(1);
    await clock.advance(90_000);
    await ask(grant());
    expect(http.sent).toHaveLength(2);
  });

  test.each<readonly [string, HttpOutcome, string, string]>([
    [
      'refuses',
      answeredError(401, 'invalid_client', 'MARK'),
      'The token endpoint answered 401 invalid_client; its words are for the platform team',
      'The token endpoint answered 401 invalid_client: MARK (POST https://sso.example.com/token)',
    ],
    [
      'gives another token',
      answered(200, { access_token: 't', token_type: 'MARK' }),
      'The token endpoint gave no token that can be used',
      'The token endpoint answered 200, but with a token of type MARK; only Bearer can be used (POST https://sso.example.com/token)',
    ],
    [
      'is silent',
      noAnswer('Timeout', undefined, undefined, 'MARK'),
      'The token endpoint gave no answer',
      'The token endpoint gave no answer: MARK (POST https://sso.example.com/token)',
    ],
  ])(
    'M6: of a cluster server is shown only to the platform team if it %s',
    async (_, outcome, message, detail) => {
      const { ask } = operator(createFakeHttp(outcome));
      expect(await ask(grant(), {}, CLUSTER_SERVER)).toMatchObject({ message, detail });
    },
  );

  test('M6: only the platform team sees facts about a key of a cluster server', async () => {
    const { ask } = withUnusableKey();
    expect(await ask(byKey(), {}, CLUSTER_SERVER)).toMatchObject({
      message: "A key of the server object can't be used",
      detail: 'RS256 needs an RSA key',
    });
  });

  test('is reported if no token endpoint is known, and nothing is sent', async () => {
    const { http, ask } = operator();
    expect(await ask(grant(), { tokenEndpoint: undefined })).toEqual({
      kind: 'TokenRefused',
      reason: 'AdmissionTokenFailed',
      message: 'No token endpoint is known',
      serverTrouble: false,
    });
    expect(http.sent).toEqual([]);
  });
});

describe('jtiOf', () => {
  test('is made of 26 digits of base 32, whatever the random numbers', () => {
    expect(jtiOf(() => 0)).toBe('0'.repeat(26));
    expect(jtiOf(() => 1 - Number.EPSILON)).toBe('v'.repeat(26));
  });
});

describe('a token of the cluster as assertion', () => {
  const ISSUER = 'https://sso.example.com';
  const assertion = (more: Partial<ServiceAccountAssertion> = {}): ClientCredentials =>
    grant({
      clientId: '',
      authentication: {
        method: 'ServiceAccountToken',
        issuer: ISSUER,
        audience: ISSUER,
        givenEndpoint: undefined,
        ...more,
      },
    });

  /** Tokens `jwt-1`, `jwt-2` …, and for which audiences. */
  function cluster(refusal?: AssertionRefusal) {
    const asked: string[] = [];
    const assertions: AssertionTokens = {
      issue: async (audience) => {
        asked.push(audience);
        const token = new Sensitive(`jwt-${asked.length}`);
        return refusal ?? { token, issuer: 'https://cluster.example', subject: 'system:serviceaccount:s:a' };
      },
    };
    return { asked, assertions };
  }
  function byCluster(
    { assertions }: { readonly assertions: AssertionTokens | undefined },
    http = issuing(),
    audiences: readonly string[] = [],
  ) {
    return operator(http, createFakeJwt(), { assertions, settings: { assertionAudiences: audiences } });
  }
  const NO_TOKEN = 'The cluster issued no token that admits to the server';

  test('is fresh for each request, without a client_id unless the spec has one', async () => {
    const issuer = cluster();
    const { http, ask } = byCluster(issuer);
    expect(shown(await ask(assertion(), {}, CLUSTER_SERVER))).toEqual(fresh('t1'));
    expect(shown(await ask({ ...assertion(), clientId: 'registrar' }, {}, CLUSTER_SERVER))).toEqual(
      fresh('t2'),
    );
    expect(issuer.asked).toEqual([ISSUER, ISSUER]);
    const type = ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'];
    expect(http.sent.map(({ body }) => formOf(body))).toEqual([
      [['grant_type', 'client_credentials'], type, ['client_assertion', 'jwt-1']],
      [['grant_type', 'client_credentials'], ['client_id', 'registrar'], type, ['client_assertion', 'jwt-2']],
    ]);
  });

  test('is for an audience that the flag lists', async () => {
    const issuer = cluster();
    const { ask } = byCluster(issuer, issuing(), ['https://other.example']);
    await ask(assertion({ audience: 'https://other.example' }), {}, CLUSTER_SERVER);
    expect(issuer.asked).toEqual(['https://other.example']);
  });

  test.each<
    readonly [
      string,
      ClientCredentials,
      Partial<ServerConnection>,
      string,
      string,
      string,
      string | undefined,
    ]
  >([
    [
      'for a server of a namespace',
      assertion(),
      {},
      SERVER,
      'AddressRefused',
      'authMethod ServiceAccountToken is for a ClusterAuthorizationServer alone. Choose another authMethod.',
      undefined,
    ],
    [
      'for an endpoint elsewhere',
      assertion(),
      { tokenEndpoint: 'https://evil.test/token' },
      CLUSTER_SERVER,
      'AddressRefused',
      NO_TOKEN,
      "The token endpoint is at https://evil.test, another origin than the issuer's, and no token of the cluster is sent there. If you trust it, set spec.endpoints.token.",
    ],
    [
      'for an audience that no flag lists',
      assertion({ audience: 'https://other.example' }),
      {},
      CLUSTER_SERVER,
      'AudienceRefused',
      NO_TOKEN,
      'No token is issued for the audience "https://other.example", which is neither spec.issuer nor listed in the flag --assertion-audiences of the operator. Remove clientCredentials.audience, or list it there.',
    ],
  ])('is not even asked for %s', async (_, asked, change, server, reason, message, detail) => {
    const issuer = cluster();
    const { http, ask } = byCluster(issuer);
    expect(await ask(asked, change, storedServerKey(server))).toEqual({
      kind: 'TokenRefused',
      reason,
      message,
      ...(detail && { detail }),
      serverTrouble: false,
    });
    expect([...issuer.asked, ...http.sent]).toEqual([]);
  });

  test.each([
    ['for good', false, 'TokenRefused'],
    ['for now', true, 'Transient'],
  ])('that the API server does not give %s is told to the platform alone', async (_, isTransient, kind) => {
    const { http, ask } = byCluster(
      cluster({ reason: 'ServiceAccountNotFound', message: 'no such account', isTransient }),
    );
    expect(await ask(assertion(), {}, CLUSTER_SERVER)).toMatchObject({
      kind,
      reason: 'ServiceAccountNotFound',
      message: NO_TOKEN,
      detail: 'no such account',
    });
    expect(http.sent).toEqual([]);
  });

  test('is issued by no install for listed namespaces', async () => {
    const { ask } = byCluster({ assertions: undefined });
    expect(await ask(assertion(), {}, CLUSTER_SERVER)).toMatchObject({
      reason: 'AdmissionTokenFailed',
      detail: 'An install for listed namespaces issues no ServiceAccount tokens. Choose another authMethod.',
    });
  });

  test('that the server refuses: the platform reads what to trust, and nobody the token', async () => {
    const http = createFakeHttp(answeredError(401, 'invalid_client', 'jwt-1 is not of mine'));
    const { ask } = byCluster(cluster(), http);
    expect(await ask(assertion(), {}, CLUSTER_SERVER)).toEqual({
      kind: 'TokenRefused',
      reason: 'AssertionRefused',
      message: 'The token endpoint answered 401 invalid_client; its words are for the platform team',
      detail:
        "The token endpoint answered 401 invalid_client: [redacted] is not of mine (POST https://sso.example.com/token). The authorization server must trust the issuer https://cluster.example and its keys, and have a client whose subject is system:serviceaccount:s:a; the token's audience was https://sso.example.com.",
      serverTrouble: false,
    });
  });

  test('is not asked for while the token endpoint pauses', async () => {
    const issuer = cluster();
    const until = createFakeClock().now() + 60_000;
    const health = () => ({
      ...HEALTHY,
      rateLimits: { ...NO_LIMITS, tokens: { ...NO_LIMITS.tokens, until } },
    });
    const servers = {
      ...anyServers,
      health,
      state: () => undefined,
    } as unknown as AdmissionContext['servers'];
    const { ask } = operator(issuing(), createFakeJwt(), { ...issuer, servers });
    expect(await ask(assertion(), {}, CLUSTER_SERVER)).toMatchObject({ unsent: true });
    expect(issuer.asked).toEqual([]);
  });
});
