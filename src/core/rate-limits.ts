import { rfc3339 } from '../api/time.ts';
import { backoff } from './backoff.ts';
import type { CallKind } from './observation.ts';

/**
 * Pauses of one endpoint. A server that asks for one answers, so it is not in trouble, and its other endpoints are not
 * concerned: a limit on registrations says nothing about updates and deletions, and a token endpoint without tokens
 * stops only calls that need one.
 */
export type RateLimits = Readonly<Record<LimitedCalls, RateLimit>>;

export type LimitedCalls = 'registrations' | 'management' | 'tokens';

interface RateLimit {
  /** Milliseconds since the epoch; 0: the server never asked. */
  readonly until: number;
  /** Calls in a row that were answered so. */
  readonly times: number;
}

const NONE: RateLimit = { until: 0, times: 0 };

export const NO_LIMITS: RateLimits = { registrations: NONE, management: NONE, tokens: NONE };

export const limitedCalls = (kind: CallKind): LimitedCalls =>
  kind === 'Register' ? 'registrations' : 'management';

const PAUSES = { firstMs: 2_000, longestMs: 60_000 };

/** The longest pause that a server can ask for. */
const LONGEST_MS = 3_600_000;

/** The limits after a call that the server asks to repeat later: the longer one of its wish and the operator's own pause. */
export function limited(limits: RateLimits, calls: LimitedCalls, wishMs: number, now: number): RateLimits {
  const { until, times } = limits[calls];
  const pauseMs = Math.max(wishMs, backoff(PAUSES, times));
  return { ...limits, [calls]: { until: Math.max(until, now + pauseMs), times: times + 1 } };
}

/** The limits after a call that was answered otherwise. A pause that was asked for still ends at its time. */
export function notLimited(limits: RateLimits, calls: LimitedCalls): RateLimits {
  const limit = limits[calls];
  return limit.times === 0 ? limits : { ...limits, [calls]: { ...limit, times: 0 } };
}

/** The limits after a person asked for a try: nothing waits, and the next pause is as long as it would have been. */
export const withoutPauses = (limits: RateLimits): RateLimits =>
  limitsOf((calls) => ({ ...limits[calls], until: 0 }));

/** Pauses that an earlier process knew, by their ends (milliseconds since the epoch), read back no longer than they can be. */
export const limitsKnown = (ends: Readonly<Partial<Record<LimitedCalls, number>>>, now: number): RateLimits =>
  limitsOf((calls) => {
    const until = Math.min(ends[calls] ?? 0, now + LONGEST_MS);
    return until > now ? { until, times: 1 } : NONE;
  });

const limitsOf = (limitOf: (calls: LimitedCalls) => RateLimit): RateLimits => ({
  registrations: limitOf('registrations'),
  management: limitOf('management'),
  tokens: limitOf('tokens'),
});

/** A pause that is not over. */
interface Limit {
  readonly calls: LimitedCalls;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

const WORDS = {
  registrations: 'The server asked for a pause of registrations until TIME; updates and deletions go on.',
  management: 'The server asked for a pause of updates and deletions until TIME; registrations go on.',
  tokens:
    'The token endpoint gives no access token; another is requested at TIME. Calls that need none go on.',
} as const;

export const limitMessage = ({ calls, until }: Limit): string => WORDS[calls].replace('TIME', rfc3339(until));

export const limitsAt = (limits: RateLimits, now: number): readonly Limit[] =>
  (['registrations', 'management', 'tokens'] as const)
    .map((calls) => ({ calls, until: limits[calls].until }))
    .filter(({ until }) => now < until);
