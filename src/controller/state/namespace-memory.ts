/**
 * Bounds the memory for the objects of each namespace, so that no namespace takes what others need.
 *
 * What doesn't fit isn't kept: the owner keeps less instead, and is called when there is room again.
 */
export class NamespaceMemory {
  readonly #most: number;
  readonly #exempt: string;
  readonly #onRoom: (namespace: string) => void;
  readonly #used = new Map<string, number>();

  constructor(options: {
    /** Share of each namespace, in bytes. */
    readonly most: number;
    /** The namespace without a bound: the operator's own, where no tenant creates objects. Cluster-scoped objects have no bound. */
    readonly exempt: string;
    /** Called when something of this namespace was removed or shrank. */
    readonly onRoom: (namespace: string) => void;
  }) {
    this.#most = options.most;
    this.#exempt = options.exempt;
    this.#onRoom = options.onRoom;
  }

  /**
   * Replaces an entry of `before` bytes by one of `after` bytes; 0 means no entry.
   *
   * @returns whether it fits. If it doesn't, nothing changes: `before` still counts. Shrinking always fits.
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

  /** Reports that something else may fit now. */
  tellRoom(namespace: string): void {
    this.#onRoom(namespace);
  }

  /** In bytes. */
  usedBy(namespace: string): number {
    return this.#used.get(namespace) ?? 0;
  }

  /** Whether this many more bytes would fit. */
  hasRoom(namespace: string, bytes: number): boolean {
    return !this.#isBounded(namespace) || this.usedBy(namespace) + bytes <= this.#most;
  }

  #isBounded(namespace: string): boolean {
    return namespace !== '' && namespace !== this.#exempt;
  }
}
