import { rfc3339 } from '../api/time.ts';

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** A length of time in its largest whole unit, as kubectl shows ages: `3d`, `5h`, `0s`. */
export function shortDuration(ms: number): string {
  const [unit, size] = UNITS.find(([, one]) => ms >= one) ?? ['s', 1_000];
  return `${Math.floor(ms / size)}${unit}`;
}

/** `2026-05-01T12:00:00Z (in 3d)`, or `(2h ago)`. Milliseconds since the epoch. */
export function timeAndDistance(at: number, now: number): string {
  const distance = at >= now ? `in ${shortDuration(at - now)}` : `${shortDuration(now - at)} ago`;
  return `${rfc3339(at)} (${distance})`;
}
