import { expect, test } from 'vitest';
import { serverKey, serverNamed } from '../../../src/core/server-key.ts';

test.each([
  [{ kind: 'ClusterAuthorizationServer', name: 'sso' }],
  [{ kind: 'AuthorizationServer', name: 'sso', namespace: 'shop' }],
] as const)('a key gives back the server object that it was made of: %o', (server) => {
  expect(serverNamed(serverKey(server, 'shop'))).toEqual(server);
});
