import { SHARES } from '../../api/shares.ts';
import { Fifo } from './fifo.ts';

/** An object to reconcile. */
export interface WorkItem {
  /** Identifies the object: two items with one key are the same work. */
  readonly key: string;
  readonly lane: string;
  readonly namespace: string;
  /** Deletes and edits go before a backlog. */
  readonly urgent: boolean;
}

/** How many keys of a lane may run concurrently. */
export interface LaneBounds {
  readonly most: number;
  /** Bound for one namespace, even if no other waits. Default: `most`. */
  readonly perNamespace?: number;
  /** Lanes with the same name share a further bound; see {@link SharedBound}. Default: none. */
  readonly together?: string;
}

/** A bound over several lanes. Where it is reached, each of them may still run a few keys. */
export interface SharedBound {
  readonly most: number;
  readonly few: number;
}

/**
 * Waiting and running keys of one lane. Namespaces take turns; a namespace that uses half of the lane waits while another
 * one, which uses less, has waiting keys. Every operation takes constant time.
 */
export class Lane<Item extends WorkItem> {
  readonly name: string;
  #running = 0;
  /** Namespaces with waiting or running keys. */
  readonly #lines = new Map<string, Line<Item>>();
  /** Namespaces in the order of their turns: those that use less than half of the lane, and those that use more. */
  readonly #first = new Fifo<Line<Item>, Line<Item>>();
  readonly #second = new Fifo<Line<Item>, Line<Item>>();

  constructor(name: string) {
    this.name = name;
  }

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  get running(): number {
    return this.#running;
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

  /** Starts the next item, which counts as running until {@link Lane.ended}; `undefined` if none may run. */
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

  /** Appends the namespace to its list of turns; if it is already in the list, it keeps its place. */
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

/** Waiting keys of one namespace: first in, first out, urgent keys first. */
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

  /** Limits consecutive urgent keys, so that endless edits don't starve new objects. */
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
