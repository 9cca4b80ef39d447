import { describe, expect, test } from 'vitest';
import { rfc3339 } from '../../../src/api/time.ts';
import { earlierRegistrations, isRecent, recentCalls } from '../../../src/core/recent-calls.ts';
import { NOW, observation, record } from '../../kit/fixtures/observations.ts';

const HOUR = 3_600_000;

test.each([
  [0, true],
  [HOUR - 1, true],
  [HOUR, false],
  [-1, false],
])('a call of %d ms ago counts: %s', (ago, counts) => {
  expect(isRecent(NOW - ago, NOW)).toBe(counts);
});

describe('What a record stores of earlier registrations', () => {
  test('is nothing where there were none in the last hour', () => {
    const old = record({ registeredAt: rfc3339(NOW - HOUR) });
    expect(earlierRegistrations(observation({ records: [old] }))).toBeUndefined();
  });

  test('is read again as it was written, the latest first', () => {
    const first = record({ attempt: 'a1', registeredAt: rfc3339(NOW - 20_000) });
    const second = record({ attempt: 'a2', registeredAt: rfc3339(NOW - 10_000) });
    const stored = earlierRegistrations(observation({ records: [first, second] }));
    expect(stored).toBe('a2 2026-05-01T11:59:50Z,a1 2026-05-01T11:59:40Z');
    const third = record({ attempt: 'a3', registeredAt: rfc3339(NOW), earlierRegistrations: stored ?? '' });
    const known = recentCalls(observation({ records: [third] }), 'Register');
    expect(known.map(({ attempt }) => attempt)).toEqual(['a3', 'a2', 'a1']);
  });

  test('is bounded, and what was damaged by hand counts for nothing', () => {
    const many = Array.from({ length: 70 }, (_, index) =>
      record({ attempt: `a${index}`, registeredAt: rfc3339(NOW - index * 1_000) }),
    );
    expect(earlierRegistrations(observation({ records: many }))?.split(',')).toHaveLength(64);
    const damaged = record({ registeredAt: rfc3339(NOW - HOUR), earlierRegistrations: 'x,,a1 soon, ,a2' });
    expect(recentCalls(observation({ records: [damaged] }), 'Register')).toEqual([]);
  });
});
