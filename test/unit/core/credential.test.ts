import { describe, expect, test } from 'vitest';
import {
  admission as admissionSchema,
  management as managementSchema,
} from '../../../src/api/admission-schema.ts';
import {
  type CredentialSecret,
  secretValue,
  toAdmission,
  toCredential,
} from '../../../src/core/credential.ts';
import { found, plain, secretsOf } from '../../kit/fixtures/credentials.ts';

const PEM = '-----BEGIN PRIVATE KEY-----\nMIG';
const JWK = ' {"kty":"EC"}';

const secrets = secretsOf({
  iat: found({ token: 'iat-1', other: 'iat-2', empty: '' }),
  user: found({ username: 'u1', password: 'p1', login: 'u2', pin: 'p2' }),
  registrar: found({ client_id: 'r1', client_secret: 's1', private_key: PEM, id: 'r2', jwk: JWK }),
  unlabelled: { kind: 'NotLabelled' },
});

const TARGET = { issuer: 'https://as.example', endpoints: undefined };
const admit = (spec: object) => plain(toAdmission(admissionSchema.parse(spec), secrets, TARGET));
function manage(credential: object) {
  const parsed = managementSchema.parse({ credential }).credential;
  return plain(toCredential(parsed ?? {}, secrets, TARGET));
}
const grant = (more: object = {}, ref: object = {}) => ({
  clientCredentials: { secretRef: { name: 'registrar', ...ref }, ...more },
});

describe('toAdmission', () => {
  test('gives no credential to an open endpoint (rule 39)', () => {
    expect(admit({ open: {} })).toEqual({ kind: 'Open' });
  });

  test.each<readonly [string, object, object]>([
    ['a token', { initialAccessToken: { secretRef: { name: 'iat' } } }, { scheme: 'Bearer', token: 'iat-1' }],
    [
      'a token under another key and scheme',
      { initialAccessToken: { secretRef: { name: 'iat', key: 'other' }, scheme: 'SSWS' } },
      { scheme: 'SSWS', token: 'iat-2' },
    ],
  ])('reads %s (rule 5)', (_, spec, credential) => {
    expect(admit(spec)).toEqual({ kind: 'Token', ...credential });
  });

  test.each<readonly [string, object, object]>([
    ['the usual keys', {}, { username: 'u1', password: 'p1' }],
    ['keys that are named', { usernameKey: 'login', passwordKey: 'pin' }, { username: 'u2', password: 'p2' }],
  ])('reads Basic credentials from %s (rule 5)', (_, keys, credential) => {
    expect(admit({ basic: { secretRef: { name: 'user', ...keys } } })).toEqual({
      kind: 'Basic',
      ...credential,
    });
  });

  const plainGrant = { kind: 'ClientCredentials', clientId: 'r1', scopes: [], resources: [], parameters: {} };

  test.each<readonly [string, object, object]>([
    ['by Basic, where nothing is said', {}, { method: 'client_secret_basic', clientSecret: 's1' }],
    [
      'in the body',
      { authMethod: 'client_secret_post' },
      { method: 'client_secret_post', clientSecret: 's1' },
    ],
    [
      'by an assertion made with the secret',
      { authMethod: 'client_secret_jwt' },
      {
        method: 'client_secret_jwt',
        key: { material: 's1', format: 'Raw', algorithm: 'HS256' },
        audience: 'Issuer',
      },
    ],
    [
      'by an assertion made with the secret, as it is told to sign',
      {
        authMethod: 'client_secret_jwt',
        signing: { algorithm: 'HS512', keyId: 'k', audience: 'TokenEndpoint' },
      },
      {
        method: 'client_secret_jwt',
        key: { material: 's1', format: 'Raw', algorithm: 'HS512', keyId: 'k' },
        audience: 'TokenEndpoint',
      },
    ],
    [
      'by an assertion made with a private key',
      { authMethod: 'private_key_jwt' },
      {
        method: 'private_key_jwt',
        key: { material: PEM, format: 'Pem', algorithm: 'RS256' },
        audience: 'Issuer',
      },
    ],
    [
      'by an assertion made with a private key, as it is told to sign',
      {
        authMethod: 'private_key_jwt',
        signing: { algorithm: 'ES256', keyId: 'k', audience: 'TokenEndpoint' },
      },
      {
        method: 'private_key_jwt',
        key: { material: PEM, format: 'Pem', algorithm: 'ES256', keyId: 'k' },
        audience: 'TokenEndpoint',
      },
    ],
    ['by certificate', { authMethod: 'tls_client_auth' }, { method: 'tls_client_auth' }],
    [
      'by a certificate of its own',
      { authMethod: 'self_signed_tls_client_auth' },
      { method: 'self_signed_tls_client_auth' },
    ],
  ])('authenticates at the token endpoint %s (rule 5)', (_, spec, authentication) => {
    expect(admit(grant(spec))).toEqual({ ...plainGrant, authentication, reuse: 'Never' });
  });

  test('requests exactly what the spec says, and reuses a token only if the spec says so (rule 6)', () => {
    const asked = {
      scopes: ['client.create'],
      resources: ['https://api.example.com'],
      parameters: { audience: 'dcr' },
    };
    expect(admit(grant({ ...asked, reuse: 'UntilRefused' }))).toMatchObject({
      ...asked,
      reuse: 'UntilRefused',
    });
    expect(admit(grant(asked))).toMatchObject({ ...asked, reuse: 'Never' });
  });

  test('reads a client and its key from keys that are named; a JWK says itself what it is', () => {
    const ref = { clientIdKey: 'id', privateKeyKey: 'jwk' };
    expect(admit(grant({ authMethod: 'private_key_jwt' }, ref))).toMatchObject({
      clientId: 'r2',
      authentication: { key: { material: JWK, format: 'Jwk' } },
    });
  });

  test('takes the client from the spec where that names one, and then needs it in no Secret', () => {
    expect(admit(grant({ clientId: 'inline' }, { clientIdKey: 'x' }))).toMatchObject({
      clientId: 'inline',
      authentication: { method: 'client_secret_basic', clientSecret: 's1' },
    });
    const byCertificate = { clientId: 'inline', authMethod: 'tls_client_auth' };
    expect(admit({ clientCredentials: byCertificate })).toMatchObject({
      clientId: 'inline',
      authentication: { method: 'tls_client_auth' },
    });
  });

  test.each(['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt'])(
    'says that %s needs a Secret, where no rule of the CRD did',
    (authMethod) => {
      expect(admit({ clientCredentials: { clientId: 'inline', authMethod } })).toEqual({
        reason: 'InvalidSpec',
        message: `clientCredentials has no secretRef, and authMethod ${authMethod} needs one: name the Secret with the credentials.`,
      });
    },
  );

  const missing = (
    key: string,
    name = 'registrar',
    present = 'client_id, client_secret, id, jwk, private_key',
  ) => ({
    reason: 'CredentialKeyMissing',
    message: `Secret operators/${name} has no key "${key}". Keys present: ${present}. Add the key, or name another in the reference.`,
  });

  test.each<readonly [string, object, object]>([
    [
      'a token',
      { initialAccessToken: { secretRef: { name: 'iat', key: 'x' } } },
      missing('x', 'iat', 'empty, other, token'),
    ],
    [
      'a user',
      { basic: { secretRef: { name: 'user', usernameKey: 'x' } } },
      missing('x', 'user', 'login, password, pin, username'),
    ],
    [
      'a password',
      { basic: { secretRef: { name: 'user', passwordKey: 'x' } } },
      missing('x', 'user', 'login, password, pin, username'),
    ],
    ['a client', grant({}, { clientIdKey: 'x' }), missing('x')],
    ["a client's secret", grant({}, { clientSecretKey: 'x' }), missing('x')],
    [
      'a secret to sign with',
      grant({ authMethod: 'client_secret_jwt' }, { clientSecretKey: 'x' }),
      missing('x'),
    ],
    ['a private key', grant({ authMethod: 'private_key_jwt' }, { privateKeyKey: 'x' }), missing('x')],
  ])('says that %s is missing', (_, spec, problem) => {
    expect(admit(spec)).toEqual(problem);
  });

  test.each(['tls_client_auth', 'self_signed_tls_client_auth'])('needs no secret for %s', (authMethod) => {
    expect(admit(grant({ authMethod }, { clientSecretKey: 'x', privateKeyKey: 'x' }))).toMatchObject({
      kind: 'ClientCredentials',
      clientId: 'r1',
    });
  });
});

describe('toCredential', () => {
  test('is none where there is no member', () => {
    expect(manage({})).toBeUndefined();
  });

  test.each<readonly [string, object, object]>([
    ['a token', { token: { secretRef: { name: 'iat' }, scheme: 'SSWS' } }, { kind: 'Token', scheme: 'SSWS' }],
    ['Basic', { basic: { secretRef: { name: 'user' } } }, { kind: 'Basic', username: 'u1' }],
    ['an obtained token', grant({ scopes: ['dcrm'] }), { kind: 'ClientCredentials', scopes: ['dcrm'] }],
  ])('is %s (rule 7)', (_, spec, credential) => {
    expect(manage(spec)).toMatchObject(credential);
  });

  test('says what is missing', () => {
    expect(manage({ token: { secretRef: { name: 'none' } } })).toEqual({
      reason: 'CredentialNotFound',
      message:
        "Secret operators/none doesn't exist. Create it with the label oauth-registrar.dev/credential=true.",
    });
  });
});

describe('secretValue', () => {
  const value = (name: string, key: string) => plain(secretValue(secrets, { name, key }));
  const keyMissing = (key: string) =>
    `Secret operators/iat has no key "${key}". Keys present: empty, other, token. Add the key, or name another in the reference.`;

  test.each([
    [
      'a Secret that does not exist',
      'none',
      'token',
      'CredentialNotFound',
      "Secret operators/none doesn't exist. Create it with the label oauth-registrar.dev/credential=true.",
    ],
    [
      'a Secret that nobody marked, and gives the line to run',
      'unlabelled',
      'token',
      'CredentialNotLabelled',
      "Secret operators/unlabelled isn't marked as a credential. Run: kubectl -n operators label secret unlabelled oauth-registrar.dev/credential=true",
    ],
    ['a key that is not there', 'iat', 'x', 'CredentialKeyMissing', keyMissing('x')],
    ['a key that is empty', 'iat', 'empty', 'CredentialKeyMissing', keyMissing('empty')],
    [
      "a key called like something of JavaScript's own",
      'iat',
      'constructor',
      'CredentialKeyMissing',
      keyMissing('constructor'),
    ],
  ])('tells %s', (_, name, key, reason, message) => {
    expect(value(name, key)).toEqual({ reason, message });
  });

  test('tells a Secret without keys', () => {
    const empty: Readonly<Record<string, CredentialSecret>> = { empty: found({}) };
    expect(secretValue(secretsOf(empty), { name: 'empty', key: 'token' })).toMatchObject({
      message: expect.stringContaining('Keys present: none.'),
    });
  });

  test('gives the value unchanged, white space included', () => {
    const spaced = secretsOf({ s: found({ token: ' t\n' }) });
    expect(plain(secretValue(spaced, { name: 's', key: 'token' }))).toBe(' t\n');
  });
});
