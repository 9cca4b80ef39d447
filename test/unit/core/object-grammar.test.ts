import { describe, expect, test } from 'vitest';
import type { Secret } from '../../../src/api/kubernetes.ts';
import {
  isDataKey,
  isLabelValue,
  isNamespaceName,
  isQualifiedName,
  isSubdomain,
  secretProblem,
} from '../../../src/core/object-grammar.ts';

describe('What the API server admits', () => {
  test.each<readonly [string, (text: string) => boolean, readonly string[], readonly string[]]>([
    [
      'as a name',
      isSubdomain,
      ['a', 'storefront-oauth', 'a.b-c.d', 'x'.repeat(253)],
      ['', 'A', '-a', 'a-', 'a..b', '.a', 'a_b', 'x'.repeat(254), 'a\n'],
    ],
    [
      'as the name of a namespace',
      isNamespaceName,
      ['a', '0', 'shop-1', 'x'.repeat(63)],
      ['', 'A', '-a', 'a-', 'a.b', 'a_b', 'x'.repeat(64), 'a\n'],
    ],
    [
      'as the key of a label',
      isQualifiedName,
      ['a', 'App_1.x', 'example.com/app', 'x'.repeat(63)],
      ['', '/', 'a/', '/a', 'a/b/c', 'Example.com/app', 'x'.repeat(64), '-a'],
    ],
    [
      'as the value of a label',
      isLabelValue,
      ['', 'a', 'A.b_c-1', 'x'.repeat(63)],
      ['-', 'a-', 'x'.repeat(64), 'a b'],
    ],
    [
      'as a key of a Secret',
      isDataKey,
      ['a', '.env', 'private_key.pem', 'x'.repeat(253)],
      ['', '.', '..', '..a', 'a/b', 'x'.repeat(254)],
    ],
  ])('%s', (_, admits, good, bad) => {
    expect(good.filter((text) => !admits(text))).toEqual([]);
    expect(bad.filter(admits)).toEqual([]);
  });
});

describe('Why the API server would not admit a Secret', () => {
  const secret = (metadata: object, data: Readonly<Record<string, string>> = {}): Secret => ({
    metadata: { name: 'oauth', namespace: 'shop', ...metadata },
    data,
  });
  const base64 = (bytes: number) => Buffer.alloc(bytes).toString('base64');

  test.each<readonly [string, Secret, number, string | undefined]>([
    [
      'nothing',
      secret({ labels: { a: 'b' }, annotations: { 'Example.com/A': 'any text' } }, { key: 'dg==' }),
      0,
      undefined,
    ],
    ['its name', secret({ name: 'Oauth' }), 0, 'its name "Oauth" is none'],
    [
      'the key of a label',
      secret({ labels: { 'a b': 'c' } }),
      0,
      "its label a b is none, or has a value that labels can't have",
    ],
    [
      'the value of a label',
      secret({ labels: { a: 'b c' } }),
      0,
      "its label a is none, or has a value that labels can't have",
    ],
    ['the key of an annotation', secret({ annotations: { 'a b': '' } }), 0, 'its annotation a b is none'],
    ['a key of its data', secret({}, { 'a/b': '' }), 0, 'its key "a/b" is none'],
    [
      'too long annotations, in bytes',
      secret({ annotations: { a: 'é'.repeat(131_072) } }),
      0,
      'its annotations take 262145 bytes, and 262144 are stored',
    ],
    ['annotations as long as may be', secret({ annotations: { a: 'x'.repeat(262_143) } }), 0, undefined],
    [
      'too many values, decoded',
      secret({}, { a: base64(1_048_575), b: base64(2) }),
      0,
      'its values take 1048577 bytes, and 1048576 are stored',
    ],
    ['as many values as may be', secret({}, { a: base64(1_048_576) }), 0, undefined],
    [
      'values that are added later',
      secret({}, { a: base64(1) }),
      1_048_576,
      'its values take 1048577 bytes, and 1048576 are stored',
    ],
  ])('%s', (_, given, reserve, problem) => {
    expect(secretProblem(given, reserve)).toBe(problem);
  });
});
