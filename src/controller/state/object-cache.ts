import type { KubernetesObject, ObjectMeta } from '../../api/kubernetes.ts';
import { keyOf } from '../../api/kubernetes.ts';
import { SHARES } from '../../api/shares.ts';
import { keptBytes } from './kept-size.ts';
import { KeyCount, KeyGroups, KeyIndex, type Membership, type NamesOf } from './key-index.ts';
import type { NamespaceMemory } from './namespace-memory.ts';
import type { TextPool } from './text-pool.ts';

/**
 * Cache of the objects of one kind, filled by a watch and by the operator's own writes; the newer version wins.
 *
 * *Guarantees*: never returns to an older version of an object; after {@link ObjectCache.forget} no late event restores
 * that version; `onChange` is called for every change from the watch and for none of the operator's own writes, since
 * their author continues anyway.
 *
 * If the namespace of an object has no room for it, a reduced form is kept: see {@link CacheBounds}.
 */
export class ObjectCache<
  T extends KubernetesObject,
  Index extends string = never,
  Count extends string = never,
  Group extends string = never,
> {
  readonly #objects = new Map<string, T>();
  readonly #indexes: ReadonlyMap<string, KeyIndex<T>>;
  readonly #counts: ReadonlyMap<string, KeyCount<T>>;
  readonly #groups: ReadonlyMap<string, KeyGroups<T>>;
  /** The counts and groups, and the tally if there is one: told of each version that enters or leaves. */
  readonly #tallies: readonly Tally<T>[];
  /**
   * Uid of a deleted object → the latest version at which it was deleted. A late answer with an older version doesn't
   * restore the object. A newer version does if only the watch reported the deletion, since the watch also reports one
   * when an object loses its label.
   */
  readonly #gone = new Map<string, string>();
  /**
   * Namespace, or '' for all → version of the last complete list: an object that it lacks and that isn't newer is
   * deleted; a late answer doesn't restore it.
   */
  readonly #listedAt = new Map<string, string>();
  readonly #texts: TextPool;
  readonly #keyOf: (metadata: ObjectMeta) => string;
  readonly #onChange: (change: Change<T>) => void;
  readonly #onOwnWrite: (change: Change<T>) => void;
  readonly #isOfUse: (object: T) => boolean;
  readonly #bounds: CacheBounds<T> | undefined;
  /** Keys of the objects in reduced form, by namespace. */
  readonly #less = new Map<string, Set<string>>();

  constructor(options: {
    /** Shared by all caches. */
    readonly texts: TextPool;
    /** Default: `namespace/name`, or the name of a cluster-scoped object. */
    readonly keyOf?: (metadata: ObjectMeta) => string;
    /** Further indexes, by kind of name; several objects may share a name, and an object may have none or several. */
    readonly indexes?: Readonly<Record<Index, NamesOf<T>>>;
    /** Names by which objects are counted. */
    readonly counts?: Readonly<Record<Count, (object: T) => string | undefined>>;
    /** Groups whose distinct members are counted. */
    readonly groups?: Readonly<Record<Group, (object: T) => Membership | undefined>>;
    /** Counts the objects in a way of its own. */
    readonly tally?: Tally<T>;
    readonly onChange: (change: Change<T>) => void;
    /** The same, of the operator's own writes; `onChange` is not called for them. Default: nothing. */
    readonly onOwnWrite?: (change: Change<T>) => void;
    /** Whether the object is needed; others aren't kept. Default: all are kept. */
    readonly isOfUse?: (object: T) => boolean;
    /** Default: none. */
    readonly bounds?: CacheBounds<T>;
  }) {
    const indexes = Object.entries<NamesOf<T>>(options.indexes ?? {});
    this.#indexes = new Map(indexes.map(([name, namesOf]) => [name, new KeyIndex(namesOf)]));
    const counts = Object.entries<(object: T) => string | undefined>(options.counts ?? {});
    this.#counts = new Map(counts.map(([name, nameOf]) => [name, new KeyCount(nameOf)]));
    const groups = Object.entries<(object: T) => Membership | undefined>(options.groups ?? {});
    this.#groups = new Map(groups.map(([name, memberOf]) => [name, new KeyGroups(memberOf)]));
    const tally = options.tally === undefined ? [] : [options.tally];
    this.#tallies = [...this.#counts.values(), ...this.#groups.values(), ...tally];
    this.#texts = options.texts;
    this.#keyOf = options.keyOf ?? keyOf;
    this.#onChange = options.onChange;
    this.#onOwnWrite = options.onOwnWrite ?? (() => undefined);
    this.#isOfUse = options.isOfUse ?? (() => true);
    this.#bounds = options.bounds;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  /** Whether exactly this version is cached. */
  knows(metadata: ObjectMeta): boolean {
    const known = this.#objects.get(this.#keyOf(metadata))?.metadata;
    return known?.uid === metadata.uid && known?.resourceVersion === metadata.resourceVersion;
  }

  /** The objects that have this name, or one of these names, each once. */
  find(index: Index, name: string | readonly string[]): readonly T[] {
    const keysOf = (one: string) => this.#indexes.get(index)?.get(one) ?? [];
    const keys = typeof name === 'string' ? keysOf(name) : new Set(name.flatMap(keysOf));
    return [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** How many objects have this name in a count. */
  count(count: Count, name: string): number {
    return this.#counts.get(count)?.get(name) ?? 0;
  }

  /** Every name of a count, with how many objects have it. */
  counted(count: Count): Iterable<readonly [string, number]> {
    return this.#counts.get(count)?.entries() ?? [];
  }

  /** How many distinct members a group has. */
  groupSize(group: Group, name: string): number {
    return this.#groups.get(group)?.size(name) ?? 0;
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  get size(): number {
    return this.#objects.size;
  }

  /** A complete list, of one namespace or of all: an object that it lacks is deleted, unless it is newer than the list. */
  replaced(objects: readonly T[], resourceVersion: string, namespace = ''): void {
    this.keepOnly(objects, resourceVersion, namespace);
    for (const object of objects) {
      this.applied(object);
    }
  }

  /** The same, for a list whose objects were passed to {@link ObjectCache.applied} page by page. */
  keepOnly(objects: readonly KubernetesObject[], resourceVersion: string, namespace = ''): void {
    this.#listedAt.set(namespace, resourceVersion);
    const listed = new Set(objects.map(({ metadata }) => this.#keyOf(metadata)));
    for (const [key, object] of [...this.#objects]) {
      const isOfList = namespace === '' || object.metadata.namespace === namespace;
      if (isOfList && !listed.has(key) && !isNewer(object.metadata.resourceVersion, resourceVersion)) {
        this.#remove(key, object, this.#onChange);
      }
    }
  }

  /** A version from the watch. */
  applied(object: T): void {
    this.#put(object, this.#onChange);
  }

  /** A deletion from the watch. */
  deleted(object: T): void {
    this.#bury(object, object.metadata.resourceVersion ?? '');
    const key = this.#keyOf(object.metadata);
    const known = this.#objects.get(key);
    if (known !== undefined && known.metadata.uid === object.metadata.uid) {
      this.#remove(key, known, this.#onChange);
    }
  }

  /** A version from the operator's own write. */
  learn(object: T): void {
    const isListed = this.#objects.has(this.#keyOf(object.metadata));
    const listedAt = this.#listedAt.get(object.metadata.namespace ?? '') ?? this.#listedAt.get('');
    if (isListed || isNewer(object.metadata.resourceVersion, listedAt)) {
      this.#put(this.#texts.share(object), this.#onOwnWrite);
    }
  }

  /** The operator deleted the object with this name and uid; another object may have the name by now. */
  forget(object: KubernetesObject): void {
    this.#bury(object, NEVER);
    const key = this.#keyOf(object.metadata);
    const known = this.#objects.get(key);
    if (known?.metadata.uid === object.metadata.uid) {
      this.#remove(key, known, this.#onOwnWrite);
    }
  }

  #put(object: T, tell: (change: Change<T>) => void): void {
    const key = this.#keyOf(object.metadata);
    const before = this.#objects.get(key);
    if (this.#isOutdated(object, before)) {
      return;
    }
    const kept = this.#isOfUse(object) ? this.#fitted(object, before) : undefined;
    if (kept === undefined) {
      if (before !== undefined) {
        this.#remove(key, before, tell);
      }
      return;
    }
    this.#unindex(key, before);
    this.#objects.set(key, kept);
    for (const index of this.#indexes.values()) {
      index.add(kept, key);
    }
    for (const count of this.#tallies) {
      count.add(kept);
    }
    const isTakenUp = before !== undefined && this.#isLess(before) && !this.#isLess(kept);
    this.#noteLess(key, kept, this.#isLess(kept));
    // Also after an own write: the object was not reconciled while it was in reduced form.
    (isTakenUp ? this.#onChange : tell)({ before, after: kept });
  }

  /** A version that is cached in reduced form is not outdated: there may be room for the whole object now. */
  #isOutdated(object: T, before: T | undefined): boolean {
    const { uid = '', resourceVersion } = object.metadata;
    const goneAt = this.#gone.get(uid);
    if (goneAt !== undefined && !isNewer(resourceVersion, goneAt)) {
      return true;
    }
    if (before === undefined || isNewer(resourceVersion, before.metadata.resourceVersion)) {
      return false;
    }
    return resourceVersion !== before.metadata.resourceVersion || !this.#isLess(before);
  }

  /** The next object of the namespace in reduced form, in turn. */
  nextOfLess(namespace: string): string | undefined {
    const keys = this.#less.get(namespace);
    const [key] = keys ?? [];
    if (key !== undefined) {
      keys?.delete(key);
      keys?.add(key);
    }
    return key;
  }

  #isLess(object: T): boolean {
    return this.#bounds?.isLess(object) ?? false;
  }

  #sizeOf(object: T | undefined): number {
    return object === undefined || this.#bounds === undefined || this.#isLess(object) ? 0 : keptBytes(object);
  }

  #fitted(object: T, before: T | undefined): T | undefined {
    if (this.#bounds === undefined) {
      return object;
    }
    const { memory, less } = this.#bounds;
    const namespace = object.metadata.namespace ?? '';
    const held = this.#sizeOf(before);
    const bytes = this.#sizeOf(object);
    if (memory.exchange(namespace, held, bytes)) {
      return object;
    }
    const reduced = less(object, bytes);
    if (reduced !== undefined) {
      memory.exchange(namespace, held, 0);
    }
    return reduced;
  }

  #noteLess(key: string, { metadata: { namespace = '' } }: T, isLess: boolean): void {
    const keys = this.#less.get(namespace) ?? new Set();
    if (isLess) {
      this.#less.set(namespace, keys.add(key));
    } else if (keys.delete(key) && keys.size === 0) {
      this.#less.delete(namespace);
    }
  }

  #remove(key: string, object: T | undefined, tell: (change: Change<T>) => void): void {
    this.#unindex(key, object);
    this.#objects.delete(key);
    if (object !== undefined) {
      this.#noteLess(key, object, false);
      this.#bounds?.memory.exchange(object.metadata.namespace ?? '', this.#sizeOf(object), 0);
    }
    tell({ before: object, after: undefined });
  }

  #bury({ metadata: { uid } }: KubernetesObject, goneAt: string): void {
    const [oldest] = this.#gone.keys();
    if (oldest !== undefined && this.#gone.size >= MAX_REMEMBERED) {
      this.#gone.delete(oldest);
    }
    if (uid !== undefined) {
      this.#gone.set(uid, goneAt);
    }
  }

  #unindex(key: string, object: T | undefined): void {
    if (object !== undefined) {
      for (const index of this.#indexes.values()) {
        index.remove(object, key);
      }
      for (const count of this.#tallies) {
        count.remove(object);
      }
    }
  }
}

/** Counts objects. What is removed is the very object that was added. */
interface Tally<T> {
  add(object: T): void;
  remove(object: T): void;
}

/** Bounds what is kept for the objects of one namespace. */
interface CacheBounds<T> {
  readonly memory: NamespaceMemory;
  /** The reduced form of an object of this many bytes, for which there is no room; `undefined`: nothing is kept. */
  readonly less: (object: T, bytes: number) => T | undefined;
  /** Whether this is a reduced form, which doesn't count. */
  readonly isLess: (object: T) => boolean;
}

const MAX_REMEMBERED = SHARES.goneObjects.most;
/** Newer than every version: an object that the operator deleted itself is never restored. */
const NEVER = '9'.repeat(32);

export interface Change<T> {
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** Resource versions are growing decimal numbers (documented since Kubernetes 1.35; earlier ones behave so, too). */
export function isNewer(a: string | undefined, b: string | undefined): boolean {
  const [x = '', y = ''] = [a, b];
  return x.length === y.length ? x > y : x.length > y.length;
}
