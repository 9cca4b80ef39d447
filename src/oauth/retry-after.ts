import type { HttpAnswer } from './http-message.ts';

const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * The pause that a server asks for with `Retry-After` (RFC 9110 section 10.2.3): seconds or an HTTP date. In
 * milliseconds, from 0 to an hour; `undefined` where the header is absent or can't be read.
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
