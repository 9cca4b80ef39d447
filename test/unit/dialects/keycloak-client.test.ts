import { describe, expect, test } from 'vitest';
import { keycloakClient } from '../../../src/dialects/keycloak-client.ts';
import { additionalNameProblem, MEMBERS } from '../../../src/oauth/client-metadata.ts';
import type { Json, JsonObject } from '../../../src/oauth/json.ts';

const { encode, decode, endpointOf, ofServiceAccount } = keycloakClient;
const knows = (member: string, value: Json, beside: JsonObject = {}): boolean =>
  keycloakClient.knows(member, value, { ...beside, [member]: value });

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
        'oauth2.jwt.authorization.grant.enabled': 'false',
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
  const BESIDE: JsonObject = { grant_types: ['authorization_code'], request_object_signing_alg: 'RS256' };
  const known = MEMBERS.flatMap(({ wire, type }) => {
    const value = OWN[wire] ?? VALUES[type] ?? 'value';
    return knows(wire, value, BESIDE) ? [[wire, value] as const] : [];
  });

  test.each(known)('gives %s back as it was sent', (member, value) => {
    expect(roundTrip({ ...BESIDE, [member]: value })).toMatchObject({ [member]: value });
  });

  test('has no place for exactly these members of the table: each is told', () => {
    const names = known.map(([wire]) => wire);
    expect(MEMBERS.map(({ wire }) => wire).filter((wire) => !names.includes(wire))).toEqual([
      'contacts',
      'software_id',
      'software_version',
      'application_type',
      'subject_type',
      'default_max_age',
      'require_auth_time',
      'initiate_login_uri',
      'tls_client_auth_san_dns',
      'tls_client_auth_san_uri',
      'tls_client_auth_san_ip',
      'tls_client_auth_san_email',
      'authorization_details_types',
      'introspection_signed_response_alg',
      'introspection_encrypted_response_alg',
      'introspection_encrypted_response_enc',
      'claims_redirect_uris',
      'nfv_token_signed_response_alg',
      'nfv_token_encrypted_response_alg',
      'nfv_token_encrypted_response_enc',
      'client_registration_types',
      'signed_jwks_uri',
      'organization_name',
      'keywords',
      'information_uri',
      'organization_uri',
      'use_mtls_endpoint_aliases',
      'encrypted_response_enc_values_supported',
      'vp_formats_supported',
    ]);
  });

  test('has exactly these places for the members of the table', () => {
    const all = encode(Object.fromEntries(known));
    expect(Object.keys(all)).toEqual([
      ...['protocol', 'bearerOnly', 'fullScopeAllowed', 'publicClient', 'clientAuthenticatorType'],
      ...[
        'standardFlowEnabled',
        'implicitFlowEnabled',
        'directAccessGrantsEnabled',
        'serviceAccountsEnabled',
      ],
      ...['frontchannelLogout', 'name', 'baseUrl', 'description', 'redirectUris', 'optionalClientScopes'],
      'attributes',
    ]);
    expect(Object.keys(all['attributes'] as JsonObject).toSorted()).toEqual([
      'backchannel.logout.session.required',
      'backchannel.logout.url',
      'default.acr.values',
      'dpop.bound.access.tokens',
      'frontchannel.logout.session.required',
      'frontchannel.logout.url',
      'id.token.encrypted.response.alg',
      'id.token.encrypted.response.enc',
      'id.token.signed.response.alg',
      'jwks.string',
      'jwks.url',
      'logoUri',
      'oauth2.device.authorization.grant.enabled',
      'oauth2.jwt.authorization.grant.enabled',
      'oidc.ciba.grant.enabled',
      'policyUri',
      'post.logout.redirect.uris',
      'request.object.encryption.alg',
      'request.object.encryption.enc',
      'request.object.required',
      'request.object.signature.alg',
      'request.uris',
      'require.pushed.authorization.requests',
      'sectorIdentifierUri',
      'standard.token.exchange.enabled',
      'tls.client.certificate.bound.access.tokens',
      'token.endpoint.auth.signing.alg',
      'tosUri',
      'use.jwks.string',
      'use.jwks.url',
      'use.refresh.tokens',
      'user.info.encrypted.response.alg',
      'user.info.encrypted.response.enc',
      'user.info.response.signature.alg',
      'x509.subjectdn',
    ]);
  });

  test('reads no name that additionalMetadata may hold, except names that it has no place for', () => {
    const read = new Set<string>();
    const spied = new Proxy<Record<string, Json>>(
      {},
      {
        get: (_, name) => {
          read.add(String(name));
          return undefined;
        },
      },
    );
    encode(spied);
    expect(read.size).toBeGreaterThan(30);
    const open = [...read].filter((name) => additionalNameProblem(name) === undefined);
    expect(open).toEqual(['jwt.credential.issuer', 'jwt.credential.sub']);
    expect(open.filter((name) => knows(name, 'x'))).toEqual([]);
  });

  test.each([
    'authorization_signed_response_alg',
    'authorization_encrypted_response_alg',
    'authorization_encrypted_response_enc',
    'backchannel_token_delivery_mode',
    'backchannel_client_notification_endpoint',
    'backchannel_authentication_request_signing_alg',
    'backchannel_logout_revoke_offline_tokens',
    'client_name#ja',
  ])('has no place for %s, which has no field', (member) => {
    expect(knows(member, 'x')).toBe(false);
    expect(encode({ [member]: 'x' })).toEqual(encode({}));
  });

  test.each([
    [true, 'RS256', true],
    [true, 'none', false],
    [true, 'any', false],
    [true, undefined, false],
    [false, undefined, true],
  ])(
    'of a demand for signed requests %s beside the algorithm %s: takes it: %s',
    (demand, algorithm, isTaken) => {
      const beside = algorithm === undefined ? {} : { request_object_signing_alg: algorithm };
      expect(knows('require_signed_request_object', demand, beside)).toBe(isTaken);
    },
  );

  // As DescriptionConverter of 26.7.0 does.
  test.each([
    [['code'], ['authorization_code'], true, false],
    [['code id_token'], ['authorization_code'], true, true],
    [['id_token token'], ['implicit'], false, true],
    [['none'], ['authorization_code'], true, false],
    [['code'], ['client_credentials'], true, false],
    [['code'], undefined, true, false],
    [[], ['authorization_code'], true, false],
    [[], ['implicit'], false, true],
    [[], ['client_credentials'], false, false],
    [undefined, ['authorization_code', 'implicit'], true, true],
    [undefined, undefined, true, false],
    [[], [], true, false],
  ])(
    'of response types %j and grant types %j turns on the code flow: %s, the implicit: %s',
    (types, grants, code, implicit) => {
      const metadata = { ...(types && { response_types: types }), ...(grants && { grant_types: grants }) };
      expect(encode(metadata)).toMatchObject({ standardFlowEnabled: code, implicitFlowEnabled: implicit });
    },
  );

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
