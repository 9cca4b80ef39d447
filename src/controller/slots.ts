/** Bounds what is under way at one time, by name; who waits is served in turn. */
export class Slots {
  readonly #taken = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Resolves when there is room for one more. Each must be followed by one {@link Slots.release}. */
  async acquire(name: string, limit: number): Promise<void> {
    const taken = this.#taken.get(name) ?? 0;
    if (taken < limit) {
      this.#taken.set(name, taken + 1);
      return;
    }
    const turn = Promise.withResolvers<void>();
    this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), turn.resolve]);
    await turn.promise;
  }

  /** Hands the room to whoever waits longest. */
  release(name: string): void {
    const [next, ...others] = this.#waiting.get(name) ?? [];
    if (next === undefined) {
      const left = (this.#taken.get(name) ?? 1) - 1;
      if (left > 0) {
        this.#taken.set(name, left);
      } else {
        this.#taken.delete(name);
      }
      return;
    }
    if (others.length > 0) {
      this.#waiting.set(name, others);
    } else {
      this.#waiting.delete(name);
    }
    next();
  }
}
