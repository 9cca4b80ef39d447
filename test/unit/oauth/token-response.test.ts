import { describe, expect, test } from 'vitest';
import type { HttpAnswer } from '../../../src/oauth/http-message.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { readTokenResponse, type TokenResponse } from '../../../src/oauth/token-response.ts';

const answer = (status: number, body: unknown, headers: HttpAnswer['headers'] = {}): HttpAnswer => ({
  kind: 'answered',
  status,
  headers,
  body: new Sensitive(typeof body === 'string' ? body : JSON.stringify(body)),
});

const tokenEndpoint = 'https://sso.example/token';
const secrets = [new Sensitive('canary-secret')];
const read = (status: number, body: unknown, scopes: readonly string[] = []): TokenResponse =>
  readTokenResponse(answer(status, body), { tokenEndpoint, scopes, secrets });

/** `kind`, then the sentence or the token: what a table can show. */
const said = (response: TokenResponse): readonly [string, string] => [
  response.kind,
  response.kind === 'Token' ? response.accessToken.reveal() : response.message,
];

describe('an answer with a token', () => {
  // The example of RFC 6749 section 4.4.3.
  const example = {
    access_token: '2YotnFZFEjr1zCsicMWpAA',
    token_type: 'example',
    expires_in: 3600,
    example_parameter: 'example_value',
  };

  test('gives the token, wrapped, and its lifetime', () => {
    const response = read(200, { ...example, token_type: 'Bearer' });
    expect(response).toEqual({ kind: 'Token', accessToken: expect.any(Sensitive), expiresInSeconds: 3600 });
    expect(said(response)).toEqual(['Token', '2YotnFZFEjr1zCsicMWpAA']);
    expect(JSON.stringify(response)).not.toContain('2Yotn');
  });

  test.each(['bearer', 'BEARER', undefined, null, ''])('is of use with the token_type %s', (type) => {
    expect(read(200, { ...example, token_type: type }).kind).toBe('Token');
  });

  test.each([200, 201, 299])('counts with status %i', (status) => {
    expect(read(status, { access_token: 'a' }).kind).toBe('Token');
  });

  test.each([
    [3600, 3600],
    ['3600', 3600],
    [59.9, 59],
    [0, undefined],
    [-1, undefined],
    ['', undefined],
    ['soon', undefined],
    [1e300, undefined],
    [null, undefined],
    [[60], undefined],
    [undefined, undefined],
  ])('with expires_in %j lives %s seconds', (value, seconds) => {
    const response = read(200, { access_token: 'a', expires_in: value });
    expect(response.kind === 'Token' && response.expiresInSeconds).toBe(seconds);
  });

  test.each([
    ['nothing of scopes', undefined],
    ['null', null],
    ['an empty text', ''],
    ['an empty list', []],
    ['those asked for', 'b a'],
    ['more than asked for', 'openid  a b'],
    ['a list', ['a', 'b']],
    ['something else', 7],
  ])('that says %s grants what was asked for', (_, scope) => {
    expect(read(200, { access_token: 'a', scope }, ['a', 'b']).kind).toBe('Token');
  });

  test.each([
    ['openid', ['dcr'], "The token endpoint answered 200, but didn't grant the scope dcr"],
    ['a dcr2', ['a', 'dcr', 'b'], "The token endpoint answered 200, but didn't grant the scopes dcr, b"],
    [['a'], ['A'], "The token endpoint answered 200, but didn't grant the scope A"],
  ])('that grants %j instead of %j is ScopeNotGranted', (scope, scopes, message) => {
    expect(said(read(200, { access_token: 'a', scope }, scopes))).toEqual(['ScopeNotGranted', message]);
  });
});

describe('an answer of no use', () => {
  const before = 'The token endpoint answered 200, but';

  test.each<readonly [string, unknown, string]>([
    ['an empty body', '', 'not with a JSON object'],
    ['HTML', '<html>canary-body</html>', 'not with a JSON object'],
    ['a list', '[{"access_token":"a"}]', 'not with a JSON object'],
    ['no token', {}, 'without an access_token'],
    ['an empty token', { access_token: '' }, 'without an access_token'],
    ['a token that is no text', { access_token: { a: 1 } }, 'without an access_token'],
    [
      'an endless token',
      { access_token: 'a'.repeat(16_385) },
      'with an access_token of more than 16384 characters',
    ],
    ...['a b', 'a\r\nx-evil: 1', 'a\u0000', 'a\t', 'ä', 'a\u007f'].map(
      (token) =>
        [
          `the token ${JSON.stringify(token)}`,
          { access_token: token },
          'with an access_token that holds spaces, control characters or letters beyond ASCII',
        ] as const,
    ),
    [
      'a DPoP token',
      { access_token: 'a', token_type: 'DPoP' },
      'with a token of type DPoP; only Bearer can be used',
    ],
    [
      'a MAC token',
      { access_token: 'a', token_type: 'mac' },
      'with a token of type mac; only Bearer can be used',
    ],
    ['a type of no text', { access_token: 'a', token_type: 1 }, 'with a token_type that is no text'],
    [
      'secrets for a type',
      { access_token: 'canary-token', token_type: 'x canary-token canary-secret' },
      'with a token of type x [redacted] [redacted]; only Bearer can be used',
    ],
  ])('is %s', (_, body, problem) => {
    expect(said(read(200, body))).toEqual(['Unusable', `${before} ${problem}`]);
  });

  test('has HTML, which is named by its content type', () => {
    const page = answer(200, '<html>canary-body</html>', { 'content-type': 'text/html' });
    expect(said(readTokenResponse(page, { tokenEndpoint, scopes: [], secrets }))).toEqual([
      'Unusable',
      'The token endpoint answered 200, but not with a JSON object; its content type is text/html',
    ]);
  });

  test('has a body that could not be decoded, and says why', () => {
    const coded = { ...answer(200, ''), unread: 'has the content coding zstd, which is not read' };
    expect(said(readTokenResponse(coded, { tokenEndpoint, scopes: [], secrets }))).toEqual([
      'Unusable',
      'The token endpoint answered 200, but its body has the content coding zstd, which is not read',
    ]);
  });

  test('is a redirect', () => {
    expect(said(read(302, ''))).toEqual([
      'Unusable',
      'The token endpoint answered status 302 (a redirect; redirects are not followed)',
    ]);
  });

  test('is not a token of the longest length', () => {
    expect(read(200, { access_token: 'a'.repeat(16_384) }).kind).toBe('Token');
  });
});

describe('a refusal', () => {
  test.each([
    [400, { error: 'invalid_request' }, 'Refused', '400 invalid_request'],
    [
      401,
      { error: 'invalid_client', error_description: 'secret canary-secret is wrong' },
      'Refused',
      '401 invalid_client: secret [redacted] is wrong',
    ],
    [404, '', 'Refused', 'status 404'],
    [400, { error: 'unauthorized_client' }, 'Refused', '400 unauthorized_client'],
    [400, { error: 'invalid_target' }, 'Refused', '400 invalid_target'],
    [200, { error: 'invalid_client' }, 'Refused', '200 invalid_client'],
    [200, { error: 'invalid_client', access_token: null }, 'Refused', '200 invalid_client'],
    [
      400,
      { error: 'invalid_scope', error_description: 'no dcr' },
      'ScopeNotGranted',
      '400 invalid_scope: no dcr',
    ],
    [400, { access_token: 'a' }, 'Refused', 'status 400'],
    [408, '', 'Unavailable', 'status 408'],
    [429, { error: 'slow_down' }, 'Unavailable', '429 slow_down'],
    [500, { error: 'invalid_client' }, 'Unavailable', '500 invalid_client'],
    [503, '', 'Unavailable', 'status 503'],
    [400, { error: 'temporarily_unavailable' }, 'Unavailable', '400 temporarily_unavailable'],
    [400, { error: 'server_error' }, 'Unavailable', '400 server_error'],
  ])('with status %i and %j is %s', (status, body, kind, words) => {
    expect(said(read(status, body))).toEqual([kind, `The token endpoint answered ${words}`]);
  });

  test.each(['text/html', 'text/plain'])('in %s is not of the token endpoint: it is retried', (type) => {
    const other = answer(403, 'canary-body', { 'content-type': type });
    expect(readTokenResponse(other, { tokenEndpoint, scopes: [], secrets })).toEqual({
      kind: 'Unavailable',
      message: `The token endpoint, or a proxy or firewall before it, answered status 403 with ${type}`,
      said: { status: 403, body: `with ${type}` },
      isFromOther: true,
    });
  });

  test('may speak in other shapes, and with 200', () => {
    expect(said(read(200, { errorCode: 'E1', errorSummary: 'No canary-secret' }))).toEqual([
      'Refused',
      'The token endpoint answered 200 E1: No [redacted]',
    ]);
  });

  test('that redirects names the target, without its query', () => {
    const redirect = answer(302, '', { location: '/login?next=canary' });
    expect(said(readTokenResponse(redirect, { tokenEndpoint, scopes: [], secrets }))).toEqual([
      'Unusable',
      'The token endpoint answered status 302 (a redirect to https://sso.example/login, perhaps a login page; redirects are not followed)',
    ]);
  });

  test('may speak through the challenge', () => {
    const challenged = answer(401, '', { 'www-authenticate': 'Bearer error="invalid_client"' });
    expect(said(readTokenResponse(challenged, { tokenEndpoint, scopes: [], secrets }))).toEqual([
      'Refused',
      'The token endpoint answered 401 invalid_client',
    ]);
  });
});
