import { SHARES } from '../../api/shares.ts';

/** Of all room, for every namespace; the rest for those that take little. */
const SHARED_PART = 3 / 4;
const LITTLE_BYTES = 65_536;

/**
 * Who may have how many bytes in the journal, so that what one tenant's server answers never keeps the answers of others
 * out. The volume (16 MiB) holds three times the bound: while the file is written anew, it is there twice, and as much of
 * it may be settled.
 */
export class JournalBudget {
  readonly #taken = new Map<string, number>();
  #total = 0;

  /** Whether there is room for so many bytes more. If so, they are taken. */
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

  /** What is there already, whatever the bounds are. */
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
