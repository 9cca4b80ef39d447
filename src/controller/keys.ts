import type { StoredKey } from '../core/content.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { JsonObject } from '../oauth/json.ts';
import type { KeyPairAlgorithm } from '../oauth/signing-key.ts';
import type { Context } from './context.ts';

/** Keys that the operator makes for clients (private_key_jwt). */

export async function newKey(
  algorithm: KeyPairAlgorithm,
  namespace: string,
  { jwt, clock }: Pick<Context, 'jwt' | 'clock'>,
): Promise<StoredKey> {
  const key = await jwt.generate(algorithm, namespace);
  return { ...key, createdAt: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z') };
}

/**
 * The document with the keys in it, as the server reads them, and the algorithm of the assertions where all keys have the
 * same and the spec names none: servers differ in which one they expect where none is registered. As it is without keys.
 */
export function withKeys(
  document: JsonObject,
  keys: readonly StoredKey[],
  { jwksEncoding, membersNotSent }: Dialect,
): JsonObject {
  if (keys.length === 0) {
    return document;
  }
  const jwks = { keys: keys.map(({ publicJwk }) => publicJwk) };
  const [algorithm, ...others] = new Set(jwks.keys.map(({ alg }) => alg));
  const isOne = algorithm !== undefined && others.length === 0 && !membersNotSent.includes(SIGNING_ALGORITHM);
  return {
    ...(isOne ? { [SIGNING_ALGORITHM]: algorithm } : {}),
    ...document,
    jwks: jwksEncoding === 'String' ? JSON.stringify(jwks) : jwks,
  };
}

const SIGNING_ALGORITHM = 'token_endpoint_auth_signing_alg';

/**
 * The keys to publish after a step, the one to be used first. A key that was stored for an earlier try of the same
 * rotation is used rather than another made. A key of another algorithm than the spec asks for is followed by one of
 * that, whenever it was made.
 */
export async function keysAfter(
  stored: readonly StoredKey[],
  change: 'Keep' | 'Rotate' | 'Retire',
  algorithm: KeyPairAlgorithm,
  namespace: string,
  tools: Pick<Context, 'jwt' | 'clock'>,
): Promise<readonly StoredKey[]> {
  const [current] = stored;
  if (change !== 'Rotate' && (current === undefined || isOf(algorithm, current))) {
    return change === 'Retire' ? stored.slice(0, 1) : stored;
  }
  const prepared = stored.find(
    (key) => current !== undefined && key.createdAt > current.createdAt && isOf(algorithm, key),
  );
  const next = prepared ?? (await newKey(algorithm, namespace, tools));
  return current === undefined ? [next] : [next, current];
}

const isOf = (algorithm: KeyPairAlgorithm, { publicJwk }: StoredKey): boolean =>
  publicJwk['alg'] === undefined || publicJwk['alg'] === algorithm;
