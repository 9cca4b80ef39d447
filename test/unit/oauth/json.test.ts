import { describe, expect, test } from 'vitest';
import { canonicalJson, isSameJson, type Json, jsonBytes, parseJsonObject } from '../../../src/oauth/json.ts';

const nested = (levels: number): string => `${'['.repeat(levels)}1${']'.repeat(levels)}`;

describe('parseJsonObject', () => {
  test.each([
    ['nothing', ''],
    ['HTML', '<html><body>Sign in</body></html>'],
    ['an array', '[{"client_id":"a"}]'],
    ['a string', '"client_id"'],
    ['null', 'null'],
    ['a torn text', '{"client_id":"a"'],
    ['two objects', '{}{}'],
  ])('takes %s for no object', (_, text) => {
    expect(parseJsonObject(text)).toBeUndefined();
  });

  test('reads an object with all kinds of members', () => {
    const text = '{"a":"x","b":1,"c":true,"d":null,"e":[1,"y"],"f":{"g":{}}}';
    expect(parseJsonObject(text)).toEqual({ a: 'x', b: 1, c: true, d: null, e: [1, 'y'], f: { g: {} } });
  });

  test('keeps a member of 16 levels and leaves one of 17 out, the others stay', () => {
    const parsed = parseJsonObject(`{"a":"x","kept":${nested(16)},"dropped":${nested(17)},"z":1}`);
    expect(Object.keys(parsed ?? {})).toEqual(['a', 'kept', 'z']);
  });

  test('survives a text that nests a hundred thousand levels', () => {
    expect(parseJsonObject(`{"a":"x","deep":${nested(100_000)}}`)).toEqual({ a: 'x' });
  });

  test('takes a member called __proto__ for a member like any other', () => {
    const parsed = parseJsonObject('{"__proto__":{"client_id":"forged"},"a":"x"}');
    expect(parsed?.['client_id']).toBeUndefined();
    expect(Object.keys(parsed ?? {})).toEqual(['__proto__', 'a']);
  });
});

describe('jsonBytes', () => {
  test.each([
    [null],
    [true],
    [-12.5],
    ['ü漢'],
    [[]],
    [{}],
    [[1, [2, {}], 'x']],
    [{ a: 1, bb: [null, { c: '' }], ü: {} }],
  ])('is the size of %j without white space', (value) => {
    expect(jsonBytes(value)).toBe(Buffer.byteLength(JSON.stringify(value)));
  });

  test('measures what nests without end, and what has very many members', () => {
    const deep = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000)) as unknown;
    expect(jsonBytes(deep)).toBe(400_000);
    expect(jsonBytes(Array.from({ length: 500_000 }, () => 0))).toBe(1_000_001);
  });
});

describe('canonicalJson and isSameJson', () => {
  test.each<readonly [string, Json, Json, boolean]>([
    ['members in another order are the same', { a: 1, b: 2 }, { b: 2, a: 1 }, true],
    ['so are members further down', { a: { x: [{ p: 1, q: 2 }] } }, { a: { x: [{ q: 2, p: 1 }] } }, true],
    ['a list in another order differs', ['a', 'b'], ['b', 'a'], false],
    ['a number differs from its digits', { a: 1 }, { a: '1' }, false],
    ['null differs from an empty string', { a: null }, { a: '' }, false],
    ['an empty list differs from none', { a: [] }, {}, false],
    ['true differs from a string', [true], ['true'], false],
    ['null differs from no member', { a: null }, {}, false],
    ['null differs from another member', { a: null }, { b: 1 }, false],
    ['a list differs from a longer one', [1], [1, 2], false],
    ['a list differs from an object', [1], { 0: 1 }, false],
    ['a member further down differs', { a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 2 }] } }, false],
  ])('%s', (_, a, b, same) => {
    expect(canonicalJson(a) === canonicalJson(b)).toBe(same);
    expect(isSameJson(a, b)).toBe(same);
    expect(isSameJson(b, a)).toBe(same);
  });

  test('is JSON without white space, names sorted', () => {
    expect(canonicalJson({ b: ['ü', null, 1.5], a: { d: false, c: '"' } })).toBe(
      '{"a":{"c":"\\"","d":false},"b":["ü",null,1.5]}',
    );
  });

  test('leaves members without a value out', () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
    expect(isSameJson({ a: undefined, b: 1 }, { b: 1 })).toBe(true);
  });
});
