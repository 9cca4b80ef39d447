import { absent, departed, NOW, observation, record } from '../../../kit/fixtures/observations.ts';
import { gone, ready, table } from '../../../kit/fixtures/plans.ts';

const DAY = 24 * 3_600_000;
const near = { kind: 'AuthorizationServer', name: 'own' } as const;
const left = (days: number, more: object = {}) =>
  departed({
    role: 'left-behind',
    server: near,
    leftAt: new Date(NOW - days * DAY).toISOString(),
    ...more,
  });
const forgets = { type: 'Forget', record: 'oac-uid-0-a1' };

table('a client that was left behind at a server of its namespace', [
  [
    'is forgotten a week later where the namespace is gone (H6)',
    absent({ records: [left(7)], namespaceUid: '' }),
    forgets,
  ],
  [
    'is forgotten where another namespace has the name (H6)',
    observation({ records: [record({ namespaceUid: 'ns-2' }), left(8)], namespaceUid: 'ns-2' }),
    forgets,
  ],
  ['is on record until then', absent({ records: [left(6.9)], namespaceUid: '' }), gone(NOW + 0.5 * DAY)],
  ['is on record as long as its namespace is there', absent({ records: [left(400)] }), gone(NOW + 0.5 * DAY)],
  [
    'is on record where nobody knows which namespace it was of, and one is there',
    absent({ records: [left(400, { namespaceUid: '' })] }),
    gone(NOW + 0.5 * DAY),
  ],
  [
    'counts from its registration where an earlier version left it behind',
    absent({
      records: [departed({ role: 'left-behind', server: near, registeredAt: '2026-04-01T00:00:00Z' })],
      namespaceUid: '',
    }),
    forgets,
  ],
]);

table('a client that was left behind at a cluster server', [
  [
    'is on record for good: that server is still there',
    observation({ records: [record(), departed({ role: 'left-behind', leftAt: '2020-01-01T00:00:00Z' })] }),
    ready,
  ],
]);
