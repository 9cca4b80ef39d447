import { describe, expect, test } from 'vitest';
import { keycloakClient } from '../../../src/dialects/keycloak-client.ts';
import { MEMBERS } from '../../../src/oauth/client-metadata.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';

const { encode, decode, knows, endpointOf, ofServiceAccount } = keycloakClient;

/** An answer that has what was sent. */
const roundTrip = (metadata: JsonObject) =>
  decode({ ...encode(metadata), clientId: 'c1', registrationAccessToken: 'rat' });

describe("Keycloak's own form", () => {
  test('of a workload: what is dangerous is off, and the federated authenticator has its attributes', () => {
    const trust = { identityProvider: 'cluster', subject: 'system:serviceaccount:shop:agent' };
    expect(
      encode({ client_name: 'Agent', grant_types: ['client_credentials'], ...ofServiceAccount(trust) }),
    ).toEqual({
      protocol: 'openid-connect',
      bearerOnly: false,
      fullScopeAllowed: false,
      publicClient: false,
      clientAuthenticatorType: 'federated-jwt',
      standardFlowEnabled: false,
      implicitFlowEnabled: false,
      directAccessGrantsEnabled: false,
      serviceAccountsEnabled: true,
      frontchannelLogout: false,
      name: 'Agent',
      attributes: {
        'use.refresh.tokens': 'false',
        'oauth2.device.authorization.grant.enabled': 'false',
        'oidc.ciba.grant.enabled': 'false',
        'standard.token.exchange.enabled': 'false',
        'jwt.credential.issuer': 'cluster',
        'jwt.credential.sub': 'system:serviceaccount:shop:agent',
      },
    });
  });

  test('without grant types means the code flow, as RFC 7591 says', () => {
    expect(encode({})).toMatchObject({ standardFlowEnabled: true, serviceAccountsEnabled: false });
  });

  test.each([
    ['none', { publicClient: true }],
    ['client_secret_post', { publicClient: false, clientAuthenticatorType: 'client-secret' }],
    ['private_key_jwt', { publicClient: false, clientAuthenticatorType: 'client-jwt' }],
    ['tls_client_auth', { publicClient: false, clientAuthenticatorType: 'client-x509' }],
  ])('of a client that authenticates by %s', (method, expected) => {
    expect(encode({ token_endpoint_auth_method: method })).toMatchObject(expected);
  });

  const VALUES: Readonly<Record<string, JsonObject[string]>> = {
    string: 'value',
    uri: 'https://shop.example.com/a',
    uris: ['https://shop.example.com/a', 'https://shop.example.com/b'],
    strings: ['one', 'two'],
    boolean: true,
    scope: 'read write',
    integer: 3,
    object: '{"keys":[]}',
  };
  const OWN: Readonly<Record<string, JsonObject[string]>> = {
    grant_types: ['authorization_code', 'client_credentials', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'private_key_jwt',
  };
  const known = MEMBERS.flatMap(({ wire, type }) => {
    const value = OWN[wire] ?? VALUES[type] ?? 'value';
    return knows(wire, value) ? [[wire, value] as const] : [];
  });

  test.each(known)('gives %s back as it was sent', (member, value) => {
    expect(roundTrip({ grant_types: ['authorization_code'], [member]: value })).toMatchObject({
      [member]: value,
    });
  });

  test('has no place for these members of the registry', () => {
    expect(MEMBERS.map(({ wire }) => wire).filter((wire) => !known.some(([name]) => name === wire))).toEqual(
      expect.arrayContaining(['contacts', 'software_id', 'software_version', 'subject_type']),
    );
  });

  test.each([
    'jwt.credential.sub',
    'jwt.credential.issuer',
    'protocolMappers',
    'attributes',
    'constructor',
    'clientId',
  ])('has no place for what a spec may name so: %s', (member) => {
    expect(knows(member, 'x')).toBe(false);
  });

  test('sends no member that it does not know', () => {
    const plain = JSON.stringify(encode({}));
    expect(JSON.stringify(encode({ protocolMappers: 'x', fullScopeAllowed: true, enabled: false }))).toBe(
      plain,
    );
  });

  test.each(['request_uris', 'post_logout_redirect_uris', 'default_acr_values'])(
    'takes no list of %s with a value that Keycloak would read as two',
    (member) => {
      expect(knows(member, ['https://ok.example.com/', 'https://ok.example.com/##https://evil.test/'])).toBe(
        false,
      );
      expect(knows(member, ['https://ok.example.com/#a#b'])).toBe(true);
    },
  );

  test('has every text of the metadata as it is: nothing that a policy did not judge', () => {
    const uris = Object.fromEntries(known.filter(([, value]) => JSON.stringify(value).includes('https:')));
    const sent = JSON.stringify(encode(uris)).match(/https:[^"#]*/g) ?? [];
    expect(new Set(sent)).toEqual(new Set(JSON.stringify(uris).match(/https:[^"#]*/g)));
  });

  test('of keys takes away where they were before, since Keycloak keeps what is not sent and prefers the URL', () => {
    expect(encode({ jwks: { keys: [] } })['attributes']).toMatchObject({
      'use.jwks.url': 'false',
      'use.jwks.string': 'true',
      'jwks.url': '',
      'jwks.string': '{"keys":[]}',
    });
    expect(encode({ jwks_uri: 'https://shop.example.com/jwks' })['attributes']).toMatchObject({
      'use.jwks.url': 'true',
      'use.jwks.string': 'false',
      'jwks.url': 'https://shop.example.com/jwks',
      'jwks.string': '',
    });
    expect(encode({})['attributes']).not.toHaveProperty('use.jwks.url');
  });

  test('clears by an empty value, as the dialect does', () => {
    expect(encode({ logo_uri: '', redirect_uris: [], jwks_uri: '' })).toMatchObject({
      redirectUris: [],
      attributes: { logoUri: '', 'jwks.url': '', 'use.jwks.url': 'false' },
    });
  });
});

describe('an answer', () => {
  test('shows no secret that serves nothing', () => {
    const answer = { clientId: 'c1', secret: 's1', publicClient: false };
    expect(decode({ ...answer, clientAuthenticatorType: 'federated-jwt' })).not.toHaveProperty(
      'client_secret',
    );
    expect(decode({ ...answer, clientAuthenticatorType: 'client-jwt' })).not.toHaveProperty('client_secret');
    expect(
      decode({ ...answer, publicClient: true, clientAuthenticatorType: 'client-secret' }),
    ).not.toHaveProperty('client_secret');
    expect(decode({ ...answer, clientAuthenticatorType: 'client-secret' })).toMatchObject({
      client_id: 'c1',
      client_secret: 's1',
    });
  });

  test('without a client is left alone', () => {
    expect(decode({ error: 'invalid_client_metadata' })).toEqual({ error: 'invalid_client_metadata' });
  });

  test('names the token that manages the client', () => {
    expect(roundTrip({})).toMatchObject({ client_id: 'c1', registration_access_token: 'rat' });
  });
});

test.each([
  [
    'https://sso.example.com/realms/shop/clients-registrations/openid-connect',
    'https://sso.example.com/realms/shop/clients-registrations/default',
  ],
  ['https://sso.example.com/other', 'https://sso.example.com/other'],
])('the endpoint of this form is beside the published one: %s', (published, expected) => {
  expect(endpointOf(published)).toBe(expected);
});
