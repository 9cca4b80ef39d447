import { SHARES } from '../../api/shares.ts';
import { keyOfServer, type ServerKey } from '../../core/server-key.ts';
import type { ServerObject } from '../../core/server-object.ts';
import type { Change } from './object-cache.ts';

interface Entry {
  readonly key: ServerKey;
  readonly createdAt: number;
}

/**
 * Decides which AuthorizationServers are used: in each namespace the oldest ones, up to its share. Objects of the same
 * second are ordered by name.
 */
export class OldestServers {
  /** By namespace, the oldest first. */
  readonly #lists = new Map<string, Entry[]>();
  readonly #most = SHARES.serversOfNamespace.most;
  readonly #turned: (key: ServerKey) => void;

  /** @param turned called when the server object with this key starts or stops being used */
  constructor(turned: (key: ServerKey) => void) {
    this.#turned = turned;
  }

  get size(): number {
    return this.#lists.size;
  }

  changed({ before, after }: Change<ServerObject>): void {
    if (before?.createdAt === after?.createdAt && before !== undefined) {
      return;
    }
    if (before !== undefined) {
      this.#remove(before);
    }
    if (after !== undefined) {
      this.#add(after);
    }
  }

  isUsed(object: ServerObject): boolean {
    const list = this.#lists.get(object.metadata.namespace ?? '') ?? [];
    return object.kind !== 'AuthorizationServer' || placeOf(toEntry(object), list) < this.#most;
  }

  #add(object: ServerObject): void {
    const { namespace = '' } = object.metadata;
    const list = this.#lists.get(namespace) ?? [];
    this.#lists.set(namespace, list);
    const entry = toEntry(object);
    const place = placeOf(entry, list);
    list.splice(place, 0, entry);
    this.#tell(place, list[this.#most]);
  }

  #remove(object: ServerObject): void {
    const { namespace = '' } = object.metadata;
    const list = this.#lists.get(namespace) ?? [];
    const entry = toEntry(object);
    const place = placeOf(entry, list);
    if (list[place]?.key === entry.key) {
      list.splice(place, 1);
      this.#tell(place, list[this.#most - 1]);
    }
    if (list.length === 0) {
      this.#lists.delete(namespace);
    }
  }

  /** An insertion or removal among the used ones moves another one across the limit. */
  #tell(place: number, moved: Entry | undefined): void {
    if (place < this.#most && moved !== undefined) {
      this.#turned(moved.key);
    }
  }
}

const toEntry = (object: ServerObject): Entry => ({
  key: keyOfServer(object),
  createdAt: object.createdAt || 0,
});

/** Its position, or insertion position, in an ordered list. */
function placeOf({ key, createdAt }: Entry, list: readonly Entry[]): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = list[middle];
    const isBefore =
      other !== undefined &&
      (other.createdAt < createdAt || (other.createdAt === createdAt && other.key < key));
    [low, high] = isBefore ? [middle + 1, high] : [low, middle];
  }
  return low;
}
