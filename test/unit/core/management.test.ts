import { describe, expect, test } from 'vitest';
import type { ServerConnection } from '../../../src/core/connection.ts';
import type { RegistrationContent } from '../../../src/core/content.ts';
import { homeAt } from '../../../src/core/home.ts';
import { keptAddress, managementMode, managementOf } from '../../../src/core/management.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { bare } from '../../kit/fixtures/contents.ts';
import { plain } from '../../kit/fixtures/credentials.ts';
import { factsOf, reached, record } from '../../kit/fixtures/observations.ts';

type Terms = ServerConnection['management'];

const endpoint = 'https://sso.example.com/register';
const admin = { kind: 'Token', scheme: 'Bearer', token: new Sensitive('admin-1') } as const;
const auto: Terms = {
  mode: 'Auto',
  credential: undefined,
  configurationUrl: 'AsReturned',
  isExplicit: false,
};
const explicit = (configurationUrl: string): Partial<Terms> => ({ configurationUrl, isExplicit: true });
const byDialect = (configurationUrl: string): Partial<Terms> => ({ configurationUrl, isExplicit: false });

describe('managementMode', () => {
  const modes = ['Auto', 'RegistrationAccessToken', 'Credential', 'ClientCredential', 'None'] as const;
  const rows = modes.flatMap((mode) =>
    [true, false].flatMap((managed) => [true, false].map((hasAdmin) => ({ mode, managed, hasAdmin }))),
  );
  /** Mode, whether there is a token of the client's own, whether a credential that manages all. */
  const EXPECTED: Readonly<Record<string, string>> = {
    'Auto true true': 'RegistrationAccessToken',
    'Auto true false': 'RegistrationAccessToken',
    'Auto false true': 'Credential',
    'Auto false false': 'None',
    'RegistrationAccessToken true true': 'RegistrationAccessToken',
    'RegistrationAccessToken true false': 'RegistrationAccessToken',
    'RegistrationAccessToken false true': 'None',
    'RegistrationAccessToken false false': 'None',
    'Credential true true': 'Credential',
    'Credential true false': 'None',
    'Credential false true': 'Credential',
    'Credential false false': 'None',
    'ClientCredential true true': 'ClientCredential',
    'ClientCredential true false': 'ClientCredential',
    'ClientCredential false true': 'ClientCredential',
    'ClientCredential false false': 'ClientCredential',
    'None true true': 'None',
    'None true false': 'None',
    'None false true': 'None',
    'None false false': 'None',
  };

  test.each(rows)(
    "rule 7: with mode $mode, a token of the client's own: $managed, one for all: $hasAdmin",
    ({ mode, managed, hasAdmin }) => {
      const terms = { ...auto, mode, credential: hasAdmin ? admin : undefined };
      expect(managementMode(managed, terms)).toBe(EXPECTED[`${mode} ${managed} ${hasAdmin}`]);
    },
  );

  test.each([
    [true, 'RegistrationAccessToken'],
    [false, 'None'],
  ])('is decided by the record if the server object is gone: %s', (managed, mode) => {
    expect(managementMode(managed, undefined)).toBe(mode);
  });
});

interface Inputs {
  readonly clientId?: string;
  readonly token?: string;
  readonly returned?: string;
  readonly content?: Partial<RegistrationContent>;
  readonly terms?: Partial<Terms>;
  readonly allowedOrigins?: readonly string[];
  readonly registration?: string;
  /** uid of the server object of that name today. */
  readonly serverUid?: string;
}

function termsOf({ terms = {}, allowedOrigins = [], registration = endpoint }: Inputs) {
  return { management: { ...auto, ...terms }, allowedOrigins, endpoints: { registration } };
}

const manage = (inputs: Inputs) => managementBy(inputs, termsOf(inputs));

function managementBy(inputs: Inputs, terms: ReturnType<typeof termsOf> | undefined) {
  const { clientId = 'c1', token, returned, content = {} } = inputs;
  const stored: RegistrationContent = {
    ...bare,
    information: {
      clientId,
      metadata: {},
      ...(token === undefined ? {} : { registrationAccessToken: new Sensitive(token) }),
      ...(returned === undefined ? {} : { registrationClientUri: returned }),
    },
    ...content,
  };
  const managed = token !== undefined && returned !== undefined;
  const of = record({ clientId, managed });
  const known = terms && factsOf(of.server, reached(terms));
  const facts = known && { ...known, uid: inputs.serverUid ?? known.uid };
  return plain(managementOf(homeAt(of, facts, of.namespaceUid), stored));
}

const managed = (url: string, credential: object) => ({ kind: 'Managed', url, credential });
const own = { kind: 'RegistrationAccessToken', token: 'rat-1' };
const all = { kind: 'Token', scheme: 'Bearer', token: 'admin-1' };
const returned = 'https://sso.example.com/register/c1?tenant=a%2Fb&x=';

describe('managementOf', () => {
  test.each<readonly [string, Inputs, object]>([
    [
      "rule 19: at the address that the server returned, verbatim, with the client's own token",
      { token: 'rat-1', returned },
      managed(returned, own),
    ],
    [
      "rules 4 and 19: at a relative address, which is one of the registration endpoint's",
      { token: 'rat-1', returned: 'register/c1?x=1' },
      managed('https://sso.example.com/register/c1?x=1', own),
    ],
    [
      "rule 19: at a template of the server object's before what was returned",
      { token: 'rat-1', returned, terms: explicit('https://sso.example.com/clients/{client_id}') },
      managed('https://sso.example.com/clients/c1', own),
    ],
    [
      'at what was returned before a template that the dialect knows',
      { token: 'rat-1', returned, terms: byDialect('{registration_endpoint}/{client_id}') },
      managed(returned, own),
    ],
    [
      'at what was returned where the server object asks for just that',
      { token: 'rat-1', returned, terms: explicit('AsReturned') },
      managed(returned, own),
    ],
    [
      'rule 7: with the credential for all where the server gave no token',
      { terms: { credential: admin, ...byDialect('{registration_endpoint}/{client_id}') } },
      managed('https://sso.example.com/register/c1', all),
    ],
    [
      'rule 7: with the credential for all at an address that came without a token',
      { returned, terms: { credential: admin } },
      managed(returned, all),
    ],
    [
      "with the client's own token rather than the one for all",
      { token: 'rat-1', returned, terms: { credential: admin } },
      managed(returned, own),
    ],
    [
      'with the credential for all where the server object says so',
      { token: 'rat-1', returned, terms: { mode: 'Credential', credential: admin } },
      managed(returned, all),
    ],
    [
      'rule 18: at a template in the query',
      { terms: { credential: admin, ...explicit('{registration_endpoint}?client_id={client_id}') } },
      managed('https://sso.example.com/register?client_id=c1', all),
    ],
    [
      "with a client_id that is percent-encoded, since it is the server's to choose",
      {
        clientId: 'https://c/ü?a=b&c#d',
        terms: { credential: admin, ...explicit('{registration_endpoint}/{client_id}') },
      },
      managed('https://sso.example.com/register/https%3A%2F%2Fc%2F%C3%BC%3Fa%3Db%26c%23d', all),
    ],
    [
      'with every place of a template filled',
      { terms: { credential: admin, ...explicit('https://sso.example.com/{client_id}/x?id={client_id}') } },
      managed('https://sso.example.com/c1/x?id=c1', all),
    ],
    [
      'with a registration endpoint in the template that has signs of its own',
      {
        content: { registrationEndpoint: "https://sso.example.com/$&$'/register" },
        registration: "https://sso.example.com/$&$'/register",
        terms: { credential: admin, ...explicit('{registration_endpoint}/{client_id}') },
      },
      managed("https://sso.example.com/$&$'/register/c1", all),
    ],
    [
      'at another origin that the server object permits',
      {
        token: 'rat-1',
        returned: 'https://backend.example.com/c1',
        allowedOrigins: ['https://backend.example.com'],
      },
      managed('https://backend.example.com/c1', own),
    ],
    [
      "at the registration endpoint's present origin, where the client was registered at another",
      {
        token: 'rat-1',
        returned: 'https://new.example.com/register/c1',
        registration: 'https://new.example.com/register',
      },
      managed('https://new.example.com/register/c1', own),
    ],
  ])('%s', (_, inputs, management) => {
    expect(manage(inputs)).toEqual(management);
  });

  const refused = (origin: string) => ({
    kind: 'Refused',
    message: 'The management address is at another origin than the one that issued the token',
    detail: `The management address is at ${origin}, and the token was issued by https://sso.example.com`,
  });

  const evil = 'https://evil.example.com';
  const backend = 'https://backend.example.com';
  const template = explicit(`${backend}/{client_id}`);

  const token = 'rat-1';

  test.each<readonly [string, Inputs, string, string]>([
    ['rule 28: another host', { token }, `${evil}/register/c1`, evil],
    ['another port', { token }, 'https://sso.example.com:8443/register/c1', 'https://sso.example.com:8443'],
    ['another scheme', { token }, 'http://sso.example.com/register/c1', 'http://sso.example.com'],
    ['an address relative in its scheme alone', { token }, '//evil.example.com/c1', evil],
    [
      'user information that looks like the server',
      { token },
      'https://sso.example.com@evil.example.com/c1',
      evil,
    ],
    ['another host, of the credential for all', { terms: { credential: admin } }, `${evil}/c1`, evil],
    ['a template at another origin', { token, terms: template }, returned, backend],
  ])('rule 19: sends no token to %s', (_, inputs, address, origin) => {
    expect(manage({ ...inputs, returned: address })).toEqual(refused(origin));
  });

  const unmanaged = (message: string) => ({ kind: 'Unmanaged', message });
  const noToken = unmanaged(
    'The server gave no registration access token, and the server object has no credential that manages its clients',
  );
  const noAddress = unmanaged(
    'The server gave no address to manage the client at; the server object can give one in management.configurationUrl',
  );

  test.each<readonly [string, Inputs, object]>([
    ['there is neither token nor credential', {}, noToken],
    ['there is an address alone', { returned }, noToken],
    [
      "only the client's own token is wanted, and there is none",
      { returned, terms: { mode: 'RegistrationAccessToken', credential: admin } },
      noToken,
    ],
    ['the credential for all is wanted, and there is none', { terms: { mode: 'Credential' } }, noToken],
    [
      'the server object says that clients are not managed',
      { token: 'rat-1', returned, terms: { mode: 'None', credential: admin } },
      unmanaged('Clients of this server are not managed (management.mode None)'),
    ],
    ['nobody knows an address', { terms: { credential: admin } }, noAddress],
    ['what was returned is no address', { returned: 'mailto:c1@a', terms: { credential: admin } }, noAddress],
    ['what was returned is nonsense', { returned: 'https://', terms: { credential: admin } }, noAddress],
    [
      'the client_id would lead out of its place',
      { clientId: '..', terms: { credential: admin, ...explicit('{registration_endpoint}/{client_id}') } },
      noAddress,
    ],
    [
      'the client_id would be no place at all',
      { clientId: '.', terms: { credential: admin, ...explicit('{registration_endpoint}/{client_id}') } },
      noAddress,
    ],
  ])('rule 18: never guesses, and says so where %s', (_, inputs, management) => {
    expect(manage(inputs)).toEqual(management);
  });

  test('fills a query with any client_id', () => {
    const terms = { credential: admin, ...explicit('{registration_endpoint}?client_id={client_id}') };
    expect(manage({ clientId: '..', terms })).toEqual(
      managed('https://sso.example.com/register?client_id=..', all),
    );
  });

  test('fills a template with a client_id that is no well-formed text', () => {
    const terms = { credential: admin, ...explicit('{registration_endpoint}/{client_id}') };
    expect(manage({ clientId: 'c\ud800', terms })).toEqual(
      managed('https://sso.example.com/register/c%EF%BF%BD', all),
    );
  });

  test('asks the server object, while there is one, which origins it permits now', () => {
    const content = { allowedOrigins: ['https://backend.example.com'] };
    expect(manage({ token: 'rat-1', returned: 'https://backend.example.com/c1', content })).toEqual(
      refused('https://backend.example.com'),
    );
  });

  describe('where the server object is gone', () => {
    const orphaned = (inputs: Inputs) => managementBy(inputs, undefined);
    const elsewhere = 'https://backend.example.com/c1';

    test('does with what is recorded', () => {
      expect(orphaned({ token: 'rat-1', returned })).toEqual(managed(returned, own));
    });

    test('sends the token to the origins that are recorded, and to no other', () => {
      const content = { allowedOrigins: ['https://backend.example.com'] };
      expect(orphaned({ token: 'rat-1', returned: elsewhere, content })).toEqual(managed(elsewhere, own));
      expect(orphaned({ token: 'rat-1', returned: elsewhere })).toEqual(
        refused('https://backend.example.com'),
      );
    });

    test('has no credential for all', () => {
      expect(orphaned({ returned })).toEqual(
        unmanaged(
          'The server gave no registration access token, and the server object, whose credential manages its clients, is gone or not ready',
        ),
      );
    });
  });
});

describe('keptAddress', () => {
  const address = (given: string | undefined, terms: Partial<Terms> = {}) =>
    keptAddress(given, 'c 1', endpoint, { ...auto, ...terms });

  test.each<readonly [string, string | undefined, Partial<Terms>, string | undefined]>([
    ['what was returned', returned, {}, returned],
    ['what was returned, made absolute', '/register/c1', {}, 'https://sso.example.com/register/c1'],
    [
      'rule 18: a template, where nothing was returned',
      undefined,
      byDialect('{registration_endpoint}/{client_id}'),
      'https://sso.example.com/register/c%201',
    ],
    [
      "what was returned before a template of the dialect's",
      returned,
      byDialect('{registration_endpoint}/{client_id}'),
      returned,
    ],
    [
      "a template of the server object's before what was returned",
      returned,
      explicit('https://sso.example.com/{client_id}'),
      'https://sso.example.com/c%201',
    ],
    ['nothing, where nobody knows one', undefined, {}, undefined],
    ['nothing, where only what is returned is wanted', undefined, explicit('AsReturned'), undefined],
    ['nothing for what is no address', 'javascript:alert(1)', {}, undefined],
  ])('keeps %s', (_, given, terms, kept) => {
    expect(address(given, terms)).toBe(kept);
  });
});

describe("management by the client's own access token", () => {
  const key = {
    kid: 'k1',
    privateJwk: new Sensitive('jwk-1'),
    privatePem: new Sensitive('pem-1'),
    publicJwk: { alg: 'ES256' },
    createdAt: '2026-05-01T11:00:00Z',
  };
  const registeredAs = (sent: RegistrationContent['sent'], keys: RegistrationContent['keys'] = []) => ({
    sent: { grant_types: ['client_credentials'], scope: 'openid accounts payments', ...sent },
    keys,
  });
  const terms = { mode: 'ClientCredential' } as const;
  const byKey = registeredAs({ token_endpoint_auth_method: 'private_key_jwt' }, [key]);

  test('is made with a token for the first scope that is not about a user, below the registration endpoint', () => {
    expect(manage({ terms, content: byKey, token: 'rat-1' })).toEqual(
      managed('https://sso.example.com/register/c1', {
        ...{ kind: 'ClientCredentials', clientId: 'c1', scopes: ['accounts'], resources: [], parameters: {} },
        authentication: {
          method: 'private_key_jwt',
          key: { material: 'jwk-1', format: 'Jwk', algorithm: 'ES256', keyId: 'k1' },
          audience: 'Issuer',
        },
        reuse: 'Never',
        isOwn: true,
      }),
    );
    const template = explicit('https://sso.example.com/clients/{client_id}');
    expect(manage({ terms: { ...terms, ...template }, content: byKey })).toMatchObject({
      url: 'https://sso.example.com/clients/c1',
    });
    expect(manage({ terms, content: byKey, returned })).toMatchObject({ url: returned });
  });

  test('is at the address of before where the server object was created again, and at no other', () => {
    const again = { content: byKey, serverUid: 'another' };
    expect(manage({ ...again, terms })).toMatchObject({ url: 'https://sso.example.com/register/c1' });
    const template = explicit('https://sso.example.com/clients/{client_id}');
    expect(manage({ ...again, terms: { ...terms, ...template } })).toMatchObject({ kind: 'Refused' });
  });

  test('is refused at an address elsewhere', () => {
    const away = explicit('https://evil.example/{client_id}');
    expect(manage({ terms: { ...terms, ...away }, content: byKey })).toMatchObject({ kind: 'Refused' });
  });

  test.each([
    ['it authenticates by client_secret_basic', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['it authenticates by none', { token_endpoint_auth_method: 'none' }],
    [
      'it authenticates with a certificate that the operator does not have',
      { token_endpoint_auth_method: 'tls_client_auth' },
    ],
    [
      'its grant types lack client_credentials',
      { token_endpoint_auth_method: 'private_key_jwt', grant_types: ['authorization_code'] },
    ],
  ])('is not possible where %s, and the message says what is needed', (why, sent) => {
    const content = registeredAs(sent, [key]);
    const information = { clientId: 'c1', clientSecret: new Sensitive('s'), metadata: {} };
    expect(manage({ terms, content: { ...content, information } })).toEqual({
      kind: 'Unmanaged',
      message: `By management.mode ClientCredential a client is managed with an access token of its own, and this one can't obtain one: ${why}. It needs grant type client_credentials, and credential.generatedKey or tls_client_auth with the certificate of connection.clientCertificateRef`,
    });
  });
});
