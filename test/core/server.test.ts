import { describe, expect, test } from 'vitest';
import type { AllowedNamespaces, AuthorizationServerSpec } from '../../src/api/authorization-server.ts';
import {
  admits,
  describeDiscovery,
  endpointsInUse,
  hostProblem,
  serverKey,
  summarizeServer,
  toConnection,
  toServerObject,
} from '../../src/core/server.ts';
import { HEALTHY } from '../../src/core/server-health.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';

const https = { allowHttp: false };
const issuer = 'https://sso.example.com';
const open = { admission: { open: {} } };
const metadata = { name: 'corporate', uid: 'uid-s', resourceVersion: '7', generation: 2 };
const objectOf = (spec: unknown, status?: unknown) =>
  toServerObject(
    'ClusterAuthorizationServer',
    { metadata, spec, status } as Parameters<typeof toServerObject>[1],
    https,
  );
const specOf = (more: object = {}): AuthorizationServerSpec => {
  const { spec } = objectOf({ issuer, registration: open, ...more });
  if (spec === undefined) {
    throw new Error('no spec');
  }
  return spec;
};

describe('toServerObject', () => {
  test.each<readonly [string, unknown, string | RegExp]>([
    ['no spec', undefined, /^spec\.: .+/],
    ['no issuer', { registration: open }, /^spec\.issuer: .+/],
    [
      'http',
      { issuer: 'http://a', registration: open },
      'spec.issuer does not use https; the operator permits http only when started with --allow-http.',
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
  ])('says what is wrong with %s', (_, spec, problem) => {
    const object = objectOf(spec);
    expect(object.spec).toBeUndefined();
    expect(object.problem).toMatch(problem);
  });

  test('takes a status that can not be read for none', () => {
    expect(objectOf({ issuer, registration: open }, { management: 'x' })).toMatchObject({
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

describe('toConnection', () => {
  const credential = { token: new Sensitive('iat-1'), version: 'secret/5' };
  const endpoints = { registration: `${issuer}/register`, token: `${issuer}/token` };
  const connect = (
    spec: AuthorizationServerSpec,
    found = {},
    given: typeof credential | undefined = undefined,
  ) => toConnection(objectOf(spec), spec, { ...endpoints, ...found }, given);

  test('holds what a call needs', () => {
    const spec = specOf({
      connection: { timeout: '1m', maxInFlight: 4 },
      management: { allowedOrigins: ['https://manage.example.com/path'] },
    });
    expect(connect(spec)).toEqual({
      issuer,
      registrationEndpoint: `${issuer}/register`,
      endpoints,
      initialAccessToken: undefined,
      allowedOrigins: ['https://manage.example.com'],
      timeoutMs: 60_000,
      maxInFlight: 4,
      version: expect.any(String),
    });
  });

  test('has 30 seconds and 16 calls where nothing is said', () => {
    expect(connect(specOf())).toMatchObject({ timeoutMs: 30_000, maxInFlight: 16 });
  });

  test('is refused where the server has no registration endpoint', () => {
    expect(connect(specOf(), { registration: undefined })).toEqual({
      reason: 'RegistrationNotSupported',
      message: `${issuer} publishes no registration_endpoint. Switch dynamic client registration on at the server, or set spec.registration.endpoint.`,
    });
  });

  test('is refused where a credential would go to another origin that nobody named', () => {
    expect(connect(specOf(), { registration: 'https://evil.example.com/r' }, credential)).toEqual({
      reason: 'AddressRefused',
      message:
        'The discovered registration endpoint is at https://evil.example.com, another origin than the issuer’s, and an admission credential isn’t sent there. If you trust it, set spec.registration.endpoint.',
    });
  });

  test.each<readonly [string, object, object, typeof credential | undefined]>([
    ['without credential', {}, { registration: 'https://other.example.com/r' }, undefined],
    [
      'that the spec names',
      { registration: { ...open, endpoint: 'https://other.example.com/r' } },
      { registration: 'https://other.example.com/r' },
      credential,
    ],
  ])('goes to another origin %s', (_, more, found, given) => {
    expect(connect(specOf(more), found, given)).toMatchObject({
      registrationEndpoint: 'https://other.example.com/r',
    });
  });

  test('has another version after every change that may let a refused call succeed', () => {
    const spec = specOf();
    const versionOf = (connection: ReturnType<typeof toConnection>) =>
      'version' in connection ? connection.version : connection.reason;
    const versions = [
      connect(spec),
      connect(spec, { registration: `${issuer}/r2` }),
      connect(spec, {}, credential),
      connect(spec, {}, { ...credential, version: 'secret/6' }),
      toConnection({ ...objectOf(spec), generation: 3 }, spec, endpoints, undefined),
    ].map(versionOf);
    expect(new Set(versions).size).toBe(5);
    expect(versionOf(connect(spec))).toBe(versions[0]);
    expect(versions.join()).not.toContain('iat-1');
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
});

describe('hostProblem', () => {
  test.each([
    ['https://sso.example.com/a', ['sso.example.com'], true],
    ['https://SSO.example.com:8443/a', ['sso.example.com'], true],
    ['https://a.example.com/', ['*.example.com'], true],
    ['https://a.b.example.com/', ['*.example.com'], true],
    ['https://example.com/', ['*.example.com'], false],
    ['https://evilexample.com/', ['*.example.com'], false],
    ['https://example.com.evil.com/', ['*.example.com', 'example.com'], false],
    ['https://sso.example.com/', [], false],
  ])('permits %s by %j: %s', (url, hosts, permitted) => {
    const problem = hostProblem(url, hosts);
    expect(problem === undefined).toBe(permitted);
    expect(problem ?? 'is not among those').toContain('is not among those');
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
        { url: 'https://b', kind: 'document', document: { issuer, endpoints: {} } },
      ]),
    ).toBe('https://a: 404; https://b: a document');
  });
});

describe('summarizeServer', () => {
  const facts = {
    object: objectOf({ issuer, registration: open }),
    endpoints: { registration: `${issuer}/register` },
    problem: undefined,
    health: HEALTHY,
    management: 'Unknown',
    admissionAccepted: false,
    now: '2026-05-01T12:00:00Z',
  } as const;
  const refusedAdmission = {
    version: 'v1',
    message: 'The server answered status 401',
    attempts: 1,
    nextProbeAt: 0,
  };
  const conditionsOf = (change: Partial<Parameters<typeof summarizeServer>[0]>) =>
    summarizeServer({ ...facts, ...change }).conditions?.map(
      ({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`,
    );

  test.each<readonly [string, Partial<Parameters<typeof summarizeServer>[0]>, readonly string[]]>([
    [
      'is ready, though nothing was registered yet',
      {},
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

  test('changes nothing on a resync', () => {
    const first = summarizeServer(facts);
    const again = { ...facts, object: { ...facts.object, status: first }, now: '2026-05-01T13:00:00Z' };
    expect(summarizeServer(again)).toEqual(first);
  });
});
