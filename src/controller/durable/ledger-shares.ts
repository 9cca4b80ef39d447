import { SHARES } from '../../api/shares.ts';
import { serverNamed } from '../../core/server-key.ts';
import type { LedgerEntry } from './ledger-entry.ts';

/**
 * Who may have how many entries in the ledger. All are in one object, whose size the API server bounds (1 MiB), so:
 *
 * ```
 * calls at cluster servers   700 ┐
 * calls at namespaced ones   400 ├ 1,700 entries of at most 410 bytes: less than 700 KiB
 * deregistrations            600 ┘
 * ```
 * Of each of these three, a namespace may keep only so many whose end isn't known; those under way end by themselves.
 * Above three quarters, only namespaces with few go on, so that one with many never takes the last room.
 */
type Class = 'cluster' | 'own' | 'ending';

/** `Share`: the namespace keeps too many calls without an answer. `Room`: too many are under way; that passes. */
export type Shortage = 'Share' | 'Room';

type Call = Pick<LedgerEntry, 'kind' | 'server'> & { readonly client: { readonly namespace: string } };

const BOUNDS: Readonly<Record<Class, { readonly total: number; readonly kept: number }>> = {
  cluster: { total: SHARES.ledgerAtClusterServers.most, kept: SHARES.unansweredAtClusterServers.most },
  own: { total: SHARES.ledgerAtOwnServers.most, kept: SHARES.unansweredAtOwnServers.most },
  ending: { total: SHARES.ledgerEndings.most, kept: SHARES.unansweredDeregistrations.most },
};
/** Of one namespace at its own servers: those under way, those being recorded, and those without an answer. */
const OWN_TOGETHER = SHARES.ledgerAtOwnServersOfNamespace.most;

/** Of all room, for every namespace; the rest for those that have few. */
export const SHARED = 3 / 4;
export const FEW = 8;

export class LedgerShares {
  readonly #totals = new Map<Class, number>();
  /** Class and namespace → attempts, oldest first. */
  readonly #all = new Map<string, Set<string>>();
  /** Of those, the ones that this process isn't at. */
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

  /** This process isn't at the call any more, and its end isn't known. */
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

  /** Why no such call may begin now. */
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

  /** Deregistrations of the namespace that are kept beyond its share, or where there is no room: the oldest first. */
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
