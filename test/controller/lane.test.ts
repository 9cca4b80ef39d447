import { expect, test } from 'vitest';
import { Lane } from '../../src/controller/lane.ts';

const BOUNDS = { most: 8 };

/** Milliseconds until all of `count` items were begun and ended. */
function drain(count: number): number {
  const lane = new Lane('sso');
  const start = performance.now();
  for (let index = 0; index < count; index += 1) {
    const namespace = `ns-${index % (count / 4)}`;
    lane.push({ key: `${index}`, lane: 'sso', namespace, urgent: index % 3 === 0 }, BOUNDS);
  }
  for (let item = lane.begin(BOUNDS); item !== undefined; item = lane.begin(BOUNDS)) {
    lane.ended(item, BOUNDS);
  }
  expect(lane.isEmpty).toBe(true);
  return performance.now() - start;
}

const least = (count: number) => Math.min(drain(count), drain(count), drain(count));

test('every step takes the same time, however much waits', { retry: 5 }, () => {
  drain(8_000);
  expect(least(128_000)).toBeLessThan(16 * 6 * least(8_000));
});
