import type { LedgerEntry } from './ledger-entry.ts';

/** A call that waits for its entry to be stored. */
export interface WaitingEntry {
  readonly entry: LedgerEntry;
  /** An earlier call of the same attempt with unknown outcome: its entry remains if this one is refused. */
  readonly earlier: LedgerEntry | undefined;
  readonly resolve: (committed: boolean) => void;
}

/**
 * Which waiting entries to drop when the API server refuses the ledger for its size, since an unchanged retry would be
 * refused, too: the newest half of those of the namespace with most entries, deregistrations last. At least one.
 *
 * @param countOf how many entries a namespace has
 */
export function whoGivesWay(
  waiting: readonly WaitingEntry[],
  countOf: (namespace: string) => number,
): { readonly namespace: string; readonly refused: ReadonlySet<WaitingEntry> } {
  const others = waiting.filter(({ entry }) => entry.kind !== 'Deregister');
  const candidates = others.length > 0 ? others : waiting;
  const namespaces = new Set(candidates.map(({ entry }) => entry.client.namespace));
  const [namespace = ''] = [...namespaces].toSorted((one, other) => countOf(other) - countOf(one));
  const own = candidates.filter(({ entry }) => entry.client.namespace === namespace);
  return { namespace, refused: new Set(own.slice(Math.floor(own.length / 2))) };
}

export function resolveAll(waiting: Iterable<WaitingEntry>, committed: boolean): void {
  for (const { resolve } of waiting) {
    resolve(committed);
  }
}
