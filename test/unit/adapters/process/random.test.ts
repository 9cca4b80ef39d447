import { expect, test } from 'vitest';
import { systemRandom } from '../../../../src/adapters/process/random.ts';
import { jtiOf } from '../../../../src/controller/calls/admission.ts';

test('numbers are from 0 to below 1, and spread', () => {
  const numbers = Array.from({ length: 1000 }, systemRandom);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  expect(new Set(numbers.map((number) => Math.floor(number * 10))).size).toBe(10);
});

test('ids that are made of them differ', () => {
  const ids = Array.from({ length: 1000 }, () => jtiOf(systemRandom));
  expect(new Set(ids).size).toBe(1000);
  expect(ids[0]).toMatch(/^[0-9a-v]{26}$/);
});
