import { type ConfigMap, RESOURCES } from '../api/kubernetes.ts';
import type { PendingCall } from '../core/observation.ts';
import { Arrivals, type Gathering, shouldWrite } from './group-commit.ts';
import { decodeEntries, encodeEntries, type LedgerEntry, otherLeader, podOf } from './ledger-entry.ts';
import type { Clock, KubernetesApi, Log } from './ports.ts';

export const LEDGER_NAME = 'oauth-registrar-ledger';
const GATHERING_STEP_MS = 2;
/** What an earlier holder may need, after its call has ended, to record the answer. */
const RECORDING_MS = 10_000;
/** Settled entries leave after this time, if no other write takes them along. */
const IDLE_FLUSH_MS = 10_000;

interface Options {
  readonly api: KubernetesApi;
  readonly namespace: string;
  /** Id of this installation, and whether another id is one of its own. */
  readonly installation: { readonly id: string; readonly isOurs: (id: string) => boolean };
  /** Names this process; the part before `_` names the pod, whose containers never overlap. */
  readonly holder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Another process has the lead: nothing may be sent any more. */
  readonly onFenced: (why: string) => void;
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
 * another process has taken the lead, no write of this one succeeds, and `onFenced` is called once.
 * *Expected flow*: `takeLead`, then `begin` and `settle` per call; `flush` before exit. A settled entry leaves with a
 * later write: on its own it costs none.
 */
export class Ledger {
  readonly #options: Options;
  readonly #entries = new Map<string, LedgerEntry>();
  /** Attempts of an earlier holder → monotonic time from which nobody can be at them any more. */
  readonly #inherited = new Map<string, number>();
  readonly #underWay = new Set<string>();
  /** Of those under way: not answered yet. */
  readonly #calling = new Set<string>();
  readonly #arrivals = new Arrivals();
  #lastWriteAt = Number.NEGATIVE_INFINITY;
  #waiting: ((committed: boolean) => void)[] = [];
  #dirty = false;
  #writing: Promise<void> | undefined;
  #idleFlush: AbortController | undefined;
  #resourceVersion = '';
  #epoch = 0;
  #fenced = false;
  #copiedFrom: string | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Begins a new epoch: the write that makes every later one of an earlier holder fail. Throws if it can't. */
  async takeLead(): Promise<void> {
    const found = await this.#read();
    if (found === undefined) {
      throw new Error(`The ledger (ConfigMap ${this.#options.namespace}/${LEDGER_NAME}) can’t be read`);
    }
    this.#resourceVersion = found.metadata.resourceVersion ?? '';
    this.#epoch = (Number(found.data?.['epoch']) || 0) + 1;
    this.#copiedFrom = found.data?.['installation'] || undefined;
    this.#inherit(found);
    const written = await this.#put();
    if (!written.ok) {
      throw new Error(`The ledger can’t be written: ${written.message}`);
    }
    this.#resourceVersion = written.object.metadata.resourceVersion ?? '';
  }

  /** The installation whose ledger this is a copy of: it stays so until a person says that this one goes on. */
  get copiedFrom(): string | undefined {
    const { isOurs } = this.#options.installation;
    return this.#copiedFrom === undefined || isOurs(this.#copiedFrom) ? undefined : this.#copiedFrom;
  }

  /** Adds an entry. Resolves with true once it is stored; with false if it can't be: then the call must not be made. */
  begin(entry: LedgerEntry): Promise<boolean> {
    if (this.#fenced) {
      return Promise.resolve(false);
    }
    this.#entries.set(entry.attempt, { ...entry, pod: podOf(this.#options.holder) });
    this.#underWay.add(entry.attempt);
    this.#calling.add(entry.attempt);
    this.#arrivals.add(this.#options.clock.monotonic());
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#write();
    });
  }

  /** The call has ended; what it gave isn't recorded yet. Those who wait to call needn't wait for it any more. */
  answered(attempt: string): void {
    this.#calling.delete(attempt);
  }

  /** The call is over and what it gave is recorded, or it is known that it did nothing. */
  settle(attempt: string): void {
    this.#calling.delete(attempt);
    this.#underWay.delete(attempt);
    this.#inherited.delete(attempt);
    if (this.#entries.delete(attempt)) {
      this.#dirty = true;
      this.#flushWhenIdle();
    }
  }

  /** This process is no longer at the call, though its end isn't known: the entry stays. */
  interrupt(attempt: string): void {
    this.#calling.delete(attempt);
    this.#underWay.delete(attempt);
  }

  /** Calls about one client, by `namespace/name`. */
  callsOf(client: string): readonly PendingCall[] {
    const calls: PendingCall[] = [];
    const [namespace, name] = client.split('/', 2);
    for (const { attempt, client: of, kind, startedAt, record } of this.#entries.values()) {
      if (of.name === name && of.namespace === namespace) {
        calls.push({ attempt, kind, startedAt, record, state: this.#stateOf(attempt) });
      }
    }
    return calls;
  }

  entry(attempt: string): LedgerEntry | undefined {
    return this.#entries.get(attempt);
  }

  entries(): readonly LedgerEntry[] {
    return [...this.#entries.values()];
  }

  /** Writes what is settled; resolves when nothing waits any more: never, while the API server is away. */
  async flush(): Promise<void> {
    this.#idleFlush?.abort();
    while ((this.#dirty || this.#writing !== undefined) && !this.#fenced) {
      this.#write();
      await this.#writing;
    }
  }

  #stateOf(attempt: string): PendingCall['state'] {
    const deadline = this.#inherited.get(attempt) ?? 0;
    return this.#underWay.has(attempt) || this.#options.clock.monotonic() < deadline
      ? 'underWay'
      : 'interrupted';
  }

  #inherit({ data = {} }: ConfigMap): void {
    const { clock, holder } = this.#options;
    for (const entry of decodeEntries(data)) {
      this.#entries.set(entry.attempt, entry);
      // Another pod may still be at it, however many have led since; of this pod's earlier processes nothing is left.
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
      await this.#gather();
      await this.#commit();
    } while (this.#waiting.length > 0 && !this.#fenced);
  }

  /** Lets entries come together, as `group-commit.ts` says. */
  async #gather(): Promise<void> {
    const { clock } = this.#options;
    const gatheringSince = clock.monotonic();
    let now: number;
    do {
      await clock.sleep(GATHERING_STEP_MS);
      now = clock.monotonic();
    } while (!shouldWrite(this.#gathering(gatheringSince, now), now));
    this.#lastWriteAt = now;
  }

  #gathering(gatheringSince: number, now: number): Gathering {
    return {
      waiting: this.#waiting.length,
      underWay: this.#committed(),
      gatheringSince,
      lastWriteAt: this.#lastWriteAt,
      lastArrivalAt: this.#arrivals.last,
      isBurst: this.#arrivals.isBurst(now),
    };
  }

  /** Calls whose entry is stored and that are not answered. */
  #committed(): number {
    return this.#calling.size - this.#waiting.length;
  }

  /** One write for all that wait. Looks again after a conflict or a lost answer, as long as the epoch is still ours. */
  async #commit(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#dirty = false;
    for (let tries = 0; !this.#fenced; tries += 1) {
      const written = await this.#put();
      if (written.ok) {
        this.#resourceVersion = written.object.metadata.resourceVersion ?? '';
        this.#options.log.debug('ledger write', { begun: batch.length });
        resolveAll(batch, true);
        return;
      }
      this.#options.log.warn('ledger write failed', {
        status: written.status,
        reason: written.reason,
        tries,
      });
      await this.#options.clock.sleep(Math.min(50 * 2 ** tries, 2_000));
      await this.#lookAgain();
    }
    resolveAll(batch, false);
  }

  async #lookAgain(): Promise<void> {
    const { api, namespace } = this.#options;
    const found = await api.get<ConfigMap>(RESOURCES.configMap, { namespace, name: LEDGER_NAME });
    if (!found.ok) {
      if (found.status === 404) {
        this.#fence('the ledger was deleted');
      }
      return;
    }
    const { metadata, data = {} } = found.object;
    const other = otherLeader(data, this.#epoch, this.#options.holder);
    if (other !== undefined) {
      this.#fence(`${other} has taken the lead`);
      return;
    }
    this.#resourceVersion = metadata.resourceVersion ?? '';
  }

  #fence(why: string): void {
    this.#fenced = true;
    resolveAll(this.#waiting, false);
    this.#options.onFenced(why);
  }

  #put() {
    const { api, namespace, holder, installation } = this.#options;
    return api.replace<ConfigMap>(RESOURCES.configMap, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: LEDGER_NAME, namespace, resourceVersion: this.#resourceVersion },
      data: {
        epoch: String(this.#epoch),
        holder,
        installation: this.copiedFrom ?? installation.id,
        ...encodeEntries(this.#entries.values()),
      },
    });
  }

  async #read(): Promise<ConfigMap | undefined> {
    const { api, namespace } = this.#options;
    const metadata = { name: LEDGER_NAME, namespace };
    const created = await api.create<ConfigMap>(RESOURCES.configMap, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { epoch: '0' },
    });
    if (created.ok) {
      return created.object;
    }
    const found = await api.get<ConfigMap>(RESOURCES.configMap, metadata);
    return found.ok ? found.object : undefined;
  }
}

function resolveAll(waiting: readonly ((committed: boolean) => void)[], committed: boolean): void {
  for (const resolve of waiting) {
    resolve(committed);
  }
}
