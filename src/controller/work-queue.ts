import type { Clock } from './ports.ts';

/**
 * Which object is worked on next.
 *
 * *Guarantees*: a key never runs twice at once; what is added while it runs, runs once more. Within a lane (one
 * authorization server), urgent keys go first, and namespaces take turns, so 5,000 waiting clients of one namespace
 * don't delay another's. A lane never has more than its limit under way, so one slow server doesn't hold up others.
 */
export interface WorkItem {
  readonly key: string;
  readonly lane: string;
  readonly namespace: string;
  /** Deletes and edits go before a backlog. */
  readonly urgent: boolean;
}

export class WorkQueue {
  readonly #run: (key: string) => Promise<void>;
  readonly #clock: Clock;
  readonly #limitOf: (lane: string) => number;
  readonly #lanes = new Map<string, Lane>();
  readonly #queued = new Map<string, WorkItem>();
  readonly #running = new Map<string, WorkItem>();
  readonly #again = new Map<string, WorkItem>();
  readonly #timers = new Map<string, { readonly at: number; readonly abort: AbortController }>();
  readonly #idle: (() => void)[] = [];
  #started = false;
  #stopped = false;

  constructor(options: {
    /** Must not reject. */
    readonly run: (key: string) => Promise<void>;
    readonly clock: Clock;
    /** How many keys of a lane may be under way. */
    readonly limitOf: (lane: string) => number;
  }) {
    this.#run = options.run;
    this.#clock = options.clock;
    this.#limitOf = options.limitOf;
  }

  get depth(): number {
    return this.#queued.size;
  }

  start(): void {
    this.#started = true;
    for (const lane of this.#lanes.values()) {
      this.#fill(lane);
    }
  }

  /** Takes nothing new; resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { abort } of this.#timers.values()) {
      abort.abort(CANCELLED);
    }
    if (this.#running.size > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  /** As soon as its turn comes. */
  add(item: WorkItem): void {
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
    }
    const lane = this.#lane(item.lane);
    this.#queued.set(item.key, item);
    lane.push(item);
    this.#fill(lane);
  }

  /** After a time, in milliseconds; the earlier of two wins. */
  addAfter(item: WorkItem, delayMs: number): void {
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

  #lane(name: string): Lane {
    const lane = this.#lanes.get(name) ?? new Lane(name);
    this.#lanes.set(name, lane);
    return lane;
  }

  #fill(lane: Lane): void {
    while (this.#started && !this.#stopped && lane.running < this.#limitOf(lane.name)) {
      const item = lane.next();
      if (item === undefined) {
        break;
      }
      this.#queued.delete(item.key);
      this.#begin(item, lane);
    }
    if (lane.isEmpty) {
      this.#lanes.delete(lane.name);
    }
  }

  #begin(item: WorkItem, lane: Lane): void {
    lane.running += 1;
    this.#running.set(item.key, item);
    void this.#run(item.key).finally(() => {
      lane.running -= 1;
      this.#running.delete(item.key);
      const again = this.#again.get(item.key);
      this.#again.delete(item.key);
      if (again !== undefined) {
        this.add(again);
      }
      this.#fill(this.#lanes.get(lane.name) ?? lane);
      if (this.#stopped && this.#running.size === 0) {
        this.#idle.splice(0).forEach((resolve) => {
          resolve();
        });
      }
    });
  }
}

/** Said by every timer that is given up: without a reason, each would make an error with its stack. */
const CANCELLED = 'cancelled';

/** The waiting keys of one server: two turns of namespaces, urgent before the rest. */
class Lane {
  readonly name: string;
  running = 0;
  readonly #urgent = new Turns();
  readonly #backlog = new Turns();

  constructor(name: string) {
    this.name = name;
  }

  get isEmpty(): boolean {
    return this.running === 0 && this.#urgent.isEmpty && this.#backlog.isEmpty;
  }

  push(item: WorkItem): void {
    (item.urgent ? this.#urgent : this.#backlog).push(item);
  }

  remove(item: WorkItem): void {
    (item.urgent ? this.#urgent : this.#backlog).remove(item);
  }

  next(): WorkItem | undefined {
    return this.#urgent.next() ?? this.#backlog.next();
  }
}

/** Round-robin between namespaces, first in first out within one. Maps keep the order of insertion. */
class Turns {
  readonly #byNamespace = new Map<string, Map<string, WorkItem>>();

  get isEmpty(): boolean {
    return this.#byNamespace.size === 0;
  }

  push(item: WorkItem): void {
    const items = this.#byNamespace.get(item.namespace) ?? new Map<string, WorkItem>();
    this.#byNamespace.set(item.namespace, items.set(item.key, item));
  }

  remove(item: WorkItem): void {
    const items = this.#byNamespace.get(item.namespace);
    items?.delete(item.key);
    if (items?.size === 0) {
      this.#byNamespace.delete(item.namespace);
    }
  }

  next(): WorkItem | undefined {
    const [namespace, items] = this.#byNamespace.entries().next().value ?? [];
    const item = items?.values().next().value;
    if (namespace === undefined || items === undefined || item === undefined) {
      return undefined;
    }
    items.delete(item.key);
    this.#byNamespace.delete(namespace);
    if (items.size > 0) {
      this.#byNamespace.set(namespace, items);
    }
    return item;
  }
}
