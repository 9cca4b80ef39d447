import { describe, expect, test } from 'vitest';
import { defined, namesOf, omit, own } from '../../../src/oauth/objects.ts';

describe('defined', () => {
  test('has no member that is undefined, and every other one in its order', () => {
    const members = defined({ b: undefined as string | undefined, c: null, a: 0, d: '', e: false });
    expect(Object.entries(members)).toEqual([
      ['c', null],
      ['a', 0],
      ['d', ''],
      ['e', false],
    ]);
    expect(Object.hasOwn(members, 'b')).toBe(false);
  });

  test('gives members that may be absent to types that know no undefined', () => {
    const members: { readonly kind: 'a' | 'b'; readonly text?: string } = defined({
      kind: 'a',
      text: undefined as string | undefined,
    });
    expect(members).toEqual({ kind: 'a' });
  });
});

describe('omit', () => {
  test('leaves the named members out of a copy', () => {
    const members = { a: 1, b: 2, c: 3 };
    expect(omit(members, 'a', 'c')).toStrictEqual({ b: 2 });
    expect(members).toEqual({ a: 1, b: 2, c: 3 });
  });
});

test('namesOf gives the names of a table in their order', () => {
  expect(namesOf({ b: 1, a: 2 })).toEqual(['b', 'a']);
});

test.each([
  ['a', 1],
  ['b', undefined],
  ['constructor', undefined],
])('own finds of %s what the object itself has', (name, value) => {
  expect(own({ a: 1 }, name)).toBe(value);
});
