import { SHARES } from '../../api/shares.ts';
import { serverNamed } from '../../core/server-key.ts';
import type { LedgerEntry } from './ledger-entry.ts';

/**
 * Bounds the ledger's entries per class and namespace. All are in one object of at most 1 MiB (API server), so:
 *
 * ```
 * calls at cluster servers   700 ┐
 * calls at namespaced ones   400 ├ 1,700 entries of at most 410 bytes: less than 700 KiB
 * deregistrations            600 ┘
 * ```
 * In each of these three classes, a namespace may keep only a share of entries with unknown outcome; calls under way end
 * by themselves. Above three quarters, only namespaces with few entries may add more, so that one with many never takes
 * the last room.
 */
type Class = 'cluster' | 'own' | 'ending';

/** `Share`: the namespace has too many unanswered calls. `Room`: too many calls are under way; that passes. */
export type Shortage = 'Share' | 'Room';

type Call = Pick<LedgerEntry, 'kind' | 'server'> & { readonly client: { readonly namespace: string } };

const BOUNDS: Readonly<Record<Class, { readonly total: number; readonly kept: number }>> = {
  cluster: { total: SHARES.ledgerAtClusterServers.most, kept: SHARES.unansweredAtClusterServers.most },
  own: { total: SHARES.ledgerAtOwnServers.most, kept: SHARES.unansweredAtOwnServers.most },
  ending: { total: SHARES.ledgerEndings.most, kept: SHARES.unansweredDeregistrations.most },
};
/** Entries of one namespace at its own servers: under way, being recorded, or unanswered. */
const OWN_TOGETHER = SHARES.ledgerAtOwnServersOfNamespace.most;

/** Of all room, for every namespace; the rest for those that have few. */
export const SHARED = 3 / 4;
export const FEW = 8;

export class LedgerShares {
  readonly #totals = new Map<Class, number>();
  /** Class and namespace → attempts, oldest first. */
  readonly #all = new Map<string, Set<string>>();
  /** Those that this process isn't working on. */
  readonly #kept = new Map<string, Set<string>>();

  add(entry: LedgerEntry, isKept: boolean): void {
    const share = shareOf(entry);
    if (!this.#all.get(share)?.has(entry.attempt)) {
      this.#totals.set(classOf(entry), this.#total(entry) + 1);
    }
    insert(this.#all, share, entry.attempt);
    if (isKept) {
      insert(this.#kept, share, entry.attempt);
    }
  }

  /** This process stopped working on the call, and its outcome is unknown. */
  keep(entry: LedgerEntry): void {
    insert(this.#kept, shareOf(entry), entry.attempt);
  }

  remove(entry: LedgerEntry): void {
    const share = shareOf(entry);
    if (this.#all.get(share)?.has(entry.attempt)) {
      this.#totals.set(classOf(entry), this.#total(entry) - 1);
    }
    withdraw(this.#all, share, entry.attempt);
    withdraw(this.#kept, share, entry.attempt);
  }

  /** Why no call of this kind may begin now. */
  shortage(call: Call): Shortage | undefined {
    const { total, kept } = BOUNDS[classOf(call)];
    const share = shareOf(call);
    if (classOf(call) !== 'ending' && (this.#kept.get(share)?.size ?? 0) >= kept) {
      return 'Share';
    }
    const taken = this.#total(call);
    const ofNamespace = this.#all.get(share)?.size ?? 0;
    const isFull = taken >= total || (taken >= total * SHARED && ofNamespace >= FEW);
    return isFull || (classOf(call) === 'own' && ofNamespace >= OWN_TOGETHER) ? 'Room' : undefined;
  }

  /** Deregistrations of the namespace beyond its share, or beyond the room: the oldest first. */
  dispensable(call: Call): readonly string[] {
    const kept = [...(this.#kept.get(shareOf(call)) ?? [])];
    const surplus = kept.length + 1 - BOUNDS.ending.kept;
    return kept.slice(0, this.shortage(call) === undefined ? Math.max(0, surplus) : Math.max(1, surplus));
  }

  /** How many entries the namespace has. */
  countOf(namespace: string): number {
    const classes = ['cluster', 'own', 'ending'] as const;
    return classes.reduce((sum, one) => sum + (this.#all.get(`${one} ${namespace}`)?.size ?? 0), 0);
  }

  #total(call: Call): number {
    return this.#totals.get(classOf(call)) ?? 0;
  }
}

function classOf({ kind, server }: Call): Class {
  if (kind === 'Deregister') {
    return 'ending';
  }
  return serverNamed(server).kind === 'AuthorizationServer' ? 'own' : 'cluster';
}

const shareOf = (call: Call): string => `${classOf(call)} ${call.client.namespace}`;

function insert(sets: Map<string, Set<string>>, name: string, attempt: string): void {
  const set = sets.get(name);
  if (set === undefined) {
    sets.set(name, new Set([attempt]));
  } else {
    set.add(attempt);
  }
}

function withdraw(sets: Map<string, Set<string>>, name: string, attempt: string): void {
  const set = sets.get(name);
  set?.delete(attempt);
  if (set?.size === 0) {
    sets.delete(name);
  }
}
