interface Node<K, V> {
  readonly key: K;
  readonly value: V;
  before: Node<K, V> | undefined;
  after: Node<K, V> | undefined;
}

/**
 * First in, first out, each key once; any entry can be removed. Every operation takes constant time. A plain Map would be
 * too slow: finding its first entry skips over all entries that were deleted before.
 */
export class Fifo<K, V> {
  readonly #nodes = new Map<K, Node<K, V>>();
  #first: Node<K, V> | undefined;
  #last: Node<K, V> | undefined;

  get size(): number {
    return this.#nodes.size;
  }

  get first(): V | undefined {
    return this.#first?.value;
  }

  get firstKey(): K | undefined {
    return this.#first?.key;
  }

  get(key: K): V | undefined {
    return this.#nodes.get(key)?.value;
  }

  /** Appends the key; a key that is already there keeps its place and its value. */
  push(key: K, value: V): void {
    if (this.#nodes.has(key)) {
      return;
    }
    const node: Node<K, V> = { key, value, before: this.#last, after: undefined };
    if (this.#last === undefined) {
      this.#first = node;
    } else {
      this.#last.after = node;
    }
    this.#last = node;
    this.#nodes.set(key, node);
  }

  delete(key: K): boolean {
    const node = this.#nodes.get(key);
    if (node === undefined) {
      return false;
    }
    this.#nodes.delete(key);
    if (node.before === undefined) {
      this.#first = node.after;
    } else {
      node.before.after = node.after;
    }
    if (node.after === undefined) {
      this.#last = node.before;
    } else {
      node.after.before = node.before;
    }
    return true;
  }
}
