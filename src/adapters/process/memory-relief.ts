import { getHeapStatistics } from 'node:v8';
import type { Clock } from '../../controller/ports.ts';

const QUIET_MS = 5_000;
const AT_MOST_EVERY_MS = 20_000;
/** With many clients a collection takes seconds. This limits a series to some hundredths of the time. */
const PAUSE_PER_TIME_TAKEN = 100;
/** V8 compacts only a part of a large heap at a time, so holes remain. */
const FULL_ENOUGH = 0.9;
/** A collection that gives less back was the last one that helps. */
const WORTH_WHILE = 0.02;
const MOST_IN_SERIES = 4;

/** Bytes of the JavaScript heap. */
interface Heap {
  readonly used: number;
  /** From the system, with the holes. */
  readonly taken: number;
}

/**
 * Gives memory back to the system after work. V8 lets its heap grow in a burst, and collects nothing while the
 * process is idle afterwards.
 *
 * @param collect collects all garbage; `undefined` if Node was started without `--expose-gc`: then nothing is done
 * @param heap reads the state of the heap, before and after each collection
 * @returns call it after each piece of work. Five seconds after the last call, memory is given back, at most every
 *   twenty seconds and less often if that takes long. While the heap has holes and a collection helps, it is done again
 *   after another five seconds, four times at most.
 */
export function createMemoryRelief(
  clock: Clock,
  collect: (() => unknown) | undefined = globalThis.gc && (() => globalThis.gc?.(LAST_RESORT)),
  heap: () => Heap = heapOfProcess,
): () => void {
  let workedAt = 0;
  let notBefore = Number.NEGATIVE_INFINITY;
  let isWaiting = false;
  /** Collections of the series that goes on; 0: none does. */
  let inSeries = 0;
  const untilQuiet = async (): Promise<void> => {
    for (;;) {
      const now = clock.monotonic();
      const at = Math.max(workedAt + QUIET_MS, inSeries > 0 ? 0 : notBefore);
      if (at <= now) {
        return;
      }
      await clock.sleep(at - now);
    }
  };
  const waitAndCollect = async (): Promise<void> => {
    await untilQuiet();
    isWaiting = false;
    const begun = clock.monotonic();
    const before = heap();
    collect?.();
    const after = heap();
    // Work that went on for longer than the pause fills the heap again: then this is a new series.
    const nth = begun < notBefore ? inSeries + 1 : 1;
    notBefore = begun + Math.max(AT_MOST_EVERY_MS, PAUSE_PER_TIME_TAKEN * (clock.monotonic() - begun));
    const helped = nth === 1 || after.taken < (1 - WORTH_WHILE) * before.taken;
    inSeries = hasHoles(after) && helped && nth < MOST_IN_SERIES ? nth : 0;
    if (inSeries > 0) {
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

const hasHoles = ({ used, taken }: Heap): boolean => used < FULL_ENOUGH * taken;

function heapOfProcess(): Heap {
  const { used_heap_size: used, total_heap_size: taken } = getHeapStatistics();
  return { used, taken };
}

/** Shrinks the heap as far as V8 can. */
const LAST_RESORT = { type: 'major', execution: 'sync', flavor: 'last-resort' } as const;
