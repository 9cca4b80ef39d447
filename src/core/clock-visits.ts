import { boundedMs } from '../api/durations.ts';
import { SHARES } from '../api/shares.ts';
import { storedTime } from '../api/time.ts';
import { currentRecord, departedRecords, surplusRecords } from './current-record.ts';
import { documentVisits, endingVisit } from './document-visits.ts';
import { clientDueAt, keyDues, knownEnd, tokenDueAt } from './due.ts';
import { setbackOf } from './earlier-calls.ts';
import { type RecordAtServer, serverOfClient } from './home.ts';
import type { Observation, ObservedClient } from './observation.ts';
import { overlapEnd } from './overlap.ts';
import { readDueAt } from './read-due.ts';
import type { RegistrationRecord } from './record.ts';
import { usersCheckedAgain } from './retirement.ts';
import { probeDueAt } from './verification.ts';

/** When time alone is a reason to reconcile a client again. Times are milliseconds since the epoch. */

/** When the client ends by itself. `undefined`: never, as far as is known. */
export function lifetimeEnd({ desired, createdAt }: ObservedClient): number | undefined {
  const expiresAfter = desired.valid ? desired.spec.lifetime?.expiresAfter : undefined;
  return expiresAfter === undefined || Number.isNaN(createdAt)
    ? undefined
    : createdAt + boundedMs('expiresAfter', expiresAfter);
}

/** How long the record of a client that was left behind is kept after its namespace is gone. */
const REMEMBERED_MS = SHARES.leftBehindDays.most * 24 * 3_600_000;

/**
 * When the record of a client that was left behind ends. Only for a server object of the namespace, which goes with
 * it.
 */
export const leftBehindEnd = ({
  role,
  server,
  leftAt,
  registeredAt,
}: RegistrationRecord): number | undefined =>
  role === 'left-behind' && server.kind === 'AuthorizationServer'
    ? storedTime(leftAt ?? registeredAt) + REMEMBERED_MS
    : undefined;

/** The longest sleep before a client is reconciled again. Timers overflow after 24.8 days; waking early is harmless. */
const LONGEST_WAIT_MS = 12 * 3_600_000;

/** The longest delay before clocks that disagree are compared again. */
const CLOCK_AGAIN_MS = 60_000;

/** The delay before a renewal that is due is retried. */
const RENEW_AGAIN_MS = 300_000;

/**
 * The earliest future time among `until` and all ends and due times of the observation.
 *
 * @param until when what the client waits for ends by itself
 */
export function nextVisit(o: Observation, until: number | undefined): { readonly until?: number } {
  const current = currentRecord(o);
  const at = current && serverOfClient(o, current);
  const times = [
    until,
    o.object && lifetimeVisit(o, o.object),
    current && knownEnd(current, at),
    ...(current === undefined ? [] : documentVisits(o, current)),
    ...endings(o, current),
    ...renewals(o, at).map((due) => (due !== undefined && due <= o.now ? o.now + RENEW_AGAIN_MS : due)),
    at && readVisit(o, at),
    at && probeVisit(o, at),
  ].filter((time) => time !== undefined && time > o.now);
  return times.length === 0 ? {} : { until: Math.min(...(times as number[]), o.now + LONGEST_WAIT_MS) };
}

/** As long as only the API server's clock says that the lifetime is over, the clocks are compared again. */
function lifetimeVisit({ now, earliest }: Observation, object: ObservedClient): number | undefined {
  const end = lifetimeEnd(object);
  return end === undefined || now < end || earliest >= end
    ? end
    : now + Math.min(Math.max(end - earliest, 1_000), CLOCK_AGAIN_MS);
}

/** When the client is read next: a read that is due waits for the end of its setback, or for the server. */
function readVisit(o: Observation, at: RecordAtServer): number | undefined {
  const due = readDueAt(o, at);
  if (due === undefined || due > o.now) {
    return due;
  }
  return retriedAt(o, 'Read');
}

/** When a call that is due is made: after its setback, at the latest after some minutes. */
function retriedAt(o: Observation, call: 'Read' | 'Verify'): number {
  const retries = o.setbacks.filter(({ action, retryAt }) => action === call && retryAt > o.now);
  return Math.min(o.now + RENEW_AGAIN_MS, ...retries.map(({ retryAt }) => retryAt));
}

/** When the credential is tried next: what is due waits for the end of its setback, or for the server. */
function probeVisit(o: Observation, at: RecordAtServer): number | undefined {
  const due = probeDueAt(o, at);
  return due === undefined || due > o.now ? due : retriedAt(o, 'Verify');
}

/** Whether a token, a secret or a key of the client in use is due for renewal. */
export function isRenewalDue(o: Observation): boolean {
  const current = currentRecord(o);
  const at = current && serverOfClient(o, current);
  return at !== undefined && renewals(o, at).some((due) => due !== undefined && due <= o.now);
}

/** When records that serve no object end, or their deregistration is retried. */
function endings(o: Observation, current: RegistrationRecord | undefined): readonly (number | undefined)[] {
  const surplus = surplusRecords(o, current);
  return [
    ...surplus.map((record) => overlapEnd(o, record)),
    ...usersCheckedAgain(o),
    ...o.setbacks.filter(({ action }) => action === 'FindUsers').map(({ retryAt }) => retryAt),
    // No event says that a namespace is gone.
    ...o.records.map(leftBehindEnd).map((end) => end && Math.max(end, o.now + LONGEST_WAIT_MS)),
    ...[...surplus, ...departedRecords(o)].map((record) => endingVisit(o, record)),
    ...[...surplus, ...departedRecords(o)].map(
      ({ registrationSecret }) => setbackOf(o, 'Deregister', registrationSecret)?.retryAt,
    ),
  ];
}

/** When tokens, secrets and keys of the client, and of retained ones, are due. */
function renewals(o: Observation, at: RecordAtServer | undefined): readonly (number | undefined)[] {
  const retained = o.records.filter(({ role }) => role === 'retained').map(tokenDueAt);
  return at === undefined
    ? retained
    : [...retained, tokenDueAt(at.record), clientDueAt(o, at), ...keyDues(o, at.record)];
}
