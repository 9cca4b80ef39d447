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
