import { describe, expect, test } from 'vitest';
import { toClientObject } from '../../../src/core/desired.ts';
import { inventoryRows } from '../../../src/core/inventory.ts';
import { type SecretUserObject, SecretUsers, unusedSince } from '../../../src/core/unused-clients.ts';
import { clientObject } from '../../kit/fixtures/objects.ts';

const REGISTERED = { clientId: 'c1', secretName: 'oauth', registeredAt: '2026-05-01T11:00:00Z' };
const MOUNTS = { volumes: [{ name: 'v', secret: { secretName: 'oauth' } }] };

function unusedOf(
  users: readonly Partial<SecretUserObject>[],
  status: object = REGISTERED,
  metadata: object = {},
) {
  const seen = new SecretUsers();
  for (const user of users) {
    seen.add({ kind: 'Pod', namespace: 'shop', name: 'web', ...user });
  }
  return seen
    .unused(inventoryRows([toClientObject(clientObject(metadata, {}, status))], []))
    .map(unusedSince);
}

const UNKNOWN = 'no user is known since it was registered at 2026-05-01T11:00:00.000Z';

describe('a client has a user', () => {
  test.each<[string, Partial<SecretUserObject>]>([
    ['a Pod', { spec: MOUNTS }],
    ['a Pod that runs', { spec: MOUNTS, status: { phase: 'Running' } }],
    [
      'a Pod by its environment',
      { spec: { containers: [{ name: 'a', envFrom: [{ secretRef: { name: 'oauth' } }] }] } },
    ],
    ['a Deployment', { kind: 'Deployment', spec: { template: { spec: MOUNTS } } }],
    ['a CronJob', { kind: 'CronJob', spec: { jobTemplate: { spec: { template: { spec: MOUNTS } } } } }],
    ['a Job that goes on', { kind: 'Job', spec: { template: { spec: MOUNTS } }, status: {} }],
    ['a ServiceAccount', { kind: 'ServiceAccount', secrets: [{ name: 'oauth' }] }],
    ['a ServiceAccount that pulls images', { kind: 'ServiceAccount', imagePullSecrets: [{ name: 'oauth' }] }],
    ['a Pod that pulls images', { spec: { imagePullSecrets: [{ name: 'oauth' }] } }],
  ])('%s', (_, user) => {
    expect(unusedOf([user])).toEqual([]);
  });
});

describe('a client has no user', () => {
  test.each<[string, readonly Partial<SecretUserObject>[], string]>([
    ['where there is nothing', [], UNKNOWN],
    [
      'where all use other Secrets',
      [{ spec: { volumes: [{ name: 'v', secret: { secretName: 'x' } }] } }],
      UNKNOWN,
    ],
    ['where another namespace uses a Secret of that name', [{ namespace: 'other', spec: MOUNTS }], UNKNOWN],
    [
      'where its Pods have ended: the last is named',
      ['2026-05-02T00:00:00Z', '2026-05-03T00:00:00Z', '2026-05-01T00:00:00Z'].map((finishedAt, index) => ({
        name: `run-${index}`,
        spec: MOUNTS,
        status: { phase: 'Succeeded', containerStatuses: [{ state: { terminated: { finishedAt } } }] },
      })),
      'Pod run-1 used it until 2026-05-03T00:00:00Z',
    ],
    [
      'where its Pod failed, and does not say when',
      [{ spec: MOUNTS, status: { phase: 'Failed' } }],
      'Pod web used it until an unknown time',
    ],
    [
      'where its Job is complete',
      [
        {
          kind: 'Job',
          spec: { template: { spec: MOUNTS } },
          status: { completionTime: '2026-05-02T00:00:00Z' },
        },
      ],
      'Job web used it until 2026-05-02T00:00:00Z',
    ],
  ])('%s', (_, users, expected) => {
    expect(unusedOf(users)).toEqual([expected]);
  });

  test('where the time of its registration is not known', () => {
    expect(unusedOf([], { clientId: 'c1', secretName: 'oauth' })).toEqual(['no user is known']);
  });
});

test.each([
  ['has no client yet', { secretName: 'oauth' }, {}],
  ['has no Secret', { clientId: 'c1' }, {}],
  ['is being deleted', REGISTERED, { deletionTimestamp: '2026-05-01T11:00:00Z' }],
])('an object that %s is not listed', (_, status, metadata) => {
  expect(unusedOf([], status, metadata)).toEqual([]);
});
