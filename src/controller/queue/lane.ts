import { SHARES } from '../../api/shares.ts';
import { Fifo } from './fifo.ts';

/** An object that is to be worked on. */
export interface WorkItem {
  /** Names the object: two items of one key are the same work. */
  readonly key: string;
  readonly lane: string;
  readonly namespace: string;
  /** Deletes and edits go before a backlog. */
  readonly urgent: boolean;
}

/** How many keys of a lane may be under way. */
export interface LaneBounds {
  readonly most: number;
  /** Of one namespace, even where no other waits. Default: `most`. */
  readonly perNamespace?: number;
}

/**
 * What waits and runs in one lane. Namespaces take turns; one that has half of the lane waits while another, which has
 * less, has something to do. Every step takes the same time, however much waits.
 */
export class Lane<Item extends WorkItem> {
  readonly name: string;
  #running = 0;
  /** Namespaces of which something waits or runs. */
  readonly #lines = new Map<string, Line<Item>>();
  /** Those whose turn may come, in their order: with less than half of the lane, and with more. */
  readonly #first = new Fifo<Line<Item>, Line<Item>>();
  readonly #second = new Fifo<Line<Item>, Line<Item>>();

  constructor(name: string) {
    this.name = name;
  }

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  push(item: Item, bounds: LaneBounds): void {
    const line = this.#lines.get(item.namespace) ?? new Line<Item>();
    this.#lines.set(item.namespace, line);
    line.push(item);
    this.#place(line, bounds);
  }

  remove(item: WorkItem): void {
    const line = this.#lines.get(item.namespace);
    line?.remove(item);
    this.#dropIfDone(item.namespace, line);
  }

  /** The next item, which runs from now on until {@link Lane.ended}; `undefined` where none may run. */
  begin(bounds: LaneBounds): Item | undefined {
    const line = this.#running < bounds.most ? (this.#first.first ?? this.#second.first) : undefined;
    const item = line?.take();
    if (line !== undefined) {
      this.#running += 1;
      line.running += 1;
      this.#first.delete(line);
      this.#second.delete(line);
      this.#place(line, bounds);
    }
    return item;
  }

  ended({ namespace }: WorkItem, bounds: LaneBounds): void {
    const line = this.#lines.get(namespace);
    if (line !== undefined) {
      this.#running -= 1;
      line.running -= 1;
      this.#place(line, bounds);
    }
    this.#dropIfDone(namespace, line);
  }

  /** Puts it at the end of those with whom it takes turns; where it is among them, it keeps its place. */
  #place(line: Line<Item>, { most, perNamespace = most }: LaneBounds): void {
    const isFirst = line.running < Math.min(most / 2, perNamespace);
    const isSecond = !isFirst && line.running < perNamespace;
    keep(this.#first, line, line.isWaiting && isFirst);
    keep(this.#second, line, line.isWaiting && isSecond);
  }

  #dropIfDone(namespace: string, line: Line<Item> | undefined): void {
    if (line !== undefined && !line.isWaiting) {
      this.#first.delete(line);
      this.#second.delete(line);
      if (line.running === 0) {
        this.#lines.delete(namespace);
      }
    }
  }
}

/** What waits of one namespace: first in, first out, the urgent before the rest. */
class Line<Item extends WorkItem> {
  running = 0;
  readonly #urgent = new Fifo<string, Item>();
  readonly #backlog = new Fifo<string, Item>();
  #urgentInARow = 0;

  get isWaiting(): boolean {
    return this.#urgent.size + this.#backlog.size > 0;
  }

  push(item: Item): void {
    (item.urgent ? this.#urgent : this.#backlog).push(item.key, item);
  }

  remove({ key, urgent }: WorkItem): void {
    (urgent ? this.#urgent : this.#backlog).delete(key);
  }

  /** Edits that come without an end don't keep what is new from its turn. */
  take(): Item | undefined {
    const isTurnOfBacklog = this.#urgentInARow >= SHARES.urgentInARow.most && this.#backlog.size > 0;
    const from = isTurnOfBacklog || this.#urgent.size === 0 ? this.#backlog : this.#urgent;
    this.#urgentInARow = from === this.#urgent && this.#backlog.size > 0 ? this.#urgentInARow + 1 : 0;
    const item = from.first;
    if (item !== undefined) {
      from.delete(item.key);
    }
    return item;
  }
}

function keep<One>(lines: Fifo<One, One>, line: One, isMember: boolean): void {
  if (isMember) {
    lines.push(line, line);
  } else {
    lines.delete(line);
  }
}
