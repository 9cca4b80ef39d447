import { boundedMs } from '../api/durations.ts';
import { storedTime } from '../api/time.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { JsonObject } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';
import type { StoredKey } from './content.ts';
import { LEAST_KEY_OVERLAP_MS } from './document-state.ts';
import type { ObservedClient } from './observation.ts';
import type { RegistrationRecord } from './record.ts';

/** How a client's document and its record describe the generated keys. */

/**
 * When the next key replaces the current one, and until when the former key stays published.
 *
 * @param isServed the keys are served by the operator: servers may keep a copy of the set
 */
export function keyTimes(keys: readonly StoredKey[], { desired }: ObservedClient, isServed: boolean) {
  const spec = desired.valid ? desired.spec.credential?.generatedKey : undefined;
  const [current, before] = keys;
  if (spec === undefined || current === undefined) {
    return {};
  }
  const since = storedTime(current.createdAt);
  const { rotateAfter, overlap } = spec;
  const least = isServed ? LEAST_KEY_OVERLAP_MS : 0;
  return defined({
    keyCreatedAt: current.createdAt,
    keyRotatesAt: rotateAfter === undefined ? undefined : since + boundedMs('rotateAfter', rotateAfter),
    keyRetiresAt: before && since + Math.max(boundedMs('keyOverlap', overlap), least),
  });
}

/** The times in the record, for an update that doesn't change the keys. */
export const keyTimesOf = ({ keyCreatedAt, keyRotatesAt, keyRetiresAt }: RegistrationRecord) =>
  defined({ keyCreatedAt, keyRotatesAt, keyRetiresAt });

/**
 * Adds the public keys to the document, in the form that the server reads. Adds the algorithm of the assertions too,
 * where all keys have the same one and the spec names none: servers differ in their default. Without keys, the document
 * is unchanged.
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
