import { describe, expect, test } from 'vitest';
import { type AllowedNamespaces, authorizationServerStatus } from '../../../src/api/authorization-server.ts';
import { admits, describeDiscovery, type ServerFacts, summarizeServer } from '../../../src/core/server.ts';
import { HEALTHY } from '../../../src/core/server-health.ts';
import { keyWithoutServer, serverKey, serverNamed } from '../../../src/core/server-key.ts';
import { effectiveDialect } from '../../../src/dialects/presets.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { connection } from '../../kit/fixtures/observations.ts';
import { issuer, objectOf, open } from '../../kit/fixtures/server-objects.ts';

describe('toServerObject', () => {
  test('keeps of a spec that is too large only that, and whom it admits (H1)', () => {
    const sign = { claims: { blob: 'a'.repeat(1_000_000) } };
    const spec = {
      issuer,
      registration: { ...open, softwareStatement: { sign } },
      allowedNamespaces: { names: ['shop'] },
    };
    const object = objectOf(spec as unknown as Parameters<typeof objectOf>[0]);
    expect(object).toMatchObject({
      spec: undefined,
      problem: expect.stringMatching(
        /^spec has 1000\d{3} bytes as JSON and may have 131072; make it smaller\.$/,
      ),
      allowedNamespaces: { names: ['shop'] },
    });
    expect(JSON.stringify(object).length).toBeLessThan(1_000);
  });

  test.each<readonly [string, unknown, string | RegExp]>([
    ['no spec', undefined, /^spec\.: .+/],
    ['no issuer', { registration: open }, /^spec\.issuer: .+/],
    [
      'http',
      { issuer: 'http://a', registration: open },
      'spec.issuer does not use https, and http is not permitted here; the operator flag --allow-http permits it.',
    ],
    [
      'an endpoint with user information',
      { issuer, registration: { ...open, endpoint: 'https://u@a' } },
      'spec.registration.endpoint is not an absolute URL without user information and fragment.',
    ],
    [
      'an endpoint with a fragment',
      { issuer, registration: open, endpoints: { token: 'https://a/#b' } },
      'spec.endpoints.token is not an absolute URL without user information and fragment.',
    ],
    [
      'a discovery address without scheme',
      { issuer, registration: open, discovery: { url: '/x' } },
      'spec.discovery.url is not an absolute URL without user information and fragment.',
    ],
    [
      'an origin that is no URL',
      { issuer, registration: open, management: { allowedOrigins: ['manage.example.com'] } },
      /^spec\.management\.allowedOrigins/,
    ],
    [
      'a proxy without scheme',
      { issuer, registration: open, connection: { proxyUrl: 'proxy:3128' } },
      'spec.connection.proxyUrl is not an absolute URL without user information and fragment.',
    ],
    [
      'a template that leads to http',
      { issuer, registration: open, management: { configurationUrl: 'http://a/{client_id}' } },
      'spec.management.configurationUrl does not use https, and http is not permitted here; the operator flag --allow-http permits it.',
    ],
    [
      'a resource that is no URL',
      {
        issuer,
        registration: {
          admission: { clientCredentials: { secretRef: { name: 's' }, resources: ['https://a', 'dcr'] } },
        },
      },
      'spec.registration.admission.clientCredentials.resources.1 is not an absolute URL without user information and fragment.',
    ],
    [
      'a resource of what manages clients',
      {
        issuer,
        registration: open,
        management: { clientCredentials: { secretRef: { name: 's' }, resources: ['dcrm'] } },
      },
      'spec.management.clientCredentials.resources.0 is not an absolute URL without user information and fragment.',
    ],
    ['a dialect that nobody knows', { issuer, registration: open, dialect: 'duende' }, /^spec\.dialect: .+/],
    [
      'a switch that has no such value',
      { issuer, registration: open, dialectOverrides: { scopeEncoding: 'List' } },
      /^spec\.dialectOverrides\.scopeEncoding: .+/,
    ],
  ])('says what is wrong with %s', (_, spec, problem) => {
    const object = objectOf(spec);
    expect(object.spec).toBeUndefined();
    expect(object.problem).toMatch(problem);
  });

  test('L12: names no flag to those who read an AuthorizationServer', () => {
    const { problem } = objectOf({ issuer: 'http://a', registration: open }, { kind: 'AuthorizationServer' });
    expect(problem).toBe('spec.issuer does not use https, and http is not permitted here.');
  });

  test.each([
    ['what the server returns', 'AsReturned'],
    ['the path', 'https://sso.example.com/{client_id}'],
    ['the query', 'https://sso.example.com/register?client_id={client_id}'],
    ['the registration endpoint', '{registration_endpoint}/{client_id}'],
  ])('takes a template that uses %s', (_, configurationUrl) => {
    expect(objectOf({ issuer, registration: open, management: { configurationUrl } })).toMatchObject({
      problem: undefined,
      spec: { management: { configurationUrl } },
    });
  });

  const isDefault = 'oauth-registrar.dev/is-default-server';

  test.each<readonly [string, Readonly<Record<string, string>>, boolean]>([
    ['serves whoever names none where it is marked so', { [isDefault]: 'true' }, true],
    ['does not where it is marked otherwise', { [isDefault]: 'false' }, false],
    ['does not by an empty mark', { [isDefault]: '' }, false],
    ['does not where nothing is marked', {}, false],
  ])('%s', (_, annotations, expected) => {
    expect(objectOf({ issuer, registration: open }, { annotations }).isDefault).toBe(expected);
  });

  test('whose policy names a member that there is not is refused: it would bound nothing', () => {
    const bounded = (defaultsOnly: readonly string[]) =>
      objectOf({
        issuer,
        registration: open,
        policy: { defaultsOnly, additionalMetadata: { allowed: ['tier'] } },
      }).problem;
    expect(bounded(['clientName', 'logo_uri', 'scopes', 'tier'])).toBeUndefined();
    expect(bounded(['clientName', 'clientname'])).toBe(
      'spec.policy.defaultsOnly lists clientname, which is neither a field of spec.defaults nor in spec.policy.additionalMetadata.allowed: correct it, or leave it out.',
    );
  });

  describe('whose statements copy what clients say', () => {
    const copying = (member: string, policy?: object, kind?: 'AuthorizationServer') => {
      const sign = {
        secretRef: { name: 'signer' },
        algorithm: 'RS256',
        issuer: 'https://publisher.example.com',
        claimsFromClient: { claim: member },
      };
      const registration = { ...open, softwareStatement: { sign } };
      const spec = { issuer, registration, ...(policy === undefined ? {} : { policy }) };
      return objectOf(spec, kind === undefined ? {} : { kind });
    };

    test.each<readonly [string, string, object | undefined]>([
      ['without a policy', 'redirect_uris', undefined],
      ['by a policy that bounds something else', 'scope', { uriHosts: ['a'] }],
      ['though other members may be set', 'tier', { additionalMetadata: { allowed: ['plan'] } }],
      ['for a member that nothing can bound', 'client_name', { scopes: ['openid'] }],
      ['called like something of JavaScript’s own', 'constructor', { scopes: ['openid'] }],
      ['without a name', '', { scopes: ['openid'] }],
    ])('is refused for what nobody bounds: %s', (_, member, policy) => {
      expect(copying(member, policy).problem).toBe(
        `spec.registration.softwareStatement.sign.claimsFromClient copies ${member}, which spec.policy doesn’t bound: bound it there, or leave it out.`,
      );
    });

    test.each<readonly [string, object]>([
      ['redirect_uris', { redirectUriPatterns: ['https://*.example.com/cb'] }],
      ['redirect_uris', { uriHosts: ['*.example.com'] }],
      ['client_name', { defaultsOnly: ['clientName'] }],
      ['client_name', { defaultsOnly: ['client_name'] }],
      ['request_object_signing_alg', { algorithms: ['ES256'] }],
      ['scope', { scopes: ['openid'] }],
      ['scopes', { scopes: [] }],
      ['grant_types', { grantTypes: ['authorization_code'] }],
      ['response_types', { responseTypes: ['code'] }],
      ['token_endpoint_auth_method', { tokenEndpointAuthMethods: ['private_key_jwt'] }],
      ['jwks_uri', { uriHosts: ['*.example.com'] }],
      ['tier', { additionalMetadata: { allowed: ['tier'] } }],
    ])('is taken where %s is bounded by %j', (member, policy) => {
      expect(copying(member, policy).problem).toBeUndefined();
    });

    test('is taken in a namespace, whose tenants sign with a key of their own', () => {
      expect(copying('client_name', undefined, 'AuthorizationServer').problem).toBeUndefined();
    });
  });

  test('takes a status that can not be read for none', () => {
    expect(objectOf({ issuer, registration: open }, { status: { management: 'x' } })).toMatchObject({
      problem: undefined,
      status: {},
    });
  });
});

describe('admits', () => {
  const labels = { sso: 'true', team: 'a' };
  const expression = (
    operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist',
    key: string,
    values?: string[],
  ) => ({
    selector: { matchExpressions: [{ key, operator, ...(values === undefined ? {} : { values }) }] },
  });

  test.each<readonly [string, AllowedNamespaces | undefined, boolean]>([
    ['nobody where nothing is said', undefined, false],
    ['nobody where nothing is named', {}, false],
    ['nobody by an empty list', { names: [] }, false],
    ['a namespace by its name', { names: ['shop'] }, true],
    ['no other name', { names: ['shop2', 'sho'] }, false],
    ['everybody by an empty selector', { selector: {} }, true],
    ['a namespace by its label', { selector: { matchLabels: { sso: 'true' } } }, true],
    ['no other label', { selector: { matchLabels: { sso: 'true', team: 'b' } } }, false],
    ['by name, though the label says no', { names: ['shop'], selector: { matchLabels: { x: 'y' } } }, true],
    [
      'by label, though the name says no',
      { names: ['other'], selector: { matchLabels: { sso: 'true' } } },
      true,
    ],
    ['by In', expression('In', 'team', ['a', 'b']), true],
    ['not by In of others', expression('In', 'team', ['b']), false],
    ['not by In of a label that is missing', expression('In', 'x', ['a']), false],
    ['by NotIn', expression('NotIn', 'team', ['b']), true],
    ['by NotIn of a label that is missing', expression('NotIn', 'x', ['b']), true],
    ['not by NotIn', expression('NotIn', 'team', ['a']), false],
    ['by Exists', expression('Exists', 'team'), true],
    ['not by Exists', expression('Exists', 'x'), false],
    ['by DoesNotExist', expression('DoesNotExist', 'x'), true],
    ['not by DoesNotExist', expression('DoesNotExist', 'team'), false],
    [
      'only when all of a selector agrees',
      { selector: { matchLabels: { sso: 'true' }, ...expression('Exists', 'x').selector } },
      false,
    ],
  ])('%s', (_, allowed, admitted) => {
    expect(admits(allowed, 'shop', labels)).toBe(admitted);
  });
});

describe('serverKey', () => {
  test('tells servers of two namespaces apart, and names a cluster’s once', () => {
    expect(serverKey({ kind: 'AuthorizationServer', name: 'sso' }, 'shop')).toBe(
      'AuthorizationServer/shop/sso',
    );
    expect(serverKey({ kind: 'ClusterAuthorizationServer', name: 'sso' }, 'shop')).toBe(
      'ClusterAuthorizationServer/sso',
    );
  });
});

describe('describeDiscovery', () => {
  test('says what every address gave', () => {
    expect(
      describeDiscovery([
        { url: 'https://a', kind: 'nothing', detail: '404' },
        { url: 'https://b', kind: 'document', document: { issuer, endpoints: {}, aliases: {} } },
      ]),
    ).toBe('https://a: 404; https://b: a document');
  });
});

const signedRequest = (secret: string) => ({
  key: { material: new Sensitive(secret), format: 'Raw', algorithm: 'HS256' } as const,
  issuer: undefined,
  audience: 'a',
  lifetimeSeconds: 300,
  contentType: 'application/jwt',
});

describe('summarizeServer', () => {
  const facts: ServerFacts = {
    object: objectOf({ issuer, registration: open }),
    endpoints: { registration: `${issuer}/register` },
    problem: undefined,
    health: HEALTHY,
    management: 'Unknown',
    admissionAccepted: false,
    effectiveDialect: undefined,
    signingKeys: undefined,
    counts: { clients: 0, suspectedOrphans: 0, leftBehind: 0 },
    now: '2026-05-01T12:00:00Z',
  };
  const refusedAdmission = {
    version: 'v1',
    reason: 'AdmissionRefused',
    message: 'The server answered status 401',
    brief: '',
    decided: true,
    witnesses: [],
    attempts: 1,
    nextProbeAt: 0,
  } as const;
  const conditionsOf = (change: Partial<ServerFacts>) =>
    summarizeServer({ ...facts, ...change }).conditions?.map(
      ({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`,
    );

  test.each<readonly [string, Partial<ServerFacts>, readonly string[]]>([
    [
      'is ready, though nothing was registered yet',
      {},
      [
        `Ready=True Available: Clients are registered at ${issuer}/register.`,
        'AdmissionAccepted=Unknown Queued: No registration was tried yet.',
      ],
    ],
    [
      'L9: signs with a secret that is too short for its algorithm',
      { connection: { ...connection, signedRequest: { ...signedRequest('k'.repeat(31)) } } },
      [
        `Ready=True Available: Clients are registered at ${issuer}/register. The secret of spec.registration.signedRequest has 31 octets, and HS256 asks for 32 at least (RFC 7518 section 3.2): a shorter one can be found out by trying.`,
        'AdmissionAccepted=Unknown Queued: No registration was tried yet.',
      ],
    ],
    [
      'signs with a secret that is long enough',
      { connection: { ...connection, signedRequest: { ...signedRequest('k'.repeat(32)) } } },
      [
        `Ready=True Available: Clients are registered at ${issuer}/register.`,
        'AdmissionAccepted=Unknown Queued: No registration was tried yet.',
      ],
    ],
    [
      'accepted a registration',
      { admissionAccepted: true },
      [
        `Ready=True Available: Clients are registered at ${issuer}/register.`,
        'AdmissionAccepted=True AdmissionAccepted: The server accepted a registration.',
      ],
    ],
    [
      'refuses the credential',
      { admissionAccepted: true, health: { ...HEALTHY, refusedAdmission } },
      [
        `Ready=True Available: Clients are registered at ${issuer}/register.`,
        'AdmissionAccepted=False AdmissionRefused: The server answered status 401',
      ],
    ],
    [
      'gives no token to admit with',
      {
        health: {
          ...HEALTHY,
          refusedAdmission: {
            ...refusedAdmission,
            reason: 'AdmissionScopeNotGranted',
            message: 'The token endpoint answered 200, but didn’t grant the scope dcr',
          },
        },
      },
      [
        `Ready=True Available: Clients are registered at ${issuer}/register.`,
        'AdmissionAccepted=False AdmissionScopeNotGranted: The token endpoint answered 200, but didn’t grant the scope dcr',
      ],
    ],
    [
      'does not answer for now',
      { problem: { reason: 'AuthorizationServerUnavailable', message: 'No answer in time' } },
      [
        'Ready=False AuthorizationServerUnavailable: No answer in time',
        'AdmissionAccepted=Unknown Queued: No registration was tried yet.',
        'Reconciling=True AuthorizationServerUnavailable: No answer in time',
      ],
    ],
    [
      'can not be found for now',
      { problem: { reason: 'DiscoveryFailed', message: 'https://a: 404' } },
      [
        'Ready=False DiscoveryFailed: https://a: 404',
        'AdmissionAccepted=Unknown Queued: No registration was tried yet.',
        'Reconciling=True DiscoveryFailed: https://a: 404',
      ],
    ],
    [
      'needs a person',
      { problem: { reason: 'IssuerMismatch', message: 'other' } },
      [
        'Ready=False IssuerMismatch: other',
        'AdmissionAccepted=Unknown Queued: No registration was tried yet.',
        'Stalled=True IssuerMismatch: other',
      ],
    ],
  ])('says of a server that %s', (_, change, conditions) => {
    expect(conditionsOf(change)).toEqual(conditions);
  });

  test('tells what is really done, how clients are managed, and the keys to configure', () => {
    const known: Partial<ServerFacts> = {
      effectiveDialect: { scopeEncoding: 'Both' },
      signingKeys: { keys: [{ kid: 'k1' }] },
      management: 'AdminToken',
    };
    expect(summarizeServer({ ...facts, ...known })).toMatchObject({ observedGeneration: 2, ...known });
    const status = summarizeServer(facts);
    expect(status).not.toHaveProperty('effectiveDialect');
    expect(status).not.toHaveProperty('signingKeys');
  });

  test('is what the CRD takes, with everything in it', () => {
    const status = summarizeServer({
      ...facts,
      effectiveDialect: effectiveDialect('curity') as unknown as JsonObject,
      signingKeys: { keys: [] },
    });
    expect(authorizationServerStatus.safeParse(status).error?.issues ?? []).toEqual([]);
  });

  test('changes nothing on a resync', () => {
    const first = summarizeServer(facts);
    const again = { ...facts, object: { ...facts.object, status: first }, now: '2026-05-01T13:00:00Z' };
    expect(summarizeServer(again)).toEqual(first);
  });
});

describe('a key', () => {
  test.each([
    [serverKey({ kind: 'ClusterAuthorizationServer', name: 'corporate' }, 'shop'), 'corporate', undefined],
    [serverKey({ kind: 'AuthorizationServer', name: 'own' }, 'shop'), 'own', 'shop'],
    [
      keyWithoutServer({ kind: 'AuthorizationServer', name: 'own' }, 'shop', 'https://sso.example.com:8443'),
      'own',
      'shop',
    ],
  ])('%s names its server object', (key, name, namespace) => {
    const { kind } = serverNamed(key);
    expect(serverNamed(key)).toEqual({ kind, name, ...(namespace === undefined ? {} : { namespace }) });
    expect(key.startsWith(`${kind}/`)).toBe(true);
  });
});
