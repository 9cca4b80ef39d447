import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readEncryptionKey, readSigningKey } from '../../../src/oauth/key-material.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import {
  CONTENT_ENCODINGS,
  ENCRYPTION_ALGORITHMS,
  type KeyFormat,
  SIGNING_ALGORITHMS,
  SigningError,
} from '../../../src/oauth/signing-key.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const smallRsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });
const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
const ed25519 = generateKeyPairSync('ed25519');
const ed448 = generateKeyPairSync('ed448');
const x25519 = generateKeyPairSync('x25519');

type Pair = { readonly privateKey: KeyObject; readonly publicKey: KeyObject };

const pkcs8 = ({ privateKey }: Pair): string =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const pkcs1 = ({ privateKey }: Pair): string =>
  privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const sec1 = ({ privateKey }: Pair): string => privateKey.export({ type: 'sec1', format: 'pem' }).toString();
const spki = ({ publicKey }: Pair): string => publicKey.export({ type: 'spki', format: 'pem' }).toString();
const jwk = ({ privateKey }: Pair): JsonWebKey => privateKey.export({ format: 'jwk' });
const publicJwk = ({ publicKey }: Pair): JsonWebKey => publicKey.export({ format: 'jwk' });
const oct = (k: string): JsonWebKey => ({ kty: 'oct', k });

const read = (algorithm: string, format: KeyFormat, material: string | object, keyId?: string) =>
  readSigningKey({
    material: new Sensitive(typeof material === 'string' ? material : JSON.stringify(material)),
    format,
    algorithm,
    keyId,
  });

const readRecipient = (
  algorithm: string,
  encoding: string,
  format: KeyFormat,
  material: string | object,
  keyId?: string,
) =>
  readEncryptionKey({
    key: new Sensitive(typeof material === 'string' ? material : JSON.stringify(material)),
    format,
    algorithm,
    encoding,
    keyId,
  });

/** The error, whole: what it says and whatever it carries. */
function refusal(attempt: () => unknown): SigningError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof SigningError) {
      return error;
    }
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the vectors of the RFCs', () => {
  test('RFC 7515 A.1: HS256 with a key in base64url, plain and as a JWK', () => {
    const k = 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow';
    const input =
      'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
    for (const { key } of [read('HS256', 'Base64Url', k), read('HS256', 'Jwk', oct(k))]) {
      expect(createHmac('sha256', key).update(input).digest('base64url')).toBe(
        'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
      );
    }
  });

  test('RFC 7515 A.3: the public half of a P-256 JWK verifies the signature', () => {
    const { key } = read('ES256', 'Jwk', {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',
    });
    const input =
      'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
    const signature = Buffer.from(
      'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
      'base64url',
    );
    const publicKey = createPublicKey(key);
    expect(
      verify('sha256', Buffer.from(input), { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature),
    ).toBe(true);
  });

  test('RFC 8037 A.4: EdDSA with an Ed25519 JWK', () => {
    const { key } = read('EdDSA', 'Jwk', {
      kty: 'OKP',
      crv: 'Ed25519',
      d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    });
    const input = 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc';
    expect(sign(null, Buffer.from(input), key).toString('base64url')).toBe(
      'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
    );
  });
});

describe('readSigningKey', () => {
  const withParameters = `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${sec1(p256)}`;

  test.each<readonly [string, string, string, Pair]>([
    ['PKCS#8', 'RS256', pkcs8(rsa), rsa],
    ['PKCS#8', 'PS512', pkcs8(rsa), rsa],
    ['PKCS#8', 'ES512', pkcs8(p521), p521],
    ['PKCS#8', 'EdDSA', pkcs8(ed25519), ed25519],
    ['PKCS#1', 'RS384', pkcs1(rsa), rsa],
    ['SEC1', 'ES384', sec1(p384), p384],
    ['SEC1 after its parameters', 'ES256', withParameters, p256],
    ['PKCS#8 after its public key', 'ES256', spki(p256) + pkcs8(p256), p256],
    [
      'PKCS#8 with Windows line ends and empty lines around it',
      'RS256',
      `\n${pkcs8(rsa).replaceAll('\n', '\r\n')}\n`,
      rsa,
    ],
  ])('reads PEM: %s for %s', (_, algorithm, pem, pair) => {
    const { key, keyId } = read(algorithm, 'Pem', pem);
    expect(key.equals(pair.privateKey)).toBe(true);
    expect(keyId).toBeUndefined();
  });

  test.each<readonly [string, object, string | undefined, Pair, string | undefined]>([
    ['ES256', jwk(p256), undefined, p256, undefined],
    ['RS256', { ...jwk(rsa), kid: 'a', use: 'sig', alg: 'RS256', key_ops: ['sign'] }, undefined, rsa, 'a'],
    ['RS256', { ...jwk(rsa), kid: 'a' }, 'b', rsa, 'b'],
    ['RS256', { ...jwk(rsa), kid: '' }, undefined, rsa, undefined],
    ['RS256', { ...jwk(rsa), kid: 7 }, undefined, rsa, undefined],
    ['EdDSA', { ...jwk(ed25519), alg: 'Ed25519' }, undefined, ed25519, undefined],
    ['ES256', { keys: [{ ...jwk(p256), kid: 'a' }] }, undefined, p256, 'a'],
    ['ES256', { keys: [jwk(rsa), publicJwk(p256), { ...jwk(p256), kid: 'b' }, 'x'] }, undefined, p256, 'b'],
    ['RS256', { keys: [{ ...jwk(smallRsa), use: 'enc' }, jwk(rsa)] }, undefined, rsa, undefined],
    [
      'RS256',
      {
        keys: [
          { ...jwk(smallRsa), kid: 'a' },
          { ...jwk(rsa), kid: 'b' },
        ],
      },
      'b',
      rsa,
      'b',
    ],
  ])('reads for %s the JWK or set %#, and its kid', (algorithm, material, keyId, pair, kid) => {
    const used = read(algorithm, 'Jwk', material, keyId);
    expect(used.key.equals(pair.privateKey)).toBe(true);
    expect(used.keyId).toBe(kid);
  });

  test.each<readonly [KeyFormat, string | object, string]>([
    ['Raw', 'secret', 'secret'],
    ['Raw', ' ßecret ', ' ßecret '],
    ['Base64Url', 'c2VjcmV0', 'secret'],
    ['Base64Url', 'c2Vj\ncmV0\n', 'secret'],
    ['Base64Url', 'c2VjcmU=', 'secre'],
    ['Jwk', oct('c2VjcmV0'), 'secret'],
    ['Jwk', { keys: [{ ...oct('c2VjcmV0'), alg: 'HS256' }, jwk(rsa)] }, 'secret'],
  ])('reads the %s secret %j, however short', (format, material, secret) => {
    expect(read('HS256', format, material).key.export().toString()).toBe(secret);
  });

  const canary = { material: 'canary-material', jwk: oct('Y2FuYXJ5') };

  test.each<readonly [string, KeyFormat, string | object, string]>([
    ...(['none', 'NONE', '', 'RS1', 'RSA-OAEP', 'toString'] as const).map(
      (algorithm) =>
        [
          algorithm,
          'Raw',
          canary.material,
          `"${algorithm}" is no supported signing algorithm; use one of ${Object.keys(SIGNING_ALGORITHMS).join(', ')}`,
        ] as const,
    ),
    ['HS256', 'Raw', '', 'The key is empty'],
    ['RS256', 'Pem', ' \n', 'The key is empty'],
    ['HS256', 'Raw', 'canary'.repeat(12_000), 'The key is longer than 65536 characters'],
    [
      'HS256',
      'Pem',
      pkcs8(rsa),
      'HS256 needs a shared secret, in the key format Raw, Base64Url or Jwk; the key format is Pem',
    ],
    [
      'RS256',
      'Raw',
      canary.material,
      'RS256 needs a key pair, in the key format Pem or Jwk; the key format is Raw',
    ],
    [
      'ES256',
      'Base64Url',
      canary.material,
      'ES256 needs a key pair, in the key format Pem or Jwk; the key format is Base64Url',
    ],
    [
      'HS256',
      'Raw',
      'canary\ufffd',
      "The key isn't UTF-8 text; store it as base64url and set the key format Base64Url",
    ],
    ...(['Raw', 'Base64Url'] as const).map(
      (format) =>
        [
          'HS256',
          format,
          format === 'Raw' ? pkcs8(rsa) : Buffer.from(pkcs8(rsa)).toString('base64url'),
          'HS256 needs a shared secret, and the text is PEM, perhaps a public key: choose an algorithm for key pairs and the key format Pem, or store a secret',
        ] as const,
    ),
    ['HS256', 'Base64Url', 'canary+/', "The secret isn't base64url (RFC 4648 section 5)"],
    ['HS256', 'Base64Url', 'Y2Fua', "The secret isn't base64url (RFC 4648 section 5)"],
    ['HS256', 'Jwk', oct(''), "The secret isn't base64url (RFC 4648 section 5)"],
    ['HS256', 'Jwk', { kty: 'oct' }, "The secret isn't base64url (RFC 4648 section 5)"],
    ['RS256', 'Pem', canary.material, "The key isn't PEM: it has no line -----BEGIN PRIVATE KEY-----"],
    [
      'RS256',
      'Pem',
      JSON.stringify(jwk(rsa)),
      "The key isn't PEM: it has no line -----BEGIN PRIVATE KEY-----",
    ],
    ...[
      rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'canary' }),
      rsa.privateKey.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'canary' }),
    ].map(
      (pem) =>
        [
          'RS256',
          'Pem',
          pem.toString(),
          'The private key is protected by a passphrase; store it without one',
        ] as const,
    ),
    ['RS256', 'Pem', spki(rsa), 'The PEM text holds no private key, and only a private key can sign'],
    [
      'RS256',
      'Pem',
      pkcs8(rsa).slice(0, 400),
      "The key isn't a readable private key in PKCS#8, PKCS#1 or SEC1 PEM form",
    ],
    [
      'RS256',
      'Pem',
      pkcs8(rsa).replaceAll('\n', '\\n'),
      "The key isn't a readable private key in PKCS#8, PKCS#1 or SEC1 PEM form",
    ],
    ['ES256', 'Pem', pkcs8(p384), 'ES256 needs a P-256 key; this one is P-384'],
    ['ES256', 'Pem', pkcs8(secp256k1), 'ES256 needs a P-256 key; this one is secp256k1'],
    ['ES512', 'Pem', pkcs8(rsa), 'ES512 needs a P-521 key; this one is RSA'],
    ['RS256', 'Pem', pkcs8(p256), 'RS256 needs an RSA key; this one is P-256'],
    ['PS256', 'Pem', pkcs8(pss), 'PS256 needs an RSA key; this one is rsa-pss'],
    ['EdDSA', 'Pem', pkcs8(ed448), 'EdDSA needs an Ed25519 key; this one is ed448'],
    ['EdDSA', 'Pem', pkcs8(x25519), 'EdDSA needs an Ed25519 key; this one is X25519'],
    ['RS256', 'Pem', pkcs8(smallRsa), 'RS256 needs an RSA key of 2048 to 8192 bits; this one has 1024'],
    ['PS384', 'Jwk', jwk(smallRsa), 'PS384 needs an RSA key of 2048 to 8192 bits; this one has 1024'],
    ['RS256', 'Jwk', canary.material, "The key isn't a JWK: it is no JSON object"],
    ['RS256', 'Jwk', pkcs8(rsa), "The key isn't a JWK: it is no JSON object"],
    ['RS256', 'Jwk', {}, 'RS256 needs an RSA key; the JWK has another kty or crv'],
    ['RS256', 'Jwk', canary.jwk, 'RS256 needs an RSA key; the JWK has another kty or crv'],
    ['ES256', 'Jwk', jwk(p384), 'ES256 needs a P-256 key; the JWK has another kty or crv'],
    ['HS256', 'Jwk', jwk(rsa), 'HS256 needs a shared secret; the JWK has another kty or crv'],
    ['RS256', 'Jwk', publicJwk(rsa), 'The JWK is a public key, and only a private key can sign'],
    ['RS256', 'Jwk', { ...jwk(rsa), alg: 'PS256' }, "The JWK's alg permits another algorithm, not RS256"],
    ['HS512', 'Jwk', { ...canary.jwk, alg: 'HS256' }, "The JWK's alg permits another algorithm, not HS512"],
    ['RS256', 'Jwk', { ...jwk(rsa), use: 'enc' }, "The JWK's use is enc, so it can't sign"],
    ['RS256', 'Jwk', { ...jwk(rsa), key_ops: ['verify'] }, "The JWK's key_ops don't include sign"],
    ['RS256', 'Jwk', { kty: 'RSA', d: 'canary' }, 'The JWK is incomplete or damaged'],
    ['ES256', 'Jwk', { ...jwk(p384), crv: 'P-256' }, 'The JWK is incomplete or damaged'],
    ['RS256', 'Jwk', { keys: [] }, 'The JWK set is empty'],
    ['RS256', 'Jwk', { keys: [publicJwk(rsa)] }, 'The JWK is a public key, and only a private key can sign'],
    ['RS256', 'Jwk', { keys: [jwk(p256), canary.jwk] }, 'The JWK set has no key that fits RS256'],
    [
      'RS256',
      'Jwk',
      { keys: [jwk(rsa), jwk(smallRsa)] },
      'The JWK set has 2 keys that fit RS256; choose one by its keyId',
    ],
  ])('refuses for %s the %s key %#', (algorithm, format, material, message) => {
    const error = refusal(() => read(algorithm, format, material));
    expect(error.message).toBe(message);
    expect(inspect(error, { showHidden: true }).replace(message, '')).not.toMatch(/canary|"d"|MII/);
  });

  test('refuses a JWK set without the key that is named', () => {
    const error = refusal(() => read('RS256', 'Jwk', { keys: [{ ...jwk(rsa), kid: 'a' }] }, 'b'));
    expect(error.message).toBe('The JWK set has no key with the kid "b"');
  });

  test('repeats a key that was written where its algorithm belongs as little as any', () => {
    const error = refusal(() => read('canary-material', 'Raw', 'canary-material'));
    expect(error.message).toContain('"[redacted]" is no supported signing algorithm');
  });
});

describe('readEncryptionKey', () => {
  test.each<readonly [string, KeyFormat, string | object, Pair]>([
    ['RSA-OAEP-256', 'Pem', spki(rsa), rsa],
    ['RSA-OAEP', 'Pem', pkcs8(rsa), rsa],
    ['RSA-OAEP', 'Jwk', publicJwk(rsa), rsa],
    ['ECDH-ES', 'Jwk', { ...jwk(p384), key_ops: ['deriveBits'] }, p384],
    ['ECDH-ES+A128KW', 'Jwk', publicJwk(x25519), x25519],
    ['ECDH-ES+A256KW', 'Jwk', { keys: [{ ...publicJwk(p256), use: 'sig' }, publicJwk(p521)] }, p521],
  ])('reads for %s a %s key, of a private one the public half', (algorithm, format, material, pair) => {
    expect(readRecipient(algorithm, 'A128GCM', format, material).key.equals(pair.publicKey)).toBe(true);
  });

  test.each<readonly [string, string, KeyFormat, string | object, number]>([
    ['A128KW', 'A256GCM', 'Raw', 'k'.repeat(16), 16],
    ['A256KW', 'A128GCM', 'Base64Url', Buffer.alloc(32).toString('base64url'), 32],
    ['dir', 'A128GCM', 'Raw', 'k'.repeat(16), 16],
    ['dir', 'A256GCM', 'Raw', 'k'.repeat(32), 32],
    ['dir', 'A128CBC-HS256', 'Raw', 'k'.repeat(32), 32],
    [
      'dir',
      'A256CBC-HS512',
      'Jwk',
      { ...oct(Buffer.alloc(64).toString('base64url')), alg: 'A256CBC-HS512' },
      64,
    ],
  ])(
    'reads for %s with %s a %s secret of the right length',
    (algorithm, encoding, format, material, octets) => {
      expect(readRecipient(algorithm, encoding, format, material).key.symmetricKeySize).toBe(octets);
    },
  );

  test.each<readonly [string, string, KeyFormat, string | object, string]>([
    [
      'RSA1_5',
      'A128GCM',
      'Pem',
      spki(rsa),
      '"RSA1_5" is no supported key encryption algorithm; use one of ' +
        Object.keys(ENCRYPTION_ALGORITHMS).join(', '),
    ],
    [
      'dir',
      'none',
      'Raw',
      'canary',
      '"none" is no supported content encryption algorithm; use one of ' +
        Object.keys(CONTENT_ENCODINGS).join(', '),
    ],
    ['RSA-OAEP', 'A128GCM', 'Pem', spki(p256), 'RSA-OAEP needs an RSA key; this one is P-256'],
    [
      'RSA-OAEP',
      'A128GCM',
      'Pem',
      spki(smallRsa),
      'RSA-OAEP needs an RSA key of 2048 to 8192 bits; this one has 1024',
    ],
    [
      'ECDH-ES',
      'A128GCM',
      'Pem',
      spki(ed25519),
      'ECDH-ES needs a P-256, P-384, P-521 or X25519 key; this one is Ed25519',
    ],
    [
      'RSA-OAEP',
      'A128GCM',
      'Pem',
      'canary',
      "The key isn't a readable public key or certificate in PEM form",
    ],
    [
      'RSA-OAEP',
      'A128GCM',
      'Raw',
      'canary',
      'RSA-OAEP needs a key pair, in the key format Pem or Jwk; the key format is Raw',
    ],
    [
      'A128KW',
      'A128GCM',
      'Pem',
      spki(rsa),
      'A128KW needs a shared secret, in the key format Raw, Base64Url or Jwk; the key format is Pem',
    ],
    ['A128KW', 'A128GCM', 'Raw', 'canary', 'A128KW needs a secret of 16 octets here; this one has 6'],
    ['dir', 'A256CBC-HS512', 'Raw', 'canary', 'dir needs a secret of 64 octets here; this one has 6'],
    [
      'RSA-OAEP',
      'A128GCM',
      'Jwk',
      { ...publicJwk(rsa), use: 'sig' },
      "The JWK's use is sig, so it can't encrypt",
    ],
    [
      'RSA-OAEP',
      'A128GCM',
      'Jwk',
      { ...publicJwk(rsa), alg: 'RSA-OAEP-256' },
      "The JWK's alg permits another algorithm, not RSA-OAEP",
    ],
  ])('refuses for %s with %s the %s key %#', (algorithm, encoding, format, material, message) => {
    const error = refusal(() => readRecipient(algorithm, encoding, format, material));
    expect(error.message).toBe(message);
    expect(inspect(error, { showHidden: true }).replace(message, '')).not.toContain('canary');
  });
});
