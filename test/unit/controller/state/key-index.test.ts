import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyIndex } from '../../../../src/controller/state/key-index.ts';

const object = fc.record({
  key: fc.nat(5).map(String),
  name: fc.option(fc.nat(4).map(String), { nil: undefined }),
});

test('an object is found by its name as long as it exists', () => {
  fc.assert(
    fc.property(fc.array(object, { maxLength: 40 }), (objects) => {
      const index = new KeyIndex<{ readonly name: string | undefined }>(({ name }) => name);
      const there = new Map<string, string | undefined>();
      for (const { key, name } of objects) {
        if (there.has(key)) {
          index.remove({ name: there.get(key) }, key);
          there.delete(key);
        } else {
          there.set(key, name);
          index.add({ name }, key);
        }
        for (const asked of ['0', '1', '2', '3', '4']) {
          const expected = [...there].filter(([, known]) => known === asked).map(([found]) => found);
          expect(index.get(asked)).toEqual(expected);
        }
      }
    }),
  );
});
