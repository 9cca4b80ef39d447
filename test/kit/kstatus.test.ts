import { expect, test } from 'vitest';
import type { Condition } from '../../src/api/conditions.ts';
import { kstatusOf } from './kstatus.ts';

const condition = (type: string, status: Condition['status']): Condition => ({
  ...{ type, status, reason: 'R', message: '' },
  lastTransitionTime: '2026-05-01T12:00:00Z',
});
const object = (
  conditions: readonly Condition[] | undefined,
  observedGeneration?: number,
  more: object = {},
) => ({
  metadata: { name: 'a', generation: 2, ...more },
  status: { observedGeneration, conditions },
});

test.each([
  ['has no status', { metadata: { name: 'a', generation: 1 } }, 'Current'],
  ['was not yet seen', object([condition('Ready', 'Unknown')]), 'InProgress'],
  ['is ready', object([condition('Ready', 'True')], 2), 'Current'],
  ['is not ready', object([condition('Ready', 'False')], 2), 'InProgress'],
  ['is ready for an earlier generation', object([condition('Ready', 'True')], 1), 'InProgress'],
  ['is ready and stalled', object([condition('Ready', 'True'), condition('Stalled', 'True')], 2), 'Failed'],
  [
    'is ready and not stalled',
    object([condition('Ready', 'True'), condition('Stalled', 'False')], 2),
    'Current',
  ],
  [
    'is ready and reconciling',
    object([condition('Ready', 'True'), condition('Reconciling', 'True')], 2),
    'InProgress',
  ],
  [
    'is stalled and being deleted',
    object([condition('Stalled', 'True')], 1, { deletionTimestamp: '2026-05-01T12:00:00Z' }),
    'Terminating',
  ],
] as const)('an object that %s', (_, given, expected) => {
  expect(kstatusOf(given)).toBe(expected);
});
