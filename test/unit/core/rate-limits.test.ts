import { describe, expect, test } from 'vitest';
import { limited, limitsAt, NO_LIMITS, notLimited } from '../../../src/core/rate-limits.ts';

const NOW = 1_000_000;

describe('A rate limit', () => {
  test.each([
    ['as long as the server asks', 90_000, 90_000],
    ['two seconds where it asks for less', 0, 2_000],
  ])('lasts %s', (_, wishMs, pauseMs) => {
    const limits = limited(NO_LIMITS, 'registrations', wishMs, NOW);
    expect(limitsAt(limits, NOW)).toEqual([{ calls: 'registrations', until: NOW + pauseMs }]);
    expect(limitsAt(limits, NOW + pauseMs)).toEqual([]);
  });

  test('grows with each call that is limited in a row, up to a minute', () => {
    const pauses: number[] = [];
    let limits = NO_LIMITS;
    let now = NOW;
    for (let times = 0; times < 7; times += 1) {
      limits = limited(limits, 'management', 0, now);
      const { until } = limits.management;
      pauses.push((until - now) / 1_000);
      now = until;
    }
    expect(pauses).toEqual([2, 4, 8, 16, 32, 60, 60]);
  });

  test('begins anew after a call that was answered otherwise, and is not shortened by it', () => {
    const twice = limited(limited(NO_LIMITS, 'registrations', 0, NOW), 'registrations', 10_000, NOW);
    const after = notLimited(twice, 'registrations');
    expect(after.registrations).toEqual({ until: NOW + 10_000, times: 0 });
    expect(notLimited(NO_LIMITS, 'registrations')).toBe(NO_LIMITS);
  });

  test('of one kind of call leaves the other kind as it is', () => {
    const both = limited(limited(NO_LIMITS, 'registrations', 5_000, NOW), 'management', 7_000, NOW);
    expect(limitsAt(both, NOW)).toEqual([
      { calls: 'registrations', until: NOW + 5_000 },
      { calls: 'management', until: NOW + 7_000 },
    ]);
    expect(notLimited(both, 'management').registrations).toBe(both.registrations);
  });
});
