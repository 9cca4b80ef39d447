import type { Clock } from '../ports.ts';

/**
 * Decides when to send a write that several entries may share: at once for a single entry, together for a burst.
 *
 * ```
 * one by one   a ▏write      b ▏write
 * a burst      a ▏write  b c d e f g h i j k l m n o p q ▏write
 * ```
 * Times are milliseconds of one monotonic clock.
 */
export interface Gathering {
  /** Entries that wait for the write. */
  readonly waiting: number;
  /** Calls under way whose end may add further entries. */
  readonly underWay: number;
  readonly gatheringSince: number;
  readonly lastWriteAt: number;
  readonly lastArrivalAt: number;
  /** Whether entries arrive so fast that waiting for more pays. */
  readonly isBurst: boolean;
  /** Whether work waits for its turn, so that further entries are certain to come. */
  readonly isBacklog: boolean;
}

const BATCH = 16;
/** Without a backlog, a client waits for nobody but those that come at the same time. */
const LONGEST_WITHOUT_BACKLOG_MS = 30;
const LONGEST_MS = 100;
const LONGEST_IN_BURST_MS = 400;
const QUIET_MS = 40;
/** Outside a burst, a write is sent when this many entries wait per call that is still under way. */
const WAITING_PER_CALL = 4;

export function shouldWrite(gathering: Gathering, now: number): boolean {
  const { waiting, underWay, gatheringSince, lastWriteAt, lastArrivalAt, isBurst, isBacklog } = gathering;
  if (!isBacklog && now - gatheringSince >= LONGEST_WITHOUT_BACKLOG_MS) {
    return true;
  }
  if (!isBurst) {
    return waiting >= WAITING_PER_CALL * underWay || now - gatheringSince >= LONGEST_MS;
  }
  const isQuiet = underWay === 0 && now - lastArrivalAt >= QUIET_MS;
  return (
    waiting >= BATCH ||
    isQuiet ||
    now - Math.max(lastWriteAt, gatheringSince - QUIET_MS) >= LONGEST_IN_BURST_MS
  );
}

const BURST_ARRIVALS = 4;
const BURST_WITHIN_MS = 30;
const BURST_LASTS_MS = 200;

/** Notices bursts: four arrivals within 30 ms begin one, and it lasts until 200 ms after the last such four. */
export class Arrivals {
  #recent: number[] = [];
  #burstUntil = Number.NEGATIVE_INFINITY;

  get last(): number {
    return this.#recent.at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  add(now: number): void {
    this.#recent = [...this.#recent.slice(1 - BURST_ARRIVALS), now];
    const [first = now] = this.#recent;
    if (this.#recent.length === BURST_ARRIVALS && now - first <= BURST_WITHIN_MS) {
      this.#burstUntil = now + BURST_LASTS_MS;
    }
  }

  isBurst(now: number): boolean {
    return now < this.#burstUntil;
  }
}

const GATHERING_STEP_MS = 2;

/** Waits until a write should be sent. */
export class Gatherer {
  readonly #clock: Clock;
  readonly #arrivals = new Arrivals();
  #lastWriteAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An entry waits for the next write. */
  arrived(): void {
    this.#arrivals.add(this.#clock.monotonic());
  }

  /** Lets entries accumulate. `look` tells how many wait and are under way, and whether work waits; it is called every two milliseconds. */
  async gather(look: () => Pick<Gathering, 'waiting' | 'underWay' | 'isBacklog'>): Promise<void> {
    const clock = this.#clock;
    const gatheringSince = clock.monotonic();
    let now: number;
    let gathering: Gathering;
    do {
      await clock.sleep(GATHERING_STEP_MS);
      now = clock.monotonic();
      gathering = {
        ...look(),
        gatheringSince,
        lastWriteAt: this.#lastWriteAt,
        lastArrivalAt: this.#arrivals.last,
        isBurst: this.#arrivals.isBurst(now),
      };
    } while (!shouldWrite(gathering, now));
    this.#lastWriteAt = now;
  }
}
