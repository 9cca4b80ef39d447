import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareTexts } from '../../../../src/controller/state/share-texts.ts';

test('what JSON.parse made stays the same, whatever it is', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(shareTexts(JSON.parse(text))).toEqual(JSON.parse(text));
    }),
  );
});

test('what only looks like members of an object is left alone', () => {
  const url = new URL('https://as.example.com/reg');
  expect(shareTexts({ url }).url).toBe(url);
  expect(url.href).toBe('https://as.example.com/reg');
});
