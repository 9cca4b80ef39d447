import { boundedMs } from '../api/durations.ts';
import { storedTime } from '../api/time.ts';
import { recordsOf } from './current-record.ts';
import type { Observation } from './observation.ts';
import type { RegistrationRecord } from './record.ts';

/** How long a replaced client stays registered beside its replacement. */

/** When the overlap of a surplus record ends, in milliseconds since the epoch; 0 where no record replaces it. */
export function overlapEnd(o: Observation, surplus: RegistrationRecord): number {
  const successor = recordsOf(o, o.object?.uid).find(
    ({ replaces }) => replaces === surplus.registrationSecret,
  );
  if (successor === undefined) {
    return 0;
  }
  const since = Math.max(storedTime(successor.registeredAt), storedTime(surplus.registeredAt));
  return overlapEndFrom(o, surplus, since);
}

/** When the overlap of a client ends that is replaced now: with its secret, if that ends earlier. */
export const overlapEndFrom = (o: Observation, replaced: RegistrationRecord, now: number): number =>
  Math.min(now + overlapOf(o), secretEnd(replaced) ?? Number.POSITIVE_INFINITY);

/**
 * When the client secret ends, in milliseconds since the epoch. `undefined`: never, or the server announced an end that
 * was over at the registration, which says nothing: its clock or its unit is wrong.
 */
export function secretEnd({
  clientSecretExpiresAt,
  endIsFixed,
  registeredAt,
}: RegistrationRecord): number | undefined {
  const end = clientSecretExpiresAt === undefined ? undefined : storedTime(clientSecretExpiresAt);
  return endIsFixed && end !== undefined && end <= storedTime(registeredAt) ? undefined : end;
}

/** The length of the overlap, in milliseconds: by `replacement.overlap`, capped by `policy.maxOverlap`. */
export function overlapOf({ object, server }: Observation): number {
  const overlap = object?.desired.valid ? object.desired.spec.replacement.overlap : undefined;
  const most = server.available ? server.connection.policy?.maxOverlap : undefined;
  const wanted = boundedMs('overlap', overlap ?? DEFAULT_OVERLAP);
  return most === undefined ? wanted : Math.min(wanted, boundedMs('maxOverlap', most));
}

const DEFAULT_OVERLAP = '24h';
