import { boundedMs } from '../api/durations.ts';
import { SHARES } from '../api/shares.ts';
import { currentRecord, departedRecords, surplusRecords } from './current-record.ts';
import { setbackOf } from './earlier-calls.ts';
import type { Observation, ObservedClient } from './observation.ts';
import { overlapEnd } from './overlap.ts';
import type { RegistrationRecord } from './record.ts';

/** When time alone is a reason to reconcile a client again. Times are milliseconds since the epoch. */

/** When the client ends by itself. `undefined`: never, as far as is known. */
export function lifetimeEnd({ desired, createdAt }: ObservedClient): number | undefined {
  const expiresAfter = desired.valid ? desired.spec.lifetime?.expiresAfter : undefined;
  return expiresAfter === undefined || Number.isNaN(createdAt)
    ? undefined
    : createdAt + boundedMs('expiresAfter', expiresAfter);
}

/** How long a client that was left behind at a server of the namespace is on record when that is gone. */
const REMEMBERED_MS = SHARES.leftBehindDays.most * 24 * 3_600_000;

/**
 * When the record of a client that was left behind ends: only at a server object of the namespace, which is gone with
 * the namespace.
 */
export const leftBehindEnd = ({
  role,
  server,
  leftAt,
  registeredAt,
}: RegistrationRecord): number | undefined =>
  role === 'left-behind' && server.kind === 'AuthorizationServer'
    ? Date.parse(leftAt ?? registeredAt) + REMEMBERED_MS
    : undefined;

/** The longest time before a client is reconciled again. Timers overflow after 24.8 days; to wake early is harmless. */
const LONGEST_WAIT_MS = 12 * 3_600_000;

/** The earliest of all these times that is still to come. */
export function nextVisit(
  o: Observation,
  ...more: readonly (number | undefined)[]
): { readonly until?: number } {
  const surplus = surplusRecords(o, currentRecord(o));
  const due = [
    ...more,
    o.object && lifetimeEnd(o.object),
    ...surplus.map((record) => overlapEnd(o, record)),
    // No event says that a namespace is gone.
    ...o.records.map(leftBehindEnd).map((end) => end && Math.max(end, o.now + LONGEST_WAIT_MS)),
    ...[...surplus, ...departedRecords(o)].map(
      ({ secretName }) => setbackOf(o, 'Deregister', secretName)?.retryAt,
    ),
  ].filter((time) => time !== undefined && time > o.now);
  return due.length === 0 ? {} : { until: Math.min(...(due as number[]), o.now + LONGEST_WAIT_MS) };
}
