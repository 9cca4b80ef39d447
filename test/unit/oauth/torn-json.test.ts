import { describe, expect, it } from 'vitest';
import { whyUnreadable } from '../../../src/oauth/torn-json.ts';

describe('whyUnreadable', () => {
  const deep = (levels: number) => `{"a":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}`;

  it.each([
    ['an object', '{"a":1}', undefined],
    ['an object of 16 levels', deep(16), undefined],
    ['an object of 17 levels', deep(17), 'TooDeep'],
    ['an object of 50,000 levels', deep(50_000), 'TooDeep'],
    ['HTML', '<!doctype html><p>{"a":', 'NotJSON'],
    ['nothing', '', 'NotJSON'],
    ['white space', ' \n', 'NotJSON'],
    ['a list', '[{"a":1}]', 'NotJSON'],
    ['null', 'null', 'NotJSON'],
    ['an object with something behind it', '{"a":1} trailing', 'NotJSON'],
    ['an object with single quotes', "{'a':1}", 'NotJSON'],
    ['the beginning of an object', '{', 'Truncated'],
    ['an object cut off in a string', ' {"a":"}', 'Truncated'],
    ['an object cut off after an escape', '{"a":"\\', 'Truncated'],
    ['an object cut off in a list', '{"a":[1,2', 'Truncated'],
    ['an object without its last brace', '{"a":{"b":"}"}', 'Truncated'],
    ['half of a deep object', deep(50_000).slice(0, 100_000), 'Truncated'],
  ])('tells %s', (_, text, why) => {
    expect(whyUnreadable(text)).toBe(why);
  });
});
