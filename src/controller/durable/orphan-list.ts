import { type ConfigMap, namespaceOf } from '../../api/kubernetes.ts';
import { SHARES } from '../../api/shares.ts';
import { storedTime } from '../../api/time.ts';
import { backoff } from '../../core/backoff.ts';
import {
  decodeOrphan,
  encodeOrphan,
  type OrphanEntry,
  type OrphanTraits,
  type SuspectedOrphan,
  suspectsIn,
  withClientInUse,
  withinBound,
} from '../../core/orphan-entry.ts';
import { resolutionsIn, withoutEntries } from '../../core/resolution.ts';
import type { ServerKey } from '../../core/server-key.ts';
import { shortKey } from '../../core/short-name.ts';
import type { Clock, KubernetesApi, Log } from '../ports.ts';
import { KeyCount, KeyIndex } from '../state/key-index.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import { FEW, SHARED } from './ledger-shares.ts';
import { isTooLarge } from './ledger-store.ts';
import { StoredConfigMap } from './stored-config-map.ts';

/** Result of a report. `NotYet`: report it again later. */
export type Reported = 'Listed' | 'ListFull' | 'NotYet';

/** An entry that a person resolved, and the note. */
export interface ResolvedOrphan {
  readonly orphan: SuspectedOrphan;
  readonly note: string;
}

interface WaitingOrphan {
  readonly attempt: string;
  readonly namespace: string;
  readonly server: ServerKey;
  readonly value: string;
  readonly resolve: (reported: Reported) => void;
}

interface Options {
  readonly api: KubernetesApi;
  /** The operator's. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The most entries: in total, and of one namespace. */
  readonly most: { readonly total: number; readonly ofNamespace: number };
}

const TRIES = 5;
const PAUSES = { firstMs: 100, longestMs: 1_600 };
const MAX_UNLISTED_PLACES = SHARES.unlistedPlaces.most;
const MAX_RECORDED = SHARES.settledOrphans.most;

/**
 * Suspected orphans in one ConfigMap, attempt → {@link OrphanEntry}. Reports that come during a write share the next
 * write. Above three quarters of the limit, only namespaces with few entries may add more.
 */
export class OrphanList {
  readonly #options: Options;
  readonly #stored: StoredConfigMap;
  #data: Readonly<Record<string, string>> = {};
  #indexes = createIndexes([]);
  #weights: ReadonlyMap<string, number> = new Map();
  /** `namespace server` → how many are not listed because the list was full. Cleared when the list gets shorter. */
  readonly #unlisted = new Map<string, number>();
  #waiting: WaitingOrphan[] = [];
  /** Attempts whose report is not decided yet. */
  readonly #reporting = new Set<string>();
  /** Attempts that are recorded and may still be listed. */
  readonly #recorded = new Set<string>();
  /** Entries that left the list by a person's note, and that {@link OrphanList.takeResolved} has not returned yet. */
  #resolved: ResolvedOrphan[] = [];
  #isLoaded = false;
  /** Reads and writes run one after another. */
  #busy: Promise<void> = Promise.resolve();

  constructor(name: string, options: Options) {
    this.#options = options;
    this.#stored = new StoredConfigMap(options.api, { namespace: options.namespace, name });
  }

  /** Reads the list from the API server. */
  load(): Promise<void> {
    this.#busy = this.#busy.then(async () => {
      await this.#load();
      await this.#removeDone();
    });
    return this.#busy;
  }

  /**
   * Reads the list again if somebody else changed it, and removes what a person resolved. Costs one read of its metadata
   * while it has entries.
   */
  async look(): Promise<void> {
    if (this.isEmpty) {
      return;
    }
    const isChanged = await this.#stored.isChanged();
    // A write of the operator after a conflict reads notes without removing what they resolve.
    if (isChanged || resolutionsIn(this.#data).size > 0) {
      await this.load();
    }
  }

  /** Whether the list has no entry, and {@link OrphanList.takeResolved} has none to return. */
  get isEmpty(): boolean {
    return Object.keys(this.#data).length === 0 && this.#resolved.length === 0;
  }

  /** The entries that a person resolved since the last call; each is returned once. */
  takeResolved(): readonly ResolvedOrphan[] {
    const resolved = this.#resolved;
    this.#resolved = [];
    return resolved;
  }

  /** How many are listed for each server; long names are cut, see `short-name.ts`. */
  get servers(): Iterable<readonly [ServerKey, number]> {
    return this.#indexes.byServer.entries();
  }

  /** As the ConfigMap has it. */
  get data(): Readonly<Record<string, string>> {
    return this.#data;
  }

  countAt(server: ServerKey): number {
    return this.#indexes.server.get(shortKey(server)).length;
  }

  /** How many of a namespace are known at a server, listed or not. */
  countIn(server: ServerKey, namespace: string): number {
    const place = placeOf(server, namespace);
    return this.#indexes.place.get(place).length + (this.#unlisted.get(place) ?? 0);
  }

  /** The same, but those of one OAuthClient count as {@link MOST_OF_CLIENT} at most: it never fills the place of others. */
  weightIn(server: ServerKey, namespace: string): number {
    const place = placeOf(server, namespace);
    return (this.#weights.get(place) ?? 0) + (this.#unlisted.get(place) ?? 0);
  }

  countOf(namespace: string): number {
    return this.#indexes.namespace.get(namespace).length;
  }

  /** When the suspected orphans of one OAuthClient were sent, in milliseconds since the epoch. */
  timesOf(uid: string): readonly number[] {
    const attempts = uid === '' ? [] : this.#indexes.uid.get(uid);
    return attempts.map((attempt) => storedTime(decodeOrphan(this.#data[attempt] ?? '')?.startedAt) || 0);
  }

  /** Writes into the entries of an OAuthClient which client is in use. Tried once: the entries are of use without it. */
  inUse(uid: string, clientId: string): void {
    const attempts = uid === '' ? [] : this.#indexes.uid.get(uid);
    if (attempts.length > 0) {
      this.#busy = this.#busy.then(async () => {
        const named = attempts.flatMap((attempt) => {
          const value = this.#data[attempt];
          return value === undefined ? [] : [[attempt, withClientInUse(value, clientId)] as const];
        });
        const written = await this.#stored.put({ ...this.#data, ...Object.fromEntries(named) });
        if (written.ok) {
          this.#take(written.object);
        } else {
          const { status, message } = written;
          this.#options.log.warn('suspected orphans: the client in use not noted', { status, message });
        }
      });
    }
  }

  /**
   * The answer of this attempt is recorded: its client is known, so its entry leaves the list. No write where it has
   * none. If the write fails again and again, the next read of the list tries once more.
   */
  recorded(attempt: string): void {
    const mayBeListed = !this.#isLoaded || this.#reporting.has(attempt) || Object.hasOwn(this.#data, attempt);
    if (!mayBeListed || this.#recorded.has(attempt) || this.#recorded.size >= MAX_RECORDED) {
      return;
    }
    this.#recorded.add(attempt);
    if (this.#isLoaded) {
      this.#busy = this.#busy.then(() => this.#removeDone());
    }
  }

  /** Adds an entry. Never rejects. */
  add(entry: LedgerEntry, why: string, traits: OrphanTraits): Promise<Reported> {
    const { attempt, client, server } = entry;
    const { promise, resolve } = Promise.withResolvers<Reported>();
    const value = encodeOrphan(entry, why, traits);
    this.#reporting.add(attempt);
    this.#waiting.push({ attempt, namespace: client.namespace, server, value, resolve });
    this.#busy = this.#busy.then(async () => {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#list(batch);
      for (const one of batch) {
        this.#reporting.delete(one.attempt);
      }
    });
    return promise;
  }

  async #load(): Promise<void> {
    const found = await this.#stored.get();
    if (found !== undefined) {
      this.#take(found);
      this.#isLoaded = true;
    }
  }

  /** Removes the entries of attempts that are recorded, and those that a person resolved. */
  async #removeDone(): Promise<void> {
    const { clock, log } = this.#options;
    for (let tries = 0; this.#isLoaded && tries < TRIES; tries += 1) {
      const notes = resolutionsIn(this.#data);
      const left = withoutEntries(this.#data, (attempt) => this.#recorded.has(attempt) || notes.has(attempt));
      if (Object.keys(left).length === Object.keys(this.#data).length) {
        this.#forgetRecorded();
        return;
      }
      const resolved = suspectsIn(this.#data).flatMap((orphan) => {
        const note = notes.get(orphan.attempt);
        return note === undefined ? [] : [{ orphan, note }];
      });
      const written = await this.#stored.put(left);
      if (written.ok) {
        this.#resolved.push(...resolved);
        this.#take(written.object);
      } else {
        const { status, message } = written;
        log.warn('suspected orphans: those that are done are not removed yet', { status, message });
        await clock.sleep(backoff(PAUSES, tries));
        await this.#load();
      }
    }
  }

  /** None of these is listed. One whose report is not decided yet may still be. */
  #forgetRecorded(): void {
    for (const attempt of this.#recorded) {
      if (!this.#reporting.has(attempt)) {
        this.#recorded.delete(attempt);
      }
    }
  }

  #take({ data = {} }: ConfigMap): void {
    if (Object.keys(data).length < Object.keys(this.#data).length) {
      this.#unlisted.clear();
    }
    this.#data = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, withinBound(value)]));
    const suspects = suspectsIn(this.#data);
    this.#indexes = createIndexes(suspects);
    this.#weights = weightsOf(suspects);
  }

  async #list(batch: readonly WaitingOrphan[]): Promise<void> {
    const listed = this.#fitting(batch);
    for (const one of batch.filter((other) => !listed.includes(other))) {
      this.#leaveOut(one);
    }
    if (listed.length > 0) {
      await this.#write(listed);
    }
  }

  /** The reports for which there is room. */
  #fitting(batch: readonly WaitingOrphan[]): readonly WaitingOrphan[] {
    const { most } = this.#options;
    const added = new Map<string, number>();
    let total = Object.keys(this.#data).length;
    return batch.filter(({ namespace }) => {
      const own = this.countOf(namespace) + (added.get(namespace) ?? 0);
      const fits = own < most.ofNamespace && total < (own < FEW ? most.total : most.total * SHARED);
      if (fits) {
        added.set(namespace, (added.get(namespace) ?? 0) + 1);
        total += 1;
      }
      return fits;
    });
  }

  #leaveOut({ attempt, namespace, server, resolve }: WaitingOrphan): void {
    if (this.#unlisted.size >= MAX_UNLISTED_PLACES) {
      this.#unlisted.clear();
    }
    const place = placeOf(server, namespace);
    this.#unlisted.set(place, (this.#unlisted.get(place) ?? 0) + 1);
    this.#options.log.error('suspected orphan not listed: the list is full', { attempt, server });
    resolve('ListFull');
  }

  async #write(batch: readonly WaitingOrphan[]): Promise<void> {
    const { clock, log } = this.#options;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const added = batch.map(({ attempt, value }) => [attempt, value] as const);
      const written = await this.#stored.put({ ...this.#data, ...Object.fromEntries(added) });
      if (written.ok) {
        this.#take(written.object);
        resolveEach(batch, 'Listed');
        return;
      }
      const { status, message } = written;
      log.warn('suspected orphans not listed yet', { count: batch.length, status, message });
      if (isTooLarge(written)) {
        return this.#writeHalves(batch);
      }
      await clock.sleep(backoff(PAUSES, tries));
      await this.#load();
    }
    resolveEach(batch, 'NotYet');
  }

  /**
   * The API server refuses the size, since notes of people or entries of earlier versions take room: writes half as
   * many.
   */
  async #writeHalves(batch: readonly WaitingOrphan[]): Promise<void> {
    const [only, second] = batch;
    if (only === undefined || second === undefined) {
      batch.forEach((one) => {
        this.#leaveOut(one);
      });
      return;
    }
    const middle = Math.floor(batch.length / 2);
    await this.#write(batch.slice(0, middle));
    await this.#write(batch.slice(middle));
  }
}

const placeOf = (server: ServerKey, namespace: string): string => `${namespace} ${shortKey(server)}`;

function createIndexes(suspects: readonly SuspectedOrphan[]) {
  const of = (nameOf: (entry: OrphanEntry) => string) => new KeyIndex<OrphanEntry>(nameOf);
  const indexes = {
    server: of(({ server }) => shortKey(server)),
    namespace: of(({ client }) => namespaceOf(client)),
    place: of(({ server, client }) => placeOf(server, namespaceOf(client))),
    uid: of(({ uid }) => uid),
    byServer: new KeyCount<OrphanEntry, ServerKey>(({ server }) => server),
  };
  for (const suspect of suspects) {
    Object.values(indexes).forEach((index) => {
      index.add(suspect, suspect.attempt);
    });
  }
  return indexes;
}

const MOST_OF_CLIENT = 5;

/** By place. */
function weightsOf(suspects: readonly SuspectedOrphan[]): ReadonlyMap<string, number> {
  const [weights, ofClient] = [new Map<string, number>(), new Map<string, number>()];
  for (const { server, client, uid, startedAt } of suspects) {
    const place = placeOf(server, namespaceOf(client));
    const one = `${place} ${uid === '' ? startedAt : uid}`;
    const count = (ofClient.get(one) ?? 0) + 1;
    ofClient.set(one, count);
    weights.set(place, (weights.get(place) ?? 0) + (count > MOST_OF_CLIENT ? 0 : 1));
  }
  return weights;
}

function resolveEach(waiting: readonly WaitingOrphan[], reported: Reported): void {
  for (const { resolve } of waiting) {
    resolve(reported);
  }
}
