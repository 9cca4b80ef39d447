import { describe, expect, test } from 'vitest';
import { keyWithoutServer, serverKey, serverNamed } from '../../../src/core/server-key.ts';

test.each([
  [{ kind: 'ClusterAuthorizationServer', name: 'sso' }],
  [{ kind: 'AuthorizationServer', name: 'sso', namespace: 'shop' }],
] as const)('a key gives back the server object that it was made of: %o', (server) => {
  expect(serverNamed(serverKey(server, 'shop'))).toEqual(server);
});

describe('serverKey', () => {
  test("distinguishes servers of two namespaces, and names a cluster's once", () => {
    expect(serverKey({ kind: 'AuthorizationServer', name: 'sso' }, 'shop')).toBe(
      'AuthorizationServer/shop/sso',
    );
    expect(serverKey({ kind: 'ClusterAuthorizationServer', name: 'sso' }, 'shop')).toBe(
      'ClusterAuthorizationServer/sso',
    );
  });
});

describe('a key', () => {
  test.each([
    [serverKey({ kind: 'ClusterAuthorizationServer', name: 'corporate' }, 'shop'), 'corporate', undefined],
    [serverKey({ kind: 'AuthorizationServer', name: 'own' }, 'shop'), 'own', 'shop'],
    [
      keyWithoutServer({ kind: 'AuthorizationServer', name: 'own' }, 'shop', 'https://sso.example.com:8443'),
      'own',
      'shop',
    ],
  ])('%s names its server object', (key, name, namespace) => {
    const { kind } = serverNamed(key);
    expect(serverNamed(key)).toEqual({ kind, name, ...(namespace === undefined ? {} : { namespace }) });
    expect(key.startsWith(`${kind}/`)).toBe(true);
  });
});
