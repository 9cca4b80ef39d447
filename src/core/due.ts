import { boundedMs } from '../api/durations.ts';
import { storedTime } from '../api/time.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { earliest } from './earliest.ts';
import type { RecordAtServer } from './home.ts';
import type { Observation } from './observation.ts';
import { overlapOf, secretEnd } from './overlap.ts';
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
  const end = storedTime(registrationAccessTokenExpiresAt);
  const start = storedTime(tokenIssuedAt ?? registeredAt);
  return known(end - (end - start) * TOKEN_SHARE);
}

/**
 * When the client is due for renewal: before its end by the overlap, capped at a third of the life of what ends.
 * `undefined`: it doesn't expire.
 */
export const clientDueAt = (o: Observation, at: RecordAtServer): number | undefined =>
  earliest(secretDueAt(o, at.record), dueBefore(o, lifeEnd(at), at.record.registeredAt));

/** The same, as far as it is known while the server can't be called: when the client secret is due. */
export function secretDueAt(o: Observation, record: RegistrationRecord): number | undefined {
  const { registeredAt, secretIssuedAt = registeredAt, endIsFixed } = record;
  return dueBefore(o, endIsFixed === true ? undefined : secretEnd(record), secretIssuedAt);
}

const dueBefore = (o: Observation, end: number | undefined, start: string): number | undefined =>
  end === undefined ? undefined : known(end - Math.min(overlapOf(o), (end - storedTime(start)) / 3));

/**
 * When the client secret, or the whole client, ends at the server, in milliseconds since the epoch. NaN where the record
 * was damaged by hand, `undefined` where nothing ends.
 */
export function clientEnd(at: RecordAtServer): number | undefined {
  const ends = [secretEnd(at.record), lifeEnd(at)].filter((end) => end !== undefined);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/**
 * When the client, or its secret, ends; while the server can't be called, only the end of the secret is known.
 *
 * @param at where the client is registered; `undefined` while that server can't be called
 */
export const knownEnd = (record: RegistrationRecord, at: RecordAtServer | undefined): number | undefined =>
  at === undefined ? secretEnd(record) : clientEnd(at);

/** What status says of an end that was over when it was announced; empty where there is none. */
export const endNotice = (record: RegistrationRecord): string =>
  record.endIsFixed && secretEnd(record) === undefined
    ? ` The server says that the client secret expired at ${record.clientSecretExpiresAt}, before it was issued. Nothing is renewed for that. Check the clock of the server, and whether its client_secret_expires_at counts seconds since 1970.`
    : '';

const lifeEnd = ({ record, connection }: RecordAtServer): number | undefined =>
  lifeEndAt(record.registeredAt, connection.dialect);

/**
 * The end of a client by `lifetimes.client` of the dialect, in milliseconds since the epoch; `undefined`: it has none.
 *
 * @param registeredAt RFC 3339
 */
export function lifeEndAt(registeredAt: string, { lifetimes }: Dialect): number | undefined {
  const { client } = lifetimes;
  return client === undefined ? undefined : storedTime(registeredAt) + boundedMs('lifetime', client);
}

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
