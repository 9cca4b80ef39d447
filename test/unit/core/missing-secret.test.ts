import { expect, test } from 'vitest';
import { methodWithoutSecret } from '../../../src/core/missing-secret.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';

const method = (name: string) => ({ token_endpoint_auth_method: name });

test.each<readonly [string, JsonObject, JsonObject, string | undefined]>([
  [
    'both name a method with a secret',
    method('client_secret_jwt'),
    method('client_secret_jwt'),
    'client_secret_jwt',
  ],
  ['the answer names another one', method('none'), method('client_secret_post'), 'client_secret_post'],
  ['the answer says that none is needed', method('client_secret_basic'), method('none'), undefined],
  ['only the request names it', method('client_secret_basic'), {}, 'client_secret_basic'],
  ['nobody names one, so the default applies', {}, {}, 'client_secret_basic'],
  ['only a key is needed', method('private_key_jwt'), {}, undefined],
  ['only a certificate is needed', {}, method('tls_client_auth'), undefined],
  ['the method is of a later specification', {}, method('attest_jwt_client_auth'), undefined],
  ['no grant asks for a token', { grant_types: ['implicit'] }, {}, undefined],
  [
    'one grant of two asks for a token',
    { grant_types: ['implicit'] },
    { grant_types: ['implicit', 'password'] },
    'client_secret_basic',
  ],
])('a client without a secret, where %s', (_, sent, metadata, expected) => {
  const information = { clientId: 'c1', metadata };
  expect(methodWithoutSecret({ information, sent }, false)).toBe(expected);
  const withSecret = { ...information, clientSecret: new Sensitive('s') };
  expect(methodWithoutSecret({ information: withSecret, sent }, false)).toBeUndefined();
});

test('of an adopted client only a method counts that somebody names', () => {
  const adopted = (metadata: JsonObject) =>
    methodWithoutSecret({ information: { clientId: 'c1', metadata }, sent: {} }, true);
  expect(adopted({})).toBeUndefined();
  expect(adopted(method('client_secret_basic'))).toBe('client_secret_basic');
});
