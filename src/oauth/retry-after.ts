import type { HttpAnswer } from './http-message.ts';

const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * How long a server asks to be left alone, from its `Retry-After` (RFC 9110 section 10.2.3): seconds or an HTTP date.
 * Never below 0 and at most an hour; `undefined` where it says nothing that can be read.
 *
 * @param now milliseconds since the epoch
 */
export function retryAfterMs({ headers }: Pick<HttpAnswer, 'headers'>, now: number): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined) {
    return undefined;
  }
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}
