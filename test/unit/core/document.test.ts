import { describe, expect, test } from 'vitest';
import type { OAuthClientSpec } from '../../../src/api/oauth-client.ts';
import type { ServerConnection, StatementTerms } from '../../../src/core/connection.ts';
import { type ClientFacts, type WantedDocument, wantedDocument } from '../../../src/core/document.ts';
import { sameDocument } from '../../../src/core/drift.ts';
import type { OwnStatement } from '../../../src/core/observation.ts';
import { isProblem } from '../../../src/core/problem.ts';
import { rfc7591 } from '../../../src/dialects/rfc7591.ts';
import type { ClientMetadata } from '../../../src/oauth/client-metadata.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { clientSpecOf } from '../../kit/fixtures/client-specs.ts';
import { signTerms } from '../../kit/fixtures/observations.ts';

type Terms = Pick<ServerConnection, 'defaults' | 'dialect' | 'statement' | 'policy'>;

const facts: ClientFacts = { namespace: 'shop', name: 'storefront', cluster: 'eu 1' };
const noStatement: StatementTerms = { given: undefined, sign: undefined, fromClient: 'Deny' };
const plain: Terms = { defaults: {}, dialect: rfc7591, statement: noStatement, policy: undefined };

const specOf = (client: ClientMetadata, more: Partial<OAuthClientSpec> = {}): OAuthClientSpec => ({
  ...clientSpecOf(),
  client,
  ...more,
});

interface Inputs {
  readonly client?: ClientMetadata;
  readonly spec?: Partial<OAuthClientSpec>;
  readonly terms?: Partial<Terms>;
  readonly facts?: Partial<ClientFacts>;
  readonly own?: OwnStatement;
}

const resultOf = ({ client = {}, spec = {}, terms = {}, facts: more = {}, own }: Inputs) =>
  wantedDocument({ ...facts, ...more }, specOf(client, spec), { ...plain, ...terms }, own);

function wanted(inputs: Inputs): WantedDocument {
  const result = resultOf(inputs);
  if (isProblem(result)) {
    throw new Error(result.message);
  }
  return result;
}

const documentOf = (client: ClientMetadata, defaults: ClientMetadata = {}): JsonObject =>
  wanted({ client, terms: { defaults } }).document;

const jwks = { keys: [{ kty: 'EC' }] };
const credential = { generatedKey: { algorithm: 'ES256', overlap: '24h' } } as const;

describe('wantedDocument', () => {
  test('sends exactly what the spec says, nothing added (rules 15, 16, 17 and 42)', () => {
    const client: ClientMetadata = {
      clientName: 'Storefront',
      responseTypes: [],
      applicationType: 'service',
      additionalMetadata: { tiers: ['gold'] },
    };
    expect(wanted({ client })).toEqual({
      document: {
        client_name: 'Storefront',
        response_types: [],
        application_type: 'service',
        tiers: ['gold'],
      },
      withheld: [],
    });
    expect(documentOf({})).toEqual({});
  });

  test("says it in the server's dialect, and what is withheld (rule 14)", () => {
    const dialect = {
      ...rfc7591,
      scopeEncoding: 'Array',
      jwksEncoding: 'String',
      membersNotSent: ['contacts'],
    } as const;
    const client: ClientMetadata = {
      scopes: ['a', 'b'],
      jwks,
      contacts: ['a@example.com', 'b\u0007@example.com'],
    };
    expect(wanted({ client, terms: { dialect } })).toEqual({
      document: { scopes: ['a', 'b'], jwks: JSON.stringify(jwks) },
      withheld: [{ member: 'contacts', asked: '["a@example.com","b\\u0007@example.com"]', registered: '' }],
    });
  });

  test('shows of what is withheld no more than a status can hold', () => {
    const dialect = { ...rfc7591, membersNotSent: ['client_name'] };
    const [withheld] = wanted({
      client: { clientName: `a\n${'b'.repeat(2000)}` },
      terms: { dialect },
    }).withheld;
    expect(withheld).toEqual({ member: 'client_name', asked: `a ${'b'.repeat(198)}…`, registered: '' });
  });

  test('asks for private_key_jwt where the operator makes the key, and leaves the keys to the caller', () => {
    expect(wanted({ client: { clientName: 'a' }, spec: { credential } }).document).toEqual({
      client_name: 'a',
      token_endpoint_auth_method: 'private_key_jwt',
    });
  });

  test('keeps the method that the client asks for beside a generated key', () => {
    const client = { tokenEndpointAuthMethod: 'private_key_jwt_v2' };
    expect(wanted({ client, spec: { credential } }).document).toEqual({
      token_endpoint_auth_method: 'private_key_jwt_v2',
    });
  });
});

describe('defaults', () => {
  test.each<[string, ClientMetadata, ClientMetadata, JsonObject]>([
    [
      'fill what the client leaves unset',
      {},
      { clientName: 'a', scopes: ['b', 'c'] },
      { client_name: 'a', scope: 'b c' },
    ],
    ['lose to the client', { clientName: 'mine' }, { clientName: 'a' }, { client_name: 'mine' }],
    ['are replaced as lists', { contacts: ['m'] }, { contacts: ['a', 'b'] }, { contacts: ['m'] }],
    [
      'lose to an empty list (rule 15)',
      { responseTypes: [] },
      { responseTypes: ['code'] },
      { response_types: [] },
    ],
    ['lose to an empty list of scopes', { scopes: [] }, { scopes: ['a'] }, { scope: '' }],
    ['lose to false', { requireAuthTime: false }, { requireAuthTime: true }, { require_auth_time: false }],
    ['lose to zero', { defaultMaxAge: 0 }, { defaultMaxAge: 60 }, { default_max_age: 0 }],
    [
      'are merged by tag in localized, whatever the case of the tag',
      { localized: { clientName: { 'de-AT': 'meins' }, tosUri: { de: 'https://m.example/de' } } },
      { localized: { clientName: { 'DE-at': 'seins', ja: '彼' }, logoUri: { de: 'https://l.example/de' } } },
      {
        'client_name#ja': '彼',
        'client_name#de-AT': 'meins',
        'logo_uri#de': 'https://l.example/de',
        'tos_uri#de': 'https://m.example/de',
      },
    ],
    [
      'are merged by name in additionalMetadata',
      { additionalMetadata: { tiers: [], none: null } },
      { additionalMetadata: { tiers: ['gold'], none: 1, region: { a: 1 } } },
      { tiers: [], none: null, region: { a: 1 } },
    ],
    ['lend no jwksUri to a client with jwks', { jwks }, { jwksUri: 'https://d.example/jwks' }, { jwks }],
    [
      'lend no jwks to a client with jwksUri',
      { jwksUri: 'https://m.example/jwks' },
      { jwks },
      { jwks_uri: 'https://m.example/jwks' },
    ],
    ['give keys to a client without', {}, { jwks }, { jwks }],
  ])('%s', (_, client, defaults, document) => {
    expect(documentOf(client, defaults)).toEqual(document);
  });

  test.each<[string, ClientMetadata]>([
    ['jwks', { jwks }],
    ['jwksUri', { jwksUri: 'https://d.example/jwks' }],
    [
      'another way to authenticate',
      { tokenEndpointAuthMethod: 'client_secret_basic', tokenEndpointAuthSigningAlg: 'HS256' },
    ],
  ])("don't compete with a generated key by %s", (_, defaults) => {
    const client: ClientMetadata = { clientName: 'a' };
    const { document } = wanted({ client, spec: { credential }, terms: { defaults } });
    expect(document).toEqual({ client_name: 'a', token_endpoint_auth_method: 'private_key_jwt' });
  });

  test('have placeholders replaced in every string, and encoded in URIs', () => {
    const additionalMetadata = { note: ['{cluster}/{namespace}', { deep: '{name}', '{name}': 1 }], count: 1 };
    const defaults: ClientMetadata = {
      clientName: '{namespace}/{name} at {cluster}, {namespace}',
      contacts: ['{namespace}@example.com'],
      clientUri: 'https://{name}.{namespace}.example.com/{cluster}?c={cluster}',
      redirectUris: ['https://{name}.example.com/cb', 'com.example.{name}:/{cluster}'],
      scopes: ['{namespace}.read'],
      localized: {
        clientName: { de: '{name} in {cluster}' },
        logoUri: { de: 'https://l.example/{cluster}' },
      },
      additionalMetadata,
    };
    expect(documentOf({}, defaults)).toEqual({
      client_name: 'shop/storefront at eu 1, shop',
      'client_name#de': 'storefront in eu 1',
      contacts: ['shop@example.com'],
      client_uri: 'https://storefront.shop.example.com/eu%201?c=eu%201',
      'logo_uri#de': 'https://l.example/eu%201',
      redirect_uris: ['https://storefront.example.com/cb', 'com.example.storefront:/eu%201'],
      scope: 'shop.read',
      note: ['eu 1/shop', { deep: 'storefront', '{name}': 1 }],
      count: 1,
    });
  });

  test('insert a name once, unchanged', () => {
    const inputs = { facts: { cluster: '{name}$&/../#' } };
    const terms = { defaults: { clientName: '{cluster}', clientUri: 'https://a.example/{cluster}' } };
    expect(wanted({ ...inputs, terms }).document).toEqual({
      client_name: '{name}$&/../#',
      client_uri: 'https://a.example/%7Bname%7D%24%26%2F..%2F%23',
    });
  });

  test.each(['{tenant}', '{Name}', '{}', '{ name }', '{constructor}', '{{tenant}}'])(
    'keep %s, which is no placeholder',
    (text) => {
      expect(documentOf({}, { clientName: text })).toEqual({ client_name: text });
    },
  );

  test("leave the client's own braces alone", () => {
    expect(documentOf({ clientName: '{name}', redirectUris: ['https://{name}.example/'] })).toEqual({
      client_name: '{name}',
      redirect_uris: ['https://{name}.example/'],
    });
  });

  test.each<[string, ClientMetadata, string]>([
    [
      'a relative URI',
      { clientUri: '/{name}' },
      'spec.defaults.clientUri gives this client "/storefront", which is not an absolute URI of at most 2048 characters; ask the platform team to correct it, or set spec.client.clientUri.',
    ],
    [
      'a URI with a fragment',
      { redirectUris: ['https://a.example/', 'https://a.example/#{name}'] },
      'spec.defaults.redirectUris gives this client "https://a.example/#storefront"',
    ],
    ['a URI with a space', { tosUri: 'https://a.example/a b' }, 'spec.defaults.tosUri gives'],
    ['a URI with a line feed', { tosUri: 'https://a.example/a\nb' }, '"https://a.example/a b"'],
    [
      'a URI that a placeholder makes too long',
      { tosUri: `https://a.example/${'{namespace}'.repeat(600)}` },
      'spec.defaults.tosUri gives',
    ],
    ['a scheme alone', { logoUri: 'https:' }, 'spec.defaults.logoUri gives'],
    [
      'a localized URI',
      { localized: { logoUri: { de: 'logo.png' } } },
      'or set spec.client.localized.logoUri.de.',
    ],
    [
      'two scopes in one',
      { scopes: ['openid', '{cluster}'] },
      'spec.defaults.scopes gives this client "eu 1", which is not one scope;',
    ],
    ['both kinds of keys', { jwks, jwksUri: 'https://a.example/' }, 'spec.defaults sets jwks and jwksUri,'],
    [
      'a member that has a field',
      { additionalMetadata: { redirect_uris: [] } },
      "spec.defaults.additionalMetadata can't hold redirect_uris;",
    ],
    [
      "a member that is the registration's",
      { additionalMetadata: { client_secret: 'x' } },
      "can't hold client_secret;",
    ],
    [
      'a statement that nobody judges',
      { additionalMetadata: { software_statement: 'x' } },
      "can't hold software_statement;",
    ],
  ])('are refused for %s, naming the server object', (_, defaults, words) => {
    const problem = resultOf({ terms: { defaults } });
    expect(problem).toMatchObject({ reason: 'InvalidSpec' });
    expect(problem).toHaveProperty('message', expect.stringContaining(words));
    expect(problem).toHaveProperty(
      'message',
      expect.stringMatching(/^The server object's spec\.defaults.*\.$/),
    );
  });

  test.each<[string, ClientMetadata, ClientMetadata]>([
    ['URI', { clientUri: 'https://m.example/' }, { clientUri: 'relative' }],
    ['list of URIs', { redirectUris: [] }, { redirectUris: ['relative'] }],
    [
      'translation',
      { localized: { tosUri: { de: 'https://m.example/' } } },
      { localized: { tosUri: { DE: 'relative' } } },
    ],
    ['pair of keys', { jwks }, { jwks, jwksUri: 'https://a.example/' }],
    ['list of scopes', { scopes: ['a'] }, { scopes: ['{cluster}'] }],
  ])("that can't be used don't trouble a client with a %s of its own", (_, client, defaults) => {
    expect(documentOf(client, defaults)).toEqual(documentOf(client));
  });

  test('that nest without end are refused', () => {
    let deep: JsonObject = {};
    for (let depth = 0; depth < 50_000; depth++) {
      deep = { deep };
    }
    expect(resultOf({ terms: { defaults: { additionalMetadata: { deep } } } })).toEqual({
      reason: 'InvalidSpec',
      message:
        "The server object's spec.defaults nests deeper than 16 levels; ask the platform team to make it flatter.",
    });
  });
});

describe('lifetime.expiryMember', () => {
  const createdAt = Date.parse('2026-05-01T12:00:00.900Z');
  const withLifetime = (lifetime: Partial<NonNullable<OAuthClientSpec['lifetime']>>, created?: number) =>
    resultOf({
      spec: { lifetime: { onExpiry: 'DeleteObject', ...lifetime } },
      facts: { createdAt: created },
    });

  test.each(['client_lifetime_end', 'expires_at', 'client_id_expires_at'])(
    'sends the end in seconds, as %s',
    (expiryMember) => {
      expect(withLifetime({ expiryMember, expiresAfter: '1h30m' }, createdAt)).toEqual({
        document: { [expiryMember]: Date.parse('2026-05-01T13:30:00Z') / 1000 },
        withheld: [],
      });
    },
  );

  test.each<[string, Parameters<typeof withLifetime>]>([
    ['no expiresAfter', [{ expiryMember: 'end' }, createdAt]],
    ['no creation', [{ expiryMember: 'end', expiresAfter: '1h' }]],
    ["a creation that can't be read", [{ expiryMember: 'end', expiresAfter: '1h' }, Number.NaN]],
    ['no member', [{ expiresAfter: '1h' }, createdAt]],
  ])('says nothing where there is %s', (_, [lifetime, created]) => {
    expect(withLifetime(lifetime, created)).toEqual({ document: {}, withheld: [] });
  });

  test.each([
    'default_max_age',
    'client_name#de',
    'scope',
    'scopes',
    'client_id',
    'client_secret',
    'client_secret_expires_at',
    'registration_access_token',
    'software_statement',
  ])("can't be %s", (expiryMember) => {
    expect(withLifetime({ expiryMember, expiresAfter: '1h' }, createdAt)).toEqual({
      reason: 'InvalidSpec',
      message: `spec.lifetime.expiryMember can't be ${expiryMember}, which means something else. Name the member in which the server takes the end of a client, or remove it.`,
    });
  });
});

const jwtOf = (claims: JsonObject): Sensitive => {
  const part = (value: JsonObject) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return new Sensitive(`${part({ alg: 'ES256' })}.${part(claims)}.c2lnbmF0dXJl`);
};
const statementOf = (claims: JsonObject): OwnStatement => ({ jwt: jwtOf(claims), claims, version: '1' });

describe('the software statement', () => {
  const softwareStatement = { secretRef: { name: 'mine', key: 'software_statement' } };
  const own = statementOf({ iss: 'own' });
  const given = statementOf({ iss: 'given', reason: 'a claim', message: 'another' });
  const sign = signTerms({ material: new Sensitive('key'), format: 'Raw', algorithm: 'HS256' });
  const claimsFor = (statement: Partial<StatementTerms>, more: Inputs = {}) =>
    wanted({ ...more, terms: { ...more.terms, statement: { ...noStatement, ...statement } } }).document[
      'software_statement'
    ];

  test('is absent where there is none', () => {
    expect(claimsFor({})).toBeUndefined();
  });

  test('that is given stands as its claims', () => {
    expect(claimsFor({ given })).toEqual(given.claims);
  });

  test.each(['Allow', 'Require'] as const)(
    "of the client wins over the server's (fromClient %s)",
    (fromClient) => {
      const inputs = { spec: { softwareStatement }, own };
      expect(claimsFor({ fromClient, given }, inputs)).toEqual(own.claims);
      expect(claimsFor({ fromClient, sign }, inputs)).toEqual(own.claims);
    },
  );

  test("that is allowed and not brought is the server's", () => {
    expect(claimsFor({ fromClient: 'Allow', given })).toEqual(given.claims);
  });

  test.each([
    [
      'permits none',
      'Deny',
      { spec: { softwareStatement }, own },
      "The server object doesn't permit softwareStatement; remove spec.softwareStatement or ask the platform team to set registration.softwareStatement.fromClient.",
    ],
    [
      'requires one',
      'Require',
      {},
      'The server object requires a software statement of each client; set spec.softwareStatement to the Secret that holds yours.',
    ],
  ] as const)('is a matter of agreement: the server %s', (_, fromClient, inputs, message) => {
    const terms = { statement: { ...noStatement, given, fromClient } };
    expect(resultOf({ ...inputs, terms })).toEqual({ reason: 'InvalidSpec', message });
  });

  test('to be signed claims who issues it, for whom, and what else the platform says', () => {
    expect(claimsFor({ sign })).toEqual({ iss: 'https://publisher.example.com' });
    const more = {
      subject: 'registrar',
      audience: 'https://as.example',
      claims: { org_id: '4711', iss: 'else' },
    };
    expect(claimsFor({ sign: { ...sign, ...more } })).toEqual({
      iss: 'https://publisher.example.com',
      sub: 'registrar',
      aud: 'https://as.example',
      org_id: '4711',
    });
  });

  test('to be signed copies members, defaults among them, as they are before they are encoded (rule 14)', () => {
    const claimsFromClient = {
      redirect_uris: 'redirect_uris',
      software_scopes: 'scope',
      name: 'client_name',
      cost: 'costCenter',
      keys: 'jwks',
      end: 'ends',
      nothing: 'logo_uri',
      object: 'constructor',
    };
    const dialect = {
      ...rfc7591,
      scopeEncoding: 'Array',
      membersNotSent: ['client_name'],
      jwksEncoding: 'String',
    } as const;
    const client: ClientMetadata = {
      redirectUris: ['https://a.example/cb'],
      scopes: ['a', 'b'],
      jwks,
      additionalMetadata: { costCenter: '4711' },
    };
    const lifetime = { onExpiry: 'Deregister', expiresAfter: '1m', expiryMember: 'ends' } as const;
    const terms = { dialect, defaults: { clientName: '{name}' } };
    const inputs = { client, spec: { lifetime }, facts: { createdAt: 0 }, terms };
    expect(claimsFor({ sign: { ...sign, claimsFromClient } }, inputs)).toEqual({
      iss: 'https://publisher.example.com',
      redirect_uris: ['https://a.example/cb'],
      software_scopes: 'a b',
      name: 'storefront',
      cost: '4711',
      keys: jwks,
      end: 60,
    });
  });

  test('is the same from visit to visit: no time, no id, no JWT', () => {
    const document = () =>
      wanted({ client: { clientName: 'a' }, terms: { statement: { ...noStatement, sign } } }).document;
    expect(document()).toEqual(document());
    expect(JSON.stringify(document())).not.toMatch(/"(iat|exp|nbf|jti)"/);
  });

  test.each([
    ['another claim', { iss: 'given', org: 1 }, false],
    ['fewer claims', {}, false],
    ['the same claims in another order', { message: 'another', iss: 'given', reason: 'a claim' }, true],
  ])('with %s compares as an object', (_, claims, same) => {
    const document = (statement: OwnStatement) =>
      wanted({ terms: { statement: { ...noStatement, given: statement } } }).document;
    expect(sameDocument(document(given), document(statementOf(claims)))).toBe(same);
  });

  test("of the client that can't be read can't be judged by a policy, and is refused", () => {
    const encrypted = { jwt: new Sensitive('a.b.c.d.e'), claims: { sha256: 'digest' }, version: '1' };
    const statement = { ...noStatement, fromClient: 'Allow' } as const;
    const inputs = { spec: { softwareStatement }, own: encrypted };
    expect(resultOf({ ...inputs, terms: { statement, policy: {} } })).toMatchObject({
      reason: 'PolicyRefused',
      message: expect.stringMatching(
        /^The software statement that spec\.softwareStatement refers to can't be read/,
      ),
    });
    expect(wanted({ ...inputs, terms: { statement } }).document).toEqual({
      software_statement: encrypted.claims,
    });
    expect(wanted({ ...inputs, own, terms: { statement, policy: {} } }).document).toEqual({
      software_statement: own.claims,
    });
  });
});
