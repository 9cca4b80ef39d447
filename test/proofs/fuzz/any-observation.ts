import fc from 'fast-check';
import type { DocumentState } from '../../../src/core/document-state.ts';
import type { Observation, ObservedClient, ObservedServer, Setback } from '../../../src/core/observation.ts';
import { plan } from '../../../src/core/plan.ts';
import type { RegistrationRecord } from '../../../src/core/record.ts';
import { credentialVersion } from '../../../src/core/verification.ts';
import type { ObservedSecret } from '../../../src/core/workload-secret.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import {
  basisOf,
  call,
  closed,
  connection,
  departed,
  desired,
  hash,
  NOW,
  object,
  observation,
  reached,
  record,
  secret,
  setback,
  unavailable,
} from '../../kit/fixtures/observations.ts';

/** Observations with parts that no history combines, and with times near the present, long ago, or none. */

const HOUR = 3_600_000;

/** Near the present, long ago, and texts that are not a time. */
const time = fc.constantFrom(
  ...[-1e6, -30, -1, 1, 30, 1e6].map((hours) => new Date(NOW + hours * HOUR).toISOString()),
  '0001-01-01T00:00:00Z',
  'yesterday',
);
const ms = fc.constantFrom(0, 1, NOW - HOUR, NOW - 1, NOW, NOW + 1, NOW + HOUR);

const rarely = fc.nat(7).map((given) => given === 0);

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

type Present<Given> = { readonly [Name in keyof Given]?: Exclude<Given[Name], undefined> };

function present<Given extends object>(given: Given): Present<Given> {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Present<Given>;
}

const aDocument: fc.Arbitrary<DocumentState> = fc
  .record({
    digest: fc.constantFrom('d1', 'd2'),
    maxAge: fc.constantFrom(0, 300, 86_400),
    publishedAt: time,
    seen: maybe(fc.record({ digest: fc.constantFrom('d1', 'd2'), at: time })),
    withdrawnAt: maybe(time),
    primed: maybe(fc.constantFrom('d1', 'd2')),
    primes: maybe(fc.constant(true as const)),
    isFirst: maybe(fc.constant(true as const)),
    endsAtOnce: rarely.map((given) => given || undefined),
  })
  .map((given) => present(given) as DocumentState);

const aRecord: fc.Arbitrary<RegistrationRecord> = fc
  .record({
    isOwn: rarely.map((given) => !given),
    attempt: fc.constantFrom('a1', 'a2', 'a3'),
    role: fc.constantFrom<RegistrationRecord['role']>(
      'current',
      'current',
      'owed',
      'retained',
      'left-behind',
    ),
    metadataHash: fc.constantFrom(hash, 'v1:other.shape-1', 'v0:old', ''),
    registeredAt: time,
    managed: fc.boolean(),
    clientSecretExpiresAt: maybe(time),
    registrationAccessTokenExpiresAt: maybe(time),
    tokenIssuedAt: maybe(time),
    replaces: maybe(fc.constantFrom('oac-uid-1-a1', 'oac-uid-1-a2', 'oac-uid-1-a9')),
    rotatedFor: maybe(fc.constantFrom('1', '2')),
    keyCreatedAt: maybe(time),
    keyRotatesAt: maybe(ms),
    keyRetiresAt: maybe(ms),
    document: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: aDocument }),
  })
  .map(({ isOwn, ...given }) => (isOwn ? record : departed)(present(given)))
  .map((given) => ({ ...given, clientId: `c-${given.registrationSecret}` }));

/** One record for each name; none replaces itself or a later one. */
const records = fc
  .uniqueArray(aRecord, { maxLength: 4, selector: ({ registrationSecret }) => registrationSecret })
  .map((given) =>
    given.map(({ replaces, ...rest }) =>
      replaces !== undefined && replaces < rest.registrationSecret ? { ...rest, replaces } : rest,
    ),
  );

const aSecret: fc.Arbitrary<ObservedSecret> = fc
  .record({
    name: fc.constantFrom('storefront-oauth', 'storefront', 'former'),
    ownerUid: fc.constantFrom('uid-1', 'uid-0', 'other'),
    shows: fc.constantFrom('oac-uid-1-a1', 'oac-uid-1-a2', 'oac-uid-0-a1', undefined),
    isTouched: fc.boolean(),
  })
  .map(({ isTouched, ...given }) => secret({ ...given, ...(isTouched ? { projection: undefined } : {}) }));

const aSpec = fc
  .record({
    client: maybe(
      fc.constantFrom({ clientName: 'Edited' }, {}, { redirectUris: ['https://evil.example/cb'] }),
    ),
    lifetime: maybe(
      fc.record({
        expiresAfter: fc.constantFrom('1m', '3h'),
        onExpiry: fc.constantFrom('DeleteObject' as const, 'Deregister' as const),
      }),
    ),
    replacement: maybe(
      fc.record({
        onEdit: fc.constantFrom('Never' as const, 'Automatic' as const, 'Manual' as const),
        onExpiry: fc.constantFrom('Never' as const, 'Automatic' as const, 'Manual' as const),
        retire: fc.constantFrom('AfterOverlap', 'WhenUnused'),
        overlap: fc.constantFrom('0s', '24h'),
      }),
    ),
    credential: maybe(
      fc.constant({ generatedKey: { algorithm: 'ES256' as const, rotateAfter: '24h', overlap: '24h' } }),
    ),
    suspend: maybe(rarely),
    secret: maybe(fc.constantFrom({ name: 'storefront-oauth' }, { name: 'renamed' })),
  })
  .map((given) => desired(present(given)));

const anObject: fc.Arbitrary<ObservedClient> = fc
  .record({
    desired: fc.oneof(
      { weight: 5, arbitrary: aSpec },
      { weight: 1, arbitrary: fc.constant({ valid: false as const, problem: 'spec.client: is missing.' }) },
    ),
    deleting: rarely,
    hasFinalizer: fc.boolean(),
    retained: fc.boolean(),
    abandoned: fc.boolean(),
    status: fc.constantFrom(
      {},
      {},
      { clientId: 'c-oac-uid-1-a1', installation: 'main' },
      { clientId: 'c-oac-uid-1-a2', installation: 'main' },
      { clientId: 'c-oac-uid-1-a1', installation: 'main' },
      { installation: 'other' },
    ),
    rotateRequestedAt: maybe(fc.constantFrom('1', '2')),
    reconcileRequestedAt: maybe(fc.constant('1')),
    createdAt: fc.constantFrom(NOW - 2 * HOUR, NOW, Number.NaN),
  })
  .map(object);

const server: fc.Arbitrary<ObservedServer> = fc
  .tuple(
    fc.constantFrom('Auto' as const, 'None' as const, 'RegistrationAccessToken' as const),
    fc.boolean(),
    fc.constantFrom('None' as const, 'Rotates' as const),
    maybe(fc.constantFrom('1h', '2400h')),
    fc.boolean(),
    fc.constantFrom('Off' as const, 'Report' as const, 'Correct' as const),
    fc.constantFrom('Off' as const, 'Report' as const, 'Gate' as const),
  )
  .map(([mode, supported, rotates, client, isBounded, drift, verification]) =>
    reached({
      management: { ...connection.management, mode },
      dialect: {
        ...connection.dialect,
        updateEffect: { supported, token: rotates, secret: rotates },
        lifetimes: { client },
      },
      drift: { mode: drift, intervalMs: HOUR, rotatingReads: 'Refuse' },
      verification: { ...connection.verification, mode: verification, intervalMs: HOUR },
      policy: isBounded ? { uriHosts: ['example.com'], maxClientsPerNamespace: 1 } : undefined,
    }),
  );

const aSetback: fc.Arbitrary<Partial<Setback>> = fc.record({
  action: fc.constantFrom('Register', 'Update', 'Deregister', 'Publish', 'Bind', 'Renew'),
  kind: fc.constantFrom('Terminal', 'Transient'),
  reason: fc.constantFrom('AuthorizationServerUnavailable', 'UpdateUnsupported', 'RegistrationRefused'),
  since: ms,
  retryAt: fc.oneof(ms, fc.constant(Number.POSITIVE_INFINITY)),
  basis: fc.constantFrom('oac-uid-1-a1', 'oac-uid-1-a2', 'oac-uid-0-a1', 'storefront-oauth '),
});

const adoptable = {
  clientId: 'grown',
  clientSecret: undefined,
  registrationAccessToken: new Sensitive('rat'),
  registrationClientUri: 'https://sso.example.com/register/grown',
  version: '1',
};
const notAdoptable = { reason: 'CredentialNotFound', message: 'Secret shop/grown does not exist.' } as const;

const anObservation: fc.Arbitrary<Observation> = fc
  .record({
    object: fc.oneof({ weight: 6, arbitrary: anObject }, { weight: 1, arbitrary: fc.constant(undefined) }),
    absence: fc.record({ since: ms, proven: fc.boolean() }),
    namespaceTerminating: rarely,
    records,
    server: fc.oneof(
      { weight: 4, arbitrary: server },
      { weight: 1, arbitrary: fc.constant(unavailable) },
      { weight: 1, arbitrary: fc.constant(closed('AuthorizationServerPaused', 'It is paused.')) },
    ),
    unrecorded: fc.oneof(
      { weight: 12, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.record({ refused: fc.constantFrom(undefined, 'exceeded quota: small') }) },
    ),
    calls: fc.oneof(
      { weight: 8, arbitrary: fc.constant([]) },
      {
        weight: 1,
        arbitrary: fc.array(
          fc
            .record({
              kind: fc.constantFrom('Register' as const, 'Update' as const, 'Deregister' as const),
              state: fc.constantFrom('underWay' as const, 'interrupted' as const),
              record: fc.constantFrom('oac-uid-1-a1', 'oac-uid-1-a9'),
            })
            .map(call),
          { maxLength: 2 },
        ),
      },
    ),
    secrets: fc.uniqueArray(aSecret, { maxLength: 3, selector: ({ name }) => name }),
    clientsInNamespace: fc.nat(2),
    endedInNamespace: fc.constantFrom(0, 49, 50, 1_000),
    readAt: ms,
    heard: fc.constant(undefined),
    probe: maybe(
      fc.record({
        credential: fc.constantFrom(
          ...['oac-uid-1-a1', 'oac-uid-1-a2'].map((registrationSecret) =>
            credentialVersion({ registrationSecret, revision: 1 }),
          ),
        ),
        result: fc.constantFrom(
          'Verified' as const,
          'CredentialRefused' as const,
          'VerificationInconclusive' as const,
          'ClientForgotten' as const,
        ),
        times: fc.constantFrom(1, 2),
        message: fc.constantFrom('', 'The server said so.'),
        at: ms,
      }),
    ),
    startedAt: ms,
    deletion: fc.constantFrom(
      {},
      { 'oac-uid-1-a1': { unconfirmed: 'Hold', retryForMs: HOUR } as const },
      { 'oac-uid-1-a1': { unconfirmed: 'Release', retryForMs: 0 } as const },
    ),
    adoptable: fc.oneof(
      { weight: 6, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constant(adoptable) },
      { weight: 1, arbitrary: fc.constant(notAdoptable) },
    ),
    setbacks: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(aSetback.map(setback), { maxLength: 3 }) },
    ),
  })
  .map(observation);

/** With a setback for the next call, which failed before. */
const afterSetback = fc.tuple(anObservation, aSetback).map(([o, given]) => {
  const action = plan(o);
  return 'basis' in action
    ? {
        ...o,
        setbacks: [...o.setbacks, setback({ ...given, action: action.type, basis: basisOf(o) })],
      }
    : o;
});

export const anyObservation = fc.oneof(anObservation, afterSetback);
