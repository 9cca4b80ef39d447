import { Lane, type LaneBounds, type WorkItem } from './lane.ts';

/** Bounds concurrent work of one kind, in total and per namespace; namespaces take turns. */
export class FairGate {
  readonly #bounds: LaneBounds;
  readonly #lane = new Lane('');
  readonly #waiting = new Map<string, () => void>();
  #entered = 0;

  constructor(bounds: LaneBounds) {
    this.#bounds = bounds;
  }

  /** Runs the work when its turn comes. Resolves or rejects as the work does. */
  async run<T>(namespace: string, work: () => Promise<T>): Promise<T> {
    const item = await this.#enter(namespace);
    try {
      return await work();
    } finally {
      this.#lane.ended(item, this.#bounds);
      this.#admit();
    }
  }

  async #enter(namespace: string): Promise<WorkItem> {
    this.#entered += 1;
    const item = { key: `${this.#entered}`, lane: '', namespace, urgent: false };
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(item.key, resolve);
    this.#lane.push(item, this.#bounds);
    this.#admit();
    await promise;
    return item;
  }

  #admit(): void {
    for (
      let item = this.#lane.begin(this.#bounds);
      item !== undefined;
      item = this.#lane.begin(this.#bounds)
    ) {
      this.#waiting.get(item.key)?.();
      this.#waiting.delete(item.key);
    }
  }
}
