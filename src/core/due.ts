import { boundedMs } from '../api/durations.ts';
import type { RecordAtServer } from './home.ts';
import type { Observation } from './observation.ts';
import { overlapOf } from './overlap.ts';
import type { RegistrationRecord } from './record.ts';

/** When what the server lets expire is to be renewed, in milliseconds since the epoch. */

/** A token of some life is renewed when a third of it is left. */
const TOKEN_SHARE = 1 / 3;

/** `undefined`: the registration access token doesn't expire. */
export function tokenDueAt({
  registrationAccessTokenExpiresAt,
  tokenIssuedAt,
  registeredAt,
}: RegistrationRecord): number | undefined {
  if (registrationAccessTokenExpiresAt === undefined) {
    return undefined;
  }
  const end = Date.parse(registrationAccessTokenExpiresAt);
  const start = Date.parse(tokenIssuedAt ?? registeredAt);
  return known(end - (end - start) * TOKEN_SHARE);
}

/** Before the end by the overlap, but never by more than a third of the life. `undefined`: the client doesn't expire. */
export function clientDueAt(o: Observation, at: RecordAtServer): number | undefined {
  const end = clientEnd(at);
  const start = Date.parse(at.record.registeredAt);
  return end === undefined ? undefined : known(end - Math.min(overlapOf(o), (end - start) / 3));
}

/**
 * When the client secret, or the whole client, ends at the server, in milliseconds since the epoch. NaN where the record
 * was damaged by hand, `undefined` where nothing ends.
 */
export function clientEnd({ record, connection }: RecordAtServer): number | undefined {
  const { registeredAt, clientSecretExpiresAt } = record;
  const { client } = connection.dialect.lifetimes;
  const ends = [
    clientSecretExpiresAt === undefined ? undefined : Date.parse(clientSecretExpiresAt),
    client === undefined ? undefined : Date.parse(registeredAt) + boundedMs('lifetime', client),
  ].filter((end) => end !== undefined);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** A record that was damaged by hand ends no client. */
const known = (time: number): number | undefined => (Number.isNaN(time) ? undefined : time);

/** When a key that the operator made is to be followed by another, and when the one before is to go. */
export function keyDues(
  { object }: Observation,
  { keyRotatesAt, keyRetiresAt }: RegistrationRecord,
): readonly (number | undefined)[] {
  const isWanted = object?.desired.valid && object.desired.spec.credential?.generatedKey !== undefined;
  return isWanted ? [keyRotatesAt, keyRetiresAt] : [];
}
