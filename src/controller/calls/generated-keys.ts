import { rfc3339 } from '../../api/time.ts';
import type { StoredKey } from '../../core/content.ts';
import type { KeyPairAlgorithm } from '../../oauth/signing-key.ts';
import type { Context } from '../context.ts';

/** Keys that the operator makes for clients (private_key_jwt). */

export async function newKey(
  algorithm: KeyPairAlgorithm,
  namespace: string,
  { jwt, clock }: Pick<Context, 'jwt' | 'clock'>,
): Promise<StoredKey> {
  const key = await jwt.generate(algorithm, namespace);
  return { ...key, createdAt: rfc3339(clock.now()) };
}

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
