import { describe, expect, test } from 'vitest';
import {
  type DiscoveryAnswer,
  discoveryUrls,
  type Endpoints,
  isComplete,
  mergeDiscovery,
  readDiscoveryAnswer,
} from '../../src/oauth/discovery.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';

const issuer = 'https://sso.example.com/realms/shop';
const rules = { allowHttp: false };

describe('discoveryUrls', () => {
  test('asks in four places, RFC 8414 first', () => {
    expect(discoveryUrls(issuer, 'OAuth')).toEqual([
      'https://sso.example.com/.well-known/oauth-authorization-server/realms/shop',
      'https://sso.example.com/.well-known/openid-configuration/realms/shop',
      'https://sso.example.com/realms/shop/.well-known/openid-configuration',
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
    readDiscoveryAnswer('https://u', status, new Sensitive(body), rules);

  test.each([
    ['404', 404, '{"issuer":"https://sso.example.com"}', '404'],
    ['401', 401, '', '401'],
    ['a redirect', 302, '', '302'],
    ['201 with a document', 201, '{"issuer":"https://sso.example.com"}', '201'],
    ['a login page', 200, '<html>Sign in</html>', '200, but not a JSON object'],
    ['an array', 200, '[]', '200, but not a JSON object'],
    ['a document without issuer', 200, '{"token_endpoint":"https://a"}', '200, but without issuer'],
    ['an issuer of another type', 200, '{"issuer":1}', '200, but without issuer'],
  ])('takes %s for nothing', (_, status, body, detail) => {
    expect(read(status, body)).toEqual({ url: 'https://u', kind: 'nothing', detail });
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
        endpoints: Object.fromEntries(Object.entries(names).map(([name, wire]) => [name, url(wire)])),
      },
    });
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

const document = (endpoints: Endpoints, published = issuer, url = 'https://u'): DiscoveryAnswer => ({
  url,
  kind: 'document',
  document: { issuer: published, endpoints },
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
      'is true when the second document has what the first lacks',
      [document({ token: 'https://t' }), document({ registration: 'https://r' })],
      true,
    ],
  ])('%s', (_, answers, complete) => {
    expect(isComplete(answers, issuer)).toBe(complete);
  });
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
    });
  });

  test.each([
    ['a slash at the end', `${issuer}/`],
    ['a port that is the default', 'https://sso.example.com:443/realms/shop'],
    ['upper case', 'https://SSO.example.com/realms/shop'],
    ['another path', other],
  ])('tells an issuer that differs by %s, and where it was published', (_, published) => {
    const answers = [nothing, document({ registration: 'https://r' }, published, 'https://first')];
    expect(mergeDiscovery(answers, issuer)).toEqual({
      kind: 'issuerMismatch',
      published,
      url: 'https://first',
    });
  });
});
