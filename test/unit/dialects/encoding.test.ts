import { describe, expect, test } from 'vitest';
import type { Dialect } from '../../../src/dialects/dialect.ts';
import { encodeMetadata, type Withheld } from '../../../src/dialects/encoding.ts';
import { effectiveDialect } from '../../../src/dialects/presets.ts';
import { rfc7591 } from '../../../src/dialects/rfc7591.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';

interface Case {
  readonly title: string;
  readonly dialect: Partial<Dialect>;
  readonly document: JsonObject;
  readonly body: JsonObject;
  readonly withheld?: readonly Withheld[];
}

const keys = { keys: [{ kty: 'EC', kid: 'a' }] };

const cases: readonly Case[] = [
  {
    title: "the RFCs' own form is left as it is",
    dialect: {},
    document: { client_name: 'Shop', 'client_name#ja-Jpan-JP': '店', scope: 'openid profile', jwks: keys },
    body: { client_name: 'Shop', 'client_name#ja-Jpan-JP': '店', scope: 'openid profile', jwks: keys },
  },
  {
    title: 'rule 15: empty lists stay',
    dialect: {},
    document: { redirect_uris: [], response_types: [], scope: '' },
    body: { redirect_uris: [], response_types: [], scope: '' },
  },
  {
    title: "rule 17: a scope that isn't asked for isn't sent",
    dialect: { scopeEncoding: 'Both' },
    document: { client_name: 'Shop' },
    body: { client_name: 'Shop' },
  },
  {
    title: 'rule 14: scope becomes a list',
    dialect: { scopeEncoding: 'Array' },
    document: { scope: 'openid  profile ' },
    body: { scopes: ['openid', 'profile'] },
  },
  {
    title: 'rule 14: scope is sent in both forms',
    dialect: { scopeEncoding: 'Both' },
    document: { scope: 'openid profile' },
    body: { scope: 'openid profile', scopes: ['openid', 'profile'] },
  },
  {
    title: 'rule 15: a scope that is asked to be empty is an empty list',
    dialect: { scopeEncoding: 'Array', scopesNotSent: ['openid'] },
    document: { scope: '' },
    body: { scopes: [] },
  },
  {
    title: 'rule 14: jwks becomes text',
    dialect: { jwksEncoding: 'String' },
    document: { jwks: keys },
    body: { jwks: '{"keys":[{"kty":"EC","kid":"a"}]}' },
  },
  {
    title: 'jwks that is text already stays',
    dialect: { jwksEncoding: 'String' },
    document: { jwks: '{}' },
    body: { jwks: '{}' },
  },
  {
    title: 'a word of scope that the server refuses is withheld',
    dialect: { scopesNotSent: ['openid'] },
    document: { scope: 'openid profile' },
    body: { scope: 'profile' },
    withheld: [{ member: 'scope', asked: 'openid' }],
  },
  {
    title: "rule 17: a scope of which nothing is left isn't sent",
    dialect: { scopesNotSent: ['openid', 'email'], scopeEncoding: 'Both' },
    document: { scope: 'openid email', client_name: 'Shop' },
    body: { client_name: 'Shop' },
    withheld: [{ member: 'scope', asked: 'openid email' }],
  },
  {
    title: 'a member that the server loses is withheld, and its translations with it',
    dialect: { membersNotSent: ['logo_uri', 'scope', 'contacts'] },
    document: {
      logo_uri: 'https://a.example/l',
      'logo_uri#ja': 'https://a.example/j',
      scope: 'openid',
      contacts: [],
    },
    body: {},
    withheld: [
      { member: 'logo_uri', asked: 'https://a.example/l' },
      { member: 'logo_uri#ja', asked: 'https://a.example/j' },
      { member: 'scope', asked: 'openid' },
      { member: 'contacts', asked: [] },
    ],
  },
  {
    title: 'one translation can be withheld by itself',
    dialect: { membersNotSent: ['client_name#ja'] },
    document: { client_name: 'Shop', 'client_name#ja': '店', 'client_name#de': 'Laden' },
    body: { client_name: 'Shop', 'client_name#de': 'Laden' },
    withheld: [{ member: 'client_name#ja', asked: '店' }],
  },
  {
    title: 'rule 10: language tags are sent in lower case',
    dialect: { languageTags: 'Lowercase' },
    document: { 'client_name#ja-Jpan-JP': '店', 'client_name#en': 'Shop' },
    body: { 'client_name#ja-jpan-jp': '店', 'client_name#en': 'Shop' },
  },
  {
    title: 'of two tags that differ in case alone the second is withheld',
    dialect: { languageTags: 'Lowercase' },
    document: { 'client_name#EN': 'Shop', 'client_name#en': 'Store' },
    body: { 'client_name#en': 'Shop' },
    withheld: [{ member: 'client_name#en', asked: 'Store' }],
  },
  {
    title: 'translations of a member that is declared are withheld',
    dialect: { languageTags: 'Omit' },
    document: { client_name: 'Shop', 'client_name#ja': '店' },
    body: { client_name: 'Shop' },
    withheld: [{ member: 'client_name#ja', asked: '店' }],
  },
  {
    title: "the English translation stands in for a member that isn't declared",
    dialect: { languageTags: 'Omit' },
    document: {
      'client_name#de': 'Laden',
      'client_name#en-GB': 'Shop',
      'client_uri#ja': 'https://a.example',
    },
    body: { client_name: 'Shop', client_uri: 'https://a.example' },
    withheld: [{ member: 'client_name#de', asked: 'Laden' }],
  },
  {
    title: 'English without a region comes before English with one',
    dialect: { languageTags: 'Omit' },
    document: { 'client_name#en-AU': 'Shop down under', 'client_name#EN': 'Shop' },
    body: { client_name: 'Shop' },
    withheld: [{ member: 'client_name#en-AU', asked: 'Shop down under' }],
  },
  {
    title: 'without English the first tag of the alphabet stands in',
    dialect: { languageTags: 'Omit' },
    document: { 'client_name#ja': '店', 'client_name#de': 'Laden' },
    body: { client_name: 'Laden' },
    withheld: [{ member: 'client_name#ja', asked: '店' }],
  },
  {
    title: 'no translation stands in for a member that the server loses',
    dialect: { languageTags: 'Omit', membersNotSent: ['logo_uri'] },
    document: { 'logo_uri#en': 'https://a.example/l' },
    body: {},
    withheld: [{ member: 'logo_uri#en', asked: 'https://a.example/l' }],
  },
  {
    title: "members with names of JavaScript's own are members like any other",
    dialect: { languageTags: 'Omit' },
    document: { constructor: 'a', 'toString#en': 'b' },
    body: { constructor: 'a', toString: 'b' } as unknown as JsonObject,
  },
];

describe('encodeMetadata', () => {
  test.each(cases)('$title', ({ dialect, document, body, withheld = [] }) => {
    expect(encodeMetadata(document, { ...rfc7591, ...dialect })).toEqual({ body, withheld });
  });

  test('keeps the order of members', () => {
    const document = { redirect_uris: [], 'client_name#en': 'Shop', scope: 'a', jwks: keys, contacts: [] };
    const dialect: Dialect = {
      ...rfc7591,
      languageTags: 'Omit',
      scopeEncoding: 'Array',
      jwksEncoding: 'String',
    };
    const { body } = encodeMetadata(document, dialect);
    expect(Object.keys(body)).toEqual(['redirect_uris', 'client_name', 'scopes', 'jwks', 'contacts']);
  });

  test('leaves the document alone', () => {
    const document = Object.freeze({ scope: 'openid', jwks: Object.freeze({ ...keys }) });
    encodeMetadata(document, effectiveDialect('keycloak'));
    expect(document).toEqual({ scope: 'openid', jwks: keys });
  });

  test('rule 27: reports what Keycloak would lose or refuse', () => {
    const document = {
      client_name: 'Shop',
      'client_name#ja': '店',
      scope: 'openid profile',
      contacts: ['ops@a.example'],
      software_id: 'shop',
      application_type: 'web',
    };
    const { body, withheld } = encodeMetadata(document, effectiveDialect('keycloak'));
    expect(body).toEqual({ client_name: 'Shop', scope: 'profile', application_type: 'web' });
    expect(withheld.map(({ member }) => member)).toEqual([
      'client_name#ja',
      'scope',
      'contacts',
      'software_id',
    ]);
  });

  test.each(['rfc7591', 'keycloak', 'okta', 'zitadel', 'cloudflare'] as const)(
    'rule 16: passes an application_type through, known or not (%s)',
    (name) => {
      const document = { application_type: 'service' };
      expect(encodeMetadata(document, effectiveDialect(name)).body).toEqual(document);
    },
  );
});
