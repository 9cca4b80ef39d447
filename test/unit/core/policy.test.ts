import { describe, expect, test } from 'vitest';
import type { Policy } from '../../../src/core/connection.ts';
import { type DocumentOrigin, policyProblem } from '../../../src/core/policy.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';

const refusal = (
  document: JsonObject,
  policy: Policy,
  own: readonly string[] = [],
  origin: DocumentOrigin = {},
): string | undefined => {
  const problem = policyProblem(document, policy, { own, ...origin });
  if (problem !== undefined) {
    expect(problem.reason).toBe('PolicyRefused');
  }
  return problem?.message;
};

const admitted = (document: JsonObject, policy: Policy, own?: readonly string[]) =>
  expect(refusal(document, policy, own)).toBeUndefined();

const everything: JsonObject = {
  client_id: 'mine',
  redirect_uris: ['https://evil.test/cb'],
  scope: 'admin',
  grant_types: ['password'],
  vendor: 1,
};

describe('policyProblem', () => {
  test('bounds nothing where there is no policy', () => {
    expect(policyProblem(everything, undefined)).toBeUndefined();
  });

  test('bounds no list that is absent', () => {
    admitted({ redirect_uris: ['com.example.app:/cb'], scope: 'admin', grant_types: ['password'] }, {});
    admitted({ id_token_signed_response_alg: 'HS256', client_name: 'Corporate SSO' }, {});
  });

  test('says which member, which value, which bound and whom to ask', () => {
    expect(refusal({ scope: 'openid admin' }, { scopes: ['openid', 'profile'] })).toBe(
      'scope "admin" is not permitted: spec.policy.scopes of the server object lists openid, profile; choose another, or ask the platform team to extend spec.policy.scopes.',
    );
    expect(refusal({ logo_uri: 'https://evil.test/l.png' }, { uriHosts: ['*.example.com'] })).toBe(
      'logo_uri "https://evil.test/l.png" is at evil.test, and spec.policy.uriHosts of the server object lists *.example.com; choose another, or ask the platform team to extend spec.policy.uriHosts.',
    );
  });

  test('reports the first of several refusals, always in the same order', () => {
    const policy: Policy = { uriHosts: [], scopes: [], grantTypes: [] };
    const without = (...names: readonly string[]) =>
      Object.fromEntries(Object.entries(everything).filter(([name]) => !names.includes(name)));
    expect(refusal(everything, policy)).toMatch(/^client_id /);
    expect(refusal(without('client_id'), policy)).toMatch(/^vendor /);
    expect(refusal(without('client_id', 'vendor'), policy)).toMatch(/^redirect_uris /);
    expect(refusal(without('client_id', 'vendor', 'redirect_uris'), policy)).toMatch(/^scope /);
    expect(refusal({ grant_types: ['password'] }, policy)).toMatch(/^grant_types /);
  });

  test('shows 200 characters of a value and of a bound at most, and none that controls', () => {
    const policy: Policy = { scopes: Array.from({ length: 100 }, (_, index) => `scope-${index}`) };
    const message = refusal({ grant_types: [], scope: `a\u0007${'b'.repeat(5000)}` }, policy);
    expect(message).toContain(`"a ${'b'.repeat(198)}…"`);
    expect(message?.length).toBeLessThan(700);
    expect(message).not.toMatch(/\p{Cc}/u);
  });
});

describe('uriHosts', () => {
  const policy: Policy = {
    uriHosts: ['Shop.example.com', '*.Apps.example.com', '192.0.2.1', '[2001:db8::1]'],
  };

  test.each([
    'https://shop.example.com',
    'https://shop.example.com/cb?x=%2F',
    'https://SHOP.Example.com/cb',
    'https://shop.example.com:8443/cb',
    'http://shop.example.com/cb',
    'https://a.apps.example.com/',
    'https://a.b.apps.example.com/',
    'https://192.0.2.1/cb',
    'https://[2001:db8::1]:8443/cb',
    '',
  ])('admits "%s"', (uri) => {
    admitted({ redirect_uris: [uri], client_uri: uri }, policy);
  });

  test.each([
    ['another host', 'https://evil.test/'],
    ['a host below an exact one', 'https://a.shop.example.com/'],
    ['the domain of a wildcard itself', 'https://apps.example.com/'],
    ['an empty label before it', 'https://.apps.example.com/'],
    ['a host that only ends alike', 'https://evilapps.example.com/'],
    ['a host that only begins alike', 'https://shop.example.com.evil.test/'],
    ['the permitted host as user', 'https://shop.example.com@evil.test/'],
    ['the permitted host as user and port', 'https://shop.example.com:443@evil.test/'],
    ['a user at the permitted host', 'https://admin:pw@shop.example.com/'],
    ['an empty user', 'https://@shop.example.com/'],
    ['a backslash before an at sign', 'https://evil.test\\@shop.example.com/'],
    ['a backslash as separator', 'https:\\\\shop.example.com\\cb'],
    ['a backslash behind the host', 'https://evil.test\\.apps.example.com/'],
    ['a full stop at the end', 'https://shop.example.com./'],
    ['an encoded full stop', 'https://shop%2eexample.com/'],
    ['an encoded slash', 'https://evil.test%2f.apps.example.com/'],
    ['an encoded number sign', 'https://evil.test%23.apps.example.com/'],
    ['an ideographic full stop', 'https://a。apps.example.com/'],
    ['full-width letters', 'https://ｓhop.example.com/'],
    ['a letter of another script', 'https://shоp.example.com/'],
    ['an abbreviated address', 'https://192.2.1/'],
    ['an address in hexadecimal', 'https://0xc0000201/'],
    ['an address as one number', 'https://3221225985/'],
    ['an address in another notation', 'https://[2001:db8:0:0:0:0:0:1]/'],
    ['an address mapped to version 6', 'https://[::ffff:192.0.2.1]/'],
    ['a semicolon in the host', 'https://evil.test;.apps.example.com/'],
    ['a wildcard as host', 'https://*.apps.example.com/'],
    ['a tab in the scheme', 'ht\ttps://shop.example.com/'],
    ['a space before it', ' https://evil.test/'],
    ['a line feed and another URL', 'https://shop.example.com/\nhttps://evil.test/'],
    ['two URLs', 'https://shop.example.com/ https://evil.test/'],
    ['a fragment', 'https://shop.example.com/#@evil.test'],
    ['a fragment behind no path', 'https://shop.example.com#x'],
    ['a fragment that ends like a permitted host', 'https://evil.test#.apps.example.com'],
    ['one slash', 'https:/shop.example.com/'],
    ['no slash', 'https:shop.example.com'],
    ['three slashes', 'https:///shop.example.com/'],
    ['no scheme', '//shop.example.com/'],
    ['no host', '/cb'],
    ['a scheme of its own', 'com.example.app:/cb'],
    ['a scheme of its own with that host', 'com.example.app://shop.example.com/cb'],
    ['another scheme', 'ftp://shop.example.com/'],
    ['a script', 'javascript:alert(1)//https://shop.example.com/'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:text/html,https://shop.example.com/'],
    ['a name', 'urn:ietf:params:oauth:request_uri:1'],
    ['more than 2048 characters', `https://shop.example.com/${'a'.repeat(2048)}`],
  ])('refuses %s', (_, uri) => {
    for (const member of ['redirect_uris', 'request_uris']) {
      const message = refusal({ [member]: ['https://shop.example.com/', uri] }, policy);
      expect(message).toMatch(new RegExp(`^${member} "`));
      expect(message).toContain(
        'and spec.policy.uriHosts of the server object lists Shop.example.com, *.Apps',
      );
      expect(message).toMatch(
        /; choose another, or ask the platform team to extend spec\.policy\.uriHosts.*\.$/,
      );
    }
  });

  test.each([
    'https://shop.example.com/ro.jwt#GkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM',
    'https://a.apps.example.com/terms?lang=de#privacy',
    'https://shop.example.com/#',
  ])('admits "%s" where a fragment has a meaning, and nowhere else', (uri) => {
    admitted({ request_uris: [uri], policy_uri: uri }, policy);
    for (const member of ['redirect_uris', 'claims_redirect_uris']) {
      expect(refusal({ [member]: [uri] }, policy)).toContain('is not written plainly');
    }
    for (const member of ['frontchannel_logout_uri', 'backchannel_logout_uri', 'vendor_uri']) {
      expect(refusal({ [member]: uri }, policy)).toContain(member);
    }
  });

  test.each([
    ['at another host', 'https://evil.test:8443/', 'is at evil.test,'],
    ['with a user', 'https://a@shop.example.com/', 'is not written plainly (no user information, '],
    ['without a host', 'com.example.app:/cb', 'has no host,'],
  ])('says what is wrong with a URI %s', (_, uri, fault) => {
    expect(refusal({ client_uri: uri }, policy)).toContain(`"${uri}" ${fault}`);
  });

  test.each([
    'client_uri',
    'client_uri#de',
    'logo_uri',
    'logo_uri#ja-Jpan-JP',
    'tos_uri',
    'policy_uri',
    'jwks_uri',
    'signed_jwks_uri',
    'sector_identifier_uri',
    'initiate_login_uri',
    'frontchannel_logout_uri',
    'backchannel_logout_uri',
    'information_uri',
    'organization_uri',
    'redirect_uris',
    'request_uris',
    'post_logout_redirect_uris',
    'claims_redirect_uris',
  ])('bounds %s', (member) => {
    const value = (uri: string) => (member.endsWith('uris') ? [uri] : uri);
    admitted({ [member]: value('https://shop.example.com/x') }, policy);
    expect(refusal({ [member]: value('https://evil.test/x') }, policy)).toMatch(
      new RegExp(`^${member} "https://evil\\.test/x"`),
    );
  });

  test.each([
    ['a string', 'https://evil.test/'],
    ['a list', ['https://shop.example.com/', 'https://evil.test/']],
    ['an object', { a: { b: ['https://evil.test/'] } }],
    ['capital letters', 'HTTPS://evil.test/'],
    ['characters that lenient parsers drop', '\u0000 ht\ntps://evil.test/'],
    ['a backslash', 'https:\\\\evil.test'],
    ['JSON in a string', '{"url":"https://evil.test/"}'],
  ])('bounds a URL in an additional member: %s', (_, value) => {
    expect(
      refusal({ callback: value }, { ...policy, additionalMetadata: { allowed: ['callback'] } }),
    ).toMatch(/^callback ".*evil\.test/i);
  });

  test('leaves other words of an additional member alone', () => {
    const callback = ['gold', 'ftp.example', 'see https://docs.example', 4711, null, { a: true }];
    admitted({ callback }, { ...policy, additionalMetadata: { allowed: ['callback'] } });
  });

  test('bounds where keys refer to certificates, also in keys sent as text (rule 14)', () => {
    const jwks = { keys: [{ kty: 'EC', x5u: 'https://evil.test/cert' }] };
    expect(refusal({ jwks }, policy)).toMatch(/^jwks "https:\/\/evil\.test\/cert" is at evil\.test/);
    expect(refusal({ jwks: JSON.stringify(jwks) }, policy)).toMatch(/^jwks "https:\/\/evil\.test\/cert"/);
    admitted({ jwks: { keys: [{ kty: 'EC', x: 'abc' }] } }, policy);
  });

  test('leaves names alone that only look like addresses', () => {
    admitted(
      {
        tls_client_auth_san_uri: 'https://evil.test/id',
        default_acr_values: ['https://refeds.test/profile/mfa'],
        contacts: ['https://evil.test/'],
      },
      policy,
    );
  });

  test.each([[['*']], [['*.']], [['']], [['https://shop.example.com']], [['shop.example.com:443']], [[]]])(
    'admits nothing by %j',
    (uriHosts) => {
      expect(refusal({ client_uri: 'https://shop.example.com/' }, { uriHosts })).toContain('client_uri');
    },
  );
});

describe('what the operator adds', () => {
  const workload = { spiffe_id: 'spiffe://example.com/shop/web' };

  test('is the name of a workload, and no address', () => {
    admitted(workload, { uriHosts: ['shop.example.com'], schemes: 'HttpsOnly' }, ['spiffe_id']);
    expect(refusal(workload, { uriHosts: ['shop.example.com'] })).toMatch(/^spiffe_id is not permitted/);
  });

  test('is judged in a software statement, which is of others', () => {
    expect(
      refusal({ software_statement: workload }, { uriHosts: ['shop.example.com'] }, ['spiffe_id']),
    ).toMatch(/^software_statement\.spiffe_id "spiffe:/);
  });
});

describe('redirectUriPatterns', () => {
  const patternsOf = (pattern: string): Policy => ({ redirectUriPatterns: ['https://other.test/', pattern] });

  test.each([
    ['https://shop.example.com/cb', 'https://shop.example.com/cb'],
    ['https://shop.example.com', 'https://shop.example.com'],
    ['https://*.example.com', 'https://shop.example.com'],
    ['https://*.example.com/cb', 'https://shop.example.com/cb'],
    ['https://*.example.com/cb', 'https://a.b.example.com/cb'],
    ['https://shop-*.example.com/cb', 'https://shop-eu.example.com/cb'],
    ['https://*-shop-*.example.com/*/cb', 'https://a-shop-b.example.com/x/cb'],
    ['https://shop.example.com/*', 'https://shop.example.com/'],
    ['https://shop.example.com/*/cb', 'https://shop.example.com/a%20b/cb'],
    ['https://shop.example.com/cb?app=*', 'https://shop.example.com/cb?app=x'],
    ['http://127.0.0.1:*/cb', 'http://127.0.0.1:8123/cb'],
    ['http://[::1]:*/cb', 'http://[::1]:8123/cb'],
    ['com.example.app:/cb', 'com.example.app:/cb'],
    ['com.example.*:/cb', 'com.example.app:/cb'],
    ['com.example.app://*/cb', 'com.example.app://login/cb'],
    ['https://shop.example.com:443/cb', 'https://shop.example.com:443/cb'],
  ])('%s admits %s', (pattern, uri) => {
    admitted({ redirect_uris: [uri], post_logout_redirect_uris: [uri] }, patternsOf(pattern));
  });

  test.each([
    ['another host', 'https://*.example.com/cb', 'https://evil.test/cb'],
    ['more behind it', 'https://*.example.com/cb', 'https://a.example.com/cb/more'],
    ['more in the last segment', 'https://*.example.com/cb', 'https://a.example.com/cbx'],
    ['a query behind it', 'https://*.example.com/cb', 'https://a.example.com/cb?next=evil'],
    ['another scheme', 'https://*.example.com/cb', 'http://a.example.com/cb'],
    ['something before it', 'https://*.example.com/cb', 'xhttps://a.example.com/cb'],
    ['a slash in the host', 'https://*.example.com/cb', 'https://evil.test/.example.com/cb'],
    ['a question mark in the host', 'https://*.example.com/cb', 'https://evil.test?.example.com/cb'],
    ['a number sign in the host', 'https://*.example.com/cb', 'https://evil.test#.example.com/cb'],
    ['a user before the host', 'https://*.example.com/cb', 'https://evil@a.example.com/cb'],
    ['a port in the host', 'https://*.example.com/cb', 'https://evil.test:1.example.com/cb'],
    ['a backslash in the host', 'https://*.example.com/cb', 'https://evil.test\\.example.com/cb'],
    ['a backslash and an at sign', 'https://*.example.com/*', 'https://evil.com\\@x.example.com/a'],
    ['a semicolon in the host', 'https://*.example.com/cb', 'https://evil.test;.example.com/cb'],
    ['an encoded slash in the host', 'https://*.example.com/cb', 'https://evil.test%2f.example.com/cb'],
    ['a tab that browsers drop', 'https://shop.example.com/*/cb', 'https://shop.example.com/a\tb/cb'],
    ['two segments for one', 'https://shop.example.com/*/cb', 'https://shop.example.com/a/b/cb'],
    ['the segment above', 'https://shop.example.com/a/*/cb', 'https://shop.example.com/a/../cb'],
    ['the segment above, encoded', 'https://shop.example.com/a/*/cb', 'https://shop.example.com/a/%2e%2E/cb'],
    ['a way round', 'https://shop.example.com/cb', 'https://shop.example.com/a/../cb'],
    ['a part that occurs once', 'https://shop.example.com/*a*a*', 'https://shop.example.com/a'],
    ['the same segment', 'https://shop.example.com/a/*/cb', 'https://shop.example.com/a/./cb'],
    ['an encoded slash', 'https://shop.example.com/*', 'https://shop.example.com/a%2F..%2Fb'],
    ['an encoded backslash', 'https://shop.example.com/*', 'https://shop.example.com/a%5cb'],
    ['a wildcard of its own', 'https://shop.example.com/*', 'https://shop.example.com/*'],
    ['a wildcard of its own, encoded', 'https://shop.example.com/*', 'https://shop.example.com/%2A'],
    ['a wildcard as host', 'https://*.example.com/cb', 'https://*.example.com/cb'],
    ['a domain of its own', 'https://*.example.com/cb', 'https://example.com/cb'],
    ['overlapping ends', 'https://shop.example.com/ab*bc', 'https://shop.example.com/abc'],
    ['parts in another order', 'https://shop.example.com/*a*b*', 'https://shop.example.com/ba'],
    ['another port', 'https://shop.example.com/cb', 'https://shop.example.com:8443/cb'],
    ['capitals in the path', 'https://shop.example.com/cb', 'https://shop.example.com/CB'],
    ['another application', 'com.example.app:/cb', 'com.example.evil:/cb'],
    ['a host for an application', 'com.example.*:/cb', 'com.example.app://evil.test/cb'],
    ['a script', 'com.example.*:/cb', 'javascript:alert(1)'],
    [
      'a letter that a pattern language would read as any',
      'https://a.example.com/cb',
      'https://axexample.com/cb',
    ],
    ['what is no URI', 'https://*.example.com/cb', 'https://[.example.com/cb'],
    ['an endless one of an application', 'com.example.app:/*', `com.example.app:/${'a'.repeat(2048)}`],
    ['an endless one', 'https://shop.example.com/*', `https://shop.example.com/${'a'.repeat(2048)}`],
  ])('refuses %s', (_, pattern, uri) => {
    for (const member of ['redirect_uris', 'post_logout_redirect_uris', 'claims_redirect_uris']) {
      const message = refusal({ [member]: [uri] }, patternsOf(pattern));
      expect(message).toMatch(new RegExp(`^${member} "`));
      expect(message).toContain(
        `matches none of spec.policy.redirectUriPatterns of the server object, which lists https://other.test/, ${pattern}; choose another`,
      );
    }
  });

  test('judges each redirect URI', () => {
    const redirect_uris = ['https://a.example.com/cb', 'https://evil.test/cb'];
    expect(refusal({ redirect_uris }, patternsOf('https://*.example.com/cb'))).toContain(
      '"https://evil.test/cb"',
    );
  });

  test('reports the first that is refused', () => {
    const redirect_uris = ['https://evil.test/1', 'https://evil.test/2'];
    expect(refusal({ redirect_uris }, patternsOf('https://*.example.com/cb'))).toContain(
      '"https://evil.test/1"',
    );
  });

  test('bounds no other URI', () => {
    admitted({ client_uri: 'https://evil.test/', request_uris: ['https://evil.test/'] }, patternsOf('x:/'));
  });

  test('an empty list admits no redirect URI, and says so', () => {
    expect(refusal({ redirect_uris: ['https://a.example.com/'] }, { redirectUriPatterns: [] })).toContain(
      'which lists none;',
    );
    admitted({ redirect_uris: [] }, { redirectUriPatterns: [] });
  });

  test('holds a redirect URI within uriHosts too', () => {
    const policy: Policy = { redirectUriPatterns: ['https://*.test/cb'], uriHosts: ['good.test'] };
    admitted({ redirect_uris: ['https://good.test/cb'] }, policy);
    expect(refusal({ redirect_uris: ['https://evil.test/cb'] }, policy)).toContain('is at evil.test');
    expect(refusal({ redirect_uris: ['https://good.test/x'] }, policy)).toContain('matches none of');
  });

  test("speaks for an application's own scheme, which has no host to list", () => {
    const policy: Policy = { uriHosts: ['good.test'], redirectUriPatterns: ['com.example.app:/*'] };
    const uris = ['com.example.app:/cb'];
    admitted({ redirect_uris: uris, post_logout_redirect_uris: uris }, policy);
    expect(refusal({ redirect_uris: uris }, { uriHosts: ['good.test'] })).toMatch(
      /has no host.* extend spec\.policy\.uriHosts or spec\.policy\.redirectUriPatterns\.$/,
    );
    expect(refusal({ initiate_login_uri: 'com.example.app:/cb' }, policy)).toContain('has no host');
  });

  test('does not speak for a URL that only some parsers find', () => {
    const uri = 'https:/\\evil.test';
    const policy: Policy = { uriHosts: ['good.test'], redirectUriPatterns: [uri] };
    expect(refusal({ redirect_uris: [uri] }, policy)).toContain('is not written plainly');
  });

  test('ends for a pattern with many wildcards', () => {
    const pattern = `https://a.example.com/${'*a'.repeat(1000)}`;
    const uri = `https://a.example.com/${'a'.repeat(2000)}b`;
    expect(refusal({ redirect_uris: [uri] }, { redirectUriPatterns: [pattern] })).toContain(
      'matches none of',
    );
  });
});

describe('bounds on words', () => {
  test.each<[string, JsonObject, Policy]>([
    ['a scope', { scope: 'openid' }, { scopes: ['openid'] }],
    ['an empty scope', { scope: '' }, { scopes: [] }],
    ['scopes as a list (rule 14)', { scopes: ['openid'] }, { scopes: ['openid'] }],
    ['scopes in both forms (rule 14)', { scope: 'a b', scopes: ['a', 'b'] }, { scopes: ['b', 'a'] }],
    ['scopes with much space', { scope: '  a \n b ' }, { scopes: ['a', 'b'] }],
    [
      'grant types',
      { grant_types: ['refresh_token'] },
      { grantTypes: ['authorization_code', 'refresh_token'] },
    ],
    [
      'no grant types, which means the one of absence',
      { grant_types: [] },
      { grantTypes: ['authorization_code'] },
    ],
    ['an empty list of scopes', { scopes: [] }, { scopes: [] }],
    ['the grant type meant by absence', {}, { grantTypes: ['authorization_code'] }],
    ['a response type', { response_types: ['code'] }, { responseTypes: ['code'] }],
    ['no response types (rule 15)', { response_types: [] }, { responseTypes: ['token'] }],
    [
      'a response type in another order',
      { response_types: ['id_token  code'] },
      { responseTypes: ['code id_token'] },
    ],
    ['the response type meant by absence', {}, { responseTypes: ['code'] }],
    [
      'an authentication method',
      { token_endpoint_auth_method: 'private_key_jwt' },
      { tokenEndpointAuthMethods: ['private_key_jwt'] },
    ],
    ['the method meant by absence', {}, { tokenEndpointAuthMethods: ['client_secret_basic'] }],
  ])('admit %s', (_, document, policy) => {
    admitted(document, policy);
  });

  test.each<[string, JsonObject, Policy, string]>([
    ['a scope', { scope: 'openid admin' }, { scopes: ['openid'] }, 'scope "admin"'],
    ['a scope in capitals', { scope: 'OpenID' }, { scopes: ['openid'] }, 'scope "OpenID"'],
    ['a scope behind a line feed', { scope: 'openid\nadmin' }, { scopes: ['openid'] }, 'scope "admin"'],
    [
      'a scope behind a strange space',
      { scope: 'openid\u00a0admin' },
      { scopes: ['openid'] },
      'scope "admin"',
    ],
    [
      'a scope of a list (rule 14)',
      { scopes: ['openid', 'admin'] },
      { scopes: ['openid'] },
      'scopes "admin"',
    ],
    ['a scope within an item', { scopes: ['openid admin'] }, { scopes: ['openid'] }, 'scopes "admin"'],
    ['a scope in the other form', { scope: 'a', scopes: ['a', 'b'] }, { scopes: ['a'] }, 'scopes "b"'],
    ['any scope', { scope: 'openid' }, { scopes: [] }, 'scope "openid"'],
    ['a scope named like a property', { scope: 'constructor' }, { scopes: ['a'] }, 'scope "constructor"'],
    ['a grant type', { grant_types: ['password'] }, { grantTypes: ['implicit'] }, 'grant_types "password"'],
    [
      'a grant type as a string',
      { grant_types: 'password' },
      { grantTypes: ['implicit'] },
      'grant_types "password"',
    ],
    [
      'a part of a response type',
      { response_types: ['code'] },
      { responseTypes: ['code id_token'] },
      '"code"',
    ],
    [
      'a larger response type',
      { response_types: ['code token'] },
      { responseTypes: ['code', 'token'] },
      '"code token"',
    ],
    [
      'an authentication method',
      { token_endpoint_auth_method: 'none' },
      { tokenEndpointAuthMethods: ['private_key_jwt'] },
      'token_endpoint_auth_method "none"',
    ],
  ])('refuse %s', (_, document, policy, part) => {
    const message = refusal(document, policy);
    expect(message).toContain(part);
    expect(message).toMatch(/ is not permitted: .* or ask the platform team to extend spec\.policy\.\w+\.$/);
  });

  test.each<[string, Policy, string, string]>([
    ['grant_types', { grantTypes: ['client_credentials'] }, 'authorization_code', 'grantTypes'],
    ['response_types', { responseTypes: ['token'] }, 'code', 'responseTypes'],
    [
      'token_endpoint_auth_method',
      { tokenEndpointAuthMethods: ['private_key_jwt'] },
      'client_secret_basic',
      'tokenEndpointAuthMethods',
    ],
  ])('refuse what the absence of %s means', (member, policy, meaning, list) => {
    const start = `${member} is absent, which means "${meaning}" (RFC 7591 section 2), and that is not permitted: spec.policy.${list} of the server object lists `;
    for (const document of [{}, { [member]: null }, { [member]: '' }]) {
      const message = refusal(document, policy);
      expect(message?.startsWith(start)).toBe(true);
      expect(message).toContain('; set it, or ask the platform team');
    }
  });
});

describe('L7: words that are left out', () => {
  test.each<[string, JsonObject]>([
    ['absent', {}],
    ['absent', { scope: null }],
    ['absent', { scope: '' }],
    ['empty', { scopes: [] }],
  ])('scopes that are %s mean those of the server, which no list bounds', (how, document) => {
    expect(refusal(document, { scopes: ['openid'] })).toBe(
      `scope is ${how}, which means the default scopes of the server (RFC 7591 section 2), and that is not permitted: spec.policy.scopes of the server object lists openid; set it, or ask the platform team to extend spec.policy.scopes.`,
    );
  });

  test('scopes that are absent are not even permitted where none is; an empty list is', () => {
    expect(refusal({}, { scopes: [] })).toMatch(/^scope is absent.* lists none; set it/);
  });

  test('an empty list of grant types is judged as servers read it', () => {
    expect(refusal({ grant_types: [] }, { grantTypes: ['client_credentials'] })).toMatch(
      /^grant_types is empty, which means "authorization_code" \(RFC 7591 section 2\), and that is not permitted/,
    );
  });
});

describe('L7: algorithms', () => {
  test.each([
    'id_token_signed_response_alg',
    'userinfo_encrypted_response_enc',
    'request_object_signing_alg',
    'token_endpoint_auth_signing_alg',
    'encrypted_response_enc_values_supported',
    'vendor_alg',
    'vendorSigningAlg',
  ])('of %s are bounded', (member) => {
    const policy: Policy = {
      algorithms: ['ES256', 'A256GCM'],
      additionalMetadata: { allowed: ['vendor_alg', 'vendorSigningAlg'] },
    };
    admitted({ [member]: 'ES256' }, policy);
    admitted({ [member]: ['ES256', 'A256GCM'] }, policy);
    expect(refusal({ [member]: 'HS256' }, policy)).toBe(
      `${member} "HS256" is not permitted: spec.policy.algorithms of the server object lists ES256, A256GCM; choose another, or ask the platform team to extend spec.policy.algorithms.`,
    );
  });

  test.each(['none', 'None', ' NONE '])('"%s" is permitted only where it is listed', (none) => {
    const member = 'id_token_signed_response_alg';
    for (const policy of [{}, { algorithms: [] }, { algorithms: ['RS256'] }]) {
      expect(refusal({ [member]: none }, policy)).toMatch(/^id_token_signed_response_alg ".*none.*" is not/i);
    }
    admitted({ [member]: 'none' }, { algorithms: ['none'] });
  });

  test('are the only members that they bound, and none has to be set', () => {
    admitted({ client_name: 'none', token_endpoint_auth_method: 'none' }, { algorithms: [] });
    expect(
      refusal({ vendor_alg: 'x' }, { algorithms: [], additionalMetadata: { allowed: ['vendor_alg'] } }),
    ).toContain('lists nothing;');
  });
});

describe('L7: schemes', () => {
  const open = { additionalMetadata: { allowed: ['vendor', 'callbackUrl'] } };

  test.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    ' java\tscript:alert(1)',
    'vbscript:x',
    'data:text/html,x',
    'file:///etc/passwd',
    'blob:https://a.test/1',
  ])('"%s" is permitted by no policy, in no member', (uri) => {
    for (const member of ['redirect_uris', 'initiate_login_uri', 'logo_uri#ja', 'vendor']) {
      const policy = { ...open, redirectUriPatterns: [uri, '*:*'] };
      expect(refusal({ [member]: uri }, policy)).toMatch(new RegExp(`^${member} "`));
    }
    expect(refusal({ jwks: { keys: [{ x5u: uri }] } }, {})).toContain('runs a script or reads local data');
  });

  test.each(['http://a.test/cb', 'com.example.app:/cb', 'ftp://a.test/', 'https:a.test', '//a.test/cb'])(
    'HttpsOnly refuses %s',
    (uri) => {
      for (const member of ['redirect_uris', 'initiate_login_uri', 'request_uris']) {
        expect(refusal({ [member]: [uri] }, { schemes: 'HttpsOnly' })).toBe(
          `${member} "${uri}" is not permitted: spec.policy.schemes of the server object is HttpsOnly; use an https URI, or ask the platform team to set spec.policy.schemes to Any.`,
        );
      }
      admitted({ redirect_uris: [uri] }, { schemes: 'Any' });
    },
  );

  test('HttpsOnly admits https URIs, of any host where none is listed', () => {
    admitted({ redirect_uris: ['https://a.test/cb'], logo_uri: 'HTTPS://a.test/' }, { schemes: 'HttpsOnly' });
  });

  test.each<[string, JsonObject]>([
    ['x5u of a key', { jwks: { keys: [{ x5u: 'ftp://evil.test/cert' }] } }],
    ['an address by its form', { vendor: 'ldap://evil.test/' }],
    ['an address by its name', { callbackUrl: 'com.example.app:/cb' }],
    ['one within', { vendor: { logo_uri: ['urn:a'] } }],
  ])('of other addresses in members of unknown meaning are bounded: %s', (_, document) => {
    expect(refusal(document, { ...open, schemes: 'HttpsOnly' })).toContain('is HttpsOnly;');
    expect(refusal(document, { ...open, uriHosts: ['a.test'] })).toContain('has no host');
    admitted(document, open);
  });

  test('words with a colon are no addresses', () => {
    const vendor = [
      'urn:mace:example',
      'team:payments',
      'note: see ftp',
      'db.example:5432',
      'about: us',
      'data: x',
    ];
    admitted({ vendor }, { ...open, schemes: 'HttpsOnly', uriHosts: [] });
  });
});

describe('L7: defaultsOnly', () => {
  const policy: Policy = {
    defaultsOnly: ['clientName', 'logo_uri', 'scopes', 'tier'],
    additionalMetadata: { allowed: ['tier'] },
  };
  const by = (document: JsonObject, defaults?: JsonObject) => refusal(document, policy, [], { defaults });

  test.each<[string, JsonObject]>([
    ['client_name', { client_name: 'Corporate SSO' }],
    ['client_name#ja', { 'client_name#ja': 'x' }],
    ['logo_uri', { logo_uri: 'https://a.test/l.png' }],
    ['scope', { scope: 'openid' }],
    ['scopes', { scopes: ['openid'] }],
    ['tier', { tier: 'gold' }],
  ])('refuses a client that sets %s', (member, document) => {
    expect(by(document)).toBe(
      `${member} is not permitted: spec.policy.defaultsOnly of the server object lists clientName, logo_uri, scopes, tier, which only its spec.defaults sets; remove it, or ask the platform team to change spec.policy.defaultsOnly.`,
    );
    expect(by(document, { [member]: 'another' })).toContain(`${member} is not permitted`);
    expect(by(document, document)).toBeUndefined();
  });

  test('refuses a client that takes a default away', () => {
    expect(by({}, { client_name: 'shop/app' })).toMatch(/^client_name is not permitted/);
    expect(by({ client_name: 'shop/app' }, { client_name: 'shop/app' })).toBeUndefined();
    expect(by({ client_uri: 'https://a.test/' }, {})).toBeUndefined();
  });

  test("judges the claims of the client's own statement, not those of the server object's", () => {
    const document = { software_statement: { client_name: 'Corporate SSO' } };
    admitted(document, policy);
    expect(refusal(document, policy, [], { bringsStatement: true })).toMatch(
      /^software_statement\.client_name is not permitted/,
    );
  });
});

describe('additionalMetadata', () => {
  test.each<[string, JsonObject, Policy]>([
    ['members of the table', { client_name: 'a', jwks: { keys: [] }, default_max_age: 1 }, {}],
    [
      'members of the table with a language tag',
      { 'client_name#ja': 'a', 'tos_uri#de': 'https://a.test' },
      {},
    ],
    ['scopes as a list (rule 14)', { scopes: ['a'] }, {}],
    ['a software statement', { software_statement: { iss: 'a', org_id: 'b' } }, {}],
    [
      'what is listed',
      { costCenter: '4711', tiers: ['gold'] },
      { additionalMetadata: { allowed: ['tiers', 'costCenter'] } },
    ],
  ])('admits %s', (_, document, policy) => {
    admitted(document, policy);
  });

  test.each<[string, JsonObject]>([
    ['a member that is not listed', { costCenter: '4711' }],
    ['one in other letters', { Tiers: 1 }],
    ['one with a language tag', { 'tiers#de': 1 }],
    ["the spec's name of a member", { redirectUris: ['https://evil.test/'] }],
    ['a property of every object', { constructor: 1 }],
    ['the prototype', JSON.parse('{"__proto__":1}') as JsonObject],
    ['a statement that can not be read', { software_statement: 'a.b.c' }],
    ['a member without a value', { costCenter: null }],
  ])('refuses %s', (_, document) => {
    const [name = ''] = Object.keys(document);
    expect(refusal(document, { additionalMetadata: { allowed: ['tiers'] } })).toBe(
      `${name} is not permitted: spec.policy.additionalMetadata.allowed of the server object lists tiers; remove it, or ask the platform team to extend spec.policy.additionalMetadata.allowed.`,
    );
  });

  test('lists none by default', () => {
    expect(refusal({ tiers: 1 }, {})).toContain('allowed of the server object lists none;');
  });

  test("lets the operator's own members pass", () => {
    admitted({ attempt: 'a1', expires: 1 }, {}, ['attempt', 'expires']);
    expect(refusal({ attempt: 'a1', other: 1 }, {}, ['attempt'])).toMatch(/^other /);
  });
});

describe('clientIdentifier', () => {
  const names = ['client_id', 'preferred_client_id', 'ext_param_client_id', 'client_secret'];

  test.each(names)("refuses %s, though it is listed and the operator's own", (name) => {
    const policy: Policy = { additionalMetadata: { allowed: names } };
    const message = `${name} is not permitted: by spec.policy.clientIdentifier of the server object the server chooses it; remove it, or ask the platform team to set spec.policy.clientIdentifier to Allow.`;
    expect(refusal({ [name]: 'S3cret' }, policy, names)).toBe(message);
    expect(refusal({ [name]: 'S3cret' }, { ...policy, clientIdentifier: 'Deny' })).toBe(message);
    expect(refusal({ software_statement: { [name]: 'S3cret' } }, policy)).toBe(
      `software_statement.${message}`,
    );
  });

  test('Allow admits identifiers, and a secret only where it is listed', () => {
    admitted({ preferred_client_id: 'shop', client_id: 'shop' }, { clientIdentifier: 'Allow' });
    expect(refusal({ client_secret: 'S3cret' }, { clientIdentifier: 'Allow' })).toMatch(
      /^client_secret is not/,
    );
  });
});

describe('claims of a software statement', () => {
  const policy: Policy = {
    uriHosts: ['*.example.com'],
    redirectUriPatterns: ['https://*.example.com/cb'],
    scopes: ['openid'],
    grantTypes: ['authorization_code'],
    responseTypes: ['code'],
    tokenEndpointAuthMethods: ['client_secret_basic', 'none'],
  };

  test.each<[string, JsonObject]>([
    ['redirect_uris', { redirect_uris: ['https://evil.test/cb'] }],
    ['redirect_uris', { redirect_uris: 'https://evil.test/cb' }],
    ['redirect_uris', { redirect_uris: { a: [['https://evil.test/cb']] } }],
    ['redirect_uris', { redirect_uris: ['https://a.example.com/other'] }],
    ['redirect_uris#de', { 'redirect_uris#de': ['https://evil.test/cb'] }],
    ['jwks_uri', { jwks_uri: 'https://evil.test/jwks' }],
    ['software_jwks_endpoint', { software_jwks_endpoint: 'https://evil.test/jwks' }],
    ['org', { org: { logo: ['https://evil.test/'] } }],
    ['scope', { scope: 'openid admin' }],
    ['scope', { scope: ['admin'] }],
    ['scopes', { scopes: ['admin'] }],
    ['grant_types', { grant_types: ['password'] }],
    ['response_types', { response_types: ['token'] }],
    ['token_endpoint_auth_method', { token_endpoint_auth_method: 'private_key_jwt' }],
  ])('are judged as members: %s', (claim, claims) => {
    expect(refusal({ software_statement: claims }, policy)).toMatch(
      new RegExp(`^software_statement\\.${claim} "`),
    );
  });

  test('name parties by URLs that are no places, and further claims as their issuer likes', () => {
    const claims = {
      iss: 'https://publisher.test',
      sub: 'https://publisher.test/1',
      aud: ['https://as.test'],
      jti: 'https://publisher.test/2',
      org_id: '4711',
      scope: 'openid',
      redirect_uris: ['https://a.example.com/cb'],
    };
    admitted({ software_statement: claims }, policy);
  });

  test('stand for a member that is absent', () => {
    const bounded: Policy = { ...policy, tokenEndpointAuthMethods: ['none'] };
    admitted({ software_statement: { token_endpoint_auth_method: 'none', scope: 'openid' } }, bounded);
    expect(refusal({ software_statement: { iss: 'a' } }, bounded)).toMatch(
      /^token_endpoint_auth_method is absent/,
    );
  });

  test('L7: that name algorithms are judged, too', () => {
    expect(refusal({ software_statement: { request_object_signing_alg: 'none' } }, policy)).toMatch(
      /^software_statement\.request_object_signing_alg "none" is not permitted/,
    );
  });

  test('are read however deep they nest', () => {
    let nested: JsonObject = { url: 'https://evil.test/' };
    for (let depth = 0; depth < 50_000; depth++) {
      nested = { a: nested };
    }
    expect(refusal({ software_statement: { nested } }, policy)).toMatch(/^software_statement\.nested "/);
  });
});
