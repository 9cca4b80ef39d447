import { rfc3339, storedTime } from '../api/time.ts';
import type { Observation, RecentCall } from './observation.ts';
import type { RegistrationRecord } from './record.ts';

/** Calls with an effect that were made for one object within the last hour. */

/** Calls are counted for this long, in milliseconds. */
export const COUNTED_MS = 3_600_000;

/** A time in the future was read from a clock that was wrong. */
export const isRecent = (at: number, now: number): boolean => at <= now && now - at < COUNTED_MS;

/** A registration stores the earlier ones of its hour with its own record, so that a restart doesn't forget them. */
const MAX_STORED = 64;

type Seen = Pick<Observation, 'now' | 'object' | 'records' | 'sentCalls'>;

/** Calls of one kind in the last hour: those that this process sent, and registrations that records show. */
export function recentCalls(o: Seen, kind: RecentCall['kind']): readonly RecentCall[] {
  const sent = o.sentCalls.filter((call) => call.kind === kind);
  const known = kind === 'Register' ? [...sent, ...recordedRegistrations(o)] : sent;
  const recent = known.filter(({ at }) => isRecent(at, o.now));
  return [...new Map(recent.map((call) => [call.attempt, call])).values()];
}

/** When a client was last registered for the object within the last hour, in milliseconds since the epoch. */
export function lastRegistration(o: Seen): number | undefined {
  const times = recentCalls(o, 'Register').map(({ at }) => at);
  return times.length === 0 ? undefined : Math.max(...times);
}

function recordedRegistrations({ object, records }: Seen): readonly RecentCall[] {
  return records
    .filter(({ client }) => client.uid === object?.uid)
    .flatMap(({ attempt, registeredAt, earlierRegistrations = '' }) => [
      { kind: 'Register' as const, attempt, at: storedTime(registeredAt) },
      ...storedRegistrations(earlierRegistrations),
    ]);
}

/**
 * The registrations of the hour before this one, to be stored with its record: `<attempt> <RFC 3339>`, separated by
 * commas. `undefined`: there were none.
 */
export function earlierRegistrations(o: Seen): RegistrationRecord['earlierRegistrations'] {
  const earlier = recentCalls(o, 'Register')
    .toSorted((a, b) => b.at - a.at)
    .slice(0, MAX_STORED)
    .map(({ attempt, at }) => `${attempt} ${rfc3339(at)}`);
  return earlier.length === 0 ? undefined : earlier.join(',');
}

const storedRegistrations = (text: string): readonly RecentCall[] =>
  text.split(',', MAX_STORED).flatMap((entry) => {
    const [attempt, time] = entry.split(' ');
    return attempt && time ? [{ kind: 'Register' as const, attempt, at: storedTime(time) }] : [];
  });
