import { afterEach, describe, expect, it } from 'vitest';
import type { Departures } from './behaviour.ts';
import { variantOf } from './presets.ts';
import { basic, call, register, signed, start, stopAll } from './running.ts';
import type { StatementOptions } from './statement.ts';

/** The emulated gates: what admits, and how everything else is refused. */
afterEach(stopAll);

const WEB = { client_name: 'Web', redirect_uris: ['https://app.example/callback'] };

describe('a gate that wants a token from client credentials', () => {
  it.each([
    ['the right scope', 'dcr', 'included', 201],
    ['the right scope and another', 'dcr clients:manage', 'included', 201],
    ['another scope', 'clients:manage', 'included', 403],
    ['no scope', '', 'included', 403],
    ['exactly the right scope', 'dcr', 'exact', 201],
    ['the right scope and another, where it must be exact', 'dcr clients:manage', 'exact', 403],
  ] as const)('judges a token with %s', async (_title, scope, scopeMatch, expected) => {
    const emulator = await start({ gate: { admits: ['clientCredentials'], scope: 'dcr', scopeMatch } });
    const { client } = emulator.credentials;
    const { body } = await emulator.requestToken({ ...client, scope });
    const { status } = await call('POST', emulator.registrationEndpoint, {
      body: WEB,
      authorization: `Bearer ${String(body['access_token'])}`,
    });
    expect(status).toBe(expected);
  });

  it('takes a one-use token once, and a refused registration does not use it up', async () => {
    const emulator = await start({ gate: { admits: ['clientCredentials'], scope: 'dcr', oneUse: true } });
    const authorization = `Bearer ${emulator.issueToken()}`;
    const post = (body: unknown) =>
      call('POST', emulator.registrationEndpoint, { authorization, body }).then(({ status }) => status);
    expect([await post({ redirect_uris: ['/'] }), await post(WEB), await post(WEB)]).toEqual([400, 201, 401]);
  });

  it('refuses a token whose time is over', async () => {
    const emulator = await start({ gate: { admits: ['clientCredentials'] } });
    const authorization = `Bearer ${emulator.issueToken()}`;
    emulator.advance(3601);
    expect((await call('POST', emulator.registrationEndpoint, { authorization, body: WEB })).status).toBe(
      401,
    );
  });
});

it('counts the uses of a counted initial access token', async () => {
  const emulator = await start('keycloak', { gate: { admits: ['countedToken'], count: 2 } });
  const statuses = [];
  for (let round = 0; round < 3; round += 1) {
    statuses.push((await register(emulator)).status);
  }
  expect(statuses).toEqual([201, 201, 401]);
});

it.each([
  ['Basic', 'wso2', 201],
  ['SSWS', 'okta', 201],
  ['a wrong password', 'wso2', 401],
] as const)('admits an administrator by %s', async (kind, preset, expected) => {
  const emulator = await start(preset);
  const { basic: user, ssws } = emulator.credentials;
  const password = kind === 'Basic' ? user.password : 'wrong';
  const authorization = preset === 'okta' ? `SSWS ${ssws}` : basic(user.username, password);
  expect((await call('POST', emulator.registrationEndpoint, { authorization, body: WEB })).status).toBe(
    expected,
  );
});

describe('an open endpoint that is shown a bearer token', () => {
  it.each([
    ['ignored', 201],
    ['refused', 401],
    ['validated', 401],
  ] as const)('%s', async (strayBearer, expected) => {
    const emulator = await start({ gate: { strayBearer } });
    const authorization = 'Bearer made-up';
    const answer = await call('POST', emulator.registrationEndpoint, { authorization, body: WEB });
    expect(answer.status).toBe(expected);
  });

  it('may take it as the registration access token', async () => {
    const emulator = await start({ gate: { strayBearer: 'becomesRegistrationToken' } });
    const authorization = 'Bearer made-up';
    const { json } = await call('POST', emulator.registrationEndpoint, { authorization, body: WEB });
    expect(json['registration_access_token']).toBe('made-up');
    const read = await call('GET', String(json['registration_client_uri']), { authorization });
    expect(read.status).toBe(200);
  });
});

type Judged = [
  title: string,
  options: StatementOptions,
  status: number,
  error?: string | undefined,
  statementKeys?: 'secret' | 'publicKey',
];

describe('a software statement', () => {
  const claims = { redirect_uris: ['https://stated.example/callback'], client_name: 'Stated' };
  it.each<Judged>([
    ['HS256', { algorithm: 'HS256' }, 201, undefined],
    ['RS256', { algorithm: 'RS256' }, 201, undefined],
    [
      'HS256 where a public key is configured',
      { algorithm: 'HS256' },
      400,
      'invalid_software_statement',
      'publicKey',
    ],
    [
      'RS256 where a secret is configured',
      { algorithm: 'RS256' },
      400,
      'invalid_software_statement',
      'secret',
    ],
    ['one that has expired', { lifetimeSeconds: -1 }, 400, 'invalid_software_statement'],
    ['one without exp', { lifetimeSeconds: null }, 400, 'invalid_software_statement'],
    ['a foreign issuer', { issuer: 'https://other.example' }, 400, 'unapproved_software_statement'],
  ])('is judged: %s', async (_title, options, status, error, statementKeys) => {
    const keys = statementKeys === undefined ? {} : { statementKeys };
    const emulator = await start('forgerock', { gate: keys });
    const answer = await call('POST', emulator.registrationEndpoint, {
      body: { software_statement: await emulator.signStatement(claims, options) },
    });
    expect([answer.status, answer.json['error']]).toEqual([status, error]);
  });

  it.each([
    ['a missing claim', async () => ({ client_name: 'no redirect_uris' }), false],
    ['a size beyond 32 KiB', async () => ({ ...claims, padding: 'x'.repeat(33_000) }), false],
    ['a broken signature', async () => claims, true],
  ] as const)('is refused for %s', async (_title, made, broken) => {
    const emulator = await start('forgerock');
    const statement = await emulator.signStatement(await made());
    const body = { software_statement: broken ? statement.replace(/\.[^.]*$/, '.AAAA') : statement };
    const { status, json } = await call('POST', emulator.registrationEndpoint, { body });
    expect([status, json['error']]).toEqual([400, 'invalid_software_statement']);
  });

  it('wins over what stands beside it', async () => {
    const emulator = await start('forgerock');
    const { json } = await call('POST', emulator.registrationEndpoint, {
      body: { client_name: 'Asked', software_statement: await emulator.signStatement(claims) },
    });
    expect(json).toMatchObject(claims);
  });
});

describe('a signed request body', () => {
  const signedOnly = { gate: { signedBody: true } } satisfies Departures;

  it('registers what it holds', async () => {
    const emulator = await start(signedOnly);
    const { json } = await call('POST', emulator.registrationEndpoint, await signed(emulator, WEB));
    expect(emulator.client(String(json['client_id']))?.metadata).toMatchObject(WEB);
  });

  it.each([
    [
      'plain JSON',
      (_jws: string) => ({ body: JSON.stringify(WEB), headers: { 'content-type': 'application/json' } }),
    ],
    ['another content type', (jws: string) => ({ body: jws, headers: { 'content-type': 'text/plain' } })],
    [
      'a broken signature',
      (jws: string) => ({
        body: jws.replace(/\.[^.]*$/, '.AAAA'),
        headers: { 'content-type': 'application/jwt' },
      }),
    ],
  ] as const)('is refused: %s', async (_title, spoil) => {
    const emulator = await start(signedOnly);
    const { body } = await signed(emulator, WEB);
    expect((await call('POST', emulator.registrationEndpoint, spoil(body))).status).toBe(400);
    expect(emulator.clients()).toEqual([]);
  });

  it.each([
    ['for somebody else', { aud: 'https://other.example' }],
    ['that has expired', { exp: 1 }],
  ])('is refused where it is %s', async (_title, claims) => {
    const emulator = await start(signedOnly);
    const answer = await call(
      'POST',
      emulator.registrationEndpoint,
      await signed(emulator, { ...WEB, ...claims }),
    );
    expect(answer.status).toBe(400);
  });
});

it.each([
  [{ client_uri: 'https://app.example' }, '', 403],
  [{ client_uri: 'https://app.example' }, 'dynamic_client_registration', 201],
  [{}, '', 201],
])('lets %o be registered by a token of scope "%s": %i', async (members, scope, expected) => {
  const emulator = await start('forgerock', variantOf('forgerock', 'token'));
  const answer = await call('POST', emulator.registrationEndpoint, {
    authorization: `Bearer ${emulator.issueToken({ scope })}`,
    body: {
      ...WEB,
      ...members,
      software_statement: await emulator.signStatement({ redirect_uris: WEB.redirect_uris }),
    },
  });
  expect(answer.status).toBe(expected);
});
