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

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

test('equal small lists and objects are kept once, and what differs stays apart', () => {
  const pool = new TextPool();
  const spec = {
    authorizationServerRef: { kind: 'ClusterAuthorizationServer', name: 'corporate' },
    client: { clientName: 'Storefront', grantTypes: ['authorization_code', 'refresh_token'] },
  };
  const [one, other] = [
    pool.share({ spec: copy(spec), name: 'one' }),
    pool.share({ spec: copy(spec), name: 'other' }),
  ];
  expect(other.spec).toBe(one.spec);
  const edited = pool.share(
    copy({ spec: { ...spec, client: { ...spec.client, clientName: 'Backoffice' } } }),
  );
  expect(edited.spec.client).toEqual({ ...spec.client, clientName: 'Backoffice' });
  expect(edited.spec.client.grantTypes).toBe(one.spec.client.grantTypes);
  expect(edited.spec.authorizationServerRef).toBe(one.spec.authorizationServerRef);
  expect(one.spec.client.clientName).toBe('Storefront');
});

test('any two values stay as they are beside each other', () => {
  fc.assert(
    fc.property(fc.json(), fc.json(), (one, other) => {
      const given = `[${one},${other},${one}]`;
      expect(new TextPool().share(JSON.parse(given))).toEqual(JSON.parse(given));
    }),
  );
});

test('objects that JSON writes alike are not taken for each other', () => {
  const pool = new TextPool();
  const written = { list: [{ at: null }, {}, { at: '2026-01-01T00:00:00.000Z' }] };
  const others = { list: [{ at: Number.NaN }, { at: undefined }, { at: new Date(Date.UTC(2026, 0)) }] };
  pool.share(written);
  const { list } = pool.share(others);
  expect(list[0]?.at).toBeNaN();
  expect(list[1]).toHaveProperty('at');
  expect(list[2]?.at).toBeInstanceOf(Date);
});

test('a large list or object is kept as it is, and so is what holds it', () => {
  const pool = new TextPool();
  const large = () => ({ inner: { texts: Array.from({ length: 100 }, (_, at) => `text ${at}`) } });
  const [one, other] = [pool.share(large()), pool.share(large())];
  expect(other.inner).not.toBe(one.inner);
  expect(other).toEqual(one);
});
