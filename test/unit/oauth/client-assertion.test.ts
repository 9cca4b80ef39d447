import { expect, test } from 'vitest';
import { clientAssertionClaims } from '../../../src/oauth/client-assertion.ts';

test('a client assertion is issued by the client about itself, for one audience, and lives a minute', () => {
  const claims = clientAssertionClaims({
    clientId: 'registrar',
    audience: 'https://sso.example.com',
    nowSeconds: 1_777_636_800.9,
    jti: 'j-1',
  });
  expect(claims).toEqual({
    iss: 'registrar',
    sub: 'registrar',
    aud: 'https://sso.example.com',
    iat: 1_777_636_800,
    exp: 1_777_636_860,
    jti: 'j-1',
  });
});
