import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { inspect } from 'node:util';
import {
  calculateJwkThumbprint,
  compactDecrypt,
  compactVerify,
  decodeProtectedHeader,
  type JWK,
  jwtVerify,
} from 'jose';
import { describe, expect, test } from 'vitest';
import { createJsonWebTokens } from '../../../../src/adapters/authorization-server/json-web-tokens.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import {
  type EncryptionKey,
  type KeyPairAlgorithm,
  SIGNING_ALGORITHMS,
  SigningError,
  type SigningKey,
} from '../../../../src/oauth/signing-key.ts';

const jwts = createJsonWebTokens();

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pairs: Readonly<Record<string, { privateKey: KeyObject; publicKey: KeyObject }>> = {
  RSA: rsa,
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  Ed25519: generateKeyPairSync('ed25519'),
  X25519: generateKeyPairSync('x25519'),
};

const keyPair = (kind: string) => {
  const pair = pairs[kind];
  if (pair === undefined) {
    throw new Error(`no ${kind} key here`);
  }
  return pair;
};
const pem = ({ privateKey }: { privateKey: KeyObject }) =>
  new Sensitive(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());

const claims = { iss: 'https://publisher.example.com', client_name: 'クライアント名', exp: 4_000_000_000 };

/** A key for the algorithm, and what verifies its signatures. */
function keyFor(algorithm: keyof typeof SIGNING_ALGORITHMS): readonly [SigningKey, KeyObject | Uint8Array] {
  const kind = SIGNING_ALGORITHMS[algorithm].kind;
  if (kind === 'oct') {
    return [{ material: new Sensitive('secret'), format: 'Raw', algorithm }, Buffer.from('secret')];
  }
  const pair = keyPair(kind);
  return [{ material: pem(pair), format: 'Pem', algorithm }, pair.publicKey];
}

const algorithms = Object.keys(SIGNING_ALGORITHMS) as (keyof typeof SIGNING_ALGORITHMS)[];

describe('sign', () => {
  test("gives the software statement of ForgeRock's documentation, whose key is a secret of six bytes", async () => {
    const statement = await jwts.sign(
      {
        sub: 'registrar@example.com',
        name: 'John Doe',
        iat: 1675246194,
        exp: 1675249794,
        iss: 'https://publisher.example.com',
        redirect_uris: ['https://client.example.com/callback'],
      },
      { material: new Sensitive('secret'), format: 'Raw', algorithm: 'HS256' },
    );
    expect(statement.reveal()).toBe(
      [
        'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9',
        'eyJzdWIiOiJyZWdpc3RyYXJAZXhhbXBsZS5jb20iLCJuYW1lIjoiSm9obiBEb2UiLCJpYXQiOjE2NzUyNDYxOTQsImV4cCI6MTY3NTI0OTc5NCwiaXNzIjoiaHR0cHM6Ly9wdWJsaXNoZXIuZXhhbXBsZS5jb20iLCJyZWRpcmVjdF91cmlzIjpbImh0dHBzOi8vY2xpZW50LmV4YW1wbGUuY29tL2NhbGxiYWNrIl19',
        '7_3nu39GtTTz_RPKZMjj1JuwWWTgeE4Iqx7p3-cfiPg',
      ].join('.'),
    );
  });

  test.each(algorithms)('with %s makes a JWT that verifies', async (algorithm) => {
    const [key, verifier] = keyFor(algorithm);
    const jwt = await jwts.sign(claims, key);
    const { payload, protectedHeader } = await jwtVerify(jwt.reveal(), verifier, { algorithms: [algorithm] });
    expect(payload).toEqual(claims);
    expect(protectedHeader).toEqual({ alg: algorithm, typ: 'JWT' });
    expect(String(jwt)).toBe('[redacted]');
  });

  test('names the key in the header: by keyId, else by the kid of the JWK', async () => {
    const jwk = { ...keyPair('P-256').privateKey.export({ format: 'jwk' }), kid: 'own' };
    const key = { material: new Sensitive(JSON.stringify(jwk)), format: 'Jwk', algorithm: 'ES256' } as const;
    const header = async (signer: SigningKey) =>
      decodeProtectedHeader((await jwts.sign(claims, signer)).reveal());
    expect(await header(key)).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'own' });
    expect(await header({ ...key, keyId: 'given' })).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'given' });
  });

  test('takes another typ', async () => {
    const [key] = keyFor('ES256');
    const jwt = await jwts.sign(claims, key, { typ: 'oauth-authz-req+jwt' });
    expect(decodeProtectedHeader(jwt.reveal()).typ).toBe('oauth-authz-req+jwt');
  });

  test('signs up to 32 KiB and refuses more', async () => {
    const [key] = keyFor('HS256');
    const jwt = await jwts.sign({ a: 'x'.repeat(24_507) }, key);
    expect(jwt.reveal()).toHaveLength(32_768);
    await expect(jwts.sign({ a: 'x'.repeat(24_508) }, key)).rejects.toThrow(
      new SigningError(
        'The JWT is 32769 characters long, and no more than 32768 are permitted; put fewer claims into it',
      ),
    );
  });

  test('signs with the key it is given, however many there were before', async () => {
    const keys = Array.from({ length: 600 }, (_, index) => `secret-${index % 300}`);
    for (const secret of keys) {
      const key = { material: new Sensitive(secret), format: 'Raw', algorithm: 'HS256' } as const;
      const jwt = await jwts.sign({}, key);
      await expect(compactVerify(jwt.reveal(), Buffer.from(secret))).resolves.toBeDefined();
    }
  });

  test('keeps apart what the same text means in another format, algorithm or under another name', async () => {
    const material = new Sensitive('c2VjcmV0');
    const raw = await jwts.sign({}, { material, format: 'Raw', algorithm: 'HS256' });
    const octets = await jwts.sign({}, { material, format: 'Base64Url', algorithm: 'HS256' });
    const longer = await jwts.sign({}, { material, format: 'Raw', algorithm: 'HS512' });
    const named = await jwts.sign({}, { material, format: 'Raw', algorithm: 'HS256', keyId: 'k' });
    await expect(compactVerify(raw.reveal(), Buffer.from('c2VjcmV0'))).resolves.toBeDefined();
    await expect(compactVerify(octets.reveal(), Buffer.from('secret'))).resolves.toBeDefined();
    expect(decodeProtectedHeader(longer.reveal()).alg).toBe('HS512');
    expect(decodeProtectedHeader(named.reveal()).kid).toBe('k');
  });

  test.each<readonly [string, Partial<SigningKey>, string]>([
    ['no signature at all', { algorithm: 'none' }, '"none" is no supported signing algorithm'],
    ['a key of another curve', { algorithm: 'ES384' }, 'ES384 needs a P-384 key; this one is P-256'],
    ['a text that is no key', { material: new Sensitive('canary-key') }, "The key isn't PEM"],
  ])('rejects %s, each time it is asked, and never shows the key', async (_, change, message) => {
    const [key] = keyFor('ES256');
    for (const attempt of [1, 2]) {
      const error = await jwts.sign({ attempt }, { ...key, ...change }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SigningError);
      expect(inspect(error, { showHidden: true })).toContain(message);
      expect(inspect(error, { showHidden: true })).not.toMatch(/canary|MIGH/);
    }
  });
});

describe('encrypt', () => {
  const spki = (kind: string) =>
    new Sensitive(keyPair(kind).publicKey.export({ type: 'spki', format: 'pem' }).toString());
  const toPublicKey = (kind: string, algorithm: string, encoding: string) =>
    [{ key: spki(kind), format: 'Pem', algorithm, encoding }, keyPair(kind).privateKey] as const;
  const toSecret = (octets: number, algorithm: string, encoding: string) => {
    const secret = randomBytes(octets);
    const key = new Sensitive(secret.toString('base64url'));
    return [{ key, format: 'Base64Url', algorithm, encoding }, secret] as const;
  };

  test.each<readonly [EncryptionKey, KeyObject | Uint8Array]>([
    toPublicKey('RSA', 'RSA-OAEP', 'A128CBC-HS256'),
    toPublicKey('RSA', 'RSA-OAEP-256', 'A256CBC-HS512'),
    toPublicKey('P-256', 'ECDH-ES', 'A128GCM'),
    toPublicKey('P-384', 'ECDH-ES+A128KW', 'A256GCM'),
    toPublicKey('P-521', 'ECDH-ES+A256KW', 'A256GCM'),
    toPublicKey('X25519', 'ECDH-ES', 'A256GCM'),
    toSecret(16, 'A128KW', 'A256GCM'),
    toSecret(32, 'A256KW', 'A128CBC-HS256'),
    toSecret(16, 'dir', 'A128GCM'),
    toSecret(32, 'dir', 'A256GCM'),
    toSecret(32, 'dir', 'A128CBC-HS256'),
    toSecret(64, 'dir', 'A256CBC-HS512'),
  ])('makes a nested JWT that its recipient reads: $algorithm with $encoding', async (recipient, reader) => {
    const [key, verifier] = keyFor('ES256');
    const jwt = await jwts.sign(claims, key);
    const nested = await jwts.encrypt(jwt, recipient);
    const { plaintext, protectedHeader } = await compactDecrypt(nested.reveal(), reader);
    expect(Buffer.from(plaintext).toString()).toBe(jwt.reveal());
    await expect(compactVerify(plaintext, verifier)).resolves.toBeDefined();
    const { alg, enc, cty } = protectedHeader;
    expect([alg, enc, cty]).toEqual([recipient.algorithm, recipient.encoding, 'JWT']);
    expect(protectedHeader).not.toHaveProperty('zip');
  });

  test("names the recipient's key where its name is known", async () => {
    const [recipient] = toPublicKey('RSA', 'RSA-OAEP', 'A128GCM');
    const header = async (to: EncryptionKey) =>
      decodeProtectedHeader((await jwts.encrypt(new Sensitive('a.b.c'), to)).reveal());
    expect(await header(recipient)).toEqual({ alg: 'RSA-OAEP', enc: 'A128GCM', cty: 'JWT' });
    expect(await header({ ...recipient, keyId: 'r' })).toMatchObject({ kid: 'r' });
  });

  test("refuses a result of more than 32 KiB, and a key that doesn't fit", async () => {
    const [recipient] = toPublicKey('RSA', 'RSA-OAEP', 'A128GCM');
    await expect(jwts.encrypt(new Sensitive('x'.repeat(25_000)), recipient)).rejects.toThrow(
      /^The JWT is \d+ characters long, and no more than 32768 are permitted/,
    );
    await expect(jwts.encrypt(new Sensitive('x'), { ...recipient, algorithm: 'ECDH-ES' })).rejects.toThrow(
      new SigningError('ECDH-ES needs a P-256, P-384, P-521 or X25519 key; this one is RSA'),
    );
  });
});

describe('publicJwk', () => {
  // RFC 8037 A.1 to A.3.
  const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A', x };
  const key = (members: object, keyId?: string): SigningKey => ({
    material: new Sensitive(JSON.stringify({ ...jwk, ...members })),
    format: 'Jwk',
    algorithm: 'EdDSA',
    keyId,
  });
  const shared = { kty: 'OKP', crv: 'Ed25519', x, alg: 'EdDSA', use: 'sig' };

  test.each([
    ['the thumbprint of RFC 8037', key({}), 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'],
    ['the kid of the JWK', key({ kid: 'own' }), 'own'],
    ['the keyId', key({ kid: 'own' }, 'given'), 'given'],
  ])('goes by %s and holds nothing private', async (_, signer, kid) => {
    expect(await jwts.publicJwk(signer)).toEqual({ ...shared, kid });
  });

  test.each(algorithms.filter((algorithm) => SIGNING_ALGORITHMS[algorithm].kind !== 'oct'))(
    'verifies what was signed with %s',
    async (algorithm) => {
      const [signer] = keyFor(algorithm);
      const jwt = await jwts.sign(claims, signer);
      const published = (await jwts.publicJwk(signer)) as JWK;
      await expect(jwtVerify(jwt.reveal(), published)).resolves.toBeDefined();
      expect(published).toMatchObject({ alg: algorithm, use: 'sig' });
      expect(published).not.toHaveProperty('d');
    },
  );

  test("doesn't exist of a shared secret", async () => {
    expect(await jwts.publicJwk(keyFor('HS256')[0])).toBeUndefined();
  });

  test("rejects what can't be read", async () => {
    await expect(jwts.publicJwk(key({ use: 'enc' }))).rejects.toThrow(
      new SigningError("The JWK's use is enc, so it can't sign"),
    );
  });
});

describe('generate', () => {
  test.each<KeyPairAlgorithm>(['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'EdDSA'])(
    'makes one key for %s, as JWK and as PEM, that signs what its public JWK verifies',
    async (algorithm) => {
      const { kid, privateJwk, privatePem, publicJwk } = await jwts.generate(algorithm, 'shop');
      expect(publicJwk).toMatchObject({ kid, alg: algorithm, use: 'sig' });
      expect(kid).toBe(await calculateJwkThumbprint(publicJwk as JWK));
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi']) {
        expect(publicJwk).not.toHaveProperty(secret);
      }
      expect(JSON.parse(privateJwk.reveal())).toMatchObject(publicJwk);
      expect(privatePem.reveal()).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
      for (const [format, material] of [
        ['Jwk', privateJwk],
        ['Pem', privatePem],
      ] as const) {
        const jwt = await jwts.sign(claims, { material, format, algorithm });
        await expect(jwtVerify(jwt.reveal(), publicJwk as JWK)).resolves.toBeDefined();
      }
    },
  );

  test('makes RSA keys of 2048 bits, and another key each time', async () => {
    const [one, other] = [await jwts.generate('RS256', 'shop'), await jwts.generate('RS256', 'shop')];
    const key = createPublicKey(createPrivateKey(one.privatePem.reveal()));
    expect(key.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(one.kid).not.toBe(other.kid);
  });

  test('makes one RSA key at a time for a namespace, whatever another asks for (L11)', async () => {
    const key = await jwts.generate('ES256', 'any');
    const started: Array<() => void> = [];
    const slow = createJsonWebTokens(() => new Promise((resolve) => void started.push(() => resolve(key))));
    const order: string[] = [];
    const turn = () => new Promise(setImmediate);
    const make = (namespace: string) =>
      slow.generate('RS256', namespace).then(() => void order.push(namespace));
    const made = ['a', 'a', 'a', 'b'].map(make);
    await turn();
    expect(started).toHaveLength(2);
    for (let finish = started.shift(); finish !== undefined; finish = started.shift()) {
      finish();
      await turn();
    }
    await Promise.all(made);
    expect(order).toEqual(['a', 'b', 'a', 'a']);
  });
});
