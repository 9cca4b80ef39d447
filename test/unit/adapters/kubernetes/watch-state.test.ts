import { describe, expect, test } from 'vitest';
import {
  backoffMs,
  INITIAL_STATE,
  step,
  type WatchInput,
  type WatchState,
} from '../../../../src/adapters/kubernetes/watch-state.ts';

const watching = (failures: number, resourceVersion = '7'): WatchState => {
  return { phase: 'watch', failures, resourceVersion };
};
const listing = (failures: number): WatchState => ({ phase: 'list', failures });
const bookmark: WatchInput = {
  kind: 'event',
  event: { type: 'BOOKMARK', object: { metadata: { name: '', resourceVersion: '9' } } },
};

describe('step', () => {
  test.each<readonly [string, WatchState, WatchInput, WatchState]>([
    [
      'begins to watch where the list ended',
      INITIAL_STATE,
      { kind: 'listed', resourceVersion: '7' },
      watching(0),
    ],
    ['lists again after a failed list', listing(1), { kind: 'failed', status: 503 }, listing(2)],
    ['follows the version of an event', watching(4), bookmark, watching(0, '9')],
    ['resumes a watch that the server ended', watching(0), { kind: 'ended' }, watching(1)],
    ['resumes a watch whose connection broke', watching(2), { kind: 'failed', status: 0 }, watching(3)],
    ['resumes a watch that was forbidden', watching(2), { kind: 'failed', status: 403 }, watching(3)],
    [
      'resumes a watch after a fault of the server',
      watching(2),
      { kind: 'failed', status: 500 },
      watching(3),
    ],
    ['lists when the server fails at one version', watching(3), { kind: 'failed', status: 500 }, listing(4)],
    ['keeps watching while the server is away', watching(9), { kind: 'failed', status: 0 }, watching(10)],
    ['lists when the events are gone', watching(0), { kind: 'failed', status: 410 }, listing(1)],
    ['lists when the version is refused', watching(0), { kind: 'failed', status: 400 }, listing(1)],
    ['lists after what it cannot follow', watching(0), { kind: 'unusable' }, listing(1)],
    [
      'keeps count of failures over a list',
      listing(3),
      { kind: 'listed', resourceVersion: '7' },
      watching(3),
    ],
  ])('%s', (_, state, input, next) => {
    expect(step(state, input)).toEqual(next);
  });
});

describe('backoffMs', () => {
  test.each([
    [0, 0, 0],
    [1, 100, 200],
    [2, 200, 400],
    [5, 1_600, 3_200],
    [9, 15_000, 30_000],
    [5_000, 15_000, 30_000],
  ])('after %i failures waits %i to %i ms', (failures, least, most) => {
    expect(backoffMs(failures, () => 0)).toBe(least);
    expect(backoffMs(failures, () => 1)).toBe(most);
  });
});
