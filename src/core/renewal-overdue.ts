import { storedTime } from '../api/time.ts';
import { lifetimeEnd } from './clock-visits.ts';
import { currentRecord } from './current-record.ts';
import { clientDueAt, knownEnd, secretDueAt, tokenDueAt } from './due.ts';
import { serverOfClient } from './home.ts';
import type { Observation } from './observation.ts';
import type { ServerRef } from './record.ts';

/** An end that is so near is of interest. */
const SOON_MS = 48 * 3_600_000;
/** A renewal that is due has this time, or half of the time until the end if that is less. */
const LATE_MS = 3_600_000;

/**
 * The server of a client that ends within 48 hours, or whose secret or registration access token does, although its
 * renewal has been due for an hour; `undefined`: nothing is overdue. An end that the object itself plans is none.
 */
export function renewalOverdueAt(o: Observation): ServerRef | undefined {
  const record = currentRecord(o);
  if (record === undefined || o.object === undefined || o.object.deleting) {
    return undefined;
  }
  const at = serverOfClient(o, record);
  const planned = lifetimeEnd(o.object) ?? Number.POSITIVE_INFINITY;
  const { registrationAccessTokenExpiresAt: tokenEnd } = record;
  const isOverdue =
    isLate(o.now, tokenDueAt(record), tokenEnd === undefined ? undefined : storedTime(tokenEnd), planned) ||
    isLate(
      o.now,
      at === undefined ? secretDueAt(o, record) : clientDueAt(o, at),
      knownEnd(record, at),
      planned,
    );
  return isOverdue ? record.server : undefined;
}

const isLate = (now: number, due: number | undefined, end: number | undefined, planned: number): boolean =>
  due !== undefined &&
  end !== undefined &&
  end < planned &&
  now >= due + Math.min(LATE_MS, (end - due) / 2) &&
  now >= end - SOON_MS;
