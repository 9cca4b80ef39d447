import { describe, expect, test } from 'vitest';
import { issuer, objectOf, open } from '../../kit/fixtures/server-objects.ts';

const notAbsolute = (field: string) =>
  `spec.${field} is not an absolute URL without user information and fragment.`;

describe('toServerObject', () => {
  test('keeps of a spec that is too large only that, and whom it admits (H1)', () => {
    const sign = { claims: { blob: 'a'.repeat(1_000_000) } };
    const spec = {
      issuer,
      registration: { ...open, softwareStatement: { sign } },
      allowedNamespaces: { names: ['shop'] },
    };
    const object = objectOf(spec as unknown as Parameters<typeof objectOf>[0]);
    expect(object).toMatchObject({
      spec: undefined,
      problem: expect.stringMatching(
        /^spec has 1000\d{3} bytes as JSON and may have 131072; make it smaller\.$/,
      ),
      allowedNamespaces: { names: ['shop'] },
    });
    expect(JSON.stringify(object).length).toBeLessThan(1_000);
  });

  test.each<readonly [string, unknown, string | RegExp]>([
    ['no spec', undefined, /^spec\.: .+/],
    ['no issuer', { registration: open }, /^spec\.issuer: .+/],
    [
      'http',
      { issuer: 'http://a', registration: open },
      'spec.issuer does not use https, and http is not permitted here; the operator flag --allow-http permits it.',
    ],
    [
      'an endpoint with user information',
      { issuer, registration: { ...open, endpoint: 'https://u@a' } },
      notAbsolute('registration.endpoint'),
    ],
    [
      'an endpoint with a fragment',
      { issuer, registration: open, endpoints: { token: 'https://a/#b' } },
      notAbsolute('endpoints.token'),
    ],
    [
      'a discovery address without scheme',
      { issuer, registration: open, discovery: { url: '/x' } },
      notAbsolute('discovery.url'),
    ],
    [
      'an origin that is no URL',
      { issuer, registration: open, management: { allowedOrigins: ['manage.example.com'] } },
      /^spec\.management\.allowedOrigins/,
    ],
    [
      'a proxy without scheme',
      { issuer, registration: open, connection: { proxyUrl: 'proxy:3128' } },
      notAbsolute('connection.proxyUrl'),
    ],
    [
      'a template that leads to http',
      { issuer, registration: open, management: { configurationUrl: 'http://a/{client_id}' } },
      'spec.management.configurationUrl does not use https, and http is not permitted here; the operator flag --allow-http permits it.',
    ],
    [
      'a resource that is no URL',
      {
        issuer,
        registration: {
          admission: { clientCredentials: { secretRef: { name: 's' }, resources: ['https://a', 'dcr'] } },
        },
      },
      notAbsolute('registration.admission.clientCredentials.resources.1'),
    ],
    [
      'a resource of what manages clients',
      {
        issuer,
        registration: open,
        management: { credential: { clientCredentials: { secretRef: { name: 's' }, resources: ['dcrm'] } } },
      },
      notAbsolute('management.credential.clientCredentials.resources.0'),
    ],
    [
      'no way of admission',
      { issuer },
      'spec.registration.admission is missing: say how the registration endpoint admits the operator.',
    ],
    ['a dialect that nobody knows', { issuer, registration: open, dialect: 'duende' }, /^spec\.dialect: .+/],
    [
      'a switch that has no such value',
      { issuer, registration: open, dialectOverrides: { scopeEncoding: 'List' } },
      /^spec\.dialectOverrides\.scopeEncoding: .+/,
    ],
  ])('says what is wrong with %s', (_, spec, problem) => {
    const object = objectOf(spec);
    expect(object.spec).toBeUndefined();
    expect(object.problem).toMatch(problem);
  });

  test.each(['registration.admission', 'management.credential'])(
    'is refused where a tenant names a server that gets a token of the cluster: %s',
    (field) => {
      const credential = { clientCredentials: { authMethod: 'ServiceAccountToken' } };
      const spec =
        field === 'registration.admission'
          ? { issuer, registration: { admission: credential } }
          : { issuer, registration: open, management: { credential } };
      expect(objectOf(spec, { kind: 'AuthorizationServer' }).problem).toBe(
        `spec.${field}.clientCredentials.authMethod is ServiceAccountToken, which a ClusterAuthorizationServer alone may use: choose another authMethod.`,
      );
      expect(objectOf(spec).problem).toBeUndefined();
    },
  );

  test('L12: names no flag to those who read an AuthorizationServer', () => {
    const { problem } = objectOf({ issuer: 'http://a', registration: open }, { kind: 'AuthorizationServer' });
    expect(problem).toBe('spec.issuer does not use https, and http is not permitted here.');
  });

  test.each([
    ['what the server returns', 'AsReturned'],
    ['the path', 'https://sso.example.com/{client_id}'],
    ['the query', 'https://sso.example.com/register?client_id={client_id}'],
    ['the registration endpoint', '{registration_endpoint}/{client_id}'],
  ])('takes a template that uses %s', (_, configurationUrl) => {
    expect(objectOf({ issuer, registration: open, management: { configurationUrl } })).toMatchObject({
      problem: undefined,
      spec: { management: { configurationUrl } },
    });
  });

  const isDefault = 'oauth-registrar.dev/is-default-server';

  test.each<readonly [string, Readonly<Record<string, string>>, boolean]>([
    ['serves clients that name no server if it is marked so', { [isDefault]: 'true' }, true],
    ['does not where it is marked otherwise', { [isDefault]: 'false' }, false],
    ['does not by an empty mark', { [isDefault]: '' }, false],
    ['does not where nothing is marked', {}, false],
  ])('%s', (_, annotations, expected) => {
    expect(objectOf({ issuer, registration: open }, { annotations }).isDefault).toBe(expected);
  });

  test('whose policy names a member that there is not is refused: it would bound nothing', () => {
    const bounded = (defaultsOnly: readonly string[]) =>
      objectOf({
        issuer,
        registration: open,
        policy: { defaultsOnly, additionalMetadata: { allowed: ['tier'] } },
      }).problem;
    expect(bounded(['clientName', 'logo_uri', 'scopes', 'tier'])).toBeUndefined();
    expect(bounded(['clientName', 'clientname'])).toBe(
      'spec.policy.defaultsOnly lists clientname, which is neither a field of spec.defaults nor in spec.policy.additionalMetadata.allowed: correct it, or leave it out.',
    );
  });

  describe('whose statements copy what clients say', () => {
    const copying = (member: string, policy?: object, kind?: 'AuthorizationServer') => {
      const sign = {
        secretRef: { name: 'signer' },
        algorithm: 'RS256',
        issuer: 'https://publisher.example.com',
        claimsFromClient: { claim: member },
      };
      const registration = { ...open, softwareStatement: { sign } };
      const spec = { issuer, registration, ...(policy === undefined ? {} : { policy }) };
      return objectOf(spec, kind === undefined ? {} : { kind });
    };

    test.each<readonly [string, string, object | undefined]>([
      ['without a policy', 'redirect_uris', undefined],
      ['by a policy that bounds something else', 'scope', { uriHosts: ['a'] }],
      ['though other members may be set', 'tier', { additionalMetadata: { allowed: ['plan'] } }],
      ['for a member that nothing can bound', 'client_name', { scopes: ['openid'] }],
      ["called like something of JavaScript's own", 'constructor', { scopes: ['openid'] }],
      ['without a name', '', { scopes: ['openid'] }],
    ])('is refused for unbounded values: %s', (_, member, policy) => {
      expect(copying(member, policy).problem).toBe(
        `spec.registration.softwareStatement.sign.claimsFromClient copies ${member}, which spec.policy doesn't bound: bound it there, or leave it out.`,
      );
    });

    test.each<readonly [string, object]>([
      ['redirect_uris', { redirectUriPatterns: ['https://*.example.com/cb'] }],
      ['redirect_uris', { uriHosts: ['*.example.com'] }],
      ['client_name', { defaultsOnly: ['clientName'] }],
      ['client_name', { defaultsOnly: ['client_name'] }],
      ['request_object_signing_alg', { algorithms: ['ES256'] }],
      ['scope', { scopes: ['openid'] }],
      ['scopes', { scopes: [] }],
      ['grant_types', { grantTypes: ['authorization_code'] }],
      ['response_types', { responseTypes: ['code'] }],
      ['token_endpoint_auth_method', { tokenEndpointAuthMethods: ['private_key_jwt'] }],
      ['jwks_uri', { uriHosts: ['*.example.com'] }],
      ['tier', { additionalMetadata: { allowed: ['tier'] } }],
    ])('is taken where %s is bounded by %j', (member, policy) => {
      expect(copying(member, policy).problem).toBeUndefined();
    });

    test('is taken in a namespace, whose tenants sign with a key of their own', () => {
      expect(copying('client_name', undefined, 'AuthorizationServer').problem).toBeUndefined();
    });
  });

  test('takes a status that can not be read for none', () => {
    expect(objectOf({ issuer, registration: open }, { status: { management: 'x' } })).toMatchObject({
      problem: undefined,
      status: {},
    });
  });
});
