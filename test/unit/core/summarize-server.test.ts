import { describe, expect, test } from 'vitest';
import { authorizationServerStatus } from '../../../src/api/authorization-server.ts';
import { storedClientKey } from '../../../src/core/client-key.ts';
import { NO_LIMITS } from '../../../src/core/rate-limits.ts';
import { HEALTHY, type ServerHealth } from '../../../src/core/server-health.ts';
import { type ServerFacts, summarizeServer } from '../../../src/core/summarize-server.ts';
import { effectiveDialect } from '../../../src/dialects/presets.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { connection, NOW } from '../../kit/fixtures/observations.ts';
import { issuer, objectOf, open } from '../../kit/fixtures/server-objects.ts';

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
    registeredIssuer: undefined,
    effectiveDialect: undefined,
    signingKeys: undefined,
    counts: { clients: 0, suspectedOrphans: 0, owed: 0, leftBehind: 0 },
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
  const failing = (change: Partial<ServerHealth>): ServerHealth => ({
    ...HEALTHY,
    phase: 'Failing',
    metBy: 'All',
    countedAt: NOW,
    lastError: 'No connection',
    ...change,
  });
  const OUT = [
    'Ready=False AuthorizationServerUnavailable: The server does not answer, or answers with errors. It is tried again from time to time, and calls go on when it answers. No connection',
    'AdmissionAccepted=Unknown Queued: No registration was tried yet.',
    'Paused=True AuthorizationServerUnavailable: See the condition Ready.',
    'Reconciling=True AuthorizationServerUnavailable: See the condition Ready.',
  ];
  const conditionsOf = (change: Partial<ServerFacts>) =>
    summarizeServer({ ...facts, ...change }).conditions?.map(
      ({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`,
    );

  test('names the registration endpoint that is called, where a certificate makes that an alias', () => {
    const alias = 'https://mtls.example.com/register';
    const at = { connection: { ...connection, registrationEndpoint: alias } };
    expect(summarizeServer({ ...facts, ...at }).endpoints?.registration).toBe(alias);
    expect(conditionsOf(at)?.[0]).toBe(`Ready=True Available: Clients are registered at ${alias}.`);
  });

  test.each([
    ['neither updates nor deletes clients: the token is of no use', false, false, 'None'],
    ['updates clients', true, false, 'RegistrationAccessToken'],
    ['deletes clients', false, true, 'RegistrationAccessToken'],
  ])('shows how clients are managed, where the server %s', (_, updates, deletes, shown) => {
    const { dialect } = connection;
    const knowing = {
      ...dialect,
      updateEffect: { ...dialect.updateEffect, supported: updates },
      deleteEffect: { ...dialect.deleteEffect, supported: deletes },
    };
    const managed = {
      management: 'RegistrationAccessToken',
      connection: { ...connection, dialect: knowing },
    } as const;
    expect(summarizeServer({ ...facts, ...managed }).management).toBe(shown);
    expect(summarizeServer({ ...facts, ...managed, management: 'Unknown' }).management).toBe('Unknown');
  });

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
      'is ready, and refused every registration so far',
      { health: { ...HEALTHY, registeredAt: NOW } },
      [
        `Ready=True Available: Clients are registered at ${issuer}/register.`,
        'AdmissionAccepted=Unknown Queued: No registration was accepted yet.',
      ],
    ],
    [
      'publishes endpoints that can not be used',
      { connection: { ...connection, unusedEndpoints: "Endpoints that aren't used: jwks_uri is empty." } },
      [
        `Ready=True Available: Clients are registered at ${issuer}/register. Endpoints that aren't used: jwks_uri is empty.`,
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
      'has a token endpoint that gives no token, time after time',
      {
        health: {
          ...HEALTHY,
          rateLimits: { ...NO_LIMITS, tokens: { until: NOW + 8_000, times: 3 } },
          lastError: 'The token endpoint answered status 503',
        },
      },
      [
        'Ready=False AuthorizationServerUnavailable: No client can be registered: the token endpoint gives no access token. It is asked again after growing pauses. The token endpoint answered status 503',
        'AdmissionAccepted=Unknown Queued: No registration was tried yet.',
        'Paused=True AuthorizationServerPaused: The token endpoint gives no access token; another is requested at 2026-05-01T12:00:08Z. Calls that need none go on.',
        'Reconciling=True AuthorizationServerUnavailable: See the condition Ready.',
      ],
    ],
    [
      'could not keep its interval between registrations half an hour ago',
      { health: { ...HEALTHY, crowdedAt: NOW - 1_800_000 } },
      [
        `Ready=True Available: Clients are registered at ${issuer}/register. Other server objects register at this endpoint, too, so that dialectOverrides.registrationInterval could not be kept within the last hour: the server may have made one client of two registrations.`,
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
        'Ready=False AdmissionRefused: The server answered status 401',
        'AdmissionAccepted=False AdmissionRefused: See the condition Ready.',
        'Stalled=True AdmissionRefused: See the condition Ready.',
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
            message: "The token endpoint answered 200, but didn't grant the scope dcr",
          },
        },
      },
      [
        "Ready=False AdmissionScopeNotGranted: The token endpoint answered 200, but didn't grant the scope dcr",
        'AdmissionAccepted=False AdmissionScopeNotGranted: See the condition Ready.',
        'Stalled=True AdmissionScopeNotGranted: See the condition Ready.',
      ],
    ],
    [
      'can not be found, and refused the credential before',
      {
        problem: { reason: 'DiscoveryFailed', message: 'https://a: 404' },
        health: { ...HEALTHY, refusedAdmission },
      },
      [
        'Ready=False DiscoveryFailed: https://a: 404',
        'AdmissionAccepted=False AdmissionRefused: The server answered status 401',
        'Reconciling=True DiscoveryFailed: See the condition Ready.',
      ],
    ],
    [
      'refused one registration, which may be its own doing',
      { health: { ...HEALTHY, refusedAdmission: { ...refusedAdmission, decided: false } } },
      [
        `Ready=True Available: Clients are registered at ${issuer}/register.`,
        'AdmissionAccepted=Unknown Queued: No registration was tried yet.',
      ],
    ],
    ...(['Failing', 'Silent'] as const).map(
      (phase) => [`is ${phase} for all callers`, { health: failing({ phase }) }, OUT] as const,
    ),
    [
      'answers discovery again, and failed a minute ago',
      { health: failing({ phase: 'OneAtATime', countedAt: NOW - 60_000 }) },
      OUT,
    ],
    [
      'answers discovery again, and is not called since two minutes',
      { health: failing({ phase: 'OneAtATime', countedAt: NOW - 120_000 }) },
      [
        `Ready=True Available: Clients are registered at ${issuer}/register.`,
        'AdmissionAccepted=Unknown Queued: No registration was tried yet.',
        'Paused=True AuthorizationServerUnavailable: The server was in trouble and answers discovery again; one call at a time is tried. No connection',
      ],
    ],
    [
      'fails for one namespace of several',
      { health: failing({ metBy: { namespace: 'shop', client: undefined } }) },
      [
        `Ready=True Available: Clients are registered at ${issuer}/register.`,
        'AdmissionAccepted=Unknown Queued: No registration was tried yet.',
        'Paused=True AuthorizationServerUnavailable: Calls of namespace shop fail, and are held back; those of others go on. No connection',
      ],
    ],
    [
      'fails for one client',
      { health: failing({ metBy: { namespace: 'shop', client: storedClientKey('shop/a') } }) },
      [
        `Ready=True Available: Clients are registered at ${issuer}/register.`,
        'AdmissionAccepted=Unknown Queued: No registration was tried yet.',
      ],
    ],
    [
      'does not answer for now',
      { problem: { reason: 'AuthorizationServerUnavailable', message: 'No answer in time' } },
      [
        'Ready=False AuthorizationServerUnavailable: No answer in time',
        'AdmissionAccepted=Unknown Queued: No registration was tried yet.',
        'Reconciling=True AuthorizationServerUnavailable: See the condition Ready.',
      ],
    ],
    [
      'can not be found for now',
      { problem: { reason: 'DiscoveryFailed', message: 'https://a: 404' } },
      [
        'Ready=False DiscoveryFailed: https://a: 404',
        'AdmissionAccepted=Unknown Queued: No registration was tried yet.',
        'Reconciling=True DiscoveryFailed: See the condition Ready.',
      ],
    ],
    [
      'needs a person',
      { problem: { reason: 'IssuerMismatch', message: 'other' } },
      [
        'Ready=False IssuerMismatch: other',
        'AdmissionAccepted=Unknown Queued: No registration was tried yet.',
        'Stalled=True IssuerMismatch: See the condition Ready.',
      ],
    ],
  ])('says of a server that %s', (_, change, conditions) => {
    expect(conditionsOf(change)).toEqual(conditions);
  });

  test.each([
    [
      objectOf({ issuer, registration: open }),
      "The API server does not let the operator watch Secrets: can't decrypt other/broken. A Secret that is changed or deleted by hand is not put right, and a new credential is not seen, until it permits the watch.",
    ],
    [
      objectOf({ issuer, registration: open }, { kind: 'AuthorizationServer' }),
      'The API server does not let the operator watch Secrets. A Secret that is changed or deleted by hand is not put right, and a new credential is not seen, until it permits the watch.',
    ],
  ])(
    'says that Secrets are not watched, and to a tenant nothing of the Secrets of others',
    (object, message) => {
      const conditions = conditionsOf({ object, secretsUnwatched: "can't decrypt other/broken" });
      expect(conditions?.at(-1)).toBe(`SecretsUnwatched=True SecretsUnwatched: ${message}`);
      expect(conditionsOf({})?.join()).not.toContain('SecretsUnwatched');
    },
  );

  test('shows the dialect in use, how clients are managed, and the keys to configure', () => {
    const known: Partial<ServerFacts> = {
      effectiveDialect: { scopeEncoding: 'Both' },
      signingKeys: { keys: [{ kid: 'k1' }] },
      management: 'Credential',
    };
    expect(summarizeServer({ ...facts, ...known })).toMatchObject({ observedGeneration: 2, ...known });
    const status = summarizeServer(facts);
    expect(status).not.toHaveProperty('effectiveDialect');
    expect(status).not.toHaveProperty('signingKeys');
  });

  test('counts the clients that need a person or the operator, and says whether it is the default', () => {
    const counts = { clients: 5, suspectedOrphans: 1, owed: 2, leftBehind: 3 };
    expect(summarizeServer({ ...facts, counts })).toMatchObject({ ...counts, isDefault: false });
    const marked = { ...facts.object, isDefault: true };
    expect(summarizeServer({ ...facts, object: marked })).toMatchObject({ isDefault: true });
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
