import { describe, expect, test } from 'vitest';
import type { AuthorizationServerSpec } from '../../../src/api/authorization-server.ts';
import { endpointsInUse, type Found, secretNames, toConnection } from '../../../src/core/build-connection.ts';
import type { ServerConnection } from '../../../src/core/connection.ts';
import { isProblem, type Problem } from '../../../src/core/problem.ts';
import { effectiveDialect } from '../../../src/dialects/presets.ts';
import { found as labelled, plain, secretsOf, statementOf } from '../../kit/fixtures/credentials.ts';
import { type Given, issuer, objectOf, open, specOf } from '../../kit/fixtures/server-objects.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');
const endpoints = { registration: `${issuer}/register`, token: `${issuer}/token` };
const elsewhere = 'https://other.example.com';
const nothingFound: Found = {
  endpoints,
  aliases: {},
  secrets: secretsOf(),
  ca: undefined,
  urlRules: { allowHttp: false },
  now: NOW,
};

const statement = statementOf({ iss: 'https://publisher.example.com', software_id: 's1' });
/** Every Secret that the specs below refer to. */
const SECRETS = {
  iat: labelled({ token: 'iat-1' }),
  admin: labelled({ token: 'admin-1' }),
  registrar: labelled({ client_id: 'r1', client_secret: 'canary' }),
  statement: labelled({ software_statement: statement }),
  signer: labelled({ key: 'k' }),
  recipient: labelled({ key: 'p' }),
  tls: labelled({ 'tls.crt': 'certificate', 'tls.key': 'canary-key' }),
};
const all = secretsOf(SECRETS);

const token = { admission: { initialAccessToken: { secretRef: { name: 'iat' } } } };
const byGrant = {
  admission: { clientCredentials: { secretRef: { name: 'registrar' }, scopes: ['dcr'] } },
};
const byAdministrator = { credential: { token: { secretRef: { name: 'admin' } } } };
const certificate = { clientCertificateRef: { name: 'tls' } };
const signing = {
  secretRef: { name: 'signer' },
  algorithm: 'RS256',
  issuer: 'https://publisher.example.com',
};

/** The policy of a cluster server whose spec has none. */
const POLICY = {
  clientIdentifier: 'Deny',
  adoption: 'Deny',
  schemes: 'Any',
  retain: 'Allow',
  workloadIdentity: 'Deny',
  enforce: 'New',
} as const;

const connect = (spec: AuthorizationServerSpec, more: Partial<Found> = {}, given: Given = {}) =>
  toConnection(objectOf(spec, given), spec, { ...nothingFound, secrets: all, ...more });

function connected(spec: AuthorizationServerSpec, more: Partial<Found> = {}, given: Given = {}) {
  const connection = connect(spec, more, given);
  if (isProblem(connection)) {
    throw new Error(connection.message);
  }
  return connection;
}

describe('toConnection', () => {
  test('holds what a call needs', () => {
    const spec = specOf({
      connection: { timeout: '1m', maxInFlight: 4 },
      management: { allowedOrigins: ['https://manage.example.com/path'] },
      defaults: { contacts: ['ops@example.com'] },
      contact: '#platform-sso',
      attemptMarker: { member: 'software_version' },
    });
    expect(connect(spec)).toEqual({
      uid: 'uid-s',
      issuer,
      configuredIssuer: issuer,
      registrationEndpoint: `${issuer}/register`,
      tokenEndpoint: `${issuer}/token`,
      endpoints,
      admission: { kind: 'Open' },
      management: { mode: 'Auto', credential: undefined, configurationUrl: 'AsReturned', isExplicit: false },
      statement: { given: undefined, sign: undefined, fromClient: 'Deny' },
      signedRequest: undefined,
      dialect: effectiveDialect('rfc7591'),
      hint: expect.any(Function),
      defaults: { contacts: ['ops@example.com'] },
      policy: POLICY,
      contact: '#platform-sso',
      attemptMarker: 'software_version',
      recovery: {
        interrupted: 'Reregister',
        tokenLost: 'Hold',
        clientGone: 'Hold',
        cooldownMs: 60_000,
        maxAttempts: 3,
        maxRegistrationsPerHour: 10,
      },
      drift: { mode: 'Off', intervalMs: 3_600_000, rotatingReads: 'Refuse' },
      verification: {
        mode: 'Off',
        intervalMs: undefined,
        tokenEndpoint: 'https://sso.example.com/token',
        foreignOrigin: undefined,
        revocationEndpoint: undefined,
      },
      allowedOrigins: ['https://manage.example.com'],
      timeoutMs: 60_000,
      maxInFlight: 4,
      transport: undefined,
      shape: expect.any(String),
      version: expect.any(String),
    } satisfies ServerConnection);
  });

  test('has 30 seconds and 16 calls where nothing is said', () => {
    expect(connect(specOf())).toMatchObject({ timeoutMs: 30_000, maxInFlight: 16 });
  });

  test('gives workloads the published issuer if it differs (rule 2)', () => {
    const acceptedIssuer = 'https://sso.example.com:443/';
    expect(connect(specOf({ discovery: { acceptedIssuer } }))).toMatchObject({ issuer: acceptedIssuer });
  });

  test('lays the overrides over the preset of the dialect', () => {
    const spec = specOf({ dialect: 'keycloak', dialectOverrides: { goneStatuses: [410] } });
    expect(connected(spec).dialect).toEqual(effectiveDialect('keycloak', { goneStatuses: [410] }));
  });

  test.each<readonly [string, object, object]>([
    [
      'by the template that the dialect knows',
      { dialect: 'secureauth' },
      { configurationUrl: '{registration_endpoint}/{client_id}', isExplicit: false },
    ],
    [
      'by the one that the spec gives',
      { dialect: 'secureauth', management: { configurationUrl: 'https://a/{client_id}' } },
      { configurationUrl: 'https://a/{client_id}', isExplicit: true },
    ],
    ['by nothing where the server is not managed', { management: { mode: 'None' } }, { mode: 'None' }],
  ])('manages clients %s', (_, more, management) => {
    expect(connected(specOf(more)).management).toMatchObject(management);
  });

  test('manages what was registered also after documents took its place, and sends no credential elsewhere', () => {
    const baseUrl = 'https://clients.example.net';
    const spec = specOf({
      identification: { mode: 'Document', document: { baseUrl } },
      management: { ...byAdministrator, configurationUrl: 'https://sso.example.com/manage/{client_id}' },
    });
    const hosting = { namespace: 'documents', baseUrls: [baseUrl], namespacedBaseUrls: [] };
    expect(connected(spec, { hosting })).toMatchObject({
      registrationEndpoint: baseUrl,
      admission: { kind: 'Open' },
      management: {
        mode: 'Auto',
        credential: { kind: 'Token' },
        configurationUrl: 'AsReturned',
        isExplicit: false,
      },
    });
    const abroad = { ...endpoints, registration: `${elsewhere}/register` };
    expect(connect(spec, { hosting, endpoints: abroad })).toMatchObject({ reason: 'AddressRefused' });
  });

  test.each<readonly [string, object, Given, ServerConnection['policy']]>([
    ['what a cluster server says', { policy: { scopes: ['openid'] } }, {}, { scopes: ['openid'], ...POLICY }],
    ['what holds without being said, at a cluster server', {}, {}, POLICY],
    [
      'nothing at a server of the namespace',
      { policy: { scopes: ['openid'] } },
      { kind: 'AuthorizationServer' },
      undefined,
    ],
  ])('bounds clients by %s', (_, more, given, policy) => {
    expect(connected(specOf(more), {}, given).policy).toEqual(policy);
  });
});

describe('the credentials of a connection', () => {
  const everything = {
    registration: {
      ...token,
      softwareStatement: {
        sign: {
          ...signing,
          encryption: { algorithm: 'RSA-OAEP-256', encoding: 'A256GCM', secretRef: { name: 'recipient' } },
        },
      },
      signedRequest: { secretRef: { name: 'signer' }, algorithm: 'RS256' },
    },
    management: byAdministrator,
    connection: certificate,
  };

  test('are the values of the Secrets that the spec names', () => {
    const {
      admission,
      management,
      statement: terms,
      signedRequest,
      transport,
    } = connected(specOf(everything));
    expect(
      plain({ admission, credential: management.credential, terms, signedRequest, transport }),
    ).toMatchObject({
      admission: { kind: 'Token', scheme: 'Bearer', token: 'iat-1' },
      credential: { kind: 'Token', scheme: 'Bearer', token: 'admin-1' },
      terms: { sign: { key: { material: 'k' }, encryption: { key: 'p' } } },
      signedRequest: { key: { material: 'k' }, audience: issuer },
      transport: { certificate: { cert: 'certificate', key: 'canary-key' } },
    });
  });

  test.each(['iat', 'admin', 'signer', 'recipient', 'tls'])('are missed one by one: Secret %s', (name) => {
    const { [name as keyof typeof SECRETS]: _, ...others } = SECRETS;
    expect(connect(specOf(everything), { secrets: secretsOf(others) })).toEqual({
      reason: 'CredentialNotFound',
      message: `Secret operators/${name} doesn't exist. Create it with the label oauth-registrar.dev/credential=true.`,
    });
  });

  test.each(['tls.crt', 'tls.key'])("are missed where a certificate's Secret has no %s", (key) => {
    const other = key === 'tls.crt' ? 'tls.key' : 'tls.crt';
    const secrets = secretsOf({ ...SECRETS, tls: labelled({ [other]: 'x' }) });
    expect(connect(specOf({ connection: certificate }), { secrets })).toEqual({
      reason: 'CredentialKeyMissing',
      message: `Secret operators/tls has no key "${key}". Keys present: ${other}. Add the key, or name another in the reference.`,
    });
  });

  test('are missed where a given statement has expired', () => {
    const expired = statementOf({ iss: 'https://publisher.example.com', exp: NOW / 1000 });
    const secrets = secretsOf({ statement: labelled({ software_statement: expired }) });
    const spec = specOf({
      registration: { ...open, softwareStatement: { secretRef: { name: 'statement' } } },
    });
    expect(connect(spec, { secrets })).toEqual({
      reason: 'SoftwareStatementExpired',
      message:
        'The software statement in Secret operators/statement expired at 2026-05-01T12:00:00Z. Put a current one into key software_statement.',
    });
  });

  test('leave the form of the version as releases know it, since remembered refusals hold by its text', () => {
    const [, , , calls] = JSON.parse(connected(specOf(everything)).version) as readonly object[];
    expect(Object.keys(calls ?? {})).toEqual(['registration', 'token']);
  });

  test('are never in the version of a connection', () => {
    const { shape, version } = connected(specOf(everything));
    expect(`${shape} ${version}`).not.toMatch(/iat-1|admin-1|canary|certificate/);
  });
});

describe('the endpoints that are called', () => {
  test('must include one for registrations', () => {
    expect(connect(specOf(), { endpoints: { token: `${issuer}/token` } })).toEqual({
      reason: 'RegistrationNotSupported',
      message: `${issuer} publishes no registration_endpoint. Switch dynamic client registration on at the server, or set spec.registration.endpoint.`,
    });
  });

  const refused = [
    {
      name: 'registration',
      isAlias: false,
      why: 'registration_endpoint "/r" is not an absolute URL without user information and fragment',
    },
    {
      name: 'token',
      isAlias: false,
      why: 'token_endpoint "http://a/t" does not use https, and http is not permitted here',
    },
    { name: 'token', isAlias: true, why: 'mtls_endpoint_aliases.token_endpoint is empty' },
  ] as const;

  test('are named where the document has them in a form that can not be used', () => {
    expect(connect(specOf(), { endpoints: {}, refused })).toEqual({
      reason: 'RegistrationNotSupported',
      message: `The discovery document of ${issuer}: registration_endpoint "/r" is not an absolute URL without user information and fragment. Correct it at the server, or set spec.registration.endpoint.`,
    });
    const needed = { endpoints: { registration: `${issuer}/register` }, refused };
    expect(connect(specOf({ registration: byGrant }), needed)).toEqual({
      reason: 'AdmissionTokenFailed',
      message: `The discovery document of ${issuer}: token_endpoint "http://a/t" does not use https, and http is not permitted here. Correct it at the server, or set spec.endpoints.token.`,
    });
  });

  test('are told where workloads do not get them, unless the spec gives them', () => {
    const found = { endpoints: { registration: `${issuer}/register` }, refused: refused.slice(1) };
    expect(connect(specOf(), found)).toMatchObject({
      unusedEndpoints:
        'Endpoints of the discovery document that aren\'t used: token_endpoint "http://a/t" does not use https, and http is not permitted here.',
    });
    const given = { endpoints: { token: `${issuer}/token` } };
    expect(connect(specOf(given), found)).toMatchObject({ unusedEndpoints: undefined });
  });

  test('are those that the spec gives, before any that was discovered (rule 3)', () => {
    const spec = specOf({ registration: { ...open, endpoint: `${elsewhere}/r` } });
    expect(connect(spec)).toMatchObject({
      registrationEndpoint: `${elsewhere}/r`,
      endpoints: { registration: `${elsewhere}/r` },
    });
    expect(connect(spec, { endpoints: {} })).toMatchObject({ registrationEndpoint: `${elsewhere}/r` });
  });

  test('must include a token endpoint where a token is to be obtained', () => {
    const problem = {
      reason: 'AdmissionTokenFailed',
      message: `${issuer} publishes no token_endpoint to obtain an access token at. Set spec.endpoints.token.`,
    };
    const missing = { endpoints: { registration: `${issuer}/register` } };
    expect(connect(specOf({ registration: byGrant }), missing)).toEqual(problem);
    expect(connect(specOf({ management: { credential: byGrant.admission } }), missing)).toEqual(problem);
    expect(connect(specOf({ registration: token }), missing)).toMatchObject({ tokenEndpoint: undefined });
  });

  const aliases = { registration: `${elsewhere}/mtls/register`, token: `${elsewhere}/mtls/token` };

  test('are the aliases for a client certificate, and workloads get the others', () => {
    const spec = specOf({ registration: byGrant, connection: certificate });
    expect(connect(spec, { aliases })).toMatchObject({
      registrationEndpoint: aliases.registration,
      tokenEndpoint: aliases.token,
      endpoints,
    });
  });

  test.each<readonly [string, object, object]>([
    ['no certificate is presented', { registration: byGrant }, endpoints],
    [
      'the spec gives the endpoints itself',
      {
        registration: { ...byGrant, endpoint: `${issuer}/given` },
        endpoints: { token: `${issuer}/given-token` },
        connection: certificate,
      },
      { registration: `${issuer}/given`, token: `${issuer}/given-token` },
    ],
  ])('are not the aliases where %s', (_, more, called) => {
    const { registrationEndpoint, tokenEndpoint } = connected(specOf(more), { aliases });
    expect({ registration: registrationEndpoint, token: tokenEndpoint }).toEqual(called);
  });
});

test("what the document offers is not held against clients in a server's own form", () => {
  const offered = { tokenEndpointAuthMethods: ['client_secret_basic'] } as never;
  expect(connected(specOf({ dialect: 'keycloak' }), { offered }).offered).toBe(offered);
  expect(connected(specOf({ dialect: 'keycloak-native' }), { offered }).offered).toBeUndefined();
});

test("the endpoint of a server's own form is beside the one that discovery names, unless the spec gives it", () => {
  const published = `${issuer}/clients-registrations/openid-connect`;
  const found = { endpoints: { ...endpoints, registration: published } };
  const native = specOf({ dialect: 'keycloak-native' });
  expect(connected(native, found).registrationEndpoint).toBe(`${issuer}/clients-registrations/default`);
  const given = specOf({
    dialect: 'keycloak-native',
    registration: { admission: { open: {} }, endpoint: published },
  });
  expect(connected(given, found).registrationEndpoint).toBe(published);
});

describe('a credential by a token of the cluster', () => {
  const grant = (more: object = {}) => ({
    clientCredentials: { authMethod: 'ServiceAccountToken', ...more },
  });
  const spec = (more: object = {}, others: object = {}) =>
    specOf({ registration: { admission: grant(more) }, ...others });

  test('is for the issuer, or for an audience that the flag lists', () => {
    const authentication = { method: 'ServiceAccountToken', issuer, audience: issuer };
    expect(connected(spec(), { assertionAudiences: [] }).admission).toMatchObject({
      clientId: '',
      authentication,
    });
    const listed = spec({ audience: 'other', clientId: 'registrar' });
    expect(connected(listed, { assertionAudiences: ['other'] }).admission).toMatchObject({
      clientId: 'registrar',
      authentication: { ...authentication, audience: 'other' },
    });
  });

  test.each([
    ['admission', spec({ audience: 'other' })],
    ['management', specOf({ registration: token, management: { credential: grant({ audience: 'other' }) } })],
  ])('is refused for another audience: %s', (_, refused) => {
    expect(connect(refused, { assertionAudiences: ['more'] })).toMatchObject({ reason: 'AudienceRefused' });
    // The plugin does not know the flags of the operator.
    expect(isProblem(connect(refused))).toBe(false);
  });

  test('is for spec.issuer, whatever else the document may publish', () => {
    const accepted = spec({}, { discovery: { acceptedIssuer: 'https://other.example' } });
    expect(connected(accepted, { assertionAudiences: [] }).admission).toMatchObject({
      authentication: { audience: issuer },
    });
  });

  test.each([
    ['an endpoint that discovery names', {}, { endpoints: { ...endpoints, token: `${elsewhere}/t` } }],
    [
      'an alias for certificates',
      { connection: certificate },
      { aliases: { registration: `${elsewhere}/mtls/register`, token: `${elsewhere}/mtls/token` } },
    ],
  ])('goes to no other origin by %s', (_, others, found) => {
    expect(connect(spec({}, others), found)).toEqual({
      reason: 'AddressRefused',
      message: `The discovered token endpoint is at ${elsewhere}, another origin than the issuer's, and no credential is sent there. If you trust it, set spec.endpoints.token.`,
    });
    const given = { endpoints: { token: `${elsewhere}/given` } };
    expect(connected(spec({}, { ...others, ...given }), found).tokenEndpoint).toBe(`${elsewhere}/given`);
  });
});

describe('a credential for another origin that was not permitted', () => {
  const refused = (what: string, field: string): Problem => ({
    reason: 'AddressRefused',
    message: `The discovered ${what} endpoint is at ${elsewhere}, another origin than the issuer's, and no credential is sent there. If you trust it, set ${field}.`,
  });
  const registration = refused('registration', 'spec.registration.endpoint');
  const otherRegistration = { ...endpoints, registration: `${elsewhere}/r` };
  const otherToken = { ...endpoints, token: `${elsewhere}/t` };
  const basic = { admission: { basic: { secretRef: { name: 'user' } } } };
  const secrets = secretsOf({ ...SECRETS, user: labelled({ username: 'u', password: 'p' }) });

  test.each<readonly [string, object, Found['endpoints'], Problem]>([
    ['a token', { registration: token }, otherRegistration, registration],
    ['Basic', { registration: basic }, otherRegistration, registration],
    ['an obtained token', { registration: byGrant }, otherRegistration, registration],
    ['what manages every client', { management: byAdministrator }, otherRegistration, registration],
    ['what obtains a token', { registration: byGrant }, otherToken, refused('token', 'spec.endpoints.token')],
    [
      'what obtains a token to manage clients',
      { management: { credential: byGrant.admission } },
      otherToken,
      refused('token', 'spec.endpoints.token'),
    ],
    [
      'a token, though a certificate is presented beside it',
      { registration: token, connection: certificate },
      otherRegistration,
      registration,
    ],
  ])('is not sent: %s', (_, more, discovered, problem) => {
    expect(connect(specOf(more), { endpoints: discovered, secrets })).toEqual(problem);
  });

  test.each<readonly [string, object, Partial<Found>]>([
    ['where there is none', {}, { endpoints: otherRegistration }],
    [
      'that the spec names',
      { registration: { ...token, endpoint: `${elsewhere}/r` } },
      { endpoints: otherRegistration },
    ],
    [
      'that is an alias for certificates',
      { registration: token, connection: certificate },
      { aliases: { registration: `${elsewhere}/r` } },
    ],
  ])('calls go there %s', (_, more, found) => {
    expect(connect(specOf(more), found)).toMatchObject({ registrationEndpoint: `${elsewhere}/r` });
  });

  test('goes to a token endpoint that the spec names', () => {
    const spec = specOf({ registration: byGrant, endpoints: { token: `${elsewhere}/t` } });
    expect(connect(spec, { endpoints: otherToken })).toMatchObject({ tokenEndpoint: `${elsewhere}/t` });
  });
});

describe('the transport', () => {
  const proxyUrl = 'https://proxy.example.com:3128';
  const versionOf = (more: object, found: Partial<Found> = {}) =>
    connected(specOf(more), found).transport?.version;

  test("is the default if the spec doesn't set it", () => {
    expect(connected(specOf({ connection: { timeout: '5s' } })).transport).toBeUndefined();
  });

  test('holds CA, certificate and proxy as far as the spec gives them', () => {
    const caRef = { name: 'ca' };
    expect(plain(connected(specOf({ connection: { caRef, proxyUrl } }), { ca: 'PEM' }).transport)).toEqual({
      version: expect.any(String),
      ca: 'PEM',
      proxyUrl,
    });
    expect(plain(connected(specOf({ connection: certificate })).transport)).toEqual({
      version: expect.any(String),
      certificate: { cert: 'certificate', key: 'canary-key' },
    });
  });

  const proxyRef = { name: 'proxy' };
  const proxies = (password: string) =>
    secretsOf({ ...SECRETS, proxy: labelled({ url: proxyUrl, username: 'u', password }) });

  test('has the proxy that a Secret names', () => {
    const { transport } = connected(specOf({ connection: { proxyRef } }), { secrets: proxies('1') });
    expect(transport?.proxyUrl).toBe(`${proxyUrl.replace('://', '://u:1@')}/`);
  });

  test("can't be had where that Secret is missing", () => {
    expect(connect(specOf({ connection: { proxyRef } }))).toMatchObject({ reason: 'CredentialNotFound' });
  });

  test('has another version after every change of what it holds', () => {
    const caRef = { name: 'ca' };
    const renewed = secretsOf({ ...SECRETS, tls: labelled({ 'tls.crt': 'c', 'tls.key': 'k' }) });
    const versions = [
      versionOf({ connection: { proxyUrl } }),
      versionOf({ connection: { proxyUrl: 'https://proxy2.example.com' } }),
      versionOf({ connection: certificate }),
      versionOf({ connection: certificate }, { secrets: renewed }),
      versionOf({ connection: { proxyRef } }, { secrets: proxies('1') }),
      versionOf({ connection: { proxyRef } }, { secrets: proxies('2') }),
      versionOf({ connection: { caRef } }, { ca: 'A' }),
      versionOf({ connection: { caRef } }, { ca: 'B' }),
    ];
    expect(new Set(versions).size).toBe(versions.length);
  });
});

describe('the shape of a connection', () => {
  const sign = { softwareStatement: { sign: signing } };
  const given = { softwareStatement: { secretRef: { name: 'statement' } } };
  const shapeOf = (more: object, found: Partial<Found> = {}) => connected(specOf(more), found).shape;

  test.each<readonly [string, object]>([
    ['the dialect', { dialect: 'okta', dialectOverrides: { scopeEncoding: 'Array' } }],
    ['members that are not sent', { dialectOverrides: { membersNotSent: ['contacts'] } }],
    ['how language tags are sent', { dialectOverrides: { languageTags: 'Omit' } }],
    ['the defaults', { defaults: { contacts: ['ops@example.com'] } }],
    ['the marker of attempts', { attemptMarker: { member: 'software_version' } }],
    ['a statement that is given', { registration: { ...open, ...given } }],
    ['a statement that is signed', { registration: { ...open, ...sign } }],
  ])('changes with %s', (_, more) => {
    expect(shapeOf(more)).not.toBe(shapeOf({}));
  });

  test.each<readonly [string, object]>([
    ['the credential', { registration: token }],
    ['the endpoint', { registration: { ...open, endpoint: `${elsewhere}/r` } }],
    ['how clients are managed', { management: { mode: 'None' } }],
    ['timeouts and limits', { connection: { timeout: '5s', maxInFlight: 1 } }],
    ['the bounds of the policy', { policy: { scopes: ['openid'] } }],
    ['how Basic is encoded', { dialectOverrides: { basicEncoding: 'Raw' } }],
    ['which refusals are about the token', { dialectOverrides: { tokenRefusals: ['x'] } }],
    ['which statuses say that a client is gone', { dialectOverrides: { goneStatuses: [410] } }],
    ['how long things live', { dialectOverrides: { lifetimes: { client: '1h' } } }],
    ['the pause between registrations', { dialectOverrides: { registrationInterval: '2s' } }],
    ['what calls do to credentials', { dialectOverrides: { updateEffect: { token: 'Rotates' } } }],
  ])('stays the same whatever is said of %s', (_, more) => {
    expect(shapeOf(more)).toBe(shapeOf({}));
  });

  const withStatement = (jwt: string) => ({
    secrets: secretsOf({ statement: labelled({ software_statement: jwt }) }),
  });

  test('changes with what a given statement claims, not with when it was issued', () => {
    const spec = { registration: { ...open, ...given } };
    const claims = { iss: 'https://publisher.example.com', software_id: 's1' };
    const first = shapeOf(spec, withStatement(statementOf({ ...claims, iat: 1, jti: 'a' })));
    expect(shapeOf(spec, withStatement(statementOf({ ...claims, iat: 2, jti: 'b' })))).toBe(first);
    expect(shapeOf(spec, withStatement(statementOf({ ...claims, software_id: 's2' })))).not.toBe(first);
  });

  test('changes with what is claimed in a statement that is signed, not with its key', () => {
    const claiming = (claims: object) => ({
      registration: { ...open, softwareStatement: { sign: { ...signing, claims } } },
    });
    const first = shapeOf(claiming({ org: 'a' }));
    expect(shapeOf(claiming({ org: 'b' }))).not.toBe(first);
    const rolled = { secrets: secretsOf({ signer: labelled({ key: 'k2' }) }) };
    expect(shapeOf(claiming({ org: 'a' }), rolled)).toBe(first);
  });
});

describe('the version of a connection', () => {
  const everything = {
    registration: {
      ...token,
      softwareStatement: { secretRef: { name: 'statement' } },
      signedRequest: { secretRef: { name: 'signer' }, algorithm: 'RS256' },
    },
    management: { credential: { clientCredentials: { secretRef: { name: 'registrar' } } } },
    connection: certificate,
  };
  const versionOf = (found: Partial<Found> = {}) => connected(specOf(everything), found).version;

  type Name = 'iat' | 'statement' | 'signer' | 'registrar' | 'tls';
  const textsOf = (name: Name) => plain((SECRETS[name] as { readonly values: object }).values) as object;

  test.each<readonly [Name, string]>([
    ['iat', 'token'],
    ['statement', 'software_statement'],
    ['signer', 'key'],
    ['registrar', 'client_secret'],
    ['tls', 'tls.crt'],
    ['tls', 'tls.key'],
  ])('changes with the value in Secret %s under key %s', (name, key) => {
    const secrets = secretsOf({ ...SECRETS, [name]: labelled({ ...textsOf(name), [key]: 'renewed' }) });
    expect(versionOf({ secrets })).not.toBe(versionOf());
  });

  test.each<Name>(['iat', 'statement', 'signer', 'registrar', 'tls'])(
    'stays when a key that nobody refers to changes in Secret %s',
    (name) => {
      const secrets = secretsOf({ ...SECRETS, [name]: labelled({ ...textsOf(name), other: 'x' }) });
      expect(versionOf({ secrets })).toBe(versionOf());
    },
  );

  test.each<readonly [string, Partial<Found>]>([
    ['an endpoint', { endpoints: { ...endpoints, registration: `${issuer}/r2` } }],
    ['an alias', { aliases: { token: `${elsewhere}/mtls` } }],
  ])('changes with %s', (_, found) => {
    expect(versionOf(found)).not.toBe(versionOf());
  });

  test('changes with every edit of the server object, and with another object of its name', () => {
    const spec = specOf(everything);
    const object = objectOf(spec);
    const found = { ...nothingFound, secrets: all };
    const versions = [
      object,
      { ...object, generation: 3 },
      { ...object, metadata: { ...object.metadata, uid: 'uid-t' } },
    ].map((one) => {
      const connection = toConnection(one, spec, found);
      return isProblem(connection) ? connection.reason : connection.version;
    });
    expect(new Set(versions).size).toBe(3);
  });

  test('stays the same as long as nothing changes', () => {
    expect(versionOf({ now: NOW + 60_000 })).toBe(versionOf());
  });
});

describe('secretNames', () => {
  test.each<readonly [string, object, readonly string[]]>([
    ['none', {}, []],
    [
      'each once',
      { registration: token, management: { credential: { token: { secretRef: { name: 'iat' } } } } },
      ['iat'],
    ],
    [
      'all',
      {
        registration: {
          ...byGrant,
          softwareStatement: {
            sign: {
              ...signing,
              encryption: { algorithm: 'dir', encoding: 'A256GCM', secretRef: { name: 'recipient' } },
            },
          },
          signedRequest: { secretRef: { name: 'request-key' }, algorithm: 'RS256' },
        },
        management: { credential: { basic: { secretRef: { name: 'admin' } } } },
        connection: { ...certificate, caRef: { kind: 'Secret', name: 'ca' }, proxyRef: { name: 'proxy' } },
      },
      ['registrar', 'admin', 'signer', 'recipient', 'request-key', 'tls', 'proxy', 'ca'],
    ],
    ['not the CA in a ConfigMap', { connection: { caRef: { name: 'ca' } } }, []],
  ])('are %s', (_, more, names) => {
    expect(secretNames(specOf(more)).toSorted()).toEqual(names.toSorted());
  });
});

describe('endpointsInUse', () => {
  test('lets each given endpoint win alone', () => {
    const spec = specOf({
      endpoints: { token: 'https://given.example.com/token' },
      registration: { ...open, endpoint: 'https://given.example.com/register' },
    });
    const discovered = {
      token: `${issuer}/token`,
      jwks: `${issuer}/jwks`,
      registration: `${issuer}/register`,
    };
    expect(endpointsInUse(spec, discovered)).toEqual({
      token: 'https://given.example.com/token',
      jwks: `${issuer}/jwks`,
      registration: 'https://given.example.com/register',
    });
  });

  test("has the endpoint of a server's own form, and is the same where status gives it to the next process", () => {
    const native = specOf({ dialect: 'keycloak-native' });
    const discovered = { registration: `${issuer}/clients-registrations/openid-connect` };
    const once = endpointsInUse(native, discovered);
    expect(once).toEqual({ registration: `${issuer}/clients-registrations/default` });
    expect(endpointsInUse(native, once)).toEqual(once);
    expect(connected(native, { endpoints: discovered }).endpoints).toEqual(once);
  });
});
