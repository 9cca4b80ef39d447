import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ErrorShape } from './behaviour.ts';
import { createCertificateAuthority } from './certificates.ts';
import type { FaultyAnswer } from './faults.ts';
import { callHttp } from './http-call.ts';
import { call, register, start, stopAll } from './running.ts';

/** The emulator's misbehaviour, its shapes of error, its TLS and its oracle. */
afterEach(stopAll);

describe('a fault', () => {
  it('of a registration may be silence, and the client is registered', async () => {
    const emulator = await start();
    emulator.misbehave('register', { answer: { kind: 'hang' } });
    const outcome = register(emulator).then(
      () => 'answered',
      () => 'broken',
    );
    await vi.waitFor(() => expect(emulator.clients()).toHaveLength(1));
    expect((await register(emulator)).status).toBe(201);
    await emulator.stop();
    expect(await outcome).toBe('broken');
  });

  it.each<[FaultyAnswer, string]>([
    [{ kind: 'drop' }, 'broken'],
    [{ kind: 'truncated', declared: true }, 'broken'],
    [{ kind: 'truncated', declared: false }, 'answered'],
    [{ kind: 'framed', framing: 'bad chunk' }, 'broken'],
    [{ kind: 'framed', framing: 'length twice' }, 'broken'],
    [{ kind: 'delay', ms: 1 }, 'answered'],
    [{ kind: 'trickle', pauseMs: 0 }, 'answered'],
  ])('%o of a registration leaves it %s and the client registered', async (answer, expected) => {
    const emulator = await start();
    emulator.misbehave('register', { answer });
    const outcome = await register(emulator).then(
      () => 'answered',
      () => 'broken',
    );
    expect(outcome).toBe(expected);
    expect(emulator.clients()).toHaveLength(1);
    expect((await register(emulator)).status).toBe(201);
  });

  it('that is undone registers nothing', async () => {
    const emulator = await start();
    emulator.misbehave('register', { answer: { kind: 'drop' }, undone: true }, 2);
    await expect(register(emulator)).rejects.toThrow();
    await expect(register(emulator)).rejects.toThrow();
    expect([emulator.clients(), emulator.count('register')]).toEqual([[], 2]);
  });

  it.each<[FaultyAnswer, (answer: Awaited<ReturnType<typeof register>>) => unknown, unknown]>([
    [{ kind: 'huge', bytes: 10_000_000 }, ({ text }) => text.length > 10_000_000, true],
    [{ kind: 'truncated', declared: false }, ({ json }) => json, {}],
    [{ kind: 'nested', depth: 50_000 }, ({ text }) => text.length, 50_000 * 6 + 1],
    [
      { kind: 'html' },
      ({ status, headers }) => [status, headers['content-type']],
      [200, 'text/html; charset=utf-8'],
    ],
    [
      { kind: 'redirect', to: 'https://other.example/' },
      ({ status, headers }) => [status, headers['location']],
      [302, 'https://other.example/'],
    ],
    [
      { kind: 'members', members: { registration_client_uri: 'https://other.example/x' } },
      ({ json }) => json['registration_client_uri'],
      'https://other.example/x',
    ],
    [{ kind: 'html', status: 403 }, ({ status }) => status, 403],
    [{ kind: 'coded', coding: 'gzip' }, ({ headers }) => headers['content-encoding'], 'gzip'],
    [{ kind: 'coded', coding: 'gzip unannounced' }, ({ json }) => json, {}],
    [{ kind: 'reply', reply: { status: 503, headers: {}, body: 'no' } }, ({ status }) => status, 503],
  ])('%o is answered', async (answer, seen, expected) => {
    const emulator = await start();
    emulator.misbehave('register', { answer });
    expect(seen(await register(emulator))).toEqual(expected);
  });

  it('that waits can be called off', async () => {
    const emulator = await start();
    emulator.misbehave('register', { answer: { kind: 'html' } }, Number.POSITIVE_INFINITY);
    emulator.behave();
    expect((await register(emulator)).status).toBe(201);
  });
});

describe('an error', () => {
  it.each<[ErrorShape, unknown]>([
    ['oauth', { error: 'invalid_redirect_uri', error_description: expect.any(String) }],
    ['codeOnly', { error: 'invalid_redirect_uri' }],
    ['sentence', { error: expect.stringContaining(' ') }],
    [
      'secureauth',
      { error: expect.any(String), error_code: 'invalid_redirect_uri', status_code: 400, details: {} },
    ],
    ['codeReasonMessage', { code: 400, reason: 'Bad Request', message: expect.any(String) }],
    [
      'timestampStatusPath',
      { timestamp: expect.any(String), status: 400, error: 'Bad Request', path: '/register' },
    ],
    ['okta', expect.objectContaining({ errorCode: 'invalid_redirect_uri' })],
    ['dump', { error: 'invalid_redirect_uri', error_description: expect.stringContaining('\n') }],
    ['html', {}],
    ['text', {}],
    ['empty', {}],
  ])('of the shape %s', async (shape, expected) => {
    const emulator = await start({ errors: { shape } });
    const { status, json, text } = await register(emulator, { redirect_uris: ['/'] });
    expect([status, json]).toEqual([400, expected]);
    expect(text === '').toBe(shape === 'empty');
  });
});

describe('discovery', () => {
  const FORMS = [
    '/.well-known/oauth-authorization-server/realms/shop',
    '/.well-known/openid-configuration/realms/shop',
    '/realms/shop/.well-known/openid-configuration',
    '/realms/shop/.well-known/oauth-authorization-server',
  ];

  it('is served in the forms that the server knows', async () => {
    const emulator = await start('keycloak');
    const origin = new URL(emulator.issuer).origin;
    const answers = await Promise.all(FORMS.map((form) => call('GET', origin + form)));
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 200, 200]);
    expect(answers[0]?.json).toMatchObject({
      issuer: emulator.issuer,
      registration_endpoint: emulator.registrationEndpoint,
      token_endpoint: emulator.tokenEndpoint,
    });
  });

  it.each([
    ['port443', /^http:\/\/127\.0\.0\.1:443\/am\//],
    ['trailingSlash', /\/alpha\/$/],
    ['otherPath', /\/alpha\/aliased$/],
  ] as const)('may publish another issuer: %s', async (publishedIssuer, form) => {
    const emulator = await start('pingone-aic', { discovery: { publishedIssuer } });
    const { json } = await call('GET', `${emulator.issuer}/.well-known/openid-configuration`);
    expect(json['issuer']).toMatch(form);
  });

  it("names the other endpoint where the agents' own is not in it", async () => {
    const emulator = await start('pingone-aic-agent');
    const { json } = await call('GET', `${emulator.issuer}/.well-known/openid-configuration`);
    expect(String(json['registration_endpoint'])).toMatch(/alpha\/register$/);
    expect(emulator.capabilities.endpointDiscoverable).toBe(false);
  });

  it.each([
    ['wso2', '/oauth2/token/.well-known/openid-configuration', 200, undefined],
    ['cloudflare', '/.well-known/openid-configuration', 200, undefined],
    ['scalekit', '/.well-known/oauth-authorization-server/resources/res_1', 200, 'endpoint'],
    ['auth0', '/.well-known/openid-configuration', 200, 'endpoint'],
  ] as const)('of %s at %s: %i', async (preset, path, status, named) => {
    const emulator = await start(preset);
    const answer = await call('GET', new URL(emulator.issuer).origin + path);
    const endpoint = named === undefined ? undefined : emulator.registrationEndpoint;
    expect([answer.status, answer.json['registration_endpoint']]).toEqual([status, endpoint]);
  });
});

describe('TLS', () => {
  const authority = createCertificateAuthority();
  const server = authority.issue({ commonName: 'server', names: ['127.0.0.1', 'localhost'] });
  const tls = { ...server, ca: authority.cert, requestClientCertificate: true };
  const wanted = { gate: { clientCertificate: true } };

  it('is trusted by those who trust its authority', async () => {
    const { issuer } = await start({}, {}, { tls });
    const url = `${issuer}/.well-known/openid-configuration`;
    expect((await callHttp({ method: 'GET', url, ca: authority.cert })).status).toBe(200);
    const stranger = createCertificateAuthority().cert;
    await expect(callHttp({ method: 'GET', url, ca: stranger })).rejects.toThrow(/certificate|signature/);
  });

  it('fails with a certificate that has expired', async () => {
    const validity = { from: new Date(2020, 1), to: new Date(2021, 1) };
    const expired = authority.issue({ commonName: 'server', names: ['127.0.0.1'], validity });
    const { issuer } = await start({}, {}, { tls: expired });
    await expect(callHttp({ method: 'GET', url: issuer, ca: authority.cert })).rejects.toThrow(/expired/);
  });

  it.each([
    ['ours', authority.issue({ commonName: 'registrar' }), 201],
    ["a stranger's", createCertificateAuthority().issue({ commonName: 'registrar' }), 401],
    ['none', undefined, 401],
  ] as const)('admits by a client certificate: %s', async (_title, certificate, expected) => {
    const emulator = await start(wanted, {}, { tls });
    const body = { redirect_uris: ['https://app.example/cb'] };
    const { status } = await call('POST', emulator.registrationEndpoint, {
      body,
      ...(certificate === undefined ? {} : { certificate }),
    });
    expect([status, emulator.log.at(-1)?.certificateName]).toEqual([
      expected,
      expected === 201 ? 'registrar' : undefined,
    ]);
  });
});

it('remembers every secret that it gave out', async () => {
  const emulator = await start('curity');
  const { json } = await register(emulator);
  const authorization = `Bearer ${String(json['registration_access_token'])}`;
  const read = await call('GET', String(json['registration_client_uri']), { authorization });
  for (const answer of [json, read.json]) {
    expect(emulator.secrets).toContain(answer['client_secret']);
    expect(emulator.secrets).toContain(answer['registration_access_token']);
  }
  const { client, publisher } = emulator.credentials;
  expect(emulator.secrets).toContain(client.clientSecret);
  expect(emulator.secrets).toContain(publisher.key.privateKey);
  expect(emulator.secrets).toContain(await emulator.signStatement({}));
});

it('logs how each call authenticated, with what and how it ended', async () => {
  const emulator = await start('hydra');
  const { json } = await register(emulator);
  const uri = String(json['registration_client_uri']);
  await call('GET', uri, { authorization: 'Bearer wrong' });
  expect(emulator.log).toMatchObject([
    { call: 'register', method: 'POST', status: 201, body: emulator.capabilities.webBody },
    { call: 'read', method: 'GET', status: 401, scheme: 'bearer', credential: 'wrong' },
  ]);
  expect(emulator.log[0]?.scheme).toBeUndefined();
});

it('changes its mind while running', async () => {
  const emulator = await start();
  emulator.change({ gate: { admits: [] } });
  expect((await register(emulator)).status).toBe(404);
});
