import { describe, expect, test } from 'vitest';
import { backoff, withJitter } from '../../../src/core/backoff.ts';

const bounds = { firstMs: 250, longestMs: 60_000 };

describe('backoff', () => {
  test.each([
    [0, 250],
    [1, 500],
    [7, 32_000],
    [8, 60_000],
    [10_000, 60_000],
  ])('after %d pauses is %d ms', (tries, ms) => {
    expect(backoff(bounds, tries)).toBe(ms);
  });

  test("of bounds that don't start is none", () => {
    expect(backoff({ firstMs: 0, longestMs: 60_000 }, 10_000)).toBe(0);
  });

  test.each([
    ['a fifth shorter', 0, 200],
    ['as long', 0.5, 250],
    ['nearly a fifth longer', 0.999, 299.9],
  ])('with jitter is %s', (_, value, ms) => {
    expect(backoff(bounds, 0, () => value)).toBeCloseTo(ms, 3);
    expect(withJitter(250, () => value)).toBeCloseTo(ms, 3);
  });
});
