import { describe, expect, test } from 'vitest';
import { trendOf } from './trend.ts';

describe('The trend of a line', () => {
  test.each([
    [
      'level',
      [
        [0, 5],
        [10, 5],
        [20, 5],
      ],
      0,
      0,
    ],
    [
      'rising by two for each',
      [
        [0, 1],
        [1, 3],
        [2, 5],
      ],
      2,
      0,
    ],
    [
      'falling',
      [
        [0, 4],
        [2, 0],
      ],
      -2,
      0,
    ],
    [
      'level with noise',
      [
        [0, 4],
        [1, 6],
        [2, 6],
        [3, 4],
      ],
      0,
      1,
    ],
  ] as const)('is %s', (_, line, slope, noise) => {
    const found = trendOf(line);
    expect(found.slope).toBeCloseTo(slope);
    expect(found.noise).toBeCloseTo(noise);
  });

  test('is none of one point', () => {
    expect(trendOf([[0, 1]]).slope).toBeNaN();
  });
});
