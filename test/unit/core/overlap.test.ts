import type { Policy } from '../../../src/core/connection.ts';
import type { Observation } from '../../../src/core/observation.ts';
import { replacementOf } from '../../kit/fixtures/client-specs.ts';
import { desired, NOW, object, observation, reached, record } from '../../kit/fixtures/observations.ts';
import { deregisters, ready, table } from '../../kit/fixtures/plans.ts';

const bounded = (policy: Policy) => reached({ policy });
const overlapping = (overlap: string, maxOverlap: string | undefined): Observation => {
  const before = record({ attempt: 'a0', clientId: 'c0' });
  const after = record({
    replaces: before.registrationSecret,
    registeredAt: new Date(NOW - 3_600_000).toISOString(),
  });
  return observation({
    object: object({ desired: desired({ replacement: replacementOf({ overlap }) }) }),
    records: [before, after],
    server: maxOverlap === undefined ? reached({}) : bounded({ maxOverlap }),
  });
};

table('M1: an overlap that the platform team bounds', [
  [
    'is as the spec says, where it is shorter',
    overlapping('30m', '2h'),
    deregisters('Surplus', 'oac-uid-1-a0'),
  ],
  ['is cut where it is longer', overlapping('720h', '30m'), deregisters('Surplus', 'oac-uid-1-a0')],
  [
    'is cut to 720 hours in an object that was stored before there was a bound',
    observation({
      ...overlapping('99999h', undefined),
      now: NOW + 721 * 3_600_000,
      servers: undefined,
    }),
    deregisters('Surplus', 'oac-uid-1-a0'),
  ],
  ['goes on as long as both permit', overlapping('2h', '3h'), { ...ready, until: NOW + 3_600_000 }],
]);

const ended = (overrides: Parameters<typeof record>[0]) => {
  const before = record({ attempt: 'a0', clientId: 'c0', ...overrides });
  const after = record({
    replaces: before.registrationSecret,
    registeredAt: new Date(NOW - 60_000).toISOString(),
  });
  return observation({ records: [before, after] });
};

table('an overlap with a client whose secret ends', [
  [
    'ends with the secret',
    ended({ clientSecretExpiresAt: new Date(NOW).toISOString() }),
    deregisters('Surplus', 'oac-uid-1-a0'),
  ],
  [
    'goes on until then',
    ended({ clientSecretExpiresAt: new Date(NOW + 60_000).toISOString() }),
    { ...ready, until: NOW + 60_000 },
  ],
  [
    'is as long as any other, where the end was over when it was announced, and so says nothing',
    ended({ clientSecretExpiresAt: '2026-05-01T10:00:00Z', endIsFixed: true }),
    { ...ready, until: NOW + 12 * 3_600_000 },
  ],
]);
