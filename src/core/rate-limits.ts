import { rfc3339 } from '../api/time.ts';
import { backoff } from './backoff.ts';
import type { CallKind } from './observation.ts';

/**
 * Pauses that a server asks for with 429. They are about calls of one kind: a limit on registrations says nothing about
 * updates and deletions.
 */
export type RateLimits = Readonly<Record<LimitedCalls, RateLimit>>;

type LimitedCalls = 'registrations' | 'management';

interface RateLimit {
  /** Milliseconds since the epoch; 0: the server never asked. */
  readonly until: number;
  /** Calls in a row that were answered with 429. */
  readonly times: number;
}

const NONE: RateLimit = { until: 0, times: 0 };

export const NO_LIMITS: RateLimits = { registrations: NONE, management: NONE };

export const limitedCalls = (kind: CallKind): LimitedCalls =>
  kind === 'Register' ? 'registrations' : 'management';

const PAUSES = { firstMs: 2_000, longestMs: 60_000 };

/** The limits after a call that was answered with 429: the longer one of the server's wish and the operator's own pause. */
export function limited(limits: RateLimits, kind: CallKind, wishMs: number, now: number): RateLimits {
  const calls = limitedCalls(kind);
  const { until, times } = limits[calls];
  const pauseMs = Math.max(wishMs, backoff(PAUSES, times));
  return { ...limits, [calls]: { until: Math.max(until, now + pauseMs), times: times + 1 } };
}

/** The limits after a call that was answered otherwise. A pause that was asked for still ends at its time. */
export function notLimited(limits: RateLimits, kind: CallKind): RateLimits {
  const calls = limitedCalls(kind);
  const limit = limits[calls];
  return limit.times === 0 ? limits : { ...limits, [calls]: { ...limit, times: 0 } };
}

/** A pause that is not over. */
interface Limit {
  readonly calls: LimitedCalls;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

const WORDS = {
  registrations: 'registrations until TIME; updates and deletions go on',
  management: 'updates and deletions until TIME; registrations go on',
} as const;

export const limitMessage = ({ calls, until }: Limit): string =>
  `The server asked for a pause of ${WORDS[calls].replace('TIME', rfc3339(until))}.`;

export const limitsAt = (limits: RateLimits, now: number): readonly Limit[] =>
  (['registrations', 'management'] as const)
    .map((calls) => ({ calls, until: limits[calls].until }))
    .filter(({ until }) => now < until);
