/**
 * How much memory is kept for the objects of each namespace: one namespace can't take what others need.
 *
 * What doesn't fit isn't kept; who keeps something there does with less, and is told when there is room again.
 */
export class NamespaceMemory {
  readonly #most: number;
  readonly #exempt: string;
  readonly #onRoom: (namespace: string) => void;
  readonly #used = new Map<string, number>();

  constructor(options: {
    /** Share of each namespace, in bytes. */
    readonly most: number;
    /** A namespace without a bound: the operator's own, whose objects no tenant makes. Objects of no namespace have none. */
    readonly exempt: string;
    /** Something of this namespace went or shrank. */
    readonly onRoom: (namespace: string) => void;
  }) {
    this.#most = options.most;
    this.#exempt = options.exempt;
    this.#onRoom = options.onRoom;
  }

  /**
   * Something takes `after` bytes in place of `before`, each of them 0 where there is nothing.
   *
   * @returns whether it may. Where it may not, nothing is changed: what took `before` still counts. It may always shrink.
   */
  exchange(namespace: string, before: number, after: number): boolean {
    const used = this.usedBy(namespace) - before + after;
    if (after > before && used > this.#most && this.#isBounded(namespace)) {
      return false;
    }
    if (used > 0) {
      this.#used.set(namespace, used);
    } else {
      this.#used.delete(namespace);
    }
    if (after < before) {
      this.tellRoom(namespace);
    }
    return true;
  }

  /** Something else may fit now. */
  tellRoom(namespace: string): void {
    this.#onRoom(namespace);
  }

  /** In bytes. */
  usedBy(namespace: string): number {
    return this.#used.get(namespace) ?? 0;
  }

  /** Whether so much more would fit. */
  hasRoom(namespace: string, bytes: number): boolean {
    return !this.#isBounded(namespace) || this.usedBy(namespace) + bytes <= this.#most;
  }

  #isBounded(namespace: string): boolean {
    return namespace !== '' && namespace !== this.#exempt;
  }
}
