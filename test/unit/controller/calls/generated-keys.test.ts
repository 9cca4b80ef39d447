import { describe, expect, test } from 'vitest';
import { keysAfter, newKey } from '../../../../src/controller/calls/generated-keys.ts';
import type { StoredKey } from '../../../../src/core/content.ts';
import { withKeys } from '../../../../src/core/document-keys.ts';
import type { Dialect } from '../../../../src/dialects/dialect.ts';
import { effectiveDialect } from '../../../../src/dialects/presets.ts';
import { rfc7591 } from '../../../../src/dialects/rfc7591.ts';
import type { JsonObject } from '../../../../src/oauth/json.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';
import { createFakeJwt } from '../../../kit/fakes/fake-ports.ts';

const key = (kid: string, createdAt: string, alg = 'ES256'): StoredKey => ({
  kid,
  privateJwk: new Sensitive('canary'),
  privatePem: new Sensitive('canary'),
  publicJwk: { kty: 'EC', kid, alg },
  createdAt,
});

const old = key('old', '1970-01-01T00:00:01Z');
const current = key('current', '1970-01-01T00:00:02Z');
const prepared = key('prepared', '1970-01-01T00:00:03Z');

const tools = () => ({ jwt: createFakeJwt(), clock: createFakeClock() });

describe('newKey', () => {
  test('is made at this second, by the algorithm that is asked for', async () => {
    const { privateJwk, ...shown } = await newKey('PS384', 'shop', tools());
    expect(shown).toEqual({
      kid: 'generated-1',
      privatePem: expect.any(Sensitive),
      publicJwk: { kty: 'EC', alg: 'PS384', kid: 'generated-1' },
      createdAt: '1970-01-01T00:16:40Z',
    });
    expect(privateJwk.reveal()).toContain('generated-1');
  });
});

describe('withKeys', () => {
  const document = { client_name: 'Shop' };
  const published = { keys: [{ kty: 'EC', kid: 'current', alg: 'ES256' }] };
  const inText = effectiveDialect('rfc7591', { jwksEncoding: 'String' });
  const withoutAlgorithm = effectiveDialect('rfc7591', {
    membersNotSent: ['token_endpoint_auth_signing_alg'],
  });
  const rsa = key('rsa', '1970-01-01T00:00:03Z', 'RS256');

  test.each<readonly [string, readonly StoredKey[], Dialect, JsonObject]>([
    ['leaves the document as it is without keys', [], rfc7591, {}],
    [
      'adds the public parts, and the algorithm that they are for',
      [current],
      rfc7591,
      { jwks: published, token_endpoint_auth_signing_alg: 'ES256' },
    ],
    [
      'rule 14: adds them as text where the server reads text',
      [current],
      inText,
      { jwks: JSON.stringify(published), token_endpoint_auth_signing_alg: 'ES256' },
    ],
    [
      'adds both keys of a rotation, the one in use first',
      [current, old],
      rfc7591,
      { jwks: { keys: [current.publicJwk, old.publicJwk] }, token_endpoint_auth_signing_alg: 'ES256' },
    ],
    [
      'names no algorithm while keys of two are in use',
      [rsa, current],
      rfc7591,
      { jwks: { keys: [rsa.publicJwk, current.publicJwk] } },
    ],
    ['names no algorithm to a server that refuses it', [current], withoutAlgorithm, { jwks: published }],
  ])('%s', (_, keys, dialect, added) => {
    const sent = withKeys(document, keys, dialect);
    expect(sent).toEqual({ ...document, ...added });
    expect(JSON.stringify(sent)).not.toContain('canary');
  });

  test('leaves an algorithm alone that the spec names', () => {
    const named = { token_endpoint_auth_signing_alg: 'RS256' };
    expect(withKeys(named, [current], rfc7591)).toEqual({ ...named, jwks: published });
  });
});

describe('keysAfter', () => {
  type Row = readonly [
    what: string,
    stored: readonly StoredKey[],
    change: 'Keep' | 'Rotate' | 'Retire',
    kids: readonly string[],
  ];

  test.each<Row>([
    ['keeps what is stored', [current, old], 'Keep', ['current', 'old']],
    ['keeps nothing of nothing', [], 'Keep', []],
    ['retires the key before', [current, old], 'Retire', ['current']],
    ['retires nothing where there is one key', [current], 'Retire', ['current']],
    ['makes a first key', [], 'Rotate', ['generated-1']],
    ['puts a new key before the one in use', [current], 'Rotate', ['generated-1', 'current']],
    ['lets the key before go when a third comes', [current, old], 'Rotate', ['generated-1', 'current']],
    [
      'uses the key that was stored for an earlier try of the same rotation',
      [current, old, prepared],
      'Rotate',
      ['prepared', 'current'],
    ],
  ])('%s', async (_, stored, change, kids) => {
    const keys = await keysAfter(stored, change, 'ES256', 'shop', tools());
    expect(keys.map(({ kid }) => kid)).toEqual(kids);
  });

  test.each(['Keep', 'Retire', 'Rotate'] as const)(
    'makes a key of the algorithm that the spec asks for now, though the step is to %s',
    async (change) => {
      const keys = await keysAfter([current, old], change, 'RS256', 'shop', tools());
      expect(keys.map(({ kid, publicJwk }) => [kid, publicJwk['alg']])).toEqual([
        ['generated-1', 'RS256'],
        ['current', 'ES256'],
      ]);
    },
  );

  test('uses no key that was prepared with another algorithm', async () => {
    const ready = key('ready', '1970-01-01T00:00:04Z', 'RS256');
    const keys = await keysAfter([current, prepared, ready], 'Keep', 'RS256', 'shop', tools());
    expect(keys.map(({ kid }) => kid)).toEqual(['ready', 'current']);
  });

  test('keeps a key that does not say its algorithm', async () => {
    const silent = { ...current, publicJwk: { kty: 'EC' } };
    expect(await keysAfter([silent], 'Keep', 'RS256', 'shop', tools())).toEqual([silent]);
  });
});
