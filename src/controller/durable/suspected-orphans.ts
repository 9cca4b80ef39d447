import { SHARES } from '../../api/shares.ts';
import type { OrphanTraits } from '../../core/orphan-entry.ts';
import { type ServerKey, serverNamed } from '../../core/server-key.ts';
import { listOfSuspects, OWN_SUSPECTS, SUSPECTS } from '../../core/suspects.ts';
import type { Clock, KubernetesApi, Log } from '../ports.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import { OrphanList, type Reported, type ResolvedOrphan } from './orphan-list.ts';

const FRESH_MS = 30_000;

/**
 * Suspected orphans: registrations that were sent and whose answer could not be read. Two ConfigMaps list them, so
 * that people can look for the clients at the servers. Namespaced servers have a list of their own, so that tenants
 * can't fill the list of cluster servers.
 *
 * A namespace with many suspected orphans at a server gets no further registrations there. Each list has a limit, and
 * a limit per namespace. A suspected orphan beyond that is reported and counted, not listed, and its ledger entry is
 * removed.
 */
export class Orphans {
  readonly #clock: Clock;
  readonly #ofClusterServers: OrphanList;
  readonly #ofOwnServers: OrphanList;
  /** Milliseconds since the epoch. */
  #loadedAt = Number.NEGATIVE_INFINITY;

  constructor(options: {
    readonly api: KubernetesApi;
    readonly namespace: string;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    const total = SHARES.listedOrphans.most;
    this.#clock = options.clock;
    this.#ofClusterServers = new OrphanList(SUSPECTS, {
      ...options,
      most: { total, ofNamespace: SHARES.listedAtClusterServers.most },
    });
    this.#ofOwnServers = new OrphanList(OWN_SUSPECTS, {
      ...options,
      most: { total, ofNamespace: SHARES.listedAtOwnServers.most },
    });
  }

  /** Reads both lists from the API server. */
  async load(): Promise<void> {
    for (const list of this.#lists) {
      await list.load();
    }
    this.#loadedAt = this.#clock.now();
  }

  /** Reads the lists again if the last read is older than 30 s. */
  async refresh(): Promise<void> {
    if (this.#clock.now() >= this.#loadedAt + FRESH_MS) {
      await this.load();
    }
  }

  /** Whether both lists are empty, and {@link Orphans.look} has returned everything that was resolved. */
  get isEmpty(): boolean {
    return this.#lists.every((list) => list.isEmpty);
  }

  /**
   * Reads what somebody else changed. Costs nothing while the lists are empty.
   *
   * @returns the entries that a person resolved since the last call; see `core/resolution.ts`
   */
  async look(): Promise<readonly ResolvedOrphan[]> {
    for (const list of this.#lists) {
      await list.look();
    }
    return this.#lists.flatMap((list) => list.takeResolved());
  }

  /**
   * Whether a namespace has so many suspected orphans at a server that none of its clients is registered there; one
   * OAuthClient alone can't cause that. A
   * person may shorten the list, so a full one is read again from time to time.
   */
  isFull(server: ServerKey, namespace: string): boolean {
    const isOwn = serverNamed(server).kind === 'AuthorizationServer';
    return (
      sum(this.#lists.map((list) => list.weightIn(server, namespace))) >= SHARES.suspectedOrphans.most ||
      (isOwn && this.#ofOwnServers.countOf(namespace) >= SHARES.listedAtOwnServers.most)
    );
  }

  /** How many of a namespace are known at one server, listed or not. */
  countIn(server: ServerKey, namespace: string): number {
    return sum(this.#lists.map((list) => list.countIn(server, namespace)));
  }

  /** How many are listed for one OAuthClient, and when the latest was sent, in milliseconds since the epoch. */
  suspectsOf(uid: string): { readonly count: number; readonly latestAt: number } {
    const times = this.#lists.flatMap((list) => list.timesOf(uid));
    return { count: times.length, latestAt: Math.max(0, ...times) };
  }

  /** How many are listed for each server; a server may be in both lists, and long names are cut. */
  listed(): readonly (readonly [ServerKey, number])[] {
    return this.#lists.flatMap((list) => [...list.servers]);
  }

  /** Both lists, as the ConfigMaps have them. */
  get data(): readonly Readonly<Record<string, string>>[] {
    return this.#lists.map((list) => list.data);
  }

  /** How many are listed for one server. */
  countAt(server: ServerKey): number {
    return sum(this.#lists.map((list) => list.countAt(server)));
  }

  /**
   * Adds an entry, with at most 100 bytes of `why`. Its ledger entry must stay until it is listed or the list is
   * full.
   */
  report(entry: LedgerEntry, why: string, traits: OrphanTraits = {}): Promise<Reported> {
    const list = listOfSuspects(entry.server) === OWN_SUSPECTS ? this.#ofOwnServers : this.#ofClusterServers;
    return list.add(entry, why, traits);
  }

  /**
   * The server answered a later registration of an OAuthClient: its listed entries name the client that is in use, so
   * that nobody takes it for the orphan. Some servers give one client for equal metadata.
   */
  inUse(uid: string, clientId: string): void {
    for (const list of this.#lists) {
      list.inUse(uid, clientId);
    }
  }

  /**
   * The answer of a registration is recorded after all, such as by the replay of a journal: its client is known, and
   * nobody may take it for an orphan. Costs a write only where the attempt is listed.
   */
  recorded(attempt: string): void {
    for (const list of this.#lists) {
      list.recorded(attempt);
    }
  }

  /** Both, since earlier versions used the first for all servers. */
  get #lists(): readonly OrphanList[] {
    return [this.#ofClusterServers, this.#ofOwnServers];
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
