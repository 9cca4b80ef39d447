import { expect, test } from 'vitest';
import { asSentence, cut } from '../../src/oauth/text.ts';

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
