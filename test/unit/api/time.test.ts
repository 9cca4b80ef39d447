import { describe, expect, test } from 'vitest';
import { microTime, rfc3339, storedTime } from '../../../src/api/time.ts';

const NOON = Date.UTC(2026, 4, 1, 12);

describe('rfc3339', () => {
  test.each([
    ['the epoch', 0, '1970-01-01T00:00:00Z'],
    ['a time without its fraction of a second', Date.UTC(2026, 4, 1, 12, 0, 0, 999), '2026-05-01T12:00:00Z'],
    ['a time before the epoch', -1, '1969-12-31T23:59:59Z'],
    ['a time before the year 0', -1e14, '0000-01-01T00:00:00Z'],
    ['a time after the year 9999', 1e15, '9999-12-31T00:00:00Z'],
    ['no end at all', Number.POSITIVE_INFINITY, '9999-12-31T00:00:00Z'],
  ])('writes %s', (_, ms, text) => {
    expect(rfc3339(ms)).toBe(text);
  });

  test('refuses what is no time', () => {
    expect(() => rfc3339(Number.NaN)).toThrow(RangeError);
  });
});

test.each([
  ['2026-05-01T12:00:00Z', NOON],
  ['2026-05-01T14:00:00+02:00', NOON],
  ['1970-01-01T00:00:00Z', 0],
  ['+275760-09-13T00:00:00Z', Number.NaN],
  ['yesterday', Number.NaN],
  ['', Number.NaN],
  [undefined, Number.NaN],
])('storedTime reads %s as %d', (text, time) => {
  expect(storedTime(text)).toBe(time);
});

test('microTime writes exactly six digits after the second', () => {
  expect(microTime(Date.UTC(2026, 4, 1, 12, 0, 0, 7))).toBe('2026-05-01T12:00:00.007000Z');
});
