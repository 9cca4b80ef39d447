/** Longer strings seldom occur twice. */
const LONGEST_TEXT = 128;
/** Larger lists and objects seldom occur twice. The length of their JSON, about. */
const LARGEST_CONTAINER = 320;
const GENERATION = 2_048;

/**
 * Deduplicates equal strings, and small lists and objects that are equal as a whole. Ten thousand objects contain
 * `authorization_code` and the name of one server ten thousand times, and JSON.parse makes them anew each time: half of
 * an idle operator's memory.
 *
 * *Guarantees*: keeps about 4,000 strings of at most 128 characters and as many lists and objects of about 320, the most
 * recently seen ones.
 */
export class TextPool {
  readonly #texts = new Recent<string>();
  readonly #containers = new Recent<object>();

  /**
   * Replaces each string, small list and small object in `kept` by an equal one that was seen recently, in place, and
   * returns `kept`.
   *
   * @param kept lists and objects without cycles; nothing in it is frozen, and nobody changes it afterwards
   */
  share<T>(kept: T): T {
    if (typeof kept === 'object' && kept !== null) {
      this.#shareWithin(kept as Record<string, unknown>);
    }
    return kept;
  }

  /** Returns the length of the JSON, about. */
  #shareWithin(node: Record<string, unknown>): number {
    let length = isPlain(node) ? 2 : NO_JSON;
    for (const name of Object.keys(node)) {
      length += name.length + this.#shareMember(node, name);
    }
    return length;
  }

  #shareMember(node: Record<string, unknown>, name: string): number {
    const value = node[name];
    if (typeof value === 'string') {
      const text = this.#sharedText(value);
      node[name] = text;
      return text.length;
    }
    if (typeof value !== 'object' || value === null) {
      return isJson(value) ? 4 : NO_JSON;
    }
    const length = this.#shareWithin(value as Record<string, unknown>);
    if (length <= LARGEST_CONTAINER) {
      node[name] = this.#containers.shared(JSON.stringify(value), value);
    }
    return length;
  }

  #sharedText(text: string): string {
    return text.length > LONGEST_TEXT ? text : this.#texts.shared(text, text);
  }
}

/** The length of what JSON can't tell from something else: it has no text by which an equal one could be found. */
const NO_JSON = Number.POSITIVE_INFINITY;

const isPlain = (container: object): boolean =>
  Array.isArray(container) || Object.getPrototypeOf(container) === Object.prototype;

const isJson = (value: unknown): boolean =>
  value === null || typeof value === 'boolean' || (Number.isFinite(value) && !Object.is(value, -0));

/** The values that were asked for most recently, by a text that identifies each. */
class Recent<T> {
  #recent = new Map<string, T>();
  #before = new Map<string, T>();

  /** The value that is known by this text, else `value`, which is known from now on. */
  shared(text: string, value: T): T {
    const known = this.#recent.get(text);
    if (known !== undefined) {
      return known;
    }
    const kept = this.#before.get(text) ?? value;
    if (this.#recent.size >= GENERATION) {
      this.#before = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(text, kept);
    return kept;
  }
}
