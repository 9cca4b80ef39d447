import { describe, expect, test } from 'vitest';
import { oauthClientSpec } from '../../../src/api/oauth-client.ts';
import { REASONS } from '../../../src/api/reasons.ts';
import { duration, durationMs } from '../../../src/api/schema.ts';

describe('durationMs', () => {
  test.each([
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1h1m1s', 3_661_000],
    ['0s', 0],
    ['90m', 5_400_000],
  ])('of %s is %i', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  test.each(['30', '30 s', '-1s', '1.5h', '1d', '1s1m', '500ms'])('has no schema for %s', (text) => {
    expect(duration().safeParse(text).success).toBe(false);
  });
});

describe('oauthClientSpec', () => {
  const spec = { authorizationServerRef: { name: 'sso' }, client: {} };

  test("takes a server of the platform's where no kind is given", () => {
    expect(oauthClientSpec.parse(spec).authorizationServerRef).toEqual({
      kind: 'ClusterAuthorizationServer',
      name: 'sso',
    });
  });

  test('adds nothing to the client', () => {
    expect(oauthClientSpec.parse(spec).client).toEqual({});
    expect(oauthClientSpec.parse({ ...spec, client: { responseTypes: [] } }).client).toEqual({
      responseTypes: [],
    });
  });

  test.each([
    ['a scope that is no list', { scopes: 'openid' }],
    ['an age below zero', { defaultMaxAge: -1 }],
    ['keys that are no object', { jwks: 'e30' }],
    ['a flag in a text', { requireAuthTime: 'true' }],
  ])('refuses %s', (_, client) => {
    expect(oauthClientSpec.safeParse({ ...spec, client }).success).toBe(false);
  });

  test('does for a client only what its spec says: its keys, its end, its replacement', () => {
    expect(oauthClientSpec.parse({ client: {} })).toEqual({
      client: {},
      deletionPolicy: 'Delete',
      replacement: { onEdit: 'Never', onExpiry: 'Automatic', retire: 'AfterOverlap', overlap: '24h' },
      secret: { mode: 'Write', format: 'Keys' },
      suspend: false,
    });
  });

  test.each<readonly [string, object, object]>([
    [
      "keys of a day's overlap",
      { credential: { generatedKey: {} } },
      { credential: { generatedKey: { algorithm: 'ES256', overlap: '24h' } } },
    ],
    ['an end that takes the object with it', { lifetime: {} }, { lifetime: { onExpiry: 'DeleteObject' } }],
  ])('gives %s where the spec only asks for one', (_, given, read) => {
    expect(oauthClientSpec.parse({ client: {}, ...given })).toMatchObject(read);
  });

  test.each<readonly [string, object]>([
    ['keys without signature', { credential: { generatedKey: { algorithm: 'none' } } }],
    ['keys that are a shared secret', { credential: { generatedKey: { algorithm: 'HS256' } } }],
    [
      'an end bound to what is no kind',
      { lifetime: { boundTo: { group: 'apps', kind: 'deployments', name: 'a' } } },
    ],
    [
      'an end bound in what is no group',
      { lifetime: { boundTo: { group: 'Apps/v1', kind: 'Deployment', name: 'a' } } },
    ],
    ['a lifetime in days', { lifetime: { expiresAfter: '7d' } }],
  ])('refuses %s', (_, more) => {
    expect(oauthClientSpec.safeParse({ client: {}, ...more }).success).toBe(false);
  });

  test('passes JSON of any shape through additionalMetadata', () => {
    const additionalMetadata = { a: [1, { b_c: null }], d: 'x', e: true };
    expect(oauthClientSpec.parse({ ...spec, client: { additionalMetadata } }).client).toEqual({
      additionalMetadata,
    });
  });
});

describe('REASONS', () => {
  test.each(Object.entries(REASONS))(
    '%s has a name for machines, a cause and a cure',
    (reason, { cause, cure }) => {
      expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
      expect(cause).toMatch(/^[A-Z].*\.$/);
      expect(cure).toMatch(/^[A-Z].*\.$/);
    },
  );
});
