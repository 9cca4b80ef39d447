import type { Setback } from '../../../../src/core/observation.ts';
import { replacementOf } from '../../../kit/fixtures/client-specs.ts';
import {
  basisOf,
  desired,
  NOW,
  object,
  observation,
  record,
  secret,
  setback,
  unregistered,
} from '../../../kit/fixtures/observations.ts';
import { deregisters, publishes, ready, registers, table, waits } from '../../../kit/fixtures/plans.ts';

const HOUR = 3_600_000;

/** Took the place of the first, half an hour ago. */
const successor = record({
  attempt: 'a2',
  clientId: 'c2',
  registeredAt: '2026-05-01T11:30:00Z',
  replaces: 'oac-uid-1-a1',
});

const third = record({
  attempt: 'a3',
  clientId: 'c3',
  registeredAt: '2026-05-01T11:50:00Z',
  replaces: 'oac-uid-1-a2',
});

const overlapping = (overlap: string) =>
  object({ desired: desired({ replacement: replacementOf({ overlap }) }) });
const shown = secret({}, successor);
const renamed = object({
  desired: desired({ secret: { name: 'renamed' }, replacement: replacementOf({ overlap: '30m' }) }),
});

const failing = (more: Partial<Setback> = {}): Setback => setback({ action: 'Deregister', ...more });
const leftBehind = (name: string, reason = 'AuthorizationServerUnavailable') => ({
  type: 'Release',
  record: name,
  role: 'left-behind',
  reason,
});

const owed = record({ attempt: 'a2', clientId: 'c2', role: 'owed' });

table('a client that took the place of another', [
  [
    'serves at once, though Secret and status still show the one before',
    observation({ records: [record(), successor] }),
    { ...publishes, record: 'oac-uid-1-a2' },
  ],
  [
    'leaves the one before registered for a day',
    observation({ records: [record(), successor], secrets: [shown] }),
    { ...ready, until: NOW + 12 * HOUR },
  ],
  [
    'leaves the one before registered as long as the spec says',
    observation({ object: overlapping('31m'), records: [record(), successor], secrets: [shown] }),
    { ...ready, until: NOW + 60_000 },
  ],
  [
    'ends the one before when the overlap is over',
    observation({ object: overlapping('30m'), records: [record(), successor], secrets: [shown] }),
    deregisters('Surplus'),
  ],
  [
    'ends nothing that workloads still use: it is published first, though the overlap is over',
    observation({ object: overlapping('0s'), records: [record(), successor] }),
    { ...publishes, record: 'oac-uid-1-a2' },
  ],
  [
    'ends nothing that workloads still use, as long as it can not be published',
    observation({
      object: overlapping('0s'),
      records: [record(), successor],
      setbacks: [
        setback({
          action: 'Publish',
          basis: basisOf(observation({ object: overlapping('0s'), records: [record(), successor] })),
          reason: 'SecretConflict',
          message: 'Secret storefront-oauth exists',
        }),
      ],
    }),
    waits('SecretConflict', 'Secret storefront-oauth exists', NOW + 5_000),
  ],
  [
    'ends nothing that a Secret under a former name still shows: that one goes first',
    observation({
      object: renamed,
      records: [record(), successor],
      secrets: [secret({ name: 'renamed' }, successor), secret()],
    }),
    { type: 'RemoveSecret', secret: 'storefront-oauth' },
  ],
  [
    'gives way to a third, and both that were before end in their turn',
    observation({
      object: overlapping('10m'),
      records: [record(), successor, third],
      secrets: [secret({}, third)],
    }),
    deregisters('Surplus'),
  ],
  [
    'gives way to a third, while each overlap lasts',
    observation({
      object: overlapping('11m'),
      records: [successor, third],
      secrets: [secret({}, third)],
    }),
    { ...ready, until: NOW + 60_000 },
  ],
  [
    'is as any other when the one before is gone',
    observation({
      object: object({ status: { clientId: 'c2', installation: 'main' } }),
      records: [successor],
      secrets: [shown],
    }),
    ready,
  ],
]);

table('a client of this object that is owed to the server, since its answer was cut off', [
  [
    'is deregistered beside the one that serves',
    observation({ records: [record(), owed] }),
    deregisters('Surplus', 'oac-uid-1-a2'),
  ],
  [
    'never serves: it goes before another is registered',
    unregistered({ records: [owed] }),
    deregisters('Surplus', 'oac-uid-1-a2'),
  ],
  [
    'does not hold up another registration',
    unregistered({ records: [owed], setbacks: [failing({ basis: owed.registrationSecret })] }),
    registers,
  ],
  [
    'is left behind once its own credential was refused eight times: no answer says that the client is gone',
    observation({
      records: [record(), owed],
      setbacks: [failing({ basis: owed.registrationSecret, ownRefusals: 8 })],
    }),
    leftBehind('oac-uid-1-a2'),
  ],
  [
    'is tried again after seven refusals',
    observation({
      records: [record(), owed],
      setbacks: [failing({ basis: owed.registrationSecret, ownRefusals: 7, retryAt: NOW })],
    }),
    deregisters('Surplus', 'oac-uid-1-a2'),
  ],
  [
    'is left behind after an hour',
    observation({
      records: [record(), owed],
      setbacks: [failing({ basis: owed.registrationSecret, since: NOW - HOUR })],
    }),
    leftBehind('oac-uid-1-a2'),
  ],
]);
