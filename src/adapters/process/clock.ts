import { setTimeout as timeout } from 'node:timers/promises';
import type { MachineClock } from './cluster-clock.ts';

/** Node's timers hold 31 bits; a longer one would fire at once. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/** The machine's clocks. A sleep lasts at most 24.8 days; the caller must check the clock after it. */
export const systemClock: MachineClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    const options = signal === undefined ? {} : { signal };
    await timeout(Math.min(ms, LONGEST_SLEEP_MS), undefined, options).catch(() => undefined);
  },
};
