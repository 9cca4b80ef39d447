import { storedTime } from '../../api/time.ts';
import { backoff } from '../../core/backoff.ts';
import { type ClientKey, clientKey } from '../../core/client-key.ts';
import type { PendingCall } from '../../core/observation.ts';
import type { ServerKey } from '../../core/server-key.ts';
import type { Clock, KubernetesApi, Log } from '../ports.ts';
import { Gatherer } from './group-commit.ts';
import { CallIndex } from './ledger-calls.ts';
import { type LedgerEntry, podOf } from './ledger-entry.ts';
import { resolveAll, type WaitingEntry, whoGivesWay } from './ledger-refusal.ts';
import { LedgerShares, type Shortage } from './ledger-shares.ts';
import { isTooLarge, LedgerStore } from './ledger-store.ts';

/** Time that an earlier holder may need to record an answer after its call has ended. */
const RECORDING_MS = 10_000;
/** Settled entries are removed after this time, if no other write removes them before. */
const IDLE_FLUSH_MS = 10_000;
/** Retry delay of calls that were dropped because the API server refused the ledger for its size. */
const REFUSED_MS = 10_000;
/** An unanswered deregistration is kept until its round has certainly ended. */
const KEPT_AT_LEAST_MS = 60_000;
/** Pause between two attempts of one write. */
const PAUSES = { firstMs: 50, longestMs: 2_000 };

interface Options {
  readonly api: KubernetesApi;
  readonly namespace: string;
  /** Id of this installation, and whether another id is one of its own. */
  readonly installation: { readonly id: string; readonly isOurs: (id: string) => boolean };
  /** Names this process; the part before `_` names the pod, whose containers never overlap. */
  readonly holder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether work waits for its turn: then a write may wait for its entries. Default: never. */
  readonly isBacklog?: () => boolean;
  /** Another process has the lead: nothing may be sent any more. */
  readonly onFenced: (why: string) => void;
  /** A write was answered, or got no answer, after so many seconds. Default: nothing. */
  readonly onWrite?: (seconds: number) => void;
}

/**
 * Write-ahead intent: one ConfigMap that names every call with an effect before the call is made.
 *
 * ```
 * begin(a) ─┐
 * begin(b) ─┤  one PUT commits all that wait (group commit)      begin(c) ─┐
 *           └─▶ PUT {epoch, holder, a, b} ─▶ a and b may go                └─▶ PUT …
 * ```
 * *Guarantees*: `begin` resolves with true only after its entry is stored. The chain of resource versions fences: once
 * another process has taken the lead, no write of this one succeeds, and `onFenced` is called once. The ConfigMap never
 * outgrows its bound, and no namespace takes what another needs: see `ledger-shares.ts`.
 * *Expected flow*: `takeLead`, then `begin` and `settle` per call; `flush` before exit. A settled entry leaves with a
 * later write: on its own it costs none.
 */
export class Ledger {
  readonly #options: Options;
  readonly #store: LedgerStore;
  readonly #entries = new Map<string, LedgerEntry>();
  readonly #calls = new CallIndex();
  readonly #shares = new LedgerShares();
  /** Attempts of an earlier holder → monotonic time from which no process can be working on them. */
  readonly #inherited = new Map<string, number>();
  readonly #underWay = new Set<string>();
  /** Calls under way that are not answered yet. */
  readonly #calling = new Set<string>();
  readonly #gatherer: Gatherer;
  /** Namespaces whose entries the API server refused → monotonic time until which they are excluded. */
  readonly #refused = new Map<string, number>();
  #waiting: WaitingEntry[] = [];
  #dirty = false;
  #writing: Promise<void> | undefined;
  #idleFlush: AbortController | undefined;
  #unwritable = false;
  #fenced = false;

  constructor(options: Options) {
    this.#options = options;
    this.#store = new LedgerStore(options);
    this.#gatherer = new Gatherer(options.clock);
  }

  /** Begins a new epoch with a write that makes all later writes of earlier holders fail. Throws if that fails. */
  async takeLead(): Promise<void> {
    this.#inherit(await this.#store.read());
    const { countOfNewer } = this.#store;
    if (countOfNewer > 0) {
      const found =
        'the ledger has entries of a newer version of the operator; they and their clients are left alone';
      this.#options.log.warn(found, { entries: countOfNewer });
    }
    const written = await this.#store.write(this.#entries.values());
    if (!written.ok) {
      throw new Error(`The ledger can't be written: ${written.message}`);
    }
  }

  /** The installation whose ledger was copied here; set until a person declares that this installation continues it. */
  get copiedFrom(): string | undefined {
    return this.#store.copiedFrom;
  }

  /** Adds an entry. Resolves with true once it is stored; with false if it can't be: then the call must not be made. */
  begin(entry: LedgerEntry): Promise<boolean> {
    this.#forgetKept(entry);
    if (this.#fenced || (!this.#isKnown(entry) && this.shortage(entry) !== undefined)) {
      return Promise.resolve(false);
    }
    const earlier = this.#entries.get(entry.attempt);
    this.#add({ ...entry, pod: podOf(this.#options.holder) }, false);
    this.#underWay.add(entry.attempt);
    this.#calling.add(entry.attempt);
    this.#gatherer.arrived();
    return new Promise((resolve) => {
      this.#waiting.push({ entry, earlier, resolve });
      this.#write();
    });
  }

  /** The call was answered; the answer is not recorded yet. Waiting entries no longer wait for the end of this call. */
  answered(attempt: string): void {
    this.#calling.delete(attempt);
  }

  /** The call's answer is recorded, or the call is known to have had no effect. */
  settle(attempt: string): void {
    if (this.#remove(attempt)) {
      this.#dirty = true;
      this.#flushWhenIdle();
    }
  }

  /** This process stops working on the call with unknown outcome: the entry stays. */
  interrupt(attempt: string): void {
    this.#calling.delete(attempt);
    this.#underWay.delete(attempt);
    const entry = this.#entries.get(attempt);
    if (entry !== undefined) {
      this.#shares.keep(entry);
    }
  }

  /** Calls about one client, by `namespace/name`. */
  callsOf(client: ClientKey): readonly PendingCall[] {
    const entries = this.#calls.of(client).flatMap((attempt) => this.entry(attempt) ?? []);
    return entries.map(({ attempt, kind, startedAt, registrationSecret, isOwn }) => {
      return { attempt, kind, startedAt, registrationSecret, isOwn, state: this.#stateOf(attempt) };
    });
  }

  /** Whether a newer version of the operator wrote an entry about this client, by `namespace/name`. */
  hasNewer(client: ClientKey): boolean {
    return this.#store.hasNewer(client);
  }

  /** Registrations at a server, by its key, that clients of a namespace have begun. */
  registrationsAt(server: ServerKey, namespace: string): readonly LedgerEntry[] {
    return this.#calls.registrationsAt(server, namespace).flatMap((attempt) => this.entry(attempt) ?? []);
  }

  /** Why no call of this kind may begin now; `undefined`: it may. Another call about the same record always may. */
  shortage(call: Pick<LedgerEntry, 'kind' | 'server' | 'client'>): Shortage | undefined {
    const refusedUntil = this.#refused.get(call.client.namespace) ?? 0;
    const isRefused = this.#options.clock.monotonic() < refusedUntil;
    return this.#shares.shortage(call) ?? (isRefused ? 'Room' : undefined);
  }

  entry(attempt: string): LedgerEntry | undefined {
    return this.#entries.get(attempt);
  }

  /** Whether an earlier process began the call. */
  isInherited(attempt: string): boolean {
    return this.#inherited.has(attempt);
  }

  /** How many calls are stored, by whether a process works on them. */
  get sizes(): { readonly underWay: number; readonly interrupted: number } {
    const underWay = this.#underWay.size;
    return { underWay, interrupted: this.#entries.size - underWay };
  }

  entries(): readonly LedgerEntry[] {
    return [...this.#entries.values()];
  }

  /** Removes settled entries; resolves when nothing waits any more, so not while the API server is unavailable. */
  async flush(): Promise<void> {
    this.#idleFlush?.abort();
    this.#unwritable = false;
    while ((this.#dirty || this.#writing !== undefined) && !this.#fenced && !this.#unwritable) {
      this.#write();
      await this.#writing;
    }
  }

  #add(entry: LedgerEntry, isKept: boolean): void {
    this.#remove(entry.attempt);
    this.#entries.set(entry.attempt, entry);
    this.#calls.add(entry);
    this.#shares.add(entry, isKept);
  }

  #remove(attempt: string): boolean {
    const entry = this.#entries.get(attempt);
    this.#calling.delete(attempt);
    this.#underWay.delete(attempt);
    this.#inherited.delete(attempt);
    if (entry !== undefined) {
      this.#calls.remove(entry);
      this.#shares.remove(entry);
    }
    return this.#entries.delete(attempt);
  }

  /** A new call about the same record settles the existing one. */
  #isKnown({ client, registrationSecret }: LedgerEntry): boolean {
    return this.callsOf(clientKey(client)).some((other) => other.registrationSecret === registrationSecret);
  }

  /** Unanswered deregistrations of a namespace never block another one: the oldest of them is dropped instead. */
  #forgetKept(entry: LedgerEntry): void {
    const { clock, log } = this.#options;
    if (entry.kind !== 'Deregister') {
      return;
    }
    for (const attempt of this.#shares.dispensable(entry)) {
      const startedAt = storedTime(this.#entries.get(attempt)?.startedAt);
      // A time in the future was written by a wrong clock.
      const isYoung = Math.abs(clock.now() - startedAt) < KEPT_AT_LEAST_MS;
      if (attempt !== entry.attempt && !isYoung) {
        log.warn('a deregistration without an answer is forgotten', { attempt, client: entry.client });
        this.settle(attempt);
      }
    }
  }

  #stateOf(attempt: string): PendingCall['state'] {
    const deadline = this.#inherited.get(attempt) ?? 0;
    return this.#underWay.has(attempt) || this.#options.clock.monotonic() < deadline
      ? 'underWay'
      : 'interrupted';
  }

  #inherit(entries: readonly LedgerEntry[]): void {
    const { clock, holder } = this.#options;
    for (const entry of entries) {
      this.#add(entry, true);
      // Another pod may still work on it, however many have led since; earlier processes of this pod have ended.
      const patienceMs = entry.pod === podOf(holder) ? 0 : entry.timeoutMs + RECORDING_MS;
      this.#inherited.set(entry.attempt, clock.monotonic() + patienceMs);
    }
  }

  #flushWhenIdle(): void {
    if (this.#idleFlush !== undefined || this.#writing !== undefined) {
      return;
    }
    const timer = new AbortController();
    this.#idleFlush = timer;
    void this.#options.clock.sleep(IDLE_FLUSH_MS, timer.signal).then(() => {
      this.#idleFlush = undefined;
      if (!timer.signal.aborted && this.#dirty && !this.#fenced) {
        this.#write();
      }
    });
  }

  #write(): void {
    this.#dirty = true;
    this.#writing ??= this.#writeUntilClean().finally(() => {
      this.#writing = undefined;
      if (this.#dirty && !this.#fenced) {
        this.#flushWhenIdle();
      }
    });
  }

  async #writeUntilClean(): Promise<void> {
    do {
      await this.#gatherer.gather(() => ({
        waiting: this.#waiting.length,
        // Unanswered calls whose entry is stored.
        underWay: this.#calling.size - this.#waiting.length,
        isBacklog: this.#options.isBacklog?.() ?? false,
      }));
      await this.#commit();
    } while (this.#waiting.length > 0 && !this.#fenced);
  }

  /** One write for all waiting entries. Reads again after a conflict or a lost answer, as long as the epoch is ours. */
  async #commit(): Promise<void> {
    let batch: readonly WaitingEntry[] = this.#waiting;
    this.#waiting = [];
    this.#dirty = false;
    for (let tries = 0; !this.#fenced; tries += 1) {
      const begunAt = this.#options.clock.monotonic();
      const written = await this.#store.write(this.#entries.values());
      this.#options.onWrite?.((this.#options.clock.monotonic() - begunAt) / 1_000);
      this.#unwritable = isTooLarge(written);
      if (written.ok) {
        this.#options.log.debug('ledger write', { begun: batch.length });
        resolveAll(batch, true);
        return;
      }
      const { status, reason, message } = written;
      this.#options.log.warn('ledger write failed', { status, reason, message, tries });
      if (this.#unwritable && batch.length === 0) {
        this.#dirty = true;
        return;
      }
      batch = this.#unwritable ? this.#letGo(batch) : batch;
      await this.#options.clock.sleep(backoff(PAUSES, tries));
      const why = await this.#store.lookAgain();
      if (why !== undefined) {
        this.#fence(why);
      }
    }
    resolveAll(batch, false);
  }

  /** @returns those that are left */
  #letGo(batch: readonly WaitingEntry[]): readonly WaitingEntry[] {
    const { clock, log } = this.#options;
    const { namespace, refused } = whoGivesWay(batch, (one) => this.#shares.countOf(one));
    this.#refused.set(namespace, clock.monotonic() + REFUSED_MS);
    for (const { entry, earlier } of refused) {
      this.#remove(entry.attempt);
      if (earlier !== undefined) {
        this.#add(earlier, true);
      }
    }
    resolveAll(refused, false);
    log.error('the ledger is too large: calls were refused', { namespace, calls: refused.size });
    return batch.filter((one) => !refused.has(one));
  }

  #fence(why: string): void {
    this.#fenced = true;
    resolveAll(this.#waiting, false);
    this.#options.onFenced(why);
  }
}
