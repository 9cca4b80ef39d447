import { exportJWK } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import type { Departures, JsonObject } from './behaviour.ts';
import type { PresetName } from './presets.ts';
import { call, register, start, stopAll } from './running.ts';

/** What the emulated servers take, refuse, drop and answer at a registration. */
afterEach(stopAll);

const WEB = {
  client_name: 'Web',
  redirect_uris: ['https://app.example/cb', 'https://app.example/cb2'],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  token_endpoint_auth_method: 'client_secret_basic',
};
const MACHINE = { client_name: 'Machine', grant_types: ['client_credentials'] };

describe('a registration is refused', () => {
  it.each<[PresetName, string, JsonObject, number, string]>([
    ['keycloak', 'an unknown member', { x_unknown: 1 }, 400, 'Unrecognized field "x" at line 1 column 61.'],
    [
      'keycloak',
      'a language tag',
      { 'client_name#de': 'Netz' },
      400,
      'Unrecognized field "x" at line 1 column 61.',
    ],
    ['keycloak', 'openid in scope', { scope: 'openid' }, 403, 'insufficient_scope'],
    ['keycloak', 'an identifier', { client_id: 'mine' }, 400, 'invalid_client_metadata'],
    ['hydra', 'a secret', { client_secret: 'mine' }, 400, 'invalid_client_metadata'],
    ['hydra', 'metadata', { metadata: {} }, 400, 'invalid_client_metadata'],
    ['spring', 'a scope', { scope: 'openid' }, 400, 'invalid_scope'],
    ['zitadel', 'inline keys', { jwks: { keys: [] } }, 400, 'invalid_client_metadata'],
    ['zitadel', 'client_credentials', MACHINE, 400, 'invalid_client_metadata'],
    ['auth0', 'client_credentials', MACHINE, 400, 'invalid_client_metadata'],
    ['cloudflare', 'client_credentials', MACHINE, 400, 'invalid_client_metadata'],
    ['oidc-provider', 'an empty string', { policy_uri: '' }, 400, 'invalid_client_metadata'],
    ['oidc-provider', 'an unknown scope', { scope: 'read' }, 400, 'invalid_client_metadata'],
    ['oidc-provider', 'a relative redirect URI', { redirect_uris: ['/cb'] }, 400, 'invalid_redirect_uri'],
    ['rfc7591', 'a list that is a string', { contacts: 'me' }, 400, 'invalid_client_metadata'],
    [
      'rfc7591',
      'keys in two ways',
      { jwks: { keys: [] }, jwks_uri: 'https://a.example' },
      400,
      'invalid_client_metadata',
    ],
    ['openam', 'keys that are not text', { jwks: { keys: [] } }, 400, 'invalid_client_metadata'],
  ])('by %s for %s', async (preset, _title, members, status, error) => {
    const emulator = await start(preset);
    const answer = await register(emulator, { ...WEB, ...members });
    expect([answer.status, answer.json['error']]).toEqual([status, error]);
    expect(emulator.clients()).toEqual([]);
  });

  it.each<[PresetName, JsonObject, boolean]>([
    ['oidc-provider', {}, false],
    ['oidc-provider', { response_types: [] }, true],
    ['oidc-provider', { response_types: [], redirect_uris: [] }, true],
    ['pingone-aic-agent', { response_types: ['token'] }, false],
    ['pingone-aic-agent', { response_types: ['token'], redirect_uris: ['https://a.example'] }, true],
    ['pingone-aic-agent', { response_types: [], redirect_uris: ['https://a.example'] }, false],
    ['okta', {}, false],
    ['okta', { application_type: 'service' }, true],
  ])("by %s for a machine with %o, or isn't", async (preset, members, taken) => {
    const { status } = await register(await start(preset), { ...MACHINE, ...members });
    expect(status).toBe(taken ? 201 : 400);
  });

  it('for a name that is taken', async () => {
    const emulator = await start('wso2');
    expect([(await register(emulator)).status, (await register(emulator)).status]).toEqual([201, 400]);
  });

  it.each<[string, Departures, string, string, number]>([
    ['not JSON', {}, 'application/json', 'nonsense', 400],
    ['a list', {}, 'application/json', '[]', 400],
    ['a form', {}, 'application/x-www-form-urlencoded', 'client_name=x', 400],
    ['a large body', { limits: { bodyBytes: 10 } }, 'application/json', JSON.stringify(WEB), 413],
  ])('for %s', async (_title, departures, contentType, body, expected) => {
    const emulator = await start(departures);
    const headers = { 'content-type': contentType };
    expect((await call('POST', emulator.registrationEndpoint, { body, headers })).status).toBe(expected);
  });

  it('with 415 by a server that says so', async () => {
    const emulator = await start('keycloak');
    const headers = { 'content-type': 'text/plain' };
    expect((await call('POST', emulator.registrationEndpoint, { body: '{}', headers })).status).toBe(415);
  });

  it('with 429 and Retry-After beyond the limit', async () => {
    const emulator = await start('gluu', { limits: { registrations: 1, retryAfterSeconds: 7 } });
    await register(emulator);
    const { status, json, headers } = await register(emulator);
    expect([status, json, headers['retry-after']]).toEqual([429, { error: 'Too many requests' }, '7']);
  });

  it('with 403 beyond the number of clients', async () => {
    const emulator = await start('keycloak', { limits: { clients: 1 } });
    await register(emulator);
    const { status, json } = await register(emulator);
    expect([status, json['error']]).toEqual([403, 'insufficient_scope']);
  });
});

describe('an answer', () => {
  it('of Keycloak holds what it made of the request', async () => {
    const { json } = await register(await start('keycloak'), { ...WEB, contacts: ['me@app.example'] });
    const uris = WEB.redirect_uris.toReversed();
    expect(json).toMatchObject({
      response_types: ['code', 'none'],
      redirect_uris: uris,
      post_logout_redirect_uris: uris,
      scope: 'address phone offline_access organization microprofile-jwt',
    });
    expect(json).not.toHaveProperty('contacts');
  });

  it('of PingOne AIC has lower-case language tags, both forms of scope and members of its own', async () => {
    const members = {
      'client_name#ja-Jpan-JP': 'クライアント名',
      scopes: ['openid', 'profile'],
      x_unknown: 1,
    };
    const { json } = await register(await start('pingone-aic'), { ...WEB, ...members });
    expect(json).toMatchObject({
      'client_name#ja-jpan-jp': 'クライアント名',
      scope: 'openid profile',
      scopes: ['openid', 'profile'],
      request_object_signing_alg: '',
      client_type: 'Confidential',
      client_secret_expires_at: 0,
    });
    expect(json).not.toHaveProperty('x_unknown');
    expect(Object.keys(json).length).toBeGreaterThan(40);
  });

  it("of an agent's endpoint has an identity of its own", async () => {
    const emulator = await start('pingone-aic-agent');
    const { json } = await register(emulator, emulator.capabilities.machineBody);
    expect(json['aiAgentIdentityUid']).toMatch(/^[0-9a-f-]{36}$/);
    expect(emulator.clients()[0]?.generated).toEqual({ aiAgentIdentityUid: json['aiAgentIdentityUid'] });
  });

  it('of SecureAuth holds five members', async () => {
    const { json } = await register(await start('secureauth'), WEB);
    expect(json).toEqual({
      client_id: expect.any(String),
      client_secret: expect.any(String),
      scopes: ['email', 'openid', 'profile'],
      registration_access_token: expect.any(String),
      registration_access_token_expires_in: '160898890',
    });
  });

  it.each<[PresetName, JsonObject]>([
    ['hydra', { client_uri: '', logo_uri: '' }],
    ['okta', { client_uri: null, logo_uri: null }],
    ['curity', { registration_access_token_expires_in: 365 * 86_400 }],
    ['ibm', { redirect_uris: 'https://app.example/cb,https://app.example/cb2' }],
    ['authentik', { grant_types: ['authorization_code'] }],
    ['scalekit', { client_id: expect.stringMatching(/^m2m_\d+$/), token_endpoint_auth_method: 'none' }],
  ])('of %s holds %o', async (preset, members) => {
    const { json } = await register(await start(preset), {
      ...WEB,
      grant_types: preset === 'authentik' ? ['authorization_code', 'client_credentials'] : WEB.grant_types,
    });
    expect(json).toMatchObject(members);
  });

  it.each([
    ['relative', /^\/register\//],
    ['relativeQuery', /^\/register\?client_id=/],
    ['otherOrigin', /^http:\/\/localhost:\d+\/register\//],
  ] as const)('may hold a configuration URI that is %s', async (configurationUri, form) => {
    const { json } = await register(await start({ answer: { configurationUri } }));
    expect(json['registration_client_uri']).toMatch(form);
  });

  it('may hold a configuration URI that has lost the realm', async () => {
    const emulator = await start('forgerock', { answer: { configurationUri: 'lostRealm' } });
    const uri = String((await register(emulator)).json['registration_client_uri']);
    expect(uri).toMatch(/\/am\/oauth2\/register\?client_id=/);
    expect((await call('GET', uri)).status).toBe(404);
  });

  it('of a server that honours it holds the identifier that was asked for', async () => {
    const emulator = await start('openam');
    const { json } = await register(emulator, { ...WEB, client_id: 'mine', client_secret: 'my-secret' });
    expect(json).toMatchObject({ client_id: 'mine', client_secret: 'my-secret' });
  });
});

it('reads keys from text where the server wants text', async () => {
  const emulator = await start('openam');
  const { publicKey } = emulator.credentials.publisher.key;
  const jwks = JSON.stringify({ keys: [await exportJWK(publicKey)] });
  const { json } = await register(emulator, { ...WEB, token_endpoint_auth_method: 'private_key_jwt', jwks });
  expect(json['jwks']).toBe(jwks);
});

it('keeps only the later of two registrations within a second, though it answers both', async () => {
  const emulator = await start({ limits: { keyedBySecond: true } }, {}, { now: () => 1_800_000_000_000 });
  const answers = [await register(emulator), await register(emulator)];
  expect(answers.map(({ status }) => status)).toEqual([201, 201]);
  expect(emulator.clients().map(({ clientId }) => clientId)).toEqual([answers[1]?.json['client_id']]);
  emulator.advance(1);
  await register(emulator);
  expect(emulator.clients()).toHaveLength(2);
});

it('loses every client with its secret where the server counts so', async () => {
  const emulator = await start('cloudflare');
  const { json } = await register(emulator, { ...WEB, token_endpoint_auth_method: 'none' });
  expect(json).not.toHaveProperty('client_secret');
  emulator.advance(91 * 86_400);
  await register(emulator);
  expect(emulator.client(String(json['client_id']))).toBeUndefined();
});
