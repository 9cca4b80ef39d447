import { describe, expect, test } from 'vitest';
import type { Dialect } from '../../../src/dialects/dialect.ts';
import { encodeMetadata, updateBody } from '../../../src/dialects/encoding.ts';
import { effectiveDialect } from '../../../src/dialects/presets.ts';
import { rfc7591 } from '../../../src/dialects/rfc7591.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';

interface Case {
  readonly title: string;
  readonly dialect?: Partial<Dialect>;
  readonly encoded: JsonObject;
  readonly lastSent?: JsonObject;
  readonly returned?: JsonObject;
  readonly clientSecret?: string;
  /** Without `client_id`, which is always there. */
  readonly body: JsonObject;
}

const keys = { keys: [{ kty: 'EC', kid: 'a' }] };

const declared: readonly Case[] = [
  {
    title: 'rule 24: carries what is declared and the client_id, nothing of the answer',
    encoded: { client_name: 'Shop' },
    returned: { client_name: 'Store', subject_type: 'public', request_uris: [] },
    body: { client_name: 'Shop' },
  },
  {
    title: 'rule 26: says the method and the response types that the server chose',
    encoded: { client_name: 'Shop' },
    returned: { token_endpoint_auth_method: 'client_secret_basic', response_types: ['code', 'none'] },
    body: {
      client_name: 'Shop',
      token_endpoint_auth_method: 'client_secret_basic',
      response_types: ['code', 'none'],
    },
  },
  {
    title: 'rule 26: keeps an empty list of response types, without which Keycloak adds a grant',
    encoded: { grant_types: ['client_credentials'] },
    returned: { response_types: [] },
    body: { grant_types: ['client_credentials'], response_types: [] },
  },
  {
    title: 'rule 26: lets what is declared win over what the server chose',
    encoded: { token_endpoint_auth_method: 'private_key_jwt', response_types: [] },
    returned: { token_endpoint_auth_method: 'client_secret_basic', response_types: ['code'] },
    body: { token_endpoint_auth_method: 'private_key_jwt', response_types: [] },
  },
  {
    title: 'rule 26: keeps method and response types that were declared before',
    dialect: { clearBy: 'Empty' },
    encoded: {},
    lastSent: { token_endpoint_auth_method: 'client_secret_post', response_types: ['code'] },
    returned: { token_endpoint_auth_method: 'client_secret_post', response_types: ['code'] },
    body: { token_endpoint_auth_method: 'client_secret_post', response_types: ['code'] },
  },
  {
    title: "rule 44: assumes no method that the server doesn't answer",
    encoded: {},
    returned: { token_endpoint_auth_method: '', response_types: null },
    body: {},
  },
  {
    title: "rule 26: never clears the method, even where the answer doesn't have it",
    dialect: { clearBy: 'Empty' },
    encoded: {},
    lastSent: { token_endpoint_auth_method: 'client_secret_post', response_types: ['code'] },
    body: {},
  },
  {
    title: 'sends neither of the two to a server that refuses it',
    dialect: { membersNotSent: ['response_types'] },
    encoded: {},
    returned: { token_endpoint_auth_method: 'none', response_types: ['code'] },
    body: { token_endpoint_auth_method: 'none' },
  },
];

const refusedInUpdates: readonly Case[] = [
  {
    title: 'leaves out what the server takes in registrations only, with its translations',
    dialect: {
      membersNotUpdated: ['subject_type', 'client_name'],
      scopesNotUpdated: ['openid'],
      scopeEncoding: 'Both',
    },
    encoded: {
      ...{ subject_type: 'public', client_name: 'Shop', 'client_name#ja': 'x', contacts: ['a'] },
      ...{ scope: 'openid email', scopes: ['openid', 'email'] },
    },
    body: { contacts: ['a'], scope: 'email', scopes: ['email'] },
  },
  {
    title: 'sends no scope where all are refused',
    dialect: { scopesNotUpdated: ['openid'] },
    encoded: { client_name: 'Shop', scope: 'openid' },
    body: { client_name: 'Shop' },
  },
  {
    title: 'leaves out what the server answered, too',
    dialect: { updateBody: 'Returned', membersNotUpdated: ['subject_type', 'response_types'] },
    encoded: { client_name: 'Shop' },
    returned: { subject_type: 'public', response_types: ['code'], owner: 'a' },
    body: { client_name: 'Shop', owner: 'a' },
  },
];

const everything = {
  client_name: 'Shop',
  contacts: ['ops@a.example'],
  jwks: keys,
  default_max_age: 60,
  dpop_bound_access_tokens: true,
  subject_type: 'pairwise',
  scope: 'profile',
} as const;

const clearing: readonly Case[] = [
  { title: 'rule 26: leaves out what is no longer declared', encoded: {}, lastSent: everything, body: {} },
  {
    title: 'does nothing more for a merging server that no value clears',
    dialect: { clearBy: 'Omit' },
    encoded: {},
    lastSent: everything,
    body: {},
  },
  {
    title: 'rule 26: clears by null',
    dialect: { clearBy: 'Null' },
    encoded: { client_name: 'Shop' },
    lastSent: everything,
    body: {
      client_name: 'Shop',
      contacts: null,
      jwks: null,
      default_max_age: null,
      dpop_bound_access_tokens: null,
      subject_type: null,
      scope: null,
    },
  },
  {
    title: 'rule 26: clears by an empty value of the same type, but for a subject_type, which has none',
    dialect: { clearBy: 'Empty' },
    encoded: {},
    lastSent: { ...everything, vp_formats_supported: {} },
    body: {
      client_name: '',
      contacts: [],
      jwks: { keys: [] },
      default_max_age: null,
      dpop_bound_access_tokens: false,
      scope: '',
      vp_formats_supported: null,
    },
  },
  {
    title: "doesn't clear one form of what is now declared in another",
    dialect: { clearBy: 'Empty' },
    encoded: { scopes: ['profile'], 'client_name#ja': '店' },
    lastSent: { scope: 'profile', 'client_name#JA': '店' },
    body: { scopes: ['profile'], 'client_name#ja': '店' },
  },
  {
    title: 'never sends jwks_uri, even empty, beside jwks',
    dialect: { clearBy: 'Empty' },
    encoded: { jwks: keys },
    lastSent: { jwks_uri: 'https://a.example/jwks' },
    body: { jwks: keys },
  },
  {
    title: 'never sends jwks, even empty, beside jwks_uri',
    dialect: { clearBy: 'Empty' },
    encoded: { jwks_uri: 'https://a.example/jwks' },
    lastSent: { jwks: keys },
    body: { jwks_uri: 'https://a.example/jwks' },
  },
  {
    title: 'clears nothing that the dialect now withholds',
    dialect: { clearBy: 'Empty', languageTags: 'Omit', membersNotSent: ['contacts'] },
    encoded: {},
    lastSent: { contacts: ['ops@a.example'], 'client_name#ja': '店' },
    body: {},
  },
  {
    title: 'rule 24: clears no credential, whatever was sent',
    dialect: { clearBy: 'Null' },
    encoded: {},
    lastSent: { client_id: 'c1', client_secret: 's3cret', software_statement: 'ey' },
    body: {},
  },
];

const returning: readonly Case[] = [
  {
    title: "lays the declared members over the server's last answer",
    encoded: { client_name: 'Shop' },
    returned: { client_name: 'Store', subject_type: 'public', request_uris: [], require_auth_time: false },
    body: { subject_type: 'public', request_uris: [], require_auth_time: false, client_name: 'Shop' },
  },
  {
    title: 'rule 24: never sends back token, URI, times, secret and statement',
    encoded: {},
    returned: {
      client_id: 'other',
      client_secret: 's3cret',
      client_id_issued_at: 1,
      client_secret_expires_at: 0,
      registration_access_token: 't0ken',
      registration_access_token_expires_in: 60,
      registration_client_uri: 'https://a.example/c',
      software_statement: 'ey',
    },
    body: {},
  },
  {
    title: 'rule 10: takes empty strings and null for unset',
    encoded: {},
    returned: { logo_uri: '', policy_uri: null, contacts: [] },
    body: { contacts: [] },
  },
  {
    title: "doesn't bring back what is no longer declared",
    encoded: {},
    lastSent: { client_name: 'Shop', 'client_name#ja-Jpan-JP': '店' },
    returned: { client_name: 'Shop', 'client_name#ja-jpan-jp': '店', subject_type: 'public' },
    body: { subject_type: 'public' },
  },
  {
    title: "doesn't send a translation twice for the case of its tag",
    encoded: { 'client_name#ja-Jpan-JP': '店' },
    returned: { 'client_name#ja-jpan-jp': '屋', 'client_name#en': 'Shop' },
    body: { 'client_name#en': 'Shop', 'client_name#ja-Jpan-JP': '店' },
  },
  {
    title: "doesn't bring back an old scope in its other form",
    dialect: { scopeEncoding: 'Array' },
    encoded: { scopes: ['profile'] },
    returned: { scope: 'openid email', scopes: ['openid', 'email'] },
    body: { scopes: ['profile'] },
  },
  {
    title: "carries the server's scope in the form that it reads",
    encoded: {},
    returned: { scopes: ['profile', 'email'] },
    body: { scope: 'profile email' },
  },
  {
    title: 'carries nothing that the dialect withholds',
    dialect: { membersNotSent: ['contacts'], scopesNotSent: ['openid'], languageTags: 'Omit' },
    encoded: {},
    lastSent: { client_name: 'Shop' },
    returned: { contacts: ['ops@a.example'], scope: 'openid profile', 'client_name#ja': '店' },
    body: { scope: 'profile' },
  },
  {
    title: "doesn't carry keys beside the address of others",
    encoded: { jwks_uri: 'https://a.example/jwks' },
    returned: { jwks: keys },
    body: { jwks_uri: 'https://a.example/jwks' },
  },
].map((row) => ({ ...row, dialect: { updateBody: 'Returned', ...row.dialect } as Partial<Dialect> }));

const secret: readonly Case[] = [
  { title: 'rule 25: leaves the secret out', encoded: {}, clientSecret: 's3cret', body: {} },
  {
    title: 'rule 25: repeats the secret',
    dialect: { secretEcho: 'Send' },
    encoded: {},
    clientSecret: 's3cret',
    body: { client_secret: 's3cret' },
  },
  {
    title: 'rule 13: repeats no secret where there is none',
    dialect: { secretEcho: 'Send' },
    encoded: { token_endpoint_auth_method: 'none' },
    body: { token_endpoint_auth_method: 'none' },
  },
];

const bodyOf = ({
  dialect,
  encoded,
  lastSent = {},
  returned = {},
  clientSecret,
}: Omit<Case, 'body' | 'title'>) =>
  updateBody(encoded, {
    clientId: 'c1',
    dialect: { ...rfc7591, ...dialect },
    lastSent,
    returned,
    clientSecret: clientSecret === undefined ? undefined : new Sensitive(clientSecret),
  });

describe.each([
  ['an update', declared],
  ['an update after a member was removed', clearing],
  ['an update of members that only registrations may have', refusedInUpdates],
  ["an update that returns the server's answer", returning],
  ["an update's secret", secret],
] as const)('%s', (_, cases) => {
  test.each([...cases])('$title', ({ body, ...given }) => {
    expect(bodyOf(given)).toEqual({ ...body, client_id: 'c1' });
  });
});

describe('updateBody', () => {
  test('names the client that was asked for, whatever is declared', () => {
    expect(bodyOf({ encoded: { client_id: 'another' } })).toEqual({ client_id: 'c1' });
  });

  test('leaves what it is given alone', () => {
    const given = Object.freeze({ client_name: 'Shop', contacts: Object.freeze([]) });
    bodyOf({ encoded: given, lastSent: given, returned: given, dialect: { updateBody: 'Returned' } });
    expect(given).toEqual({ client_name: 'Shop', contacts: [] });
  });

  test('rule 26: changes a Keycloak client from its address of keys to keys', () => {
    const dialect = effectiveDialect('keycloak');
    const encoded = encodeMetadata({ client_name: 'Shop', jwks: keys, scope: 'openid' }, dialect).body;
    const lastSent = {
      client_name: 'Shop',
      jwks_uri: 'https://a.example/jwks',
      client_uri: 'https://a.example',
    };
    const returned = {
      ...lastSent,
      token_endpoint_auth_method: 'private_key_jwt',
      response_types: ['code', 'none'],
    };
    expect(bodyOf({ dialect, encoded, lastSent, returned, clientSecret: 's3cret' })).toEqual({
      client_id: 'c1',
      client_name: 'Shop',
      jwks: keys,
      client_uri: '',
      token_endpoint_auth_method: 'private_key_jwt',
      response_types: ['code', 'none'],
    });
  });

  test('rule 26: replaces an AIC client whole, with its secret', () => {
    const dialect = effectiveDialect('pingone-aic');
    const document = { 'client_name#ja-Jpan-JP': '店', scope: 'openid profile' };
    const encoded = encodeMetadata(document, dialect).body;
    const returned = {
      'client_name#ja-jpan-jp': '店',
      client_type: 'Confidential',
      response_types: ['code'],
    };
    expect(bodyOf({ dialect, encoded, lastSent: encoded, returned, clientSecret: 's3cret' })).toEqual({
      client_id: 'c1',
      client_secret: 's3cret',
      'client_name#ja-jpan-jp': '店',
      scope: 'openid profile',
      scopes: ['openid', 'profile'],
      response_types: ['code'],
    });
  });
});
