import { createPublicKey } from 'node:crypto';
import {
  CompactEncrypt,
  CompactSign,
  calculateJwkThumbprint,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  type JWK,
} from 'jose';
import { SHARES } from '../../api/shares.ts';
import type { JsonWebTokens } from '../../controller/ports.ts';
import { FairGate } from '../../controller/queue/fair-gate.ts';
import type { JsonObject } from '../../oauth/json.ts';
import { type KeyInUse, readEncryptionKey, readSigningKey } from '../../oauth/key-material.ts';
import { defined } from '../../oauth/objects.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import { sha256 } from '../../oauth/sha256.ts';
import {
  type EncryptionKey,
  type GeneratedKey,
  type KeyPairAlgorithm,
  MAX_JWT_LENGTH,
  SigningError,
  type SigningKey,
} from '../../oauth/signing-key.ts';

/** Keys that are kept ready for use: a burst signs hundreds of times with one. */
const MAX_KEYS = 256;
const RSA_BITS = 2048;

/**
 * JSON Web Tokens by jose. Caches imported keys: the 256 most recently used ones of each purpose.
 *
 * @param makeKey makes one key pair; the default takes up to seconds for RSA
 */
export function createJsonWebTokens(makeKey = makeKeyPair): JsonWebTokens {
  const turns = new FairGate({
    most: SHARES.keyGenerations.most,
    perNamespace: SHARES.keyGenerationsOfNamespace.most,
  });
  const signingKey = remembering(readSigningKey, identityOfSigningKey);
  const encryptionKey = remembering(readEncryptionKey, identityOfEncryptionKey);
  return {
    sign: async (claims, key, header) => {
      const { key: signer, keyId } = signingKey(key);
      const protectedHeader = { alg: key.algorithm, typ: header?.typ ?? 'JWT', ...defined({ kid: keyId }) };
      const jws = new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader(protectedHeader);
      return bounded(await orSigningError(jws.sign(signer), key.algorithm));
    },
    encrypt: async (jwt, recipient) => {
      const { key, keyId } = encryptionKey(recipient);
      const { algorithm: alg, encoding: enc } = recipient;
      const protectedHeader = { alg, enc, cty: 'JWT', ...defined({ kid: keyId }) };
      const jwe = new CompactEncrypt(Buffer.from(jwt.reveal())).setProtectedHeader(protectedHeader);
      return bounded(await orSigningError(jwe.encrypt(key), alg));
    },
    publicJwk: async (key) => {
      const { key: signer, keyId } = signingKey(key);
      return signer.type === 'secret'
        ? undefined
        : publishedJwk(createPublicKey(signer).export({ format: 'jwk' }) as JWK, key.algorithm, keyId);
    },
    generate: (algorithm, namespace) =>
      /^[RP]S/.test(algorithm) ? turns.run(namespace, () => makeKey(algorithm)) : makeKey(algorithm),
  };
}

async function makeKeyPair(algorithm: KeyPairAlgorithm): Promise<GeneratedKey> {
  const pair = await generateKeyPair(algorithm, { extractable: true, modulusLength: RSA_BITS });
  const publicJwk = await publishedJwk(await exportJWK(pair.publicKey), algorithm);
  const privateJwk = { ...(await exportJWK(pair.privateKey)), ...publicJwk };
  return {
    kid: String(publicJwk['kid']),
    privateJwk: new Sensitive(JSON.stringify(privateJwk)),
    privatePem: new Sensitive(await exportPKCS8(pair.privateKey)),
    publicJwk,
  };
}

async function publishedJwk(jwk: JWK, alg: string, keyId?: string): Promise<JsonObject> {
  return { ...(jwk as JsonObject), kid: keyId ?? (await calculateJwkThumbprint(jwk)), alg, use: 'sig' };
}

function bounded(jwt: string): Sensitive {
  if (jwt.length > MAX_JWT_LENGTH) {
    throw new SigningError(
      `The JWT is ${jwt.length} characters long, and no more than ${MAX_JWT_LENGTH} are permitted; put fewer claims into it`,
    );
  }
  return new Sensitive(jwt);
}

/** Hides a library's message about an unusable key, since it may quote the key. */
async function orSigningError(work: Promise<string>, algorithm: string): Promise<string> {
  try {
    return await work;
  } catch {
    throw new SigningError(`The key can't be used with ${algorithm}`);
  }
}

/** Imports each key once. An invalid key is not cached: each import fails again. */
function remembering<Key>(
  read: (key: Key) => KeyInUse,
  identityOf: (key: Key) => readonly (string | undefined)[],
): (key: Key) => KeyInUse {
  const known = new Map<string, KeyInUse>();
  return (key) => {
    const identity = sha256(JSON.stringify(identityOf(key)));
    const used = known.get(identity) ?? read(key);
    // Inserted again, it becomes the last of the map, whose first entry is evicted.
    known.delete(identity);
    known.set(identity, used);
    const [oldest] = known.keys();
    if (known.size > MAX_KEYS && oldest !== undefined) {
      known.delete(oldest);
    }
    return used;
  };
}

const identityOfSigningKey = ({ material, format, algorithm, keyId }: SigningKey) => [
  material.reveal(),
  format,
  algorithm,
  keyId,
];

const identityOfEncryptionKey = ({ key, format, algorithm, encoding, keyId }: EncryptionKey) => [
  key.reveal(),
  format,
  algorithm,
  encoding,
  keyId,
];
