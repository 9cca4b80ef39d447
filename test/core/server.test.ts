import { describe, expect, test } from 'vitest';
import type { AllowedNamespaces } from '../../src/api/authorization-server.ts';
import {
  admits,
  describeDiscovery,
  hostProblem,
  type ServerFacts,
  serverKey,
  summarizeServer,
} from '../../src/core/server.ts';
import { HEALTHY } from '../../src/core/server-health.ts';
import { issuer, objectOf, open } from './server-objects.ts';

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
        { url: 'https://b', kind: 'document', document: { issuer, endpoints: {}, aliases: {} } },
      ]),
    ).toBe('https://a: 404; https://b: a document');
  });
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
    now: '2026-05-01T12:00:00Z',
  };
  const refusedAdmission = {
    version: 'v1',
    reason: 'AdmissionRefused',
    message: 'The server answered status 401',
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
