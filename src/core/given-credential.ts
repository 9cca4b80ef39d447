import { rfc3339, storedTime } from '../api/time.ts';
import type { Observation } from './observation.ts';
import type { RegistrationRecord } from './record.ts';
import { basisText } from './remembered-refusal.ts';
import type { ObservedSecret } from './workload-secret.ts';

/** Which credential the Secret of a workload shows, and since when. */

/** A credential of a client, other than the first one of its object. */
export interface GivenCredential {
  /** Identifies it: it changes with the client, its secret and its key, and with nothing else. */
  readonly id: string;
  /** When it was given, in milliseconds since the epoch, without parts of a second. */
  readonly since: number;
}

/**
 * The credential of a client; `undefined`: it is the first one of the object. A client that serves again, since its replacement
 * was undone, is a new credential, too.
 */
export function newCredential(
  { records }: Pick<Observation, 'records'>,
  record: RegistrationRecord,
): GivenCredential | undefined {
  const { registrationSecret, registeredAt, secretIssuedAt, keyCreatedAt, replacementMadeAt, replaces } =
    record;
  const undone = records
    .filter((other) => other.replaces === registrationSecret)
    .map(({ replacementUndoneAt }) => replacementUndoneAt);
  const given = [registeredAt, secretIssuedAt, keyCreatedAt, replacementMadeAt, ...undone];
  const since = Math.max(...given.flatMap((time) => (time === undefined ? [] : storedTime(time))));
  return replaces === undefined && since <= storedTime(registeredAt)
    ? undefined
    : { id: basisText(registrationSecret, secretIssuedAt ?? '', keyCreatedAt ?? ''), since };
}

const SECOND_MS = 1_000;
/** Clocks of two processes may differ by so much. A later time was written by a wrong clock, or by a person. */
export const CLOCK_MS = 60_000;

/**
 * The value of the annotation that says since when a Secret shows its credential: `<RFC 3339> <id>`. `undefined`: it has none,
 * since the credential is the first one of its object. The time is later than that of the credential before.
 *
 * @param before the Secret as it is; `undefined`: there is none
 */
export function shownSinceText(
  o: Pick<Observation, 'records'>,
  record: RegistrationRecord,
  before: Pick<ObservedSecret, 'shows' | 'shownSince'> | undefined,
  now: number,
): string | undefined {
  const credential = newCredential(o, record);
  if (credential === undefined) {
    return undefined;
  }
  const known = before?.shownSince === undefined ? undefined : parsed(before.shownSince);
  if (before?.shows === record.registrationSecret && known?.id === credential.id) {
    return before.shownSince;
  }
  const isUsable = known !== undefined && known.at <= now + CLOCK_MS;
  return `${rfc3339(isUsable ? Math.max(now, known.at + SECOND_MS) : now)} ${credential.id}`;
}

function parsed(text: string): { readonly at: number; readonly id: string } | undefined {
  const [time = '', id = ''] = text.split(' ');
  const at = Date.parse(time);
  return Number.isNaN(at) ? undefined : { at, id };
}

/**
 * When the Secret of the object began to show this credential, in milliseconds since the epoch; `undefined`: it doesn't, or it
 * was written by an earlier version.
 */
function shownSince(o: Observation, record: RegistrationRecord, { id }: GivenCredential): number | undefined {
  const times = o.secrets.flatMap(({ ownerUid, shows, shownSince: text }) => {
    const isOfRecord = ownerUid === o.object?.uid && shows === record.registrationSecret;
    const shown = isOfRecord && text !== undefined ? parsed(text) : undefined;
    return shown?.id === id && shown.at <= o.now + CLOCK_MS ? shown.at : [];
  });
  return times.length === 0 ? undefined : Math.max(...times);
}

/**
 * From when on workloads that start have this credential: since the Secret shows it; where that is not known, since it was
 * given. In milliseconds since the epoch.
 */
export const usableSince = (
  o: Observation,
  record: RegistrationRecord,
  credential: GivenCredential,
): number => Math.max(shownSince(o, record, credential) ?? credential.since, credential.since);

/** Whether the Secret is known to show the credential that the client has now, whatever else of it differs. */
export function isCredentialShown(o: Observation, record: RegistrationRecord): boolean {
  const credential = newCredential(o, record);
  return credential !== undefined && shownSince(o, record, credential) !== undefined;
}
