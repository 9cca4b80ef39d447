import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { presentable } from './error-response.ts';
import { base64UrlOctets, type JwkNeeds, kindsText, readJwk } from './jwk.ts';
import { own } from './objects.ts';
import type { Sensitive } from './sensitive.ts';
import {
  CONTENT_ENCODINGS,
  ENCRYPTION_ALGORITHMS,
  type EncryptionKey,
  type JweAlgorithm,
  type JwsAlgorithm,
  type KeyFormat,
  type KeyKind,
  SIGNING_ALGORITHMS,
  SigningError,
  type SigningKey,
} from './signing-key.ts';

/** Reads the text of a Secret as a key that fits its algorithm. */

export interface KeyInUse {
  readonly key: KeyObject;
  /** `kid` of the header, where there is one. */
  readonly keyId: string | undefined;
}

/**
 * The private key or shared secret of a signature. Throws a {@link SigningError} where the text is no key of that
 * format, or the key doesn't fit the algorithm.
 */
export function readSigningKey({ material, format, algorithm, keyId }: SigningKey): KeyInUse {
  const row = own(SIGNING_ALGORITHMS, algorithm);
  if (row === undefined) {
    throw unsupportedAlgorithm(algorithm, 'signing', Object.keys(SIGNING_ALGORITHMS), material);
  }
  const { kind } = row;
  // RFC 9864 gives EdDSA with this curve its own name.
  const permittedBy = kind === 'Ed25519' ? [algorithm, 'Ed25519'] : [algorithm];
  const needs = { purpose: 'sign', algorithm, permittedBy, kinds: [kind], keyId, octets: undefined } as const;
  return readKey(material, format, needs);
}

/**
 * Strength of the shared secret of a signature. `undefined` where the algorithm takes a key pair, or the key can't be
 * used.
 */
export function hmacStrength(
  signing: SigningKey,
): { readonly octets: number; readonly asked: number } | undefined {
  const asked = own<JwsAlgorithm>(SIGNING_ALGORITHMS, signing.algorithm)?.octets;
  if (asked === undefined) {
    return undefined;
  }
  try {
    return { octets: readSigningKey(signing).key.symmetricKeySize ?? 0, asked };
  } catch (error) {
    if (error instanceof SigningError) {
      return undefined;
    }
    throw error;
  }
}

/** The recipient's public key, or the secret shared with it. Throws as {@link readSigningKey} does. */
export function readEncryptionKey(recipient: EncryptionKey): KeyInUse {
  const { key: material, format, algorithm, encoding, keyId } = recipient;
  const row = own<JweAlgorithm>(ENCRYPTION_ALGORITHMS, algorithm);
  if (row === undefined) {
    throw unsupportedAlgorithm(algorithm, 'key encryption', Object.keys(ENCRYPTION_ALGORITHMS), material);
  }
  const contentOctets = own(CONTENT_ENCODINGS, encoding);
  if (contentOctets === undefined) {
    throw unsupportedAlgorithm(encoding, 'content encryption', Object.keys(CONTENT_ENCODINGS), material);
  }
  const isDirect = algorithm === 'dir';
  return readKey(material, format, {
    purpose: 'encrypt',
    algorithm,
    permittedBy: isDirect ? [algorithm, encoding] : [algorithm],
    kinds: row.kinds,
    keyId,
    octets: isDirect ? contentOctets : row.octets,
  });
}

function unsupportedAlgorithm(
  name: string,
  use: string,
  supported: readonly string[],
  key: Sensitive,
): SigningError {
  return new SigningError(
    `"${presentable(name, [key])}" is no supported ${use} algorithm; use one of ${supported.join(', ')}`,
  );
}

interface Needs extends JwkNeeds {
  /** Length of a shared secret, where the algorithm fixes it. */
  readonly octets: number | undefined;
}

/** Longer texts are no keys; reading them would only cost time. */
const MAX_MATERIAL_LENGTH = 64 * 1024;

function readKey(material: Sensitive, format: KeyFormat, needs: Needs): KeyInUse {
  const text = material.reveal();
  if (text.trim() === '') {
    throw new SigningError('The key is empty');
  }
  if (text.length > MAX_MATERIAL_LENGTH) {
    throw new SigningError(`The key is longer than ${MAX_MATERIAL_LENGTH} characters`);
  }
  const used = keyIn(material, format, needs);
  const problem = misfit(used.key, needs);
  if (problem !== undefined) {
    throw new SigningError(problem);
  }
  return used;
}

function keyIn(material: Sensitive, format: KeyFormat, needs: Needs): KeyInUse {
  const { algorithm, keyId, kinds } = needs;
  if (format === 'Jwk') {
    const jwk = readJwk(material, needs);
    return { key: jwk.key, keyId: keyId ?? jwk.keyId };
  }
  const isSecret = kinds.includes('oct');
  if (isSecret === (format === 'Pem')) {
    throw new SigningError(
      isSecret
        ? `${algorithm} needs a shared secret, in the key format Raw, Base64Url or Jwk; the key format is Pem`
        : `${algorithm} needs a key pair, in the key format Pem or Jwk; the key format is ${format}`,
    );
  }
  if (format === 'Pem') {
    const pem = material.reveal();
    return { key: needs.purpose === 'sign' ? privateKeyOf(pem) : publicKeyOf(pem), keyId };
  }
  const octets = format === 'Raw' ? rawOctets(material.reveal()) : base64UrlOctets(material.reveal());
  // A public key as HMAC secret would let everybody who knows it sign (algorithm confusion, RFC 8725 section 2.1).
  if (octets.includes('-----BEGIN ')) {
    throw new SigningError(
      `${algorithm} needs a shared secret, and the text is PEM, perhaps a public key: choose an algorithm for key pairs and the key format Pem, or store a secret`,
    );
  }
  return { key: createSecretKey(octets), keyId };
}

function rawOctets(text: string): Buffer {
  if (text.includes('\ufffd')) {
    throw new SigningError(
      "The key isn't UTF-8 text; store it as base64url and set the key format Base64Url",
    );
  }
  return Buffer.from(text);
}

function privateKeyOf(pem: string): KeyObject {
  if (!pem.includes('-----BEGIN ')) {
    throw new SigningError("The key isn't PEM: it has no line -----BEGIN PRIVATE KEY-----");
  }
  if (pem.includes('ENCRYPTED')) {
    throw new SigningError('The private key is protected by a passphrase; store it without one');
  }
  if (!pem.includes(' PRIVATE KEY-----')) {
    throw new SigningError('The PEM text holds no private key, and only a private key can sign');
  }
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause is dropped, since it may quote the key.
    throw new SigningError("The key isn't a readable private key in PKCS#8, PKCS#1 or SEC1 PEM form");
  }
}

/** Reads a public key, also from a certificate or a private key. */
function publicKeyOf(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch {
    throw new SigningError("The key isn't a readable public key or certificate in PEM form");
  }
}

const MIN_RSA_BITS = 2048;
/** A larger key would keep the processor busy for seconds. */
const MAX_RSA_BITS = 8192;

function misfit(key: KeyObject, { algorithm, kinds, octets }: Needs): string | undefined {
  const kind = kindOf(key);
  if (!kinds.some((one) => one === kind)) {
    return `${algorithm} needs ${kindsText(kinds)}; this one is ${kind}`;
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS)) {
    return `${algorithm} needs an RSA key of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits; this one has ${bits}`;
  }
  // A short HMAC secret is reported, not refused: see hmacStrength.
  if (octets !== undefined && key.symmetricKeySize !== octets) {
    return `${algorithm} needs a secret of ${octets} octets here; this one has ${key.symmetricKeySize}`;
  }
  return undefined;
}

const KINDS: Readonly<Record<string, KeyKind>> = {
  rsa: 'RSA',
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
  ed25519: 'Ed25519',
  x25519: 'X25519',
};

/** Other keys have the name that OpenSSL gives them: `rsa-pss`, `secp256k1`, `ed448`. */
function kindOf({ type, asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const name = asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType ?? 'unknown';
  return type === 'secret' ? 'oct' : (KINDS[name] ?? name);
}
