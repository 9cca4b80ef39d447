import { rfc3339 } from '../../api/time.ts';
import type { StoredKey } from '../../core/content.ts';
import type { KeyPairAlgorithm } from '../../oauth/signing-key.ts';
import type { Context } from '../context.ts';

/** Keys that the operator generates for clients (private_key_jwt). */

export async function newKey(
  algorithm: KeyPairAlgorithm,
  namespace: string,
  { jwt, clock }: Pick<Context, 'jwt' | 'clock'>,
): Promise<StoredKey> {
  const key = await jwt.generate(algorithm, namespace);
  return { ...key, createdAt: rfc3339(clock.now()) };
}

/**
 * The keys to publish after a step; the first is the one to use. Prefers a key that was stored for an earlier attempt of
 * the same rotation to a new one. A key whose algorithm is not the one in the spec is followed by a key that has it, at
 * any age.
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
