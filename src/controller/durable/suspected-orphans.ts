import { SHARES } from '../../api/shares.ts';
import { type ServerKey, serverNamed } from '../../core/server-key.ts';
import { listOfSuspects, OWN_SUSPECTS, SUSPECTS } from '../../core/suspects.ts';
import type { Clock, KubernetesApi, Log } from '../ports.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import { OrphanList, type Reported } from './orphan-list.ts';

const FRESH_MS = 30_000;

/**
 * Suspected orphans: registrations that were sent and whose answer nobody could read. Two ConfigMaps list them, so that
 * people can look for the clients at the servers: what tenants' own servers do never fills the list of the platform's.
 *
 * A namespace that has many at a server is refused further registrations there. A list is bounded, and so is what one
 * namespace has in it: what is beyond that is told and counted, not listed, and the ledger doesn't wait for it.
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

  /** Reads what is listed. */
  async load(): Promise<void> {
    for (const list of this.#lists) {
      await list.load();
    }
    this.#loadedAt = this.#clock.now();
  }

  /** Reads the lists again where what is known of them isn't fresh. */
  async refresh(): Promise<void> {
    if (this.#clock.now() >= this.#loadedAt + FRESH_MS) {
      await this.load();
    }
  }

  /**
   * Whether a namespace has so many at a server that none of its clients is registered there. A person may shorten the
   * list; a full one is looked at again now and then.
   */
  isFull(server: ServerKey, namespace: string): boolean {
    const isOwn = serverNamed(server).kind === 'AuthorizationServer';
    return (
      this.countIn(server, namespace) >= SHARES.suspectedOrphans.most ||
      (isOwn && this.#ofOwnServers.countOf(namespace) >= SHARES.listedAtOwnServers.most)
    );
  }

  /** How many of a namespace are known at one server, listed or not. */
  countIn(server: ServerKey, namespace: string): number {
    return sum(this.#lists.map((list) => list.countIn(server, namespace)));
  }

  /** How many are listed of one OAuthClient, and when the last was sent, in milliseconds since the epoch. */
  suspectsOf(uid: string): { readonly count: number; readonly latestAt: number } {
    const times = this.#lists.flatMap((list) => list.timesOf(uid));
    return { count: times.length, latestAt: Math.max(0, ...times) };
  }

  /** How many are listed of one server. */
  countAt(server: ServerKey): number {
    return sum(this.#lists.map((list) => list.countAt(server)));
  }

  /** Lists one, with at most 100 bytes of `why`. Until it is listed, or the list is full, its ledger entry has to stay. */
  report(entry: LedgerEntry, why: string): Promise<Reported> {
    const list = listOfSuspects(entry.server) === OWN_SUSPECTS ? this.#ofOwnServers : this.#ofClusterServers;
    return list.add(entry, why);
  }

  /** Earlier versions listed all in the first. */
  get #lists(): readonly OrphanList[] {
    return [this.#ofClusterServers, this.#ofOwnServers];
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
