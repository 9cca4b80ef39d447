import type { HttpAnswer } from './http-message.ts';

const MAX_RETRY_AFTER_MS = 3_600_000;

/** Delay in seconds. Some servers send fractions, and a proxy may add a second header. */
const SECONDS = /^\d+(\.\d+)?(\s*,\s*\d+(\.\d+)?)*$/;

/** The three forms of an HTTP date (RFC 9110 section 5.6.7). `Date.parse` alone reads `45.2` as a year. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

/**
 * The pause that a server asks for with `Retry-After` (RFC 9110 section 10.2.3): seconds or an HTTP date. In
 * milliseconds, from 0 to an hour; `undefined` where the header is absent or can't be read. A date in the past is 0. A date
 * is by the server's clock, so it is compared with the answer's own `Date`, where it has one.
 *
 * @param now milliseconds since the epoch
 */
export function retryAfterMs({ headers }: Pick<HttpAnswer, 'headers'>, now: number): number | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined) {
    return undefined;
  }
  const ms = SECONDS.test(value)
    ? Math.max(...value.split(',').map((seconds) => Number(seconds) * 1000))
    : HTTP_DATE.test(value)
      ? Date.parse(value) - (Date.parse(headers['date'] ?? '') || now)
      : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(Math.ceil(ms), 0), MAX_RETRY_AFTER_MS);
}
