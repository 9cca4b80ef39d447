/** RFC 3339 section 5.6 has four digits for a year. */
const EARLIEST_MS = Date.parse('0000-01-01T00:00:00Z');
const LATEST_MS = Date.parse('9999-12-31T00:00:00Z');

/**
 * A time as RFC 3339, in UTC, with seconds and no fraction: `2026-05-01T12:00:00Z`.
 *
 * @param ms milliseconds since the epoch; a time before the year 0 or after the year 9999 becomes the nearest one that
 *   can be written
 * @throws RangeError where `ms` is NaN
 */
export function rfc3339(ms: number): string {
  const writable = Math.min(Math.max(ms, EARLIEST_MS), LATEST_MS);
  return `${new Date(writable).toISOString().slice(0, 'YYYY-MM-DDTHH:mm:ss'.length)}Z`;
}

/**
 * Reads a time that is kept in an object: annotation, status, entry of a list. A person, a tool or a wrong clock may have
 * left any text there.
 *
 * @returns milliseconds since the epoch; NaN where it is no time that RFC 3339 can write: each comparison with it is false
 */
export function storedTime(text: string | undefined): number {
  const time = Date.parse(text ?? '');
  return time >= EARLIEST_MS && time <= LATEST_MS ? time : Number.NaN;
}

/** A time as Kubernetes' `MicroTime` has it: RFC 3339, in UTC, with six digits after the second. */
export const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');

/** As {@link rfc3339}; `undefined` where there is no time. */
export const timeOf = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : rfc3339(ms);
