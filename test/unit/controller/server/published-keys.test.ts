import { describe, expect, test } from 'vitest';
import { signingKeysOf } from '../../../../src/controller/server/published-keys.ts';
import type { ClientCredentials, ServerConnection, SignTerms } from '../../../../src/core/connection.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import { SigningError, type SigningKey } from '../../../../src/oauth/signing-key.ts';
import { createFakeJwt, signingKey } from '../../../kit/fakes/fake-ports.ts';
import { connection } from '../../../kit/fixtures/observations.ts';

const asserting = (key: SigningKey): ClientCredentials => ({
  kind: 'ClientCredentials',
  clientId: 'registrar',
  authentication: { method: 'private_key_jwt', key, audience: 'Issuer' },
  scopes: [],
  resources: [],
  parameters: {},
  reuse: 'Never',
});
const withSecret: ClientCredentials = {
  ...asserting(signingKey('x')),
  authentication: { method: 'client_secret_post', clientSecret: new Sensitive('canary') },
};
const token = { kind: 'Token', scheme: 'Bearer', token: new Sensitive('canary') } as const;
const signing = (key: SigningKey): Partial<ServerConnection> => ({
  statement: { ...connection.statement, sign: { key } as SignTerms },
});
const request = (key: SigningKey): Partial<ServerConnection> => ({
  signedRequest: {
    key,
    issuer: undefined,
    audience: 'a',
    lifetimeSeconds: 60,
    contentType: 'application/jwt',
  },
});
const managing = (credential: ServerConnection['management']['credential']): Partial<ServerConnection> => ({
  management: { ...connection.management, credential },
});

const keysOf = (change: Partial<ServerConnection>, jwt = createFakeJwt()) =>
  signingKeysOf({ ...connection, ...change }, jwt);
const jwk = (kid: string) => ({ kty: 'EC', alg: 'ES256', kid });

describe('the keys to configure at a server', () => {
  test.each<readonly [string, Partial<ServerConnection>, readonly string[]]>([
    ['of statements', signing(signingKey('k1')), ['k1']],
    ['of signed requests', request(signingKey('k1')), ['k1']],
    ['of assertions that admit', { admission: asserting(signingKey('k1')) }, ['k1']],
    ['of assertions that admit to management', managing(asserting(signingKey('k1'))), ['k1']],
    [
      'of all together',
      {
        ...signing(signingKey('k1')),
        ...request(signingKey('k2')),
        admission: asserting(signingKey('k3')),
        ...managing(asserting(signingKey('k4'))),
      },
      ['k1', 'k2', 'k3', 'k4'],
    ],
    ['told once, however often used', { ...signing(signingKey('k1')), ...request(signingKey('k1')) }, ['k1']],
  ])('are those %s', async (_, change, kids) => {
    expect(await keysOf(change)).toEqual({ keys: kids.map(jwk) });
  });

  test.each<readonly [string, Partial<ServerConnection>]>([
    ['nothing is signed', {}],
    ['tokens and secrets are sent', { admission: withSecret, ...managing(token) }],
    ['what is signed is signed with a shared secret', signing(signingKey('canary', { algorithm: 'HS256' }))],
  ])('are none where %s', async (_, change) => {
    expect(await keysOf(change)).toBeUndefined();
  });

  test('are found out not to sign before any client needs them', async () => {
    const jwt = createFakeJwt({ publicJwk: () => Promise.reject(new SigningError('The key is empty')) });
    expect(await keysOf(signing(signingKey('')), jwt)).toEqual({
      reason: 'SigningKeyUnusable',
      message: 'The key is empty',
    });
  });

  test("are not what a fault of the operator's is taken for", async () => {
    const jwt = createFakeJwt({ publicJwk: () => Promise.reject(new TypeError('no function')) });
    await expect(keysOf(signing(signingKey('k1')), jwt)).rejects.toThrow('no function');
  });
});
