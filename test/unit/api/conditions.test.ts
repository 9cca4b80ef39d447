import { describe, expect, test } from 'vitest';
import {
  type Condition,
  type NewCondition,
  NOT_YET_SEEN,
  toConditions,
} from '../../../src/api/conditions.ts';

const time = '2026-01-02T03:04:05Z';
const earlier = '2026-01-01T00:00:00Z';
const ready: NewCondition = { type: 'Ready', status: 'True', reason: 'Registered', message: 'It is.' };
const was = (condition: Partial<Condition>): Condition => ({
  ...ready,
  lastTransitionTime: earlier,
  observedGeneration: 1,
  ...condition,
});

describe('toConditions', () => {
  test.each<readonly [string, readonly Condition[], string]>([
    ['a new condition takes the time', [], time],
    ['the same status keeps its time', [was({})], earlier],
    ['another reason keeps the time', [was({ reason: 'Queued', message: 'other' })], earlier],
    ['another status takes the time', [was({ status: 'False' })], time],
    ['unknown to true takes the time', [NOT_YET_SEEN], time],
    ['another type is another condition', [was({ type: 'Registered' })], time],
  ])('%s', (_, previous, lastTransitionTime) => {
    expect(toConditions([ready], previous, 7, time)).toEqual([
      { ...ready, observedGeneration: 7, lastTransitionTime },
    ]);
  });

  test('gives the same again for what it gave', () => {
    const first = toConditions([ready, { ...ready, type: 'SecretSynced' }], [], 7, time);
    expect(
      toConditions([ready, { ...ready, type: 'SecretSynced' }], first, 7, '2027-01-01T00:00:00Z'),
    ).toEqual(first);
  });

  test('leaves out what is no longer found', () => {
    expect(toConditions([ready], [was({ type: 'Stalled' })], 7, time).map(({ type }) => type)).toEqual([
      'Ready',
    ]);
  });

  test('cuts a message that the CRD would refuse, between characters', () => {
    const [condition] = toConditions([{ ...ready, message: `${'x'.repeat(1023)}😀😀` }], [], 7, time);
    expect(condition?.message.length).toBeLessThan(2048);
    expect(condition?.message).toMatch(/^x{1023}.*…$/u);
    expect(condition?.message.isWellFormed()).toBe(true);
  });
});
