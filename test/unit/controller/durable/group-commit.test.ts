import { describe, expect, test } from 'vitest';
import { Arrivals, type Gathering, shouldWrite } from '../../../../src/controller/durable/group-commit.ts';

const NOW = 10_000;

const gathering = (overrides: Partial<Gathering> = {}): Gathering => ({
  waiting: 1,
  underWay: 0,
  gatheringSince: NOW - 2,
  lastWriteAt: NOW - 1_000,
  lastArrivalAt: NOW - 2,
  isBurst: false,
  isBacklog: true,
  ...overrides,
});

describe('a write that several may share', () => {
  test.each<[string, Partial<Gathering>, boolean]>([
    ['goes at once for a single entry', {}, true],
    ['waits while calls are under way that may bring more', { underWay: 3 }, false],
    ['goes when four wait for each call under way', { waiting: 12, underWay: 3 }, true],
    ['goes after 100 ms, whatever is under way', { underWay: 3, gatheringSince: NOW - 100 }, true],
    [
      'goes after 30 ms where nothing waits for its turn, whatever is under way',
      { underWay: 3, isBacklog: false, gatheringSince: NOW - 30 },
      true,
    ],
    [
      'goes after 30 ms where nothing waits for its turn, in a burst, too',
      { isBurst: true, isBacklog: false, lastWriteAt: NOW - 32, gatheringSince: NOW - 30 },
      true,
    ],
    [
      'waits until then for others that come at the same time',
      { isBurst: true, isBacklog: false, lastWriteAt: NOW - 30, gatheringSince: NOW - 28 },
      false,
    ],
    ['waits in a burst, though nothing is under way', { isBurst: true, lastWriteAt: NOW - 20 }, false],
    ['goes in a burst when a batch is full', { isBurst: true, waiting: 16, lastWriteAt: NOW - 20 }, true],
    ['goes in a burst when nothing arrives any more', { isBurst: true, lastArrivalAt: NOW - 40 }, true],
    [
      'waits in a burst for calls that are under way',
      { isBurst: true, underWay: 1, lastArrivalAt: NOW - 40 },
      false,
    ],
    [
      'goes in a burst 400 ms after the last write',
      { isBurst: true, underWay: 1, lastWriteAt: NOW - 400, gatheringSince: NOW - 398 },
      true,
    ],
  ])('%s', (_, overrides, expected) => {
    expect(shouldWrite(gathering(overrides), NOW)).toBe(expected);
  });
});

describe('a burst', () => {
  const arrivalsAt = (...times: readonly number[]) => {
    const arrivals = new Arrivals();
    for (const time of times) {
      arrivals.add(time);
    }
    return arrivals;
  };

  test('begins with four arrivals within 30 ms, and ends 200 ms after the last such four', () => {
    const arrivals = arrivalsAt(0, 10, 20, 30);
    expect([arrivals.isBurst(30), arrivals.isBurst(229), arrivals.isBurst(230)]).toEqual([true, true, false]);
  });

  test('is not seen in arrivals that come one by one', () => {
    expect(arrivalsAt(0, 40, 80, 120, 160).isBurst(160)).toBe(false);
    expect(arrivalsAt(0, 10, 20).isBurst(20)).toBe(false);
  });
});
