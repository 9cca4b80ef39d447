import type { JsonObject } from './json.ts';
import { namesOf } from './objects.ts';
import type { Sensitive } from './sensitive.ts';

/** Keys as people store them, and the algorithms that may use them (RFC 7518). */

/**
 * `Raw`: the UTF-8 bytes of the text itself. `Base64Url`: octets, as `k` of a JWK. `Pem`: PKCS#8, PKCS#1 or SEC1.
 * `Jwk`: a JWK, or a JWK set with one key that fits (RFC 7517).
 */
export type KeyFormat = 'Raw' | 'Base64Url' | 'Pem' | 'Jwk';

export interface SigningKey {
  readonly material: Sensitive;
  readonly format: KeyFormat;
  /** A {@link SigningAlgorithm}; anything else, `none` above all, is refused when the key is used. */
  readonly algorithm: string;
  /** `kid` of the header; selects the key of a JWK set. Default: the JWK's own, else no `kid`. */
  readonly keyId?: string | undefined;
}

/** The key to encrypt a JWT with: the recipient's public key, or a secret shared with the recipient. */
export interface EncryptionKey {
  readonly key: Sensitive;
  readonly format: KeyFormat;
  /** JWE `alg`: how the content key is wrapped. */
  readonly algorithm: string;
  /** JWE `enc`: how the content is encrypted. */
  readonly encoding: string;
  /** As in {@link SigningKey}. */
  readonly keyId?: string | undefined;
}

/** A key pair made by the operator. */
export interface GeneratedKey {
  /** The thumbprint of the public key (RFC 7638). */
  readonly kid: string;
  /** JSON text. */
  readonly privateJwk: Sensitive;
  /** PKCS#8. */
  readonly privatePem: Sensitive;
  readonly publicJwk: JsonObject;
}

/** Nothing was signed or encrypted. The message is a sentence for people and never contains a part of the key. */
export class SigningError extends Error {
  override readonly name = 'SigningError';
}

/** The kind of a key: `kty`, or the curve where `kty` permits several. */
export type KeyKind = 'oct' | 'RSA' | 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | 'X25519';

export interface JwsAlgorithm {
  readonly kind: KeyKind;
  /** The least length of an HMAC secret: as many octets as the hash has (RFC 7518 section 3.2). */
  readonly octets?: number;
}

/** JWS algorithms (RFC 7518 section 3.1), never `none`, each with the key that it needs. */
export const SIGNING_ALGORITHMS = {
  HS256: { kind: 'oct', octets: 32 },
  HS384: { kind: 'oct', octets: 48 },
  HS512: { kind: 'oct', octets: 64 },
  RS256: { kind: 'RSA' },
  RS384: { kind: 'RSA' },
  RS512: { kind: 'RSA' },
  PS256: { kind: 'RSA' },
  PS384: { kind: 'RSA' },
  PS512: { kind: 'RSA' },
  ES256: { kind: 'P-256' },
  ES384: { kind: 'P-384' },
  ES512: { kind: 'P-521' },
  EdDSA: { kind: 'Ed25519' },
} as const satisfies Readonly<Record<string, JwsAlgorithm>>;

type SigningAlgorithm = keyof typeof SIGNING_ALGORITHMS;

/** The algorithms that sign with a private key. */
export type KeyPairAlgorithm = Exclude<SigningAlgorithm, `HS${string}`>;

export const KEY_PAIR_ALGORITHMS = namesOf(SIGNING_ALGORITHMS).filter(
  (algorithm): algorithm is KeyPairAlgorithm => SIGNING_ALGORITHMS[algorithm].kind !== 'oct',
);

export interface JweAlgorithm {
  readonly kinds: readonly KeyKind[];
  /** Length of a shared secret. Absent with `dir`, where the secret is the content key. */
  readonly octets?: number;
}

const AGREEMENT: readonly KeyKind[] = ['P-256', 'P-384', 'P-521', 'X25519'];

/** JWE algorithms. RSA1_5 is absent on purpose (RFC 8725 section 3.2), as are those made for passwords. */
export const ENCRYPTION_ALGORITHMS = {
  'RSA-OAEP': { kinds: ['RSA'] },
  'RSA-OAEP-256': { kinds: ['RSA'] },
  'ECDH-ES': { kinds: AGREEMENT },
  'ECDH-ES+A128KW': { kinds: AGREEMENT },
  'ECDH-ES+A256KW': { kinds: AGREEMENT },
  A128KW: { kinds: ['oct'], octets: 16 },
  A256KW: { kinds: ['oct'], octets: 32 },
  dir: { kinds: ['oct'] },
} as const satisfies Readonly<Record<string, JweAlgorithm>>;

/** JWE `enc` values with the length of the content key in octets. */
export const CONTENT_ENCODINGS = {
  'A128CBC-HS256': 32,
  'A256CBC-HS512': 64,
  A128GCM: 16,
  A256GCM: 32,
} as const satisfies Readonly<Record<string, number>>;

/** The longest compact JWT that is made or read. Some servers accept no longer ones. */
export const MAX_JWT_LENGTH = 32 * 1024;
