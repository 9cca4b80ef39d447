import type { StoredKey } from '../core/content.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { JsonObject } from '../oauth/json.ts';
import type { KeyPairAlgorithm } from '../oauth/signing-key.ts';
import type { Context } from './context.ts';

/** Keys that the operator makes for clients (private_key_jwt). */

export async function newKey(
  algorithm: KeyPairAlgorithm,
  { jwt, clock }: Pick<Context, 'jwt' | 'clock'>,
): Promise<StoredKey> {
  const key = await jwt.generate(algorithm);
  return { ...key, createdAt: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z') };
}

/** The member that publishes the keys, as the server reads it. Nothing without keys. */
export function jwksWith(keys: readonly StoredKey[], { jwksEncoding }: Dialect): JsonObject {
  const jwks = { keys: keys.map(({ publicJwk }) => publicJwk) };
  return keys.length === 0 ? {} : { jwks: jwksEncoding === 'String' ? JSON.stringify(jwks) : jwks };
}

/**
 * The keys to publish after a step, the one to be used first. A key that was stored for an earlier try of the same
 * rotation is used rather than another made.
 */
export async function keysAfter(
  stored: readonly StoredKey[],
  change: 'Keep' | 'Rotate' | 'Retire',
  algorithm: KeyPairAlgorithm,
  tools: Pick<Context, 'jwt' | 'clock'>,
): Promise<readonly StoredKey[]> {
  const [current] = stored;
  if (change !== 'Rotate') {
    return change === 'Retire' ? stored.slice(0, 1) : stored;
  }
  const prepared = stored.find(({ createdAt }) => current !== undefined && createdAt > current.createdAt);
  const next = prepared ?? (await newKey(algorithm, tools));
  return current === undefined ? [next] : [next, current];
}
