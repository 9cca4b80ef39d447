import { describe, expect, test } from 'vitest';
import type { AuthorizationServerSpec } from '../../../../src/api/authorization-server.ts';
import type { HttpOutcome } from '../../../../src/controller/ports.ts';
import { discover } from '../../../../src/controller/server/discover-endpoints.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';
import { answered, createFakeHttp } from '../../../kit/fakes/fake-ports.ts';
import { issuer, specOf } from '../../../kit/fixtures/server-objects.ts';

const own = { kind: 'AuthorizationServer', namespace: 'shop', name: 'sso' } as const;
const cluster = { kind: 'ClusterAuthorizationServer', name: 'corporate' } as const;

const OAUTH = `${issuer}/.well-known/oauth-authorization-server`;
const OPENID = `${issuer}/.well-known/openid-configuration`;
const registration = `${issuer}/register`;
const document = (more: object = {}) =>
  answered(200, { issuer, registration_endpoint: registration, ...more });
const noAnswer = (
  reason: 'Timeout' | 'ConnectionLost' | 'ResponseTooLarge',
  received?: string,
): HttpOutcome => ({
  kind: 'noAnswer',
  reason,
  detail: 'the detail',
  ...(received === undefined ? {} : { received: new Sensitive(received) }),
});

async function find(
  outcomes: readonly HttpOutcome[],
  { spec = {}, server = own }: { spec?: object; server?: typeof own | typeof cluster } = {},
) {
  const http = createFakeHttp(...outcomes);
  const clock = createFakeClock();
  const whole: AuthorizationServerSpec = specOf(spec);
  const found = await discover(server, whole, { http, clock }, { allowHttp: false }, undefined);
  return { found, sent: http.sent };
}

describe('Documents are asked for', () => {
  test('without a credential, until one names the registration endpoint', async () => {
    const { found, sent } = await find([document()]);
    expect(found).toEqual({ endpoints: { registration }, aliases: {}, refused: [], url: OAUTH });
    expect(sent).toEqual([
      {
        method: 'GET',
        url: OAUTH,
        headers: { accept: 'application/json' },
        body: undefined,
        timeoutMs: 10_000,
        transport: undefined,
      },
    ]);
  });

  test.each<readonly [string, readonly HttpOutcome[]]>([
    ['nothing is there', [answered(404), document()]],
    ['the first one lacks the endpoint', [document({ registration_endpoint: undefined }), document()]],
    ['the first one is of another issuer', [document({ issuer: 'https://other.example' }), document()]],
    ['the first one has no answer', [noAnswer('ConnectionLost'), document()]],
  ])('at the next place where %s', async (_, outcomes) => {
    const { found, sent } = await find(outcomes);
    expect(sent.map(({ url }) => url)).toEqual([OAUTH, OPENID]);
    expect(found).toMatchObject({ endpoints: { registration } });
  });

  test('where the server object says, and nowhere else', async () => {
    const url = 'https://elsewhere.example.com/doc';
    const { found, sent } = await find([answered(404)], { spec: { discovery: { url } } });
    expect(sent.map((request) => request.url)).toEqual([url]);
    expect(found).toMatchObject({
      reason: 'DiscoveryFailed',
      message: expect.stringContaining(`${url}: 404`),
    });
  });

  test('in the preferred order', async () => {
    const { sent } = await find([document()], { spec: { discovery: { prefer: 'OpenID' } } });
    expect(sent.map(({ url }) => url)).toEqual([OPENID]);
  });

  test.each([
    ['OpenID', ['/realms/shop/.well-known/openid-configuration'], 'IssuerMismatch'],
    [
      'OAuth',
      [
        '/.well-known/oauth-authorization-server/realms/shop',
        '/realms/shop/.well-known/openid-configuration',
        '/.well-known/openid-configuration/realms/shop',
        '/realms/shop/.well-known/oauth-authorization-server',
      ],
      'IssuerMismatch',
    ],
  ] as const)(
    'with prefer %s: whether another issuer at the first place ends the search',
    async (prefer, paths, reason) => {
      const outcomes = [document({ issuer: 'https://other.example' })];
      const spec = { issuer: `${issuer}/realms/shop`, discovery: { prefer } };
      const { found, sent } = await find(outcomes, { spec });
      expect(sent.map(({ url }) => url)).toEqual(paths.map((path) => issuer + path));
      expect(found).toMatchObject({ reason });
    },
  );

  test('with the timeout of the server object, where that is shorter', async () => {
    const { sent } = await find([document()], { spec: { connection: { timeout: '3s' } } });
    expect(sent[0]?.timeoutMs).toBe(3_000);
  });
});

describe('What is found', () => {
  test('is what the documents of this issuer say, the earlier first, with the aliases for certificates', async () => {
    const { found } = await find([
      document({ registration_endpoint: undefined, token_endpoint: `${issuer}/token-1` }),
      document({
        token_endpoint: `${issuer}/token-2`,
        mtls_endpoint_aliases: { token_endpoint: `${issuer}/mtls` },
      }),
    ]);
    expect(found).toEqual({
      endpoints: {
        ...{ registration, token: `${issuer}/token-1` },
        mtlsAliases: { token_endpoint: `${issuer}/mtls` },
      },
      aliases: { token: `${issuer}/mtls` },
      refused: [],
      url: OPENID,
    });
  });

  test('may lack the registration endpoint', async () => {
    const { found } = await find([document({ registration_endpoint: undefined })]);
    expect(found).toEqual({ endpoints: {}, aliases: {}, refused: [], url: OPENID });
  });

  test('an issuer that is accepted counts as this one', async () => {
    const acceptedIssuer = 'https://published.example.com';
    const { found } = await find([document({ issuer: acceptedIssuer })], {
      spec: { discovery: { acceptedIssuer } },
    });
    expect(found).toMatchObject({ endpoints: { registration } });
  });

  test('a document of another issuer is refused, with both names', async () => {
    const { found } = await find([document({ issuer: 'https://other.example' })]);
    expect(found).toMatchObject({
      reason: 'IssuerMismatch',
      message: expect.stringContaining('of issuer "https://other.example", not of "https://sso.example.com"'),
    });
  });
});

describe('Where there is no document, one cause of all is the reason', () => {
  test.each<readonly [string, HttpOutcome, string]>([
    ['nothing is there', answered(404), 'DiscoveryFailed'],
    ['a document without issuer', answered(200, '{}'), 'DiscoveryFailed'],
    ['a lost connection', noAnswer('ConnectionLost'), 'AuthorizationServerUnavailable'],
    ['a document that is cut off', noAnswer('ConnectionLost', '{"issuer":'), 'ResponseTruncated'],
    ['more than is read', noAnswer('ResponseTooLarge', '{'), 'ResponseTooLarge'],
    ['a redirect', answered(302), 'RedirectRefused'],
    ['HTML', answered(200, '<html>'), 'ResponseNotJSON'],
  ])('%s', async (_, outcome, reason) => {
    const { found, sent } = await find([outcome]);
    expect(found).toMatchObject({ reason, message: expect.stringMatching(/^No discovery document: .*\.$/) });
    expect(sent).toHaveLength(2);
  });

  test.each([
    ['silence', noAnswer('Timeout'), false],
    ['a lost connection', noAnswer('ConnectionLost'), false],
    ['nothing is there', answered(404), true],
    ['HTML', answered(200, '<html>'), true],
  ])('%s: whether the issuer is to be checked', async (_, outcome, isDoubted) => {
    const { found } = await find([outcome]);
    const cure = isDoubted ? 'Check the issuer' : 'It is tried again from time to time.';
    expect(found).toMatchObject({ message: expect.stringContaining(cure) });
    expect(JSON.stringify(found).includes('Check the issuer')).toBe(isDoubted);
  });

  test.each([
    ['silence', noAnswer('Timeout')],
    ['silence after a part', noAnswer('Timeout', '{"issuer":')],
  ])('%s: no other place of the same host is asked', async (_, outcome) => {
    const { found, sent } = await find([outcome, document()]);
    expect(found).toMatchObject({
      reason: 'ResponseTimedOut',
      message: `No discovery document: ${OAUTH}: the detail. The server does not answer. It is tried again from time to time.`,
    });
    expect(sent).toHaveLength(1);
  });

  test('several causes: that none was found, with all of them', async () => {
    const { found } = await find([noAnswer('ConnectionLost'), answered(404)]);
    expect(found).toEqual({
      reason: 'DiscoveryFailed',
      message: `No discovery document: ${OAUTH}: the detail; ${OPENID}: 404. Check the issuer, or set registration.endpoint and discovery.mode None.`,
    });
  });
});

describe('Where nothing can be sent, no other place is asked', () => {
  const notSent = (
    reason: 'AddressRefused' | 'TlsVerificationFailed' | 'ConnectFailed' | 'NameNotResolved',
  ) => ({ kind: 'notSent', reason, detail: 'the detail', why: 'the cause' }) as const;

  test.each([
    [own, 'AddressRefused', { reason: 'AddressRefused', message: 'the detail' }],
    [cluster, 'AddressRefused', { reason: 'AddressRefused', message: 'the cause' }],
    [own, 'TlsVerificationFailed', { reason: 'TlsVerificationFailed', message: 'the detail' }],
    [
      own,
      'ConnectFailed',
      {
        reason: 'AuthorizationServerUnavailable',
        message: `${OAUTH} can't be reached: the detail. The server does not answer. It is tried again from time to time.`,
      },
    ],
    [
      cluster,
      'NameNotResolved',
      { reason: 'DiscoveryFailed', message: `${OAUTH} can't be reached: the cause` },
    ],
  ] as const)('for $kind: %s', async (server, reason, problem) => {
    const { found, sent } = await find([notSent(reason)], { server });
    expect(found).toEqual(problem);
    expect(sent).toHaveLength(1);
  });
});

test('a server that answers late takes 15 s of a look, however many places there are to ask (H7)', async () => {
  const clock = createFakeClock({ skipMs: 60_000 });
  const start = clock.monotonic();
  const timeouts: number[] = [];
  const http = {
    async send(_: unknown, { timeoutMs }: { readonly timeoutMs: number }): Promise<HttpOutcome> {
      timeouts.push(timeoutMs);
      await clock.sleep(Math.min(timeoutMs, 9_000));
      return answered(404);
    },
  };
  const spec = specOf({ issuer: `${issuer}/realms/shop` });
  const found = await discover(own, spec, { http, clock }, { allowHttp: false }, undefined);
  expect(timeouts).toEqual([10_000, 6_000]);
  expect(clock.monotonic() - start).toBe(15_000);
  expect(found).toMatchObject({
    reason: 'DiscoveryFailed',
    message: expect.stringMatching(/; [^;]*: not asked: those before took too long\./),
  });
});
