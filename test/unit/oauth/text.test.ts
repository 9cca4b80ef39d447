import { describe, expect, test } from 'vitest';
import { asSentence, cut, visible } from '../../../src/oauth/text.ts';

test.each([
  ['nothing was sent', 'nothing was sent.'],
  ['Host not trusted.', 'Host not trusted.'],
  ['Really?', 'Really?'],
  ['cut off…', 'cut off…'],
])('%s gets a full stop only where it has no end', (text, sentence) => {
  expect(asSentence(text)).toBe(sentence);
});

test.each([
  ['short', 10, 'short'],
  ['exact', 5, 'exact'],
  ['too long', 3, 'too…'],
  ['a😀b', 2, 'a…'],
])('%s is cut at %i without halving a character', (text, max, shown) => {
  expect(cut(text, max)).toBe(shown);
});

describe('visible', () => {
  test.each([
    ['a line feed', 'a\nb', 'a\\u{a}b'],
    ['an escape', '\u001b[31m', '\\u{1b}[31m'],
    ['a change of direction', 'abc\u202edcba', 'abc\\u{202e}dcba'],
    ['what shows nothing', 'a\u200bb', 'a\\u{200b}b'],
    ['a separator of lines', 'a\u2028b', 'a\\u{2028}b'],
    ['half a character', 'a\ud800', 'a\\u{d800}'],
  ])('writes %s as its number', (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test('leaves letters of every script alone', () => {
    const text = 'Client "ß" – クライアント, it\'s';
    expect(visible(text)).toBe(text);
  });
});
