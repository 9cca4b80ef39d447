import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutToJsonBytes } from '../../../src/core/json-bytes.ts';

const bytesOf = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2;

test('a text that fits stays as it is', () => {
  expect(cutToJsonBytes('a"b', 4)).toBe('a"b');
});

test('a longer one is cut, and says so', () => {
  expect(cutToJsonBytes('abcdefgh', 6)).toBe('abc…');
  expect(cutToJsonBytes('""""""""', 9)).toBe('""…');
});

test('any text fits', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.integer({ min: 20, max: 100 }),
      (text, max) => {
        expect(bytesOf(cutToJsonBytes(text, max))).toBeLessThanOrEqual(max);
      },
    ),
  );
});
