import type { OAuthClientStatus } from '../api/oauth-client.ts';
import { isReason } from '../api/reasons.ts';
import { rfc3339, storedTime } from '../api/time.ts';
import { sha256 } from '../oauth/sha256.ts';
import { backoff } from './backoff.ts';
import type { ObservedClient, Setback, SetbackAction } from './observation.ts';
import { spreadOf } from './spread.ts';

/**
 * Refusals that only another request can change. Status keeps the last one of an object, so that a new process doesn't
 * send the same request again. From time to time the same is tried all the same: the server may have changed.
 */

type Refusal = NonNullable<OAuthClientStatus['refusal']>;

const CALLS: readonly SetbackAction[] = ['Register', 'Update', 'Adopt'] satisfies readonly Refusal['call'][];

/** Whether a refusal of this action is kept in status, and tried again from time to time. */
export const isRemembered = (action: SetbackAction): action is Refusal['call'] => CALLS.includes(action);

/** With its spread, the longest pause is a day. */
const PAUSES = { firstMs: 3_600_000, longestMs: 20 * 3_600_000 };

/** Other requests of the same kind would be refused, too: the server lacks the call, or knows the token no more. */
const OF_A_DAY: readonly string[] = ['UpdateUnsupported', 'RegistrationAccessTokenLost'];

/**
 * The pause before the same request is sent again, in milliseconds: an hour at first, doubled after each further refusal,
 * at most a day. It is the same whenever it is computed, and spread by the basis.
 */
export function refusalPauseMs({
  basis,
  attempts,
  reason,
}: Pick<Setback, 'basis' | 'attempts' | 'reason'>): number {
  const pauseMs = OF_A_DAY.includes(reason) ? PAUSES.longestMs : backoff(PAUSES, attempts - 1);
  return Math.round(pauseMs * (0.8 + 0.4 * spreadOf(basis)));
}

/** What identifies a request, in a few characters: it stands in status. */
export const basisText = (...parts: readonly string[]): string => sha256(parts.join(' ')).slice(0, 22);

const MOST_ATTEMPTS = 1_000;
const LONGEST_MESSAGE = 2_048;

/**
 * What status keeps.
 *
 * @param isSettled whether the object has what its spec wants: then no refusal matters any more
 */
export function refusalToKeep(
  setbacks: readonly Setback[],
  status: OAuthClientStatus,
  isSettled: boolean,
): Refusal | undefined {
  const last = setbacks.findLast(({ action, kind }) => kind === 'Terminal' && isRemembered(action));
  if (isSettled) {
    return undefined;
  }
  if (last !== undefined && isRemembered(last.action)) {
    const { action: call, basis, reason, message, attempts, retryAt } = last;
    return {
      call,
      basis,
      reason,
      message: message.slice(0, LONGEST_MESSAGE),
      attempts: Math.min(attempts, MOST_ATTEMPTS),
      at: last.refusedAt ?? rfc3339(last.at ?? retryAt - refusalPauseMs(last)),
    };
  }
  return setbacks.some(({ action }) => action === status.refusal?.call) ? undefined : status.refusal;
}

/**
 * The refusal that an earlier process left in the object's status. A time in the future was written by a wrong clock.
 *
 * @param spreadUntil earliest time of the first call for this object, in milliseconds since the epoch
 */
export function recalled(
  { status: { refusal } }: Pick<ObservedClient, 'status'>,
  now: number,
  spreadUntil: number,
): Setback | undefined {
  if (refusal === undefined || !isReason(refusal.reason)) {
    return undefined;
  }
  const { call: action, basis, reason, message, attempts, at } = refusal;
  const since = Math.min(storedTime(at) || 0, now);
  const isAhead = storedTime(at) > now;
  const dueAt = isAhead ? now : since + refusalPauseMs({ basis, attempts, reason });
  return {
    action,
    kind: 'Terminal',
    reason,
    message,
    attempts,
    since,
    retryAt: Math.max(dueAt, spreadUntil),
    basis,
    ambiguous: false,
    refusedAt: at,
    spreadUntil,
  };
}

/** Longest time over which the first calls after a start are spread. */
const LONGEST_SPREAD_MS = 600_000;
const SPREAD_PER_CLIENT_MS = 100;

/**
 * How long after a start the first call for an object that was refused waits, in milliseconds: with more clients in the
 * cluster longer, and spread by the uid, so that they don't all call at once after an upgrade.
 */
export const spreadMs = (uid: string, clients: number): number =>
  Math.round(Math.min(clients * SPREAD_PER_CLIENT_MS, LONGEST_SPREAD_MS) * spreadOf(uid));
