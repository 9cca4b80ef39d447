import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TextPool } from '../../../../src/controller/state/text-pool.ts';

test('what JSON.parse made stays the same, whatever it is', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(new TextPool().share(JSON.parse(text))).toEqual(JSON.parse(text));
    }),
  );
});

test('what only looks like members of an object is left alone', () => {
  const url = new URL('https://as.example.com/reg');
  expect(new TextPool().share({ url }).url).toBe(url);
  expect(url.href).toBe('https://as.example.com/reg');
});

test('equal texts are kept once, for some time', () => {
  const pool = new TextPool();
  const text = (value: string) => JSON.parse(JSON.stringify(value)) as string;
  const isOne = (values: readonly string[]) => new Set(values).size === 1;
  expect(isOne(pool.share([text('authorization_code'), text('authorization_code')]))).toBe(true);
  expect(pool.share({ long: 'x'.repeat(129) })).toEqual({ long: 'x'.repeat(129) });
  expect(pool.share(Array.from({ length: 10_000 }, (_, at) => `text ${at}`))).toHaveLength(10_000);
});
