/** Which objects bear a name: from the name to their keys, in the order in which they came. */
export class KeyIndex {
  /** Mostly one, which stands for itself: a list of one takes five times the memory. */
  readonly #keys = new Map<string, string | readonly string[]>();

  get(name: string): readonly string[] {
    const keys = this.#keys.get(name) ?? [];
    return typeof keys === 'string' ? [keys] : keys;
  }

  add(name: string, key: string): void {
    const keys = this.get(name);
    if (!keys.includes(key)) {
      this.#set(name, [...keys, key]);
    }
  }

  remove(name: string, key: string): void {
    this.#set(
      name,
      this.get(name).filter((other) => other !== key),
    );
  }

  #set(name: string, keys: readonly string[]): void {
    const [only, ...others] = keys;
    if (only === undefined) {
      this.#keys.delete(name);
    } else {
      this.#keys.set(name, others.length === 0 ? only : keys);
    }
  }
}
