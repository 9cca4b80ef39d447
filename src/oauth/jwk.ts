import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { isJsonObject, type Json, type JsonObject, parseJsonObject } from './json.ts';
import type { Sensitive } from './sensitive.ts';
import { type KeyKind, SigningError } from './signing-key.ts';

/** JSON Web Keys and sets of them (RFC 7517), as input. */

/** The use for which a key is needed. */
export interface JwkNeeds {
  readonly purpose: 'sign' | 'encrypt';
  readonly algorithm: string;
  /** Values of the JWK's own `alg` that permit it. */
  readonly permittedBy: readonly string[];
  readonly kinds: readonly KeyKind[];
  /** Selects the key of a set. */
  readonly keyId: string | undefined;
}

/**
 * The key of a JWK, or the only key of a set that fits. Where a key has `use`, `alg` or `key_ops`, they must permit the
 * use. Throws a {@link SigningError}.
 */
export function readJwk(
  material: Sensitive,
  needs: JwkNeeds,
): { readonly key: KeyObject; readonly keyId: string | undefined } {
  const document = parseJsonObject(material.reveal());
  if (document === undefined) {
    throw new SigningError("The key isn't a JWK: it is no JSON object");
  }
  const jwk = Array.isArray(document['keys']) ? choose(document['keys'], needs) : document;
  const problem = misfit(jwk, needs);
  if (problem !== undefined) {
    throw new SigningError(problem);
  }
  const kid = jwk['kid'];
  return { key: keyObjectOf(jwk, needs), keyId: typeof kid === 'string' && kid !== '' ? kid : undefined };
}

function choose(keys: readonly Json[], needs: JwkNeeds): JsonObject {
  const { keyId, algorithm } = needs;
  const candidates = keys.filter(isJsonObject).filter((jwk) => keyId === undefined || jwk['kid'] === keyId);
  const fitting = candidates.filter((jwk) => misfit(jwk, needs) === undefined);
  // If no key fits, a single candidate is returned, so that the caller can report why it doesn't fit.
  const [chosen, ...others] = fitting.length === 0 ? candidates : fitting;
  if (chosen === undefined) {
    throw new SigningError(
      keyId === undefined ? 'The JWK set is empty' : `The JWK set has no key with the kid "${keyId}"`,
    );
  }
  if (others.length > 0) {
    throw new SigningError(
      fitting.length === 0
        ? `The JWK set has no key that fits ${algorithm}`
        : `The JWK set has ${fitting.length} keys that fit ${algorithm}; choose one by its keyId`,
    );
  }
  return chosen;
}

const OTHER_USE = { sign: 'enc', encrypt: 'sig' } as const;

/** Why a JWK can't be used, by its own members, as a sentence. The sentence quotes nothing from the JWK. */
function misfit(jwk: JsonObject, { purpose, algorithm, permittedBy, kinds }: JwkNeeds): string | undefined {
  const { kty, crv, alg, use, key_ops: operations } = jwk;
  if (!kinds.some((kind) => kind === (kty === 'EC' || kty === 'OKP' ? crv : kty))) {
    return `${algorithm} needs ${kindsText(kinds)}; the JWK has another kty or crv`;
  }
  if (alg !== undefined && !permittedBy.some((permitted) => permitted === alg)) {
    return `The JWK's alg permits another algorithm, not ${algorithm}`;
  }
  if (use === OTHER_USE[purpose]) {
    return `The JWK's use is ${use}, so it can't ${purpose}`;
  }
  if (purpose === 'sign' && Array.isArray(operations) && !operations.includes('sign')) {
    return "The JWK's key_ops don't include sign";
  }
  return purpose === 'sign' && kty !== 'oct' && jwk['d'] === undefined
    ? 'The JWK is a public key, and only a private key can sign'
    : undefined;
}

function keyObjectOf(jwk: JsonObject, { purpose }: JwkNeeds): KeyObject {
  if (jwk['kty'] === 'oct') {
    return createSecretKey(base64UrlOctets(jwk['k']));
  }
  try {
    const input = { key: jwk as JsonWebKey, format: 'jwk' } as const;
    return purpose === 'sign' ? createPrivateKey(input) : createPublicKey(input);
  } catch {
    // The cause is dropped, since it may quote the key.
    throw new SigningError('The JWK is incomplete or damaged');
  }
}

/** Octets of a shared secret. Padding and line breaks are permitted. */
export function base64UrlOctets(value: Json | undefined): Buffer {
  const digits = typeof value === 'string' ? value.replace(/\s+/g, '').replace(/={1,2}$/, '') : '';
  if (!/^[\w-]+$/.test(digits) || digits.length % 4 === 1) {
    throw new SigningError("The secret isn't base64url (RFC 4648 section 5)");
  }
  return Buffer.from(digits, 'base64url');
}

/** `an RSA key`, `a P-256, P-384 or X25519 key`, `a shared secret`. */
export function kindsText(kinds: readonly KeyKind[]): string {
  const [first = 'oct'] = kinds;
  if (first === 'oct') {
    return 'a shared secret';
  }
  const listed = kinds.length === 1 ? first : `${kinds.slice(0, -1).join(', ')} or ${kinds.at(-1)}`;
  return `${first.startsWith('P-') ? 'a' : 'an'} ${listed} key`;
}
