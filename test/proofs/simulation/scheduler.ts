import type { MachineClock } from '../../../src/adapters/process/cluster-clock.ts';

/** Virtual time: the next due event happens next, without a real wait. */

/** Restores the saved state. May be called several times. */
export type Restore = () => void;

/** Uniform in [0, 1), the same numbers for the same seed (mulberry32). */
export const seeded = (seed: number): (() => number) => new Chance(seed).next;

export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) | 0;
  }

  next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };

  save(): Restore {
    const state = this.#state;
    return () => {
      this.#state = state;
    };
  }
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
  cancelled: boolean;
}

/**
 * Resolves when everything that an event started has run: Node begins a tick when no promise has work left, and
 * nothing here waits for anything but promises.
 */
const settled = () => new Promise<void>((resolve) => process.nextTick(resolve));

export class Scheduler {
  /** Milliseconds since the start of the life. */
  now = 0;
  readonly #heap: Due[] = [];
  #order = 0;

  /**
   * @returns a function that cancels it. Of two events at the same time, the one that was scheduled first comes
   *   first.
   */
  after(delayMs: number, act: () => void): () => void {
    this.#order += 1;
    const due: Due = { at: this.now + Math.max(0, delayMs), order: this.#order, act, cancelled: false };
    push(this.#heap, due);
    return () => {
      due.cancelled = true;
    };
  }

  save(): Restore {
    const { now } = this;
    const order = this.#order;
    const heap = this.#heap.map((due) => ({ due, cancelled: due.cancelled }));
    return () => {
      this.now = now;
      this.#order = order;
      this.#heap.length = 0;
      for (const { due, cancelled } of heap) {
        due.cancelled = cancelled;
        this.#heap.push(due);
      }
    };
  }

  /** When the next event is due; infinite if there is none. */
  get nextAt(): number {
    while (this.#heap[0]?.cancelled) {
      pop(this.#heap);
    }
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Runs until `isOver` returns true, which is called before each event, or until nothing is due up to `horizon`. */
  async run(isOver: () => boolean, horizon: number): Promise<void> {
    while (this.nextAt <= horizon && !isOver()) {
      const due = pop(this.#heap);
      if (due === undefined) {
        return;
      }
      this.now = due.at;
      due.act();
      await settled();
    }
  }
}

/**
 * The clock of one process; its sleeps never end after its death.
 *
 * @param wallClock milliseconds since the epoch
 */
export function createClock(
  scheduler: Scheduler,
  isAlive: () => boolean,
  wallClock: () => number,
): MachineClock {
  return {
    now: wallClock,
    monotonic: () => scheduler.now,
    sleep: (ms, signal) => {
      if (!isAlive()) {
        return new Promise(() => undefined);
      }
      if (signal?.aborted) {
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        const cancel = scheduler.after(ms, () => {
          if (isAlive()) {
            resolve();
          }
        });
        signal?.addEventListener(
          'abort',
          () => {
            cancel();
            resolve();
          },
          { once: true },
        );
      });
    },
  };
}

const isBefore = (a: Due, b: Due): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

function push(heap: Due[], due: Due): void {
  let index = heap.length;
  heap.push(due);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isBefore(due, above)) {
      break;
    }
    heap[index] = above;
    index = parent;
  }
  heap[index] = due;
}

function pop(heap: Due[]): Due | undefined {
  const [first] = heap;
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) {
    return first;
  }
  let index = 0;
  for (;;) {
    const left = heap[2 * index + 1];
    const right = heap[2 * index + 2];
    const isRight = left !== undefined && right !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (child === undefined || !isBefore(child, last)) {
      break;
    }
    heap[index] = child;
    index = 2 * index + (isRight ? 2 : 1);
  }
  heap[index] = last;
  return first;
}
