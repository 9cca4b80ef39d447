import { describe, expect, test } from 'vitest';
import { opaque, type PublishedClient } from '../../src/formats/opaque.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';

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

describe('opaque', () => {
  test('gives a workload all that it needs, under wire names', () => {
    expect(opaque(client, {})).toEqual({
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

  test('never gives the registration access token or its address', () => {
    expect(
      JSON.stringify(opaque(client, { registration_access_token: 'a', registration_client_uri: 'b' })),
    ).not.toMatch(/canary/);
  });

  test('says what was asked for where the answer is silent, and has no key for what is not known', () => {
    expect(opaque(silent, {})).toEqual({
      client_id: 'c1',
      token_endpoint_auth_method: 'client_secret_basic',
      scope: 'openid profile',
      issuer: 'https://sso.example.com',
    });
  });

  test('assumes no method where none was asked for or answered', () => {
    expect(opaque({ ...silent, sent: {} }, {})).toEqual({
      client_id: 'c1',
      issuer: 'https://sso.example.com',
    });
  });

  test('uses the keys that are given, and leaves out what has an empty one', () => {
    expect(opaque(silent, { client_id: 'username', scope: '', issuer: 'iss', unknown: 'x' })).toEqual({
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
    expect(opaque({ ...silent, information }, {})['token_endpoint_auth_method']).toBe('client_secret_basic');
  });

  test('keeps a value under every key that the CRD permits', () => {
    expect(Object.keys(opaque(silent, { client_id: '__proto__' }))).toContain('__proto__');
  });
});
