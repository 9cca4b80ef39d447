import { execFileSync } from 'node:child_process';
import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { envFileFormat } from '../../../src/formats/env-file.ts';
import { ofAccount, withKey, withSecret } from '../../kit/fixtures/published.ts';
import { rendered } from '../../kit/fixtures/rendered.ts';

const fileOf = (...given: Parameters<typeof envFileFormat.render>): string =>
  rendered(envFileFormat.render(...given))['oauth.env'] ?? '';

test('The file has a line for each value; a private key of several lines has none', () => {
  expect(fileOf(withKey, { issuer: 'OIDC_ISSUER', scope: '' }).split('\n')).toEqual([
    "CLIENT_ID='c1'",
    "CLIENT_SECRET='s1'",
    "TOKEN_ENDPOINT_AUTH_METHOD='client_secret_basic'",
    "OIDC_ISSUER='https://sso.example.com'",
    "TOKEN_ENDPOINT='https://sso.example.com/token'",
    "AUTHORIZATION_ENDPOINT='https://sso.example.com/authorize'",
    "JWKS_URI='https://sso.example.com/jwks'",
    "USERINFO_ENDPOINT='https://sso.example.com/userinfo'",
    `PRIVATE_KEY_JWK='{"kid":"k1"}'`,
    "KID='k1'",
    '',
  ]);
});

test('A client of a ServiceAccount has what its token request needs, without the lines for its Pod', () => {
  expect(fileOf(ofAccount, {}).split('\n')).toEqual([
    "CLIENT_ID='c1'",
    "TOKEN_ENDPOINT_AUTH_METHOD='federated-jwt'",
    "ISSUER='https://sso.example.com'",
    "TOKEN_ENDPOINT='https://sso.example.com/token'",
    "CLIENT_ASSERTION_TYPE='urn:ietf:params:oauth:client-assertion-type:jwt-bearer'",
    "AUDIENCE='https://sso.example.com/realms/shop'",
    '',
  ]);
});

const AWKWARD = 's 1 $HOME `id` "x" #y = & ; !* %';

test('A shell and Node.js read the value as it is', () => {
  const file = fileOf(withSecret(AWKWARD), {});
  expect(parseEnv(file)['CLIENT_SECRET']).toBe(AWKWARD);
  const read = execFileSync('sh', ['-c', `${file}printf %s "$CLIENT_SECRET"`]).toString();
  expect(read).toBe(AWKWARD);
});

test.each([["it's"], ['two\nlines'], ['a\\b'], [`a\${b}`], ['a$(b)'], ['a\u0000b'], ['a\u2028b']])(
  'A secret that could break a line makes no Secret: %j',
  (secret) => {
    expect(envFileFormat.render(withSecret(secret), {})).toEqual({
      ok: false,
      problem:
        'can\'t have the format EnvFile: the value of "CLIENT_SECRET" has a character that readers of such files take in different ways. Use the format Json or Keys, leave the value out by spec.secret.keys, or request another secret',
    });
  },
);

test('A name is one that a variable can have', () => {
  expect(['A', 'a_1', '_', '1a', 'client-id', 'a.b', ''].filter(envFileFormat.isName)).toEqual([
    'A',
    'a_1',
    '_',
  ]);
});
