import { describe, expect, test } from 'vitest';
import { keysFormat } from '../../../src/formats/keys.ts';
import type { PublishedClient } from '../../../src/formats/published-client.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { rendered } from '../../kit/fixtures/rendered.ts';

const render = (...given: Parameters<typeof keysFormat.render>) => rendered(keysFormat.render(...given));

const client: PublishedClient = {
  information: {
    clientId: 'c1',
    clientSecret: new Sensitive('s1'),
    registrationAccessToken: new Sensitive('canary-token'),
    registrationClientUri: 'https://sso.example.com/canary-uri',
    metadata: { token_endpoint_auth_method: 'client_secret_post', scope: 'openid', client_name: 'Shop' },
  },
  sent: { token_endpoint_auth_method: 'client_secret_basic', scope: 'openid profile' },
  issuer: 'https://sso.example.com',
  endpoints: {
    registration: 'https://sso.example.com/register',
    token: 'https://sso.example.com/token',
    authorization: 'https://sso.example.com/authorize',
    jwks: 'https://sso.example.com/jwks',
    userinfo: 'https://sso.example.com/userinfo',
    endSession: 'https://sso.example.com/logout',
    revocation: 'https://sso.example.com/revoke',
  },
};
const silent: PublishedClient = { ...client, information: { clientId: 'c1', metadata: {} }, endpoints: {} };

describe('keysFormat', () => {
  test('gives a workload all that it needs, under wire names', () => {
    expect(render(client, {})).toEqual({
      client_id: 'c1',
      client_secret: 's1',
      token_endpoint_auth_method: 'client_secret_post',
      scope: 'openid',
      issuer: 'https://sso.example.com',
      authorization_endpoint: 'https://sso.example.com/authorize',
      token_endpoint: 'https://sso.example.com/token',
      userinfo_endpoint: 'https://sso.example.com/userinfo',
      jwks_uri: 'https://sso.example.com/jwks',
      end_session_endpoint: 'https://sso.example.com/logout',
    });
  });

  const certified = (members: JsonObject): PublishedClient => ({
    ...silent,
    information: { clientId: 'c1', metadata: members },
    sent: {},
    endpoints: {
      ...client.endpoints,
      others: { pushed_authorization_request_endpoint: 'https://sso.example.com/par' },
      mtlsAliases: {
        token_endpoint: 'https://mtls.example.com/token',
        pushed_authorization_request_endpoint: 'https://mtls.example.com/par',
      },
    },
    include: ['pushed_authorization_request_endpoint', 'revocation_endpoint'],
  });

  test.each<readonly [string, JsonObject, string]>([
    ['tls_client_auth', { token_endpoint_auth_method: 'tls_client_auth' }, 'mtls'],
    ['self_signed_tls_client_auth', { token_endpoint_auth_method: 'self_signed_tls_client_auth' }, 'mtls'],
    ['tokens bound to its certificate', { tls_client_certificate_bound_access_tokens: true }, 'mtls'],
    ['private_key_jwt', { token_endpoint_auth_method: 'private_key_jwt' }, 'sso'],
    ['tokens that are not bound', { tls_client_certificate_bound_access_tokens: false }, 'sso'],
  ])('gives a client with %s the endpoints at which it can authenticate', (_, members, host) => {
    expect(render(certified(members), {})).toMatchObject({
      token_endpoint: `https://${host}.example.com/token`,
      pushed_authorization_request_endpoint: `https://${host}.example.com/par`,
      authorization_endpoint: 'https://sso.example.com/authorize',
      revocation_endpoint: 'https://sso.example.com/revoke',
    });
  });

  test('never gives the registration access token or its address', () => {
    expect(
      JSON.stringify(render(client, { registration_access_token: 'a', registration_client_uri: 'b' })),
    ).not.toMatch(/canary/);
  });

  test('has the type and the provider of a service binding where they are asked for, unless the answer has its own', () => {
    const asked = { ...client, include: ['type', 'provider'], provider: 'corporate' };
    expect(render(asked, { provider: 'PROVIDER' })).toMatchObject({
      type: 'oauth2',
      PROVIDER: 'corporate',
    });
    const information = { ...client.information, metadata: { type: 'agent' } };
    expect(render({ ...asked, information }, {})).toMatchObject({ type: 'agent' });
    expect(render({ ...client, provider: 'corporate' }, {})).not.toHaveProperty('type');
    expect(render({ ...client, provider: 'corporate' }, {})).not.toHaveProperty('provider');
  });

  test('says what was asked for where the answer is silent, and has no key for what is not known', () => {
    expect(render(silent, {})).toEqual({
      client_id: 'c1',
      token_endpoint_auth_method: 'client_secret_basic',
      scope: 'openid profile',
      issuer: 'https://sso.example.com',
    });
  });

  test('has no scope where the answer has other members that were sent, and no scope: none is registered', () => {
    const information = { ...client.information, metadata: { token_endpoint_auth_method: 'none' } };
    expect(render({ ...client, information }, {})).toMatchObject({
      token_endpoint_auth_method: 'none',
    });
    expect(render({ ...client, information }, {})).not.toHaveProperty('scope');
  });

  test('rule 44: assumes no method where none was asked for or answered', () => {
    expect(render({ ...silent, sent: {} }, {})).toEqual({
      client_id: 'c1',
      issuer: 'https://sso.example.com',
    });
  });

  test('uses the keys that are given, and leaves out what has an empty one', () => {
    expect(render(silent, { client_id: 'username', scope: '', issuer: 'iss', unknown: 'x' })).toEqual({
      username: 'c1',
      token_endpoint_auth_method: 'client_secret_basic',
      iss: 'https://sso.example.com',
    });
  });

  test.each([
    ['null', null],
    ['a list', ['client_secret_post']],
    ['an empty text', ''],
    ['a number', 1],
  ])('does not take %s for an answered method', (_, value) => {
    const information = { clientId: 'c1', metadata: { token_endpoint_auth_method: value } };
    expect(render({ ...silent, information }, {})['token_endpoint_auth_method']).toBe('client_secret_basic');
  });

  test('keeps a value under every key that the CRD permits', () => {
    expect(Object.keys(render(silent, { client_id: '__proto__' }))).toContain('__proto__');
  });

  describe('with further members of the answer', () => {
    const metadata = {
      logo_uri: 'https://a/logo',
      tiers: ['gold'],
      limits: { rps: 5 },
      active: false,
      empty: '',
      unset: null,
    };
    const answered: PublishedClient = { ...silent, information: { clientId: 'c1', metadata } };
    const included = (...include: readonly string[]) => render({ ...answered, include }, {});

    test.each([
      ['text as it is', 'logo_uri', 'https://a/logo'],
      ['a list as JSON', 'tiers', '["gold"]'],
      ['an object as JSON', 'limits', '{"rps":5}'],
      ['a flag as JSON, also where it is false', 'active', 'false'],
      ['nothing for an empty text', 'empty', undefined],
      ['nothing for what is null', 'unset', undefined],
      ['nothing for what was not answered', 'missing', undefined],
      ["nothing for a name of JavaScript's own", 'constructor', undefined],
    ])('gives %s', (_, member, value) => {
      const data = included(member);
      expect(Object.hasOwn(data, member) ? data[member] : undefined).toBe(value);
    });

    test('gives none that was not asked for', () => {
      expect(render(answered, {})).not.toHaveProperty('logo_uri');
    });

    test('gives each under the key that it is given', () => {
      expect(render({ ...answered, include: ['logo_uri'] }, { logo_uri: 'logo' })).toMatchObject({
        logo: 'https://a/logo',
      });
    });

    test('lets none of them stand in for what a Secret always says', () => {
      const lies = { clientId: 'c1', metadata: { client_id: 'other', issuer: 'https://evil', kid: 'other' } };
      expect(render({ ...silent, information: lies, include: ['client_id', 'issuer'] }, {})).toMatchObject({
        client_id: 'c1',
        issuer: 'https://sso.example.com',
      });
    });

    test('gives no credential, whatever is asked for', () => {
      const include = ['registration_access_token', 'registration_client_uri'];
      expect(JSON.stringify(render({ ...client, include }, {}))).not.toMatch(/canary/);
    });
  });

  test('gives the key that the operator made, in both forms', () => {
    const key = {
      kid: 'k1',
      privateJwk: new Sensitive('{"kid":"k1"}'),
      privatePem: new Sensitive('-----BEGIN PRIVATE KEY-----'),
      publicJwk: {},
    };
    expect(render({ ...silent, key }, { 'private_key.jwk': '' })).toMatchObject({
      'private_key.pem': '-----BEGIN PRIVATE KEY-----',
      kid: 'k1',
    });
    expect(render({ ...silent, key }, {})['private_key.jwk']).toBe('{"kid":"k1"}');
    expect(Object.keys(render(silent, {}))).not.toContain('kid');
  });
});
