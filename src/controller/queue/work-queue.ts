import type { Clock } from '../ports.ts';
import { Lane, type LaneBounds, type SharedBound, type WorkItem } from './lane.ts';

/**
 * Orders the reconciliation of objects.
 *
 * *Guarantees*: a key never runs twice at once; a key that is added while it runs, runs once more. Within a lane (one
 * authorization server) namespaces take turns, so 5,000 waiting clients of one don't delay another's, and within a
 * namespace urgent keys go first. A lane never runs more than its bounds, so one slow server doesn't delay others. Lanes
 * that share a bound take turns where it is reached, so that a slow API server doesn't stack up work in memory.
 */
export class WorkQueue<Item extends WorkItem> {
  readonly #run: (item: Item) => Promise<void>;
  readonly #clock: Clock;
  readonly #boundsOf: (lane: string) => LaneBounds;
  readonly #shared: SharedBound;
  /** How many keys run of the lanes that share a bound, and which of these lanes wait for it, in turn. */
  readonly #together = new Map<string, { running: number; readonly held: Set<string> }>();
  readonly #lanes = new Map<string, Lane<Item>>();
  readonly #queued = new Map<string, Item>();
  readonly #running = new Map<string, Item>();
  readonly #again = new Map<string, Item>();
  readonly #timers = new Map<string, { readonly at: number; readonly abort: AbortController }>();
  readonly #idle: (() => void)[] = [];
  #started = false;
  #stopped = false;

  constructor(options: {
    /** Must not reject. */
    readonly run: (item: Item) => Promise<void>;
    readonly clock: Clock;
    readonly boundsOf: (lane: string) => LaneBounds;
    /** Of lanes with the same `together`. Default: no bound. */
    readonly shared?: SharedBound;
  }) {
    this.#run = options.run;
    this.#clock = options.clock;
    this.#boundsOf = options.boundsOf;
    this.#shared = options.shared ?? { most: Number.POSITIVE_INFINITY, few: 0 };
  }

  get depth(): number {
    return this.#queued.size;
  }

  /** Number of entries of all kinds: 0 if nothing waits, runs or is scheduled. */
  get kept(): number {
    return [this.#lanes, this.#queued, this.#running, this.#again, this.#timers].reduce(
      (sum, { size }) => sum + size,
      0,
    );
  }

  start(): void {
    this.#started = true;
    for (const lane of this.#lanes.values()) {
      this.#fill(lane);
    }
  }

  /** Starts nothing new; resolves when all running work has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { abort } of this.#timers.values()) {
      abort.abort(CANCELLED);
    }
    if (this.#running.size > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  /** Adds the item; it runs when its turn comes. */
  add(item: Item): void {
    if (this.#stopped) {
      return;
    }
    this.#cancelTimer(item.key);
    if (this.#running.has(item.key)) {
      const urgent = item.urgent || (this.#again.get(item.key)?.urgent ?? false);
      this.#again.set(item.key, { ...item, urgent });
      return;
    }
    const queued = this.#queued.get(item.key);
    if (queued !== undefined) {
      if (queued.urgent || !item.urgent) {
        return;
      }
      this.#lane(queued.lane).remove(queued);
      this.#dropIfEmpty(queued.lane);
    }
    const lane = this.#lane(item.lane);
    this.#queued.set(item.key, item);
    lane.push(item, this.#boundsOf(lane.name));
    this.#fill(lane);
  }

  /** Adds the item after a delay in milliseconds; the earlier of two wins. */
  addAfter(item: Item, delayMs: number): void {
    if (this.#stopped) {
      return;
    }
    const at = this.#clock.monotonic() + delayMs;
    const timer = this.#timers.get(item.key);
    if (timer !== undefined && timer.at <= at) {
      return;
    }
    this.#cancelTimer(item.key);
    const abort = new AbortController();
    this.#timers.set(item.key, { at, abort });
    void this.#clock.sleep(delayMs, abort.signal).then(() => {
      if (!abort.signal.aborted) {
        this.#timers.delete(item.key);
        this.add(item);
      }
    });
  }

  #cancelTimer(key: string): void {
    this.#timers.get(key)?.abort.abort(CANCELLED);
    this.#timers.delete(key);
  }

  #lane(name: string): Lane<Item> {
    const lane = this.#lanes.get(name) ?? new Lane<Item>(name);
    this.#lanes.set(name, lane);
    return lane;
  }

  #fill(lane: Lane<Item>): void {
    while (this.#started && !this.#stopped) {
      const bounds = this.#boundsOf(lane.name);
      const item = this.#isHeld(lane, bounds) ? undefined : lane.begin(bounds);
      if (item === undefined) {
        break;
      }
      this.#queued.delete(item.key);
      this.#begin(item, lane, bounds.together);
    }
    this.#dropIfEmpty(lane.name);
  }

  /** Whether the lane waits for the bound that it shares; it is filled in turn. */
  #isHeld(lane: Lane<Item>, { together }: LaneBounds): boolean {
    const group = together === undefined ? undefined : this.#group(together);
    if (group === undefined || group.running < this.#shared.most || lane.running < this.#shared.few) {
      return false;
    }
    group.held.add(lane.name);
    return true;
  }

  #group(together: string): { running: number; readonly held: Set<string> } {
    const group = this.#together.get(together) ?? { running: 0, held: new Set<string>() };
    this.#together.set(together, group);
    return group;
  }

  #endTogether(together: string | undefined): void {
    if (together === undefined) {
      return;
    }
    const group = this.#group(together);
    group.running -= 1;
    for (const name of group.held) {
      if (group.running >= this.#shared.most) {
        break;
      }
      group.held.delete(name);
      const lane = this.#lanes.get(name);
      if (lane !== undefined) {
        this.#fill(lane);
      }
    }
  }

  #dropIfEmpty(name: string): void {
    if (this.#lanes.get(name)?.isEmpty) {
      this.#lanes.delete(name);
    }
  }

  #begin(item: Item, lane: Lane<Item>, together: string | undefined): void {
    this.#running.set(item.key, item);
    if (together !== undefined) {
      this.#group(together).running += 1;
    }
    void this.#run(item).finally(() => {
      lane.ended(item, this.#boundsOf(lane.name));
      this.#running.delete(item.key);
      const again = this.#again.get(item.key);
      this.#again.delete(item.key);
      if (again !== undefined) {
        this.add(again);
      }
      this.#endTogether(together);
      this.#fill(lane);
      if (this.#stopped && this.#running.size === 0) {
        this.#idle.splice(0).forEach((resolve) => {
          resolve();
        });
      }
    });
  }
}

/** Abort reason of cancelled timers: without a reason, each abort would create an error with its stack. */
const CANCELLED = 'cancelled';
