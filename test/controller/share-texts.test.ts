import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareTexts } from '../../src/controller/share-texts.ts';

test('what JSON.parse made stays the same, whatever it is', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(shareTexts(JSON.parse(text))).toEqual(JSON.parse(text));
    }),
  );
});
