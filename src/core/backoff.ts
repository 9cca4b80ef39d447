interface BackoffBounds {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** After so many doublings, a delay of one millisecond exceeds any bound. */
const MOST_DOUBLINGS = 40;

/**
 * The delay before the next retry, in milliseconds: `firstMs` at first, doubled after each further failure, capped at
 * `longestMs`.
 *
 * @param tries number of delays before this one
 * @param random uniform in [0, 1): the delay becomes up to a fifth shorter or longer, so that calls that failed
 *   together don't retry together. Default: no jitter.
 */
export function backoff({ firstMs, longestMs }: BackoffBounds, tries: number, random?: () => number): number {
  const pauseMs = Math.min(firstMs * 2 ** Math.min(tries, MOST_DOUBLINGS), longestMs);
  return random === undefined ? pauseMs : withJitter(pauseMs, random);
}

/** Makes a delay up to a fifth shorter or longer. */
export const withJitter = (ms: number, random: () => number): number => ms * (0.8 + 0.4 * random());
