import { describe, expect, test } from 'vitest';
import {
  additionalNameProblem,
  type ClientMetadata,
  MEMBERS,
  type MemberType,
  memberOf,
  specName,
  toWire,
} from '../../../src/oauth/client-metadata.ts';
import type { Json } from '../../../src/oauth/json.ts';
import { sameValue } from '../../../src/oauth/member-value.ts';

/** The request members of the IANA registry, last updated 2026-03-25: `name type`, `*` takes language tags. */
const REGISTRY: Readonly<Record<string, string>> = {
  'RFC 7591':
    'redirect_uris a; token_endpoint_auth_method s; grant_types a; response_types a; client_name s*; client_uri u*; logo_uri u*; scope s; contacts a; tos_uri u*; policy_uri u*; jwks_uri u; jwks o; software_id s; software_version s',
  'OpenID Connect Registration 1.0':
    'application_type s; sector_identifier_uri u; subject_type s; id_token_signed_response_alg s; id_token_encrypted_response_alg s; id_token_encrypted_response_enc s; userinfo_signed_response_alg s; userinfo_encrypted_response_alg s; userinfo_encrypted_response_enc s; request_object_signing_alg s; request_object_encryption_alg s; request_object_encryption_enc s; token_endpoint_auth_signing_alg s; default_max_age n; require_auth_time b; default_acr_values a; initiate_login_uri u; request_uris a',
  'OpenID Connect RP-Initiated Logout 1.0': 'post_logout_redirect_uris a',
  'OpenID Connect Front-Channel Logout 1.0':
    'frontchannel_logout_uri u; frontchannel_logout_session_required b',
  'OpenID Connect Back-Channel Logout 1.0': 'backchannel_logout_uri u; backchannel_logout_session_required b',
  'RFC 8705':
    'tls_client_certificate_bound_access_tokens b; tls_client_auth_subject_dn s; tls_client_auth_san_dns s; tls_client_auth_san_uri s; tls_client_auth_san_ip s; tls_client_auth_san_email s',
  'RFC 9101': 'require_signed_request_object b',
  'RFC 9126': 'require_pushed_authorization_requests b',
  'RFC 9396': 'authorization_details_types a',
  'RFC 9449': 'dpop_bound_access_tokens b',
  'RFC 9701':
    'introspection_signed_response_alg s; introspection_encrypted_response_alg s; introspection_encrypted_response_enc s',
  'UMA 2.0': 'claims_redirect_uris a',
  'ETSI GS NFV-SEC 022':
    'nfv_token_signed_response_alg s; nfv_token_encrypted_response_alg s; nfv_token_encrypted_response_enc s',
  'OpenID Federation 1.0':
    'client_registration_types a; signed_jwks_uri u; organization_name s; description s; keywords a; information_uri u; organization_uri u',
  'FAPI 2.0': 'use_mtls_endpoint_aliases b',
  'OpenID4VP 1.0': 'encrypted_response_enc_values_supported a; vp_formats_supported o',
};

const TYPES: Readonly<Record<string, readonly MemberType[]>> = {
  s: ['string'],
  u: ['uri'],
  a: ['strings', 'uris'],
  b: ['boolean'],
  n: ['integer'],
  o: ['object'],
};

const rows = Object.entries(REGISTRY).flatMap(([source, list]) =>
  list.split('; ').map((entry) => {
    const [wire = '', letter = ''] = entry.split(' ');
    return { wire, type: letter.charAt(0), localizable: letter.endsWith('*'), source };
  }),
);

describe('the table of members', () => {
  test.each(rows)('has $wire as $source registers it', ({ wire, type, localizable, source }) => {
    const member = memberOf(wire);
    expect(wire === 'scope' ? ['scope'] : TYPES[type]).toContain(member?.type);
    expect(member).toMatchObject({ wire, source });
    expect(member?.localizable ?? false).toBe(localizable);
    expect(member?.description).toMatch(/^.{10,}\.$/);
  });

  test('has nothing else, and nothing twice', () => {
    expect(MEMBERS.map(({ wire }) => wire).toSorted()).toEqual(rows.map(({ wire }) => wire).toSorted());
    expect(rows).toHaveLength(65);
  });

  test('takes a list of addresses for addresses', () => {
    const lists = MEMBERS.filter(({ wire }) => wire.endsWith('_uris'));
    expect(new Set(lists.map(({ type }) => type))).toEqual(new Set(['uris']));
    expect(lists).toHaveLength(4);
  });

  test('gives every member a name of its own in the spec', () => {
    expect(new Set(MEMBERS.map(({ wire }) => specName(wire))).size).toBe(MEMBERS.length);
  });
});

describe('specName', () => {
  test.each([
    ['redirect_uris', 'redirectUris'],
    ['jwks', 'jwks'],
    ['jwks_uri', 'jwksUri'],
    ['scope', 'scopes'],
    ['id_token_signed_response_alg', 'idTokenSignedResponseAlg'],
    ['tls_client_auth_san_ip', 'tlsClientAuthSanIp'],
    ['dpop_bound_access_tokens', 'dpopBoundAccessTokens'],
    ['use_mtls_endpoint_aliases', 'useMtlsEndpointAliases'],
    ['vp_formats_supported', 'vpFormatsSupported'],
  ])('of %s is %s', (wire, name) => {
    expect(specName(wire)).toBe(name);
  });
});

describe('toWire', () => {
  test.each<readonly [string, ClientMetadata, Json]>([
    ['sends nothing for nothing', {}, {}],
    ['does not send what is unset', { clientName: undefined } as unknown as ClientMetadata, {}],
    [
      'sends an empty list',
      { redirectUris: [], responseTypes: [] },
      { redirect_uris: [], response_types: [] },
    ],
    ['sends an empty list of scopes', { scopes: [] }, { scope: '' }],
    [
      'sends false and zero',
      { requireAuthTime: false, defaultMaxAge: 0 },
      { require_auth_time: false, default_max_age: 0 },
    ],
    ['sends scopes as one string', { scopes: ['openid', 'profile'] }, { scope: 'openid profile' }],
    [
      'converts nothing inside an object',
      { jwks: { keys: [{ kty: 'EC', keyOps: ['verify'], x5t_s: 'a' }] } },
      { jwks: { keys: [{ kty: 'EC', keyOps: ['verify'], x5t_s: 'a' }] } },
    ],
    [
      'sends translations beside the member',
      { clientName: 'Client', localized: { clientName: { 'ja-Jpan-JP': 'クライアント名', fr: 'Client' } } },
      { client_name: 'Client', 'client_name#ja-Jpan-JP': 'クライアント名', 'client_name#fr': 'Client' },
    ],
    [
      'sends a translation without the member',
      { localized: { logoUri: { de: 'https://a.example.com/de.png' } } },
      { 'logo_uri#de': 'https://a.example.com/de.png' },
    ],
    [
      'sends additional metadata as it is',
      { clientName: 'A', additionalMetadata: { costCenter: '4711', tiers: ['gold'], nested: { a_b: 1 } } },
      { client_name: 'A', costCenter: '4711', tiers: ['gold'], nested: { a_b: 1 } },
    ],
  ])('%s', (_, client, document) => {
    expect(toWire(client)).toEqual(document);
  });

  test('knows every member by its name in the spec', () => {
    const client = Object.fromEntries(MEMBERS.map(({ wire }) => [specName(wire), 'x'])) as ClientMetadata;
    expect(Object.keys(toWire(client))).toEqual(MEMBERS.map(({ wire }) => wire));
  });
});

describe('additionalNameProblem', () => {
  test.each([
    'costCenter',
    'preferred_client_id',
    'client_type',
    'lifetime',
    'at',
    'format',
    'x_registration',
  ])('permits %s', (name) => {
    expect(additionalNameProblem(name)).toBeUndefined();
  });

  test.each(MEMBERS.map(({ wire }) => [wire, specName(wire)]))(
    'refuses %s, which is spec.client.%s',
    (wire, field) => {
      expect(additionalNameProblem(wire)).toBe(
        `additionalMetadata.${wire} has a field of its own: write spec.client.${field}`,
      );
    },
  );

  test('refuses a translation, which has a field of its own', () => {
    expect(additionalNameProblem('client_name#ja')).toBe(
      'additionalMetadata.client_name#ja has a field of its own: write spec.client.localized.clientName',
    );
  });

  test.each([
    'scopes',
    'client_id',
    'client_secret',
    'client_secret_expires_at',
    'client_id_issued_at',
    'registration_access_token',
    'registration_client_uri',
    'registration_anything',
    'created_at',
    'software_statement',
  ])('refuses %s, which belongs to the registration', (name) => {
    expect(additionalNameProblem(name)).toBe(
      `additionalMetadata.${name} can't be set: it belongs to the registration itself; remove it`,
    );
  });
});

describe('sameValue', () => {
  test.each<readonly [string, string, Json | undefined, Json | undefined, boolean]>([
    [
      'a list in another order',
      'redirect_uris',
      ['https://a', 'https://b'],
      ['https://b', 'https://a'],
      true,
    ],
    ['a list with an item twice', 'contacts', ['a', 'b', 'a'], ['a', 'b'], true],
    ['a list with one more', 'contacts', ['a'], ['a', 'b'], false],
    ['an empty list and none', 'contacts', [], undefined, true],
    ['an empty text and none', 'client_name', '', undefined, true],
    ['null and none', 'client_name', null, undefined, true],
    ['false and none', 'require_auth_time', false, undefined, false],
    ['zero and none', 'default_max_age', 0, undefined, false],
    ['scopes in another order', 'scope', 'openid  profile', 'profile openid', true],
    ['scopes as text and as list', 'scope', 'openid profile', ['profile', 'openid'], true],
    ['fewer scopes', 'scope', 'openid profile', 'openid', false],
    ['words of another member in another order', 'client_name', 'a b', 'b a', false],
    [
      'words of a response type in another order',
      'response_types',
      ['id_token code'],
      ['code id_token'],
      true,
    ],
    ['two response types and one of both', 'response_types', ['code', 'id_token'], ['code id_token'], false],
    ['text of another case', 'client_name', 'Shop', 'shop', false],
    [
      'members of an object in another order',
      'jwks',
      { keys: [{ kty: 'EC', x: '1' }] },
      { keys: [{ x: '1', kty: 'EC' }] },
      true,
    ],
    ['another key', 'jwks', { keys: [{ kty: 'EC', x: '1' }] }, { keys: [{ kty: 'EC', x: '2' }] }, false],
    ['a translation', 'client_name#ja', 'a', 'b', false],
    ['a text that looks like a list', 'client_name', '["a"]', ['a'], false],
    ['a member without a row, as a set', 'tiers', ['gold', 'eu'], ['eu', 'gold'], true],
    ['one text where a list belongs', 'contacts', ['a'], 'a', true],
    ['a number in a text', 'default_max_age', 3600, '3600', true],
  ])('%s', (_, wire, a, b, same) => {
    expect(sameValue(wire, a, b)).toBe(same);
    expect(sameValue(wire, b, a)).toBe(same);
  });
});
