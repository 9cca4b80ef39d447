import type { Clock } from '../controller/ports.ts';

const QUIET_MS = 5_000;
const AT_MOST_EVERY_MS = 20_000;
/** With many clients it takes seconds: it may cost a hundredth of the time. */
const PAUSE_PER_TIME_TAKEN = 100;

/**
 * Gives memory back after work: V8 lets its heap grow in a burst, and where nothing happens afterwards it collects nothing.
 *
 * @param collect collects all garbage; `undefined` where Node was started without `--expose-gc`: then nothing is done
 * @returns to be called after each piece of work. Five seconds after the last one memory is given back, at most every
 *   twenty seconds, and less often where that takes long.
 */
export function createMemoryRelief(
  clock: Clock,
  collect: (() => unknown) | undefined = globalThis.gc && (() => globalThis.gc?.(LAST_RESORT)),
): () => void {
  let workedAt = 0;
  let notBefore = Number.NEGATIVE_INFINITY;
  let isWaiting = false;
  const waitAndCollect = async (): Promise<void> => {
    for (;;) {
      const now = clock.monotonic();
      const at = Math.max(workedAt + QUIET_MS, notBefore);
      if (at <= now) break;
      await clock.sleep(at - now);
    }
    isWaiting = false;
    const begun = clock.monotonic();
    collect?.();
    const now = clock.monotonic();
    notBefore = begun + Math.max(AT_MOST_EVERY_MS, PAUSE_PER_TIME_TAKEN * (now - begun));
  };
  return () => {
    workedAt = clock.monotonic();
    if (collect !== undefined && !isWaiting) {
      isWaiting = true;
      void waitAndCollect();
    }
  };
}

/** Does what it can to make the heap small. */
const LAST_RESORT = { type: 'major', execution: 'sync', flavor: 'last-resort' } as const;
