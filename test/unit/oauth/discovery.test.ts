import { describe, expect, test } from 'vitest';
import {
  type DiscoveryAnswer,
  describeDiscovery,
  discoveryUrls,
  type Endpoints,
  endpointOf,
  isComplete,
  mergeDiscovery,
  readDiscoveryAnswer,
} from '../../../src/oauth/discovery.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';

const issuer = 'https://sso.example.com/realms/shop';
const rules = { allowHttp: false };

const nested = `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;

describe('discoveryUrls', () => {
  test('asks in four places: first where RFC 8414 puts the document, then where OpenID Connect Discovery does (rule 1)', () => {
    expect(discoveryUrls(issuer, 'OAuth')).toEqual([
      'https://sso.example.com/.well-known/oauth-authorization-server/realms/shop',
      'https://sso.example.com/realms/shop/.well-known/openid-configuration',
      'https://sso.example.com/.well-known/openid-configuration/realms/shop',
      'https://sso.example.com/realms/shop/.well-known/oauth-authorization-server',
    ]);
  });

  test('asks in the same places, OpenID first where it is preferred', () => {
    const urls = discoveryUrls(issuer, 'OpenID');
    expect(urls.slice(0, 2)).toEqual([
      'https://sso.example.com/realms/shop/.well-known/openid-configuration',
      'https://sso.example.com/.well-known/openid-configuration/realms/shop',
    ]);
    expect(urls.toSorted()).toEqual(discoveryUrls(issuer, 'OAuth').toSorted());
  });

  test.each(['https://sso.example.com', 'https://sso.example.com/'])(
    'asks %s twice, not four times',
    (root) => {
      expect(discoveryUrls(root, 'OAuth')).toEqual([
        'https://sso.example.com/.well-known/oauth-authorization-server',
        'https://sso.example.com/.well-known/openid-configuration',
      ]);
    },
  );

  test('keeps the port and takes a slash at the end for none', () => {
    expect(discoveryUrls('https://sso.example.com:8443/a/', 'OAuth')[0]).toBe(
      'https://sso.example.com:8443/.well-known/oauth-authorization-server/a',
    );
  });
});

describe('readDiscoveryAnswer', () => {
  const read = (status: number, body: string) =>
    readDiscoveryAnswer('https://u', { status, headers: {}, body: new Sensitive(body) }, rules);

  test.each([
    ['404', 404, '{"issuer":"https://sso.example.com"}', '404'],
    ['401', 401, '', '401'],
    ['201 with a document', 201, '{"issuer":"https://sso.example.com"}', '201'],
    ['a document without issuer', 200, '{"token_endpoint":"https://a"}', '200, but without issuer'],
    ['an issuer of another type', 200, '{"issuer":1}', '200, but without issuer'],
  ])('takes %s for nothing', (_, status, body, detail) => {
    expect(read(status, body)).toEqual({ url: 'https://u', kind: 'nothing', detail });
  });

  test.each([
    ['a redirect', 302, '', '302, a redirect, which is not followed', 'RedirectRefused'],
    [
      'a redirect that carries a document',
      307,
      `{"issuer":"${issuer}"}`,
      '307, a redirect, which is not followed',
      'RedirectRefused',
    ],
    ['a login page', 200, '<html>Sign in</html>', '200, but not a JSON object', 'NotJSON'],
    ['an array', 200, '[]', '200, but not a JSON object', 'NotJSON'],
    ['an empty body', 200, '', '200, but not a JSON object', 'NotJSON'],
    ['a torn document', 200, '{"issuer":"https://', '200, but JSON that is cut off', 'Truncated'],
    ['JSON nested too deep', 200, nested, '200, but JSON that nests too deep', 'TooDeep'],
  ])('ignores %s, and reports the cause (rule 1)', (_, status, body, detail, cause) => {
    expect(read(status, body)).toEqual({ url: 'https://u', kind: 'nothing', detail, cause });
  });

  test.each([
    ['/documents/?state=canary', 'https://u/documents/'],
    ['https://sso.example/login?next=canary', 'https://sso.example, perhaps a login page'],
  ])('P27: names the target of a redirect, without its query: %s', (location, target) => {
    const answer = { status: 302, headers: { location }, body: new Sensitive('') };
    expect(readDiscoveryAnswer('https://u/d', answer, rules)).toMatchObject({
      detail: `302, a redirect to ${target}, which is not followed`,
    });
  });

  test('reads every endpoint by its name in the document', () => {
    const names = {
      registration: 'registration_endpoint',
      token: 'token_endpoint',
      authorization: 'authorization_endpoint',
      jwks: 'jwks_uri',
      userinfo: 'userinfo_endpoint',
      endSession: 'end_session_endpoint',
      revocation: 'revocation_endpoint',
      introspection: 'introspection_endpoint',
    };
    const url = (name: string) => `https://sso.example.com/${name}`;
    const document = Object.fromEntries(Object.values(names).map((wire) => [wire, url(wire)]));
    expect(read(200, JSON.stringify({ ...document, issuer, other_endpoint: url('other') }))).toEqual({
      url: 'https://u',
      kind: 'document',
      document: {
        issuer,
        endpoints: {
          ...Object.fromEntries(Object.entries(names).map(([name, wire]) => [name, url(wire)])),
          others: { other_endpoint: url('other') },
        },
        aliases: {},
        refused: [],
      },
    });
  });

  test.each<readonly [string, number, string, string, Readonly<Record<string, string>>]>([
    ['words in JSON', 404, '{"error":"Realm does not exist"}', '404 Realm does not exist', {}],
    ['HTML', 403, '<html>canary</html>', '403 with text/html', { 'content-type': 'text/html; charset=x' }],
    [
      'HTML with 200',
      200,
      '<html>canary</html>',
      '200, but not a JSON object (text/html)',
      { 'content-type': 'text/html' },
    ],
  ])('says what the answer was: %s', (_, status, body, detail, headers) => {
    const answer = { status, headers, body: new Sensitive(body) };
    expect(readDiscoveryAnswer('https://u', answer, rules)).toMatchObject({ detail });
  });

  test('names a content coding that is not read', () => {
    const unread = 'has the content coding zstd, which is not read';
    const answer = { status: 200, headers: {}, body: new Sensitive(''), unread };
    expect(readDiscoveryAnswer('https://u', answer, rules)).toMatchObject({
      detail: '200, but its body has the content coding zstd, which is not read',
      cause: 'NotJSON',
    });
  });

  test('names each endpoint that can not be used, and why', () => {
    const body = JSON.stringify({
      issuer,
      registration_endpoint: '',
      token_endpoint: 'http://sso.example.com/token',
      authorization_endpoint: '/authorize',
      jwks_uri: ['https://sso.example.com/jwks'],
      userinfo_endpoint: null,
      mtls_endpoint_aliases: { token_endpoint: 'http://mtls.example/token' },
    });
    const found = read(200, body);
    expect(found.kind === 'document' && found.document.refused.map(({ why }) => why)).toEqual([
      'registration_endpoint is empty',
      'token_endpoint "http://sso.example.com/token" does not use https, and http is not permitted here',
      'authorization_endpoint "/authorize" is not an absolute URL without user information and fragment',
      'jwks_uri is no text',
      'mtls_endpoint_aliases.token_endpoint "http://mtls.example/token" does not use https, and http is not permitted here',
    ]);
  });

  test('leaves endpoints out that are no usable URL, and keeps the others', () => {
    const body = JSON.stringify({
      issuer,
      token_endpoint: 'https://sso.example.com/token',
      registration_endpoint: '/register',
      authorization_endpoint: 'http://sso.example.com/authorize',
      jwks_uri: 'https://user@sso.example.com/jwks',
      userinfo_endpoint: null,
      introspection_endpoint: ['https://sso.example.com/introspect'],
    });
    expect(read(200, body)).toMatchObject({
      document: { endpoints: { token: 'https://sso.example.com/token' } },
    });
    const answer = read(200, body);
    expect(answer.kind === 'document' && Object.keys(answer.document.endpoints)).toEqual(['token']);
  });
});

describe('further endpoints of a document', () => {
  const endpointsIn = (document: object) => {
    const answer = readDiscoveryAnswer(
      'https://a',
      { status: 200, headers: {}, body: new Sensitive(JSON.stringify({ issuer, ...document })) },
      { allowHttp: false },
    );
    return answer.kind === 'document' ? answer.document.endpoints : undefined;
  };

  test('are those whose names end with _endpoint and whose URLs can be used', () => {
    expect(
      endpointsIn({
        pushed_authorization_request_endpoint: 'https://a/par',
        device_authorization_endpoint: 'http://a/device',
        revocation_endpoint: 'https://a/revoke',
        'x y_endpoint': 'https://a/x',
        op_policy_uri: 'https://a/policy',
        mtls_endpoint_aliases: { token_endpoint: 'https://mtls/token', registration_endpoint: '/relative' },
      }),
    ).toEqual({
      revocation: 'https://a/revoke',
      others: { pushed_authorization_request_endpoint: 'https://a/par' },
      mtlsAliases: { token_endpoint: 'https://mtls/token' },
    });
  });

  test('are at most 32', () => {
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [`e${String(n).padStart(2, '0')}_endpoint`, 'https://a/x']),
    );
    expect(Object.keys(endpointsIn(many)?.others ?? {})).toHaveLength(32);
  });

  test.each([
    ['token_endpoint', false, 'https://a/token'],
    ['token_endpoint', true, 'https://mtls/token'],
    ['introspection_endpoint', true, 'https://a/introspect'],
    ['ciba_endpoint', false, 'https://a/ciba'],
    ['ciba_endpoint', true, 'https://mtls/ciba'],
    ['absent_endpoint', true, undefined],
    ['toString', true, undefined],
  ])('%s of a client with a certificate: %s', (wire, hasCertificate, expected) => {
    const endpoints = {
      token: 'https://a/token',
      introspection: 'https://a/introspect',
      others: { ciba_endpoint: 'https://a/ciba' },
      mtlsAliases: { token_endpoint: 'https://mtls/token', ciba_endpoint: 'https://mtls/ciba' },
    };
    expect(endpointOf(wire, endpoints, hasCertificate)).toBe(expected);
  });
});

describe('the aliases for clients with a certificate', () => {
  const aliasesIn = (aliases: unknown) => {
    const body = JSON.stringify({ issuer, mtls_endpoint_aliases: aliases });
    const answer = readDiscoveryAnswer(
      'https://u',
      { status: 200, headers: {}, body: new Sensitive(body) },
      rules,
    );
    return answer.kind === 'document' ? answer.document.aliases : undefined;
  };

  test.each<readonly [string, unknown, Endpoints]>([
    [
      'are read by the same names',
      {
        token_endpoint: 'https://mtls.example.com/token',
        registration_endpoint: 'https://mtls.example.com/register',
        other_endpoint: 'https://mtls.example.com/other',
      },
      { token: 'https://mtls.example.com/token', registration: 'https://mtls.example.com/register' },
    ],
    [
      'are left out where they are no usable URL',
      { token_endpoint: 'http://mtls.example.com/token', registration_endpoint: '/register' },
      {},
    ],
    ['are none where they are a list', ['https://mtls.example.com/token'], {}],
    ['are none where they are null', null, {}],
    ['are none where they are text', 'https://mtls.example.com/token', {}],
    ['are none where there are none', undefined, {}],
  ])('%s', (_, aliases, found) => {
    expect(aliasesIn(aliases)).toEqual(found);
  });
});

const document = (
  endpoints: Endpoints,
  published = issuer,
  url = 'https://u',
  aliases: Endpoints = {},
): DiscoveryAnswer => ({
  url,
  kind: 'document',
  document: { issuer: published, endpoints, aliases, refused: [] },
});
const nothing: DiscoveryAnswer = { url: 'https://n', kind: 'nothing', detail: '404' };
const other = 'https://sso.example.com/realms/other';

describe('isComplete', () => {
  test.each<readonly [string, readonly DiscoveryAnswer[], boolean]>([
    ['is false before the first answer', [], false],
    ['is false where nothing was found', [nothing], false],
    ['is false for a document without registration endpoint', [document({ token: 'https://t' })], false],
    ['is false for a document of another issuer', [document({ registration: 'https://r' }, other)], false],
    ['is true with a registration endpoint', [nothing, document({ registration: 'https://r' })], true],
    [
      'is true when the second document has what the first lacks (rule 1)',
      [document({ token: 'https://t' }), document({ registration: 'https://r' })],
      true,
    ],
  ])('%s', (_, answers, complete) => {
    expect(isComplete(answers, issuer, 'OAuth')).toBe(complete);
  });
});

test.each<readonly [string, readonly DiscoveryAnswer[], boolean]>([
  ['a first document of another issuer ends the search', [document({}, other)], true],
  ['a later document of another issuer does not', [nothing, document({}, other)], false],
  ['a first document of this issuer does not', [document({})], false],
])('where OpenID is preferred, %s', (_, answers, complete) => {
  expect(isComplete(answers, issuer, 'OpenID')).toBe(complete);
});

describe('mergeDiscovery', () => {
  test('finds nothing in nothing', () => {
    expect(mergeDiscovery([nothing, nothing], issuer)).toEqual({ kind: 'nothing' });
  });

  test('completes the first document by the second, and the first wins where both speak', () => {
    const answers = [
      nothing,
      document({ token: 'https://first/token' }),
      document({ token: 'https://second/token', registration: 'https://second/register' }),
    ];
    expect(mergeDiscovery(answers, issuer)).toEqual({
      kind: 'found',
      endpoints: { token: 'https://first/token', registration: 'https://second/register' },
      aliases: {},
      refused: [],
    });
  });

  test('keeps the lists of what is offered to clients, the first document before the second', () => {
    const of = (lists: object) =>
      readDiscoveryAnswer(
        'https://u',
        { status: 200, headers: {}, body: new Sensitive(JSON.stringify({ issuer, ...lists })) },
        { allowHttp: false },
      );
    const answers = [
      of({ grant_types_supported: ['a'] }),
      of({ grant_types_supported: ['b'], token_endpoint_auth_methods_supported: ['none'] }),
    ];
    expect(mergeDiscovery(answers, issuer)).toMatchObject({
      offered: { grant_types: ['a'], token_endpoint_auth_method: ['none'] },
    });
    expect(mergeDiscovery([of({})], issuer)).not.toHaveProperty('offered');
  });

  test('brings the aliases together as it does the endpoints', () => {
    const answers = [
      document({}, issuer, 'https://u', { token: 'https://first/mtls' }),
      document({}, issuer, 'https://u', { token: 'https://second/mtls', registration: 'https://second/r' }),
      document({}, other, 'https://u', { userinfo: 'https://other/mtls' }),
    ];
    expect(mergeDiscovery(answers, issuer)).toEqual({
      kind: 'found',
      endpoints: {},
      aliases: { token: 'https://first/mtls', registration: 'https://second/r' },
      refused: [],
    });
  });

  test('never takes an endpoint from a document of another issuer', () => {
    const answers = [
      document({ registration: 'https://other/register', userinfo: 'https://other/userinfo' }, other),
      document({ token: 'https://own/token' }),
    ];
    expect(mergeDiscovery(answers, issuer)).toEqual({
      kind: 'found',
      endpoints: { token: 'https://own/token' },
      aliases: {},
      refused: [],
    });
  });

  test('forgets a refused endpoint that another document has in a form that can be used', () => {
    const both = (token: string) => {
      const body = new Sensitive(JSON.stringify({ issuer, token_endpoint: token, jwks_uri: '' }));
      return readDiscoveryAnswer('https://u', { status: 200, headers: {}, body }, rules);
    };
    const found = mergeDiscovery([both('http://first/token'), both('https://second/token')], issuer);
    expect(found).toEqual({
      kind: 'found',
      endpoints: { token: 'https://second/token' },
      aliases: {},
      refused: [{ name: 'jwks', isAlias: false, why: 'jwks_uri is empty' }],
    });
  });

  test.each([
    ['a slash at the end', `${issuer}/`],
    ['a port that is the default', 'https://sso.example.com:443/realms/shop'],
    ['upper case', 'https://SSO.example.com/realms/shop'],
    ['another path', other],
  ])('reports an issuer that differs by %s, and where it was published (rule 2)', (_, published) => {
    const answers = [nothing, document({ registration: 'https://r' }, published, 'https://first')];
    expect(mergeDiscovery(answers, issuer)).toEqual({
      kind: 'issuerMismatch',
      published,
      url: 'https://first',
    });
  });
});

describe('describeDiscovery', () => {
  test('says what every address gave', () => {
    expect(
      describeDiscovery([
        { url: 'https://a', kind: 'nothing', detail: '404' },
        { url: 'https://b', kind: 'document', document: { issuer, endpoints: {}, aliases: {}, refused: [] } },
      ]),
    ).toBe('https://a: 404; https://b: a document');
  });
});
