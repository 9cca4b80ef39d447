import type { KubernetesObject, ObjectMeta } from '../../api/kubernetes.ts';
import { keyOf } from '../../api/kubernetes.ts';
import { keptBytes } from './kept-size.ts';
import { KeyCount, KeyGroups, KeyIndex, type Membership } from './key-index.ts';
import type { NamespaceMemory } from './namespace-memory.ts';
import type { TextPool } from './text-pool.ts';

/**
 * What is known of the objects of one kind: fed by a watch and by the operator's own writes, whichever is newer.
 *
 * *Guarantees*: never goes back to an older version of an object; after {@link ObjectCache.forget} that version
 * doesn't come back by a late event; `onChange` is told of every change that the watch brings and of none that the
 * operator made itself, since whoever made it goes on anyway.
 *
 * Where the namespace of an object has no room for it, less is kept of it: see {@link CacheBounds}.
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
  /**
   * Uids that are gone → the version at which they went, the latest of them. An older version doesn't bring an object
   * back, whatever a late answer says. A newer one does after a deletion that only the watch told of: an object whose
   * label was taken off is gone to it.
   */
  readonly #gone = new Map<string, string>();
  /**
   * Namespace, or '' for all → version of the last complete list: what it lacks and isn't newer is gone, whatever a late
   * answer says.
   */
  readonly #listedAt = new Map<string, string>();
  readonly #texts: TextPool;
  readonly #keyOf: (metadata: ObjectMeta) => string;
  readonly #onChange: (change: Change<T>) => void;
  readonly #isOfUse: (object: T) => boolean;
  readonly #bounds: CacheBounds<T> | undefined;
  /** Keys of the objects of which less is kept, by namespace. */
  readonly #less = new Map<string, Set<string>>();

  constructor(options: {
    /** Shared by all caches. */
    readonly texts: TextPool;
    /** Default: `namespace/name`, or the name of a cluster-scoped object. */
    readonly keyOf?: (metadata: ObjectMeta) => string;
    /** Further names to find objects by, each of its own kind; several objects may share one, or have none. */
    readonly indexes?: Readonly<Record<Index, (object: T) => string | undefined>>;
    /** Names that objects are counted by. */
    readonly counts?: Readonly<Record<Count, (object: T) => string | undefined>>;
    /** Groups whose different members are counted. */
    readonly groups?: Readonly<Record<Group, (object: T) => Membership | undefined>>;
    readonly onChange: (change: Change<T>) => void;
    /** Whether anybody looks for such an object; others aren't kept. Default: all are. */
    readonly isOfUse?: (object: T) => boolean;
    /** Default: none. */
    readonly bounds?: CacheBounds<T>;
  }) {
    const indexes = Object.entries<(object: T) => string | undefined>(options.indexes ?? {});
    this.#indexes = new Map(indexes.map(([name, nameOf]) => [name, new KeyIndex(nameOf)]));
    const counts = Object.entries<(object: T) => string | undefined>(options.counts ?? {});
    this.#counts = new Map(counts.map(([name, nameOf]) => [name, new KeyCount(nameOf)]));
    const groups = Object.entries<(object: T) => Membership | undefined>(options.groups ?? {});
    this.#groups = new Map(groups.map(([name, memberOf]) => [name, new KeyGroups(memberOf)]));
    this.#texts = options.texts;
    this.#keyOf = options.keyOf ?? keyOf;
    this.#onChange = options.onChange;
    this.#isOfUse = options.isOfUse ?? (() => true);
    this.#bounds = options.bounds;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  /** Whether exactly this version is the one that is known. */
  knows(metadata: ObjectMeta): boolean {
    const known = this.#objects.get(this.#keyOf(metadata))?.metadata;
    return known?.uid === metadata.uid && known?.resourceVersion === metadata.resourceVersion;
  }

  find(index: Index, name: string): readonly T[] {
    const keys = this.#indexes.get(index)?.get(name) ?? [];
    return keys.flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** How many objects have this name in a count. */
  count(count: Count, name: string): number {
    return this.#counts.get(count)?.get(name) ?? 0;
  }

  /** How many different members a group has. */
  groupSize(group: Group, name: string): number {
    return this.#groups.get(group)?.size(name) ?? 0;
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  get size(): number {
    return this.#objects.size;
  }

  /** A complete list, of one namespace or of all: what it doesn't hold is gone, unless it is newer than the list. */
  replaced(objects: readonly T[], resourceVersion: string, namespace = ''): void {
    this.keepOnly(objects, resourceVersion, namespace);
    for (const object of objects) {
      this.applied(object);
    }
  }

  /** The same, of a list whose objects were {@link ObjectCache.applied} as they came. */
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
      this.#put(this.#texts.share(object), () => undefined);
    }
  }

  /** The operator deleted the object of this name and uid: by now another may bear the name. */
  forget(object: KubernetesObject): void {
    this.#bury(object, NEVER);
    const key = this.#keyOf(object.metadata);
    const known = this.#objects.get(key);
    if (known?.metadata.uid === object.metadata.uid) {
      this.#remove(key, known, () => undefined);
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
    for (const count of [...this.#counts.values(), ...this.#groups.values()]) {
      count.add(kept);
    }
    const isTakenUp = before !== undefined && this.#isLess(before) && !this.#isLess(kept);
    this.#noteLess(key, kept, this.#isLess(kept));
    // Also after an own write: what was put aside is to be looked at.
    (isTakenUp ? this.#onChange : tell)({ before, after: kept });
  }

  /** The version that is kept in part is not outdated: there may be room for all by now. */
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

  /** The next object of the namespace of which less is kept, each in turn. */
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
      for (const count of [...this.#counts.values(), ...this.#groups.values()]) {
        count.remove(object);
      }
    }
  }
}

/** What is kept of the objects of one namespace, bounded. */
interface CacheBounds<T> {
  readonly memory: NamespaceMemory;
  /** What is kept of an object for which there is no room, though it takes so many bytes; `undefined`: nothing. */
  readonly less: (object: T, bytes: number) => T | undefined;
  /** Whether `less` made it. Such objects don't count. */
  readonly isLess: (object: T) => boolean;
}

const MAX_REMEMBERED = 10_000;
/** Newer than every version: what the operator deleted itself doesn't come back. */
const NEVER = '9'.repeat(32);

export interface Change<T> {
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** Resource versions are decimal numbers that grow (Kubernetes ≥ 1.35 says so; earlier ones do the same). */
export function isNewer(a: string | undefined, b: string | undefined): boolean {
  const [x = '', y = ''] = [a, b];
  return x.length === y.length ? x > y : x.length > y.length;
}
