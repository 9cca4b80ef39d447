import { expect, test } from 'vitest';
import {
  isResolutionKey,
  resolutionKey,
  resolutionsIn,
  withoutEntries,
} from '../../../src/core/resolution.ts';

test('a note beside an entry resolves it, and a note alone resolves nothing', () => {
  const data = { a: '{}', [resolutionKey('a')]: 'removed by hand', b: '{}', [resolutionKey('c')]: 'gone' };
  expect(resolutionsIn(data)).toEqual(new Map([['a', 'removed by hand']]));
});

test('a long note is cut', () => {
  expect(resolutionsIn({ a: '{}', [resolutionKey('a')]: 'n'.repeat(5_000) }).get('a')).toHaveLength(400);
});

test('an entry goes with its note, and a note without an entry goes', () => {
  const data = {
    a: '1',
    [resolutionKey('a')]: 'x',
    b: '2',
    [resolutionKey('b')]: 'y',
    [resolutionKey('c')]: 'z',
  };
  expect(withoutEntries(data, (key) => key === 'a')).toEqual({ b: '2', [resolutionKey('b')]: 'y' });
});

test('the key of a note is known by its end', () => {
  expect([isResolutionKey(resolutionKey('a')), isResolutionKey('a')]).toEqual([true, false]);
});
