/** Longer strings seldom occur twice. */
const MAX_LENGTH = 128;
const GENERATION = 2_048;

/**
 * Deduplicates equal strings. Ten thousand objects contain `authorization_code` ten thousand times, and JSON.parse makes a
 * new string each time: half of an idle operator's memory.
 *
 * *Guarantees*: keeps about 4,000 strings of at most 128 characters, the most recently seen ones.
 */
export class TextPool {
  #recent = new Map<string, string>();
  #before = new Map<string, string>();

  /**
   * Replaces each string in `kept` by an equal one that was seen recently, in place, and returns `kept`.
   *
   * @param kept lists and objects without cycles; nothing in it is frozen
   */
  share<T>(kept: T): T {
    if (typeof kept === 'object' && kept !== null) {
      this.#shareWithin(kept as Record<string, unknown>);
    }
    return kept;
  }

  #shareWithin(node: Record<string, unknown>): void {
    for (const name of Object.keys(node)) {
      const value = node[name];
      if (typeof value === 'string') {
        node[name] = this.#shared(value);
      } else if (typeof value === 'object' && value !== null) {
        this.#shareWithin(value as Record<string, unknown>);
      }
    }
  }

  #shared(text: string): string {
    if (text.length > MAX_LENGTH) {
      return text;
    }
    const known = this.#recent.get(text);
    if (known !== undefined) {
      return known;
    }
    const kept = this.#before.get(text) ?? text;
    if (this.#recent.size >= GENERATION) {
      this.#before = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(kept, kept);
    return kept;
  }
}
