import { describe, expect, test } from 'vitest';
import { keptBytes } from '../../../../src/controller/state/kept-size.ts';

/** Below what people may write as they like. */
const within = (value: unknown) => ({
  observed: { desired: { spec: { client: { additionalMetadata: value } } } },
});
const bytesOf = (value: unknown) => keptBytes(within(value)) - keptBytes(within({}));

/** What the values were seen to take in V8, by process.memoryUsage() before and after ten thousand of each. */
describe('keptBytes', () => {
  const times = <T>(count: number, make: (at: number) => T) =>
    Array.from({ length: count }, (_, at) => make(at));
  test.each([
    ['objects without members', { a: times(10_000, () => ({})) }, 640_000],
    ['texts', { a: 'x'.repeat(31_000) }, 32_000],
    ['texts beyond Latin 1', { a: '漢'.repeat(10_000) }, 20_000],
    ['numbers', { a: times(15_000, () => 1) }, 121_000],
    ['members that no other object has', { a: times(1_500, (at) => ({ [`m-${at}`]: 1 })) }, 350_000],
  ])('is about what %s take', (_, value, taken) => {
    const bytes = bytesOf(value);
    expect(bytes).toBeGreaterThan(0.8 * taken);
    expect(bytes).toBeLessThan(1.2 * taken);
  });

  test('is the same for what nests without end, and does not fail at it', () => {
    const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;
    expect(keptBytes(deep)).toBeGreaterThan(5_000_000);
  });
});
