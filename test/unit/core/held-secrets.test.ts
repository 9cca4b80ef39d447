import { describe, expect, test } from 'vitest';
import type { Admission, ServerConnection } from '../../../src/core/connection.ts';
import { credentialSecrets, secretsOf } from '../../../src/core/held-secrets.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { bare, content } from '../../kit/fixtures/contents.ts';
import { clientCredentials } from '../../kit/fixtures/credentials.ts';
import { connection } from '../../kit/fixtures/observations.ts';

const plain = (secrets: readonly Sensitive[]) => secrets.map((secret) => secret.reveal());

describe('What a record holds and messages must not show', () => {
  test('is the client secret, the token and each private key', () => {
    expect(plain(secretsOf(content))).toEqual([
      'canary-secret',
      'canary-token',
      '{"kty":"EC","d":"canary-key"}',
    ]);
  });

  test('is nothing where the server gave nothing', () => {
    expect(secretsOf(bare)).toEqual([]);
  });
});

describe('What a server object holds and messages must not show', () => {
  const keyPair = {
    ...clientCredentials,
    authentication: { method: 'private_key_jwt' },
  } as unknown as Admission;

  test.each<readonly [string, Admission, readonly string[]]>([
    ['an open endpoint', { kind: 'Open' }, []],
    ['a token', { kind: 'Token', scheme: 'Bearer', token: new Sensitive('token') }, ['token']],
    [
      'a password',
      { kind: 'Basic', username: 'registrar', password: new Sensitive('password') },
      ['password'],
    ],
    ['a client secret', clientCredentials, ['s']],
    ['a key, which is never sent', keyPair, []],
  ])('for admission, and for management: %s', (_, credential, expected) => {
    const { management } = connection;
    const manages = { ...management, credential } as ServerConnection['management'];
    expect(plain(credentialSecrets({ ...connection, admission: credential }))).toEqual(expected);
    expect(plain(credentialSecrets({ ...connection, management: manages }))).toEqual(expected);
  });

  test('is its software statement, too', () => {
    const given = { jwt: new Sensitive('statement'), claims: {}, expiresAt: undefined };
    const statement = { ...connection.statement, given } as unknown as ServerConnection['statement'];
    expect(plain(credentialSecrets({ ...connection, statement }))).toEqual(['statement']);
  });
});
