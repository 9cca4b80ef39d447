import { boundedMs } from '../api/durations.ts';
import type { RecordAtServer } from './home.ts';
import type { Observation } from './observation.ts';
import { overlapOf } from './overlap.ts';
import type { RegistrationRecord } from './record.ts';

/** When tokens, secrets and keys are due for renewal, in milliseconds since the epoch. */

/** A token is renewed when a third of its life is left. */
const TOKEN_SHARE = 1 / 3;

/** When the registration access token is due. `undefined`: it doesn't expire. */
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

/**
 * When the client is due for renewal: before its end by the overlap, capped at a third of its life. `undefined`: it
 * doesn't expire.
 */
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

/**
 * The same, also while the server can't be called: then only the end of the secret is known.
 *
 * @param at where the client is registered; `undefined` while that server can't be called
 */
export const knownEnd = (record: RegistrationRecord, at: RecordAtServer | undefined): number | undefined => {
  const { clientSecretExpiresAt } = record;
  const secretEnd = clientSecretExpiresAt === undefined ? undefined : Date.parse(clientSecretExpiresAt);
  return at === undefined ? secretEnd : clientEnd(at);
};

/** A time that can't be read (the record was damaged by hand) ends no client. */
const known = (time: number): number | undefined => (Number.isNaN(time) ? undefined : time);

/** When the operator makes the next key, and when the former key is removed. */
export function keyDues(
  { object }: Observation,
  { keyRotatesAt, keyRetiresAt }: RegistrationRecord,
): readonly (number | undefined)[] {
  const isWanted = object?.desired.valid && object.desired.spec.credential?.generatedKey !== undefined;
  return isWanted ? [keyRotatesAt, keyRetiresAt] : [];
}

/**
 * The basis of a renewal: one attempt for each end that the server announced. If an update doesn't move the end, it
 * isn't sent again.
 */
export const renewalBasis = ({
  registrationSecret,
  registrationAccessTokenExpiresAt = '',
  clientSecretExpiresAt = '',
}: Pick<
  RegistrationRecord,
  'registrationSecret' | 'registrationAccessTokenExpiresAt' | 'clientSecretExpiresAt'
>): string => [registrationSecret, registrationAccessTokenExpiresAt, clientSecretExpiresAt].join(' ');
