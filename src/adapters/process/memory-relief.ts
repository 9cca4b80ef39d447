import { getHeapStatistics } from 'node:v8';
import type { Clock } from '../../controller/ports.ts';

const QUIET_MS = 5_000;
const AT_MOST_EVERY_MS = 20_000;
/**
 * With many clients a collection takes seconds. This limits it to a hundredth of the time, or two where it runs
 * twice.
 */
const PAUSE_PER_TIME_TAKEN = 100;
/** V8 compacts only a part of a large heap at a time, so holes remain. */
const FULL_ENOUGH = 0.9;

/**
 * Gives memory back to the system after work. V8 lets its heap grow in a burst, and collects nothing while the
 * process is idle afterwards.
 *
 * @param collect collects all garbage; `undefined` if Node was started without `--expose-gc`: then nothing is done
 * @param isSparse whether much of the heap is unused
 * @returns call it after each piece of work. Five seconds after the last call, memory is given back, at most every
 *   twenty seconds and less often if that takes long. If the heap has holes, it is done once more after another five
 *   seconds.
 */
export function createMemoryRelief(
  clock: Clock,
  collect: (() => unknown) | undefined = globalThis.gc && (() => globalThis.gc?.(LAST_RESORT)),
  isSparse: () => boolean = isHeapSparse,
): () => void {
  let workedAt = 0;
  let notBefore = Number.NEGATIVE_INFINITY;
  let isWaiting = false;
  let nextIsSecond = false;
  const waitAndCollect = async (): Promise<void> => {
    for (;;) {
      const now = clock.monotonic();
      const at = Math.max(workedAt + QUIET_MS, nextIsSecond ? 0 : notBefore);
      if (at <= now) {
        break;
      }
      await clock.sleep(at - now);
    }
    isWaiting = false;
    const begun = clock.monotonic();
    collect?.();
    const now = clock.monotonic();
    // Work that went on for longer than the pause fills the heap again: then this is a first time.
    const isSecond = nextIsSecond && begun < notBefore;
    notBefore = begun + Math.max(AT_MOST_EVERY_MS, PAUSE_PER_TIME_TAKEN * (now - begun));
    nextIsSecond = !isSecond && isSparse();
    if (nextIsSecond) {
      relieve();
    }
  };
  const relieve = () => {
    workedAt = clock.monotonic();
    if (collect !== undefined && !isWaiting) {
      isWaiting = true;
      void waitAndCollect();
    }
  };
  return relieve;
}

function isHeapSparse(): boolean {
  const { used_heap_size: used, total_heap_size: taken } = getHeapStatistics();
  return used < FULL_ENOUGH * taken;
}

/** Shrinks the heap as far as V8 can. */
const LAST_RESORT = { type: 'major', execution: 'sync', flavor: 'last-resort' } as const;
