/** Index from names, each of which several objects may share, to their keys in the order of insertion. */
export class KeyIndex<T> {
  readonly #namesOf: NamesOf<T>;
  /** Most names have one key, which is stored without a list: a list of one takes five times the memory. */
  readonly #keys = new Map<string, string | Set<string>>();

  /** @param namesOf `undefined`: not indexed */
  constructor(namesOf: NamesOf<T>) {
    this.#namesOf = namesOf;
  }

  get(name: string): readonly string[] {
    const keys = this.#keys.get(name) ?? [];
    return typeof keys === 'string' ? [keys] : [...keys];
  }

  add(object: T, key: string): void {
    for (const name of this.#all(object)) {
      const keys = this.#keys.get(name);
      if (keys instanceof Set) {
        keys.add(key);
      } else {
        this.#keys.set(name, keys === undefined ? key : new Set([keys, key]));
      }
    }
  }

  remove(object: T, key: string): void {
    for (const name of this.#all(object)) {
      const keys = this.#keys.get(name);
      const isLeft = keys instanceof Set && (!keys.delete(key) || keys.size > 0);
      if (!isLeft) {
        this.#keys.delete(name);
      }
    }
  }

  #all(object: T): readonly string[] {
    const names = this.#namesOf(object);
    return typeof names === 'string' ? [names] : (names ?? []);
  }
}

/** The name of an object in an index, or its names; `undefined`: none. */
export type NamesOf<T> = (object: T) => string | readonly string[] | undefined;

/** Counts the objects that share a name. Takes one number per name, however many objects there are. */
export class KeyCount<T, Name extends string = string> {
  readonly #nameOf: (object: T) => Name | undefined;
  readonly #counts = new Map<Name, number>();

  /** @param nameOf `undefined`: not counted */
  constructor(nameOf: (object: T) => Name | undefined) {
    this.#nameOf = nameOf;
  }

  get(name: Name): number {
    return this.#counts.get(name) ?? 0;
  }

  entries(): Iterable<readonly [Name, number]> {
    return this.#counts.entries();
  }

  add(object: T): void {
    this.#change(object, 1);
  }

  remove(object: T): void {
    this.#change(object, -1);
  }

  #change(object: T, by: 1 | -1): void {
    const name = this.#nameOf(object);
    if (name === undefined) {
      return;
    }
    const count = this.get(name) + by;
    if (count === 0) {
      this.#counts.delete(name);
    } else {
      this.#counts.set(name, count);
    }
  }
}

/** Counts the distinct members of each group. */
export class KeyGroups<T> {
  readonly #memberOf: (object: T) => Membership | undefined;
  readonly #groups = new Map<string, Map<string, number>>();

  /** @param memberOf `undefined`: in no group */
  constructor(memberOf: (object: T) => Membership | undefined) {
    this.#memberOf = memberOf;
  }

  size(group: string): number {
    return this.#groups.get(group)?.size ?? 0;
  }

  add(object: T): void {
    this.#change(object, 1);
  }

  remove(object: T): void {
    this.#change(object, -1);
  }

  #change(object: T, by: 1 | -1): void {
    const { group, member } = this.#memberOf(object) ?? {};
    if (group === undefined || member === undefined) {
      return;
    }
    const members = this.#groups.get(group) ?? new Map<string, number>();
    const count = (members.get(member) ?? 0) + by;
    if (count === 0) {
      members.delete(member);
    } else {
      members.set(member, count);
    }
    if (members.size === 0) {
      this.#groups.delete(group);
    } else {
      this.#groups.set(group, members);
    }
  }
}

export interface Membership {
  readonly group: string;
  readonly member: string;
}
