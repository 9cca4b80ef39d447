interface BackoffBounds {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Beyond it a pause of a millisecond lasts longer than any bound. */
const MOST_DOUBLINGS = 40;

/**
 * How long to wait before the next try, in milliseconds: `firstMs` at first, twice as long after each further failure, and
 * never longer than `longestMs`.
 *
 * @param tries how many pauses came before this one
 * @param random uniform in [0, 1): the pause becomes up to a fifth shorter or longer, so that those who failed together
 *   don't try again together. Default: no jitter.
 */
export function backoff({ firstMs, longestMs }: BackoffBounds, tries: number, random?: () => number): number {
  const pauseMs = Math.min(firstMs * 2 ** Math.min(tries, MOST_DOUBLINGS), longestMs);
  return random === undefined ? pauseMs : withJitter(pauseMs, random);
}

/** A fifth shorter to a fifth longer. */
export const withJitter = (ms: number, random: () => number): number => ms * (0.8 + 0.4 * random());
