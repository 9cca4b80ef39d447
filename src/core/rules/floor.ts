import { rfc3339 } from '../../api/time.ts';
import type { Idle } from '../action.ts';
import { backoff } from '../backoff.ts';
import type { ServerConnection } from '../connection.ts';
import type { Observation, RecentCall } from '../observation.ts';
import { COUNTED_MS, recentCalls } from '../recent-calls.ts';
import { wait } from './idle.ts';

/**
 * The least time between calls with an effect for one object, whatever their reason. A call that succeeds may make the
 * next one due at once: the server announces an end that is over, or a clock is wrong. So the pause grows with the calls
 * of the last hour, not with failures, and registrations have an upper bound.
 */

/** `Asked`: a person edited the object or asked for another client. `Automatic`: everything else. */
type CallCause = 'Asked' | 'Automatic';

/** How many calls of an hour may follow each other at once, and how the pauses grow after these. */
const FLOORS = {
  Register: {
    // A person asks for each: only the bound on registrations within an hour stops them.
    Asked: { free: 10, pauses: { firstMs: 10_000, longestMs: 300_000 } },
    Automatic: { free: 2, pauses: { firstMs: 10_000, longestMs: 300_000 } },
  },
  Update: {
    Asked: { free: 12, pauses: { firstMs: 2_000, longestMs: 30_000 } },
    Automatic: { free: 3, pauses: { firstMs: 10_000, longestMs: 300_000 } },
  },
} as const;

const MADE = { Register: 'registered', Update: 'updated' } as const;

/** Whether the bounds on calls are the reason to wait. */
export const isPaced = ({ reason }: Idle): boolean =>
  reason === 'ReplacementLimitReached' || reason === 'CallsPaced';

/** The reason to wait before the next call of this kind. `undefined`: it may be made now. */
export function callTooSoon(
  o: Pick<Observation, 'now' | 'object' | 'records' | 'sentCalls'>,
  kind: RecentCall['kind'],
  cause: CallCause,
  { recovery: { maxRegistrationsPerHour: most } }: Pick<ServerConnection, 'recovery'>,
): Idle | undefined {
  const times = recentCalls(o, kind).map(({ at }) => at);
  const made = times.length;
  if (kind === 'Register' && made >= most) {
    const until = (times.toSorted((a, b) => b - a)[most - 1] ?? o.now) + COUNTED_MS;
    return wait(
      'ReplacementLimitReached',
      `${made} clients were registered for this object within one hour, and recovery.maxRegistrationsPerHour of the server object is ${most}. The next one may be registered at ${rfc3339(until)}.`,
      until,
    );
  }
  const { free, pauses } = FLOORS[kind][cause];
  if (made < free) {
    return undefined;
  }
  const until = Math.max(...times) + backoff(pauses, made - free);
  return o.now >= until
    ? undefined
    : wait(
        'CallsPaced',
        `The client was ${MADE[kind]} ${made} times within one hour, and another call is due already. It is made at ${rfc3339(until)}.`,
        until,
      );
}
