import { boundedMs } from '../api/durations.ts';
import type { StoredKey } from '../core/content.ts';
import type { ObservedClient } from '../core/observation.ts';
import type { RegistrationRecord } from '../core/record.ts';

/** What a record says of the keys that the operator makes. */

/** When another key takes over, and until when the one before stays published. */
export function keyTimes(keys: readonly StoredKey[], { desired }: ObservedClient) {
  const spec = desired.valid ? desired.spec.generatedKey : undefined;
  const [current, before] = keys;
  if (spec === undefined || current === undefined) {
    return {};
  }
  const since = Date.parse(current.createdAt);
  const { rotateAfter, overlap } = spec;
  return {
    keyCreatedAt: current.createdAt,
    ...(rotateAfter === undefined ? {} : { keyRotatesAt: since + boundedMs('rotateAfter', rotateAfter) }),
    ...(before === undefined ? {} : { keyRetiresAt: since + boundedMs('keyOverlap', overlap) }),
  };
}

/** The keys stay those that are published. */
export const keyTimesOf = ({ keyCreatedAt, keyRotatesAt, keyRetiresAt }: RegistrationRecord) => ({
  ...(keyCreatedAt === undefined ? {} : { keyCreatedAt }),
  ...(keyRotatesAt === undefined ? {} : { keyRotatesAt }),
  ...(keyRetiresAt === undefined ? {} : { keyRetiresAt }),
});
