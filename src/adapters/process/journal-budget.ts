import { SHARES } from '../../api/shares.ts';

/** The part of the room that every namespace may use. The rest is for namespaces that use few bytes. */
const SHARED_PART = 3 / 4;
const LITTLE_BYTES = 65_536;

/**
 * Limits the bytes of each namespace in the journal, so that the answers of one tenant's server never keep out those
 * of others. The volume (16 MiB) has three times the limit: while the file is rewritten, it exists twice, and settled
 * lines may take as much again.
 */
export class JournalBudget {
  readonly #taken = new Map<string, number>();
  #total = 0;

  /** Takes the bytes if there is room for them. Returns whether there was. */
  take(namespace: string, bytes: number): boolean {
    const own = (this.#taken.get(namespace) ?? 0) + bytes;
    const total = this.#total + bytes;
    const { journal, journalOfNamespace } = SHARES;
    const most = own <= LITTLE_BYTES ? journal.most : journal.most * SHARED_PART;
    if (own > journalOfNamespace.most || total > most) {
      return false;
    }
    this.#set(namespace, own, total);
    return true;
  }

  /** Counts bytes that are in the file already, also beyond the limits. */
  add(namespace: string, bytes: number): void {
    this.#set(namespace, (this.#taken.get(namespace) ?? 0) + bytes, this.#total + bytes);
  }

  free(namespace: string, bytes: number): void {
    this.#set(namespace, (this.#taken.get(namespace) ?? 0) - bytes, this.#total - bytes);
  }

  #set(namespace: string, own: number, total: number): void {
    this.#total = total;
    if (own > 0) {
      this.#taken.set(namespace, own);
    } else {
      this.#taken.delete(namespace);
    }
  }
}
