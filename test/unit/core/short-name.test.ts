import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isCut, labelValue, shortKey, shortName } from '../../../src/core/short-name.ts';
import { LABEL_VALUE, objectName } from '../../kit/fixtures/names.ts';

describe('names of any length, with dashes and dots at every cut', () => {
  test('are valid values of labels', () => {
    fc.assert(
      fc.property(objectName, (name) => {
        const value = labelValue(name);
        expect(value.length).toBeLessThanOrEqual(63);
        expect(value).toMatch(LABEL_VALUE);
        expect(name.startsWith(value) && value !== '').toBe(true);
      }),
    );
  });

  test('are shortened to 63 bytes, and stay distinct', () => {
    fc.assert(
      fc.property(objectName, objectName, (one, other) => {
        expect(Buffer.byteLength(shortName(one))).toBeLessThanOrEqual(63);
        expect(isCut(shortName(one))).toBe(one.length > 63);
        expect(shortName(one) === shortName(other)).toBe(one === other);
        expect(shortKey(`shop/${one}`)).toBe(`shop/${shortName(one)}`);
      }),
    );
  });
});
