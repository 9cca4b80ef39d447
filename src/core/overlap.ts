import { boundedMs } from '../api/durations.ts';
import { storedTime } from '../api/time.ts';
import { recordsOf, successorOf } from './current-record.ts';
import { factsOf } from './home.ts';
import type { Observation } from './observation.ts';
import { isAt, type RegistrationRecord } from './record.ts';

/** How long a replaced client stays registered beside its replacement. */

/** When the overlap of a surplus record ends, in milliseconds since the epoch; 0 where no record replaces it. */
export function overlapEnd(o: Observation, surplus: RegistrationRecord): number {
  const successor = successorOf(surplus, recordsOf(o, o.object?.uid));
  return successor === undefined ? 0 : overlapEndFrom(o, surplus, successor, turnOf(surplus, successor));
}

/** When the other client took the place of a surplus record, in milliseconds since the epoch; `undefined`: none did. */
export function overlapStart(o: Observation, surplus: RegistrationRecord): number | undefined {
  const successor = successorOf(surplus, recordsOf(o, o.object?.uid));
  return successor && turnOf(surplus, successor);
}

function turnOf(
  { replacementUndoneAt, registeredAt }: RegistrationRecord,
  successor: RegistrationRecord,
): number {
  const turned = replacementUndoneAt ?? successor.replacementMadeAt ?? successor.registeredAt;
  return Math.max(storedTime(turned), storedTime(registeredAt));
}

/** When the overlap of a client ends that is replaced now: with its secret, if that ends earlier. */
export const overlapEndFrom = (
  o: Observation,
  replaced: RegistrationRecord,
  successor: Pick<RegistrationRecord, 'server'>,
  now: number,
): number =>
  Math.min(
    now + overlapOf(o, migrationOverlap(o, replaced, successor)),
    secretEnd(replaced) ?? Number.POSITIVE_INFINITY,
  );

/** The length of the overlap of a surplus record, in milliseconds; see {@link overlapOf}. */
export function overlapFor(o: Observation, surplus: RegistrationRecord): number {
  const successor = successorOf(surplus, recordsOf(o, o.object?.uid));
  return overlapOf(o, successor && migrationOverlap(o, surplus, successor));
}

/** `migration.overlap` of the server object that the client left, where it moved by that migration. */
function migrationOverlap(
  o: Observation,
  replaced: RegistrationRecord,
  successor: Pick<RegistrationRecord, 'server'>,
): string | undefined {
  const migration = factsOf(o, replaced)?.migration;
  return migration !== undefined && isAt(successor, migration.to) ? migration.overlap : undefined;
}

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

/**
 * The length of the overlap, in milliseconds: by `replacement.overlap`, capped by `policy.maxOverlap`.
 *
 * @param ofMigration wins over `replacement.overlap`
 */
export function overlapOf({ object, server }: Observation, ofMigration?: string): number {
  const own = object?.desired.valid ? object.desired.spec.replacement.overlap : undefined;
  const overlap = ofMigration ?? own;
  const most = server.available ? server.connection.policy?.maxOverlap : undefined;
  const wanted = boundedMs('overlap', overlap ?? DEFAULT_OVERLAP);
  return most === undefined ? wanted : Math.min(wanted, boundedMs('maxOverlap', most));
}

const DEFAULT_OVERLAP = '24h';
