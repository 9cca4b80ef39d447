import { type ConfigMap, RESOURCES } from '../../api/kubernetes.ts';
import { SHARES } from '../../api/shares.ts';
import { backoff } from '../../core/backoff.ts';
import { isResolutionKey, resolutionsIn, withoutEntries } from '../../core/resolution.ts';
import {
  encodeUnremoved,
  isUnremoved,
  UNREMOVED,
  type UnremovedRecord,
  unremovedData,
} from '../../core/unremoved-client.ts';
import { isSameJson } from '../../oauth/json.ts';
import type { Clock, KubernetesApi, Lead, Log } from '../ports.ts';
import type { RegistrationObject } from '../state/cached-objects.ts';
import type { Change } from '../state/object-cache.ts';
import { FEW, SHARED } from './ledger-shares.ts';
import { StoredConfigMap } from './stored-config-map.ts';

interface Options {
  readonly api: KubernetesApi;
  /** The operator's. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly lead: Lead;
  readonly log: Log;
  /** A person resolved the entry, and its record is removed. */
  readonly resolved: (record: UnremovedRecord, note: string) => void;
}

/** A client that is deregistered within this time after its object is gone never enters the list. */
const SETTLED_MS = 5_000;
const PAUSES_AFTER_FAILURE = { firstMs: 5_000, longestMs: 300_000 };

/**
 * The ConfigMap that lists the clients that are owed or left behind, so that people see them without a right to read
 * Secrets. It follows from the registration Secrets, and is written five seconds after one of them changed, all changes
 * together, if the list differs. After a start it is compared with them.
 *
 * A person resolves an entry by a note beside it: see `core/resolution.ts`. Then the record is removed, as if the person
 * had deleted the registration Secret. A note about any other record does nothing.
 */
export class UnremovedClients {
  readonly #options: Options;
  readonly #stored: StoredConfigMap;
  /** By name, the longest known first. */
  readonly #records = new Map<string, UnremovedRecord>();
  #data: Readonly<Record<string, string>> = {};
  #failures = 0;
  #isStarted = false;
  #isWriteDue = false;
  readonly #ending = new AbortController();
  /** Reads and writes run one after another. */
  #busy: Promise<void> = Promise.resolve();

  constructor(options: Options) {
    this.#options = options;
    this.#stored = new StoredConfigMap(options.api, { namespace: options.namespace, name: UNREMOVED });
  }

  /** Whether the list has entries, or is to have some. */
  get isEmpty(): boolean {
    return this.#records.size === 0 && Object.keys(this.#data).length === 0;
  }

  /** As the ConfigMap has it. */
  get data(): Readonly<Record<string, string>> {
    return this.#data;
  }

  /** A registration Secret changed. Costs nothing for a client that is in use. */
  changed({ before, after }: Change<RegistrationObject>): void {
    const name = (after ?? before)?.metadata.name ?? '';
    const record = after?.record;
    if (isUnremoved(record)) {
      this.#records.set(name, record);
    } else if (!this.#records.delete(name)) {
      return;
    }
    this.#writeLater(SETTLED_MS);
  }

  /** Reads the list and puts it right. Call it after the watches have synced. */
  start(): void {
    this.#isStarted = true;
    this.#then(async () => {
      await this.#load();
      await this.#write();
    });
  }

  /** Writes nothing more. The next leader puts the list right. */
  stop(): void {
    this.#ending.abort();
  }

  /** Looks whether somebody else changed the list: removes what is resolved, and puts the list right. */
  look(): Promise<void> {
    return this.#then(async () => {
      const isChanged = await this.#stored.isChanged();
      if (isChanged) {
        await this.#load();
      }
      if (isChanged || resolutionsIn(this.#data).size > 0) {
        await this.#removeResolved();
        await this.#write();
      }
    });
  }

  #then(act: () => Promise<void>): Promise<void> {
    const { log } = this.#options;
    this.#busy = this.#busy
      .then(() => (this.#mayWrite ? act() : undefined))
      .catch((error: unknown) => log.error('list of unremoved clients: an error of the operator', { error }));
    return this.#busy;
  }

  get #mayWrite(): boolean {
    return !this.#ending.signal.aborted && this.#options.lead.held();
  }

  #writeLater(ms: number): void {
    if (this.#isStarted && !this.#isWriteDue) {
      this.#isWriteDue = true;
      void this.#options.clock.sleep(ms, this.#ending.signal).then(() => {
        this.#isWriteDue = false;
        return this.#then(() => this.#write());
      });
    }
  }

  async #load(): Promise<void> {
    const found = await this.#stored.get();
    if (found !== undefined) {
      this.#take(found);
    }
  }

  #take({ data = {} }: ConfigMap): void {
    this.#data = data;
  }

  async #removeResolved(): Promise<void> {
    const { api, namespace, resolved, log } = this.#options;
    for (const [name, note] of resolutionsIn(this.#data)) {
      const record = this.#records.get(name);
      if (record === undefined) {
        continue;
      }
      const { resourceVersion } = record;
      const gone = await api.delete(RESOURCES.secret, { namespace, name }, { resourceVersion });
      if (gone.ok || gone.status === 404) {
        this.#records.delete(name);
        resolved(record, note);
      } else {
        const { status, message } = gone;
        log.warn('a resolved client is not removed yet', { secret: name, status, message });
      }
    }
  }

  async #write(): Promise<void> {
    const wanted = this.#wanted();
    if (isSameJson(wanted, this.#data)) {
      return;
    }
    const written = await this.#stored.put(wanted);
    if (written.ok) {
      this.#failures = 0;
      this.#take(written.object);
      return;
    }
    const { status, message } = written;
    this.#options.log.warn('list of unremoved clients not written yet', { status, message });
    await this.#load();
    this.#writeLater(backoff(PAUSES_AFTER_FAILURE, this.#failures));
    this.#failures += 1;
  }

  /** The entries that fit, and the notes beside them. */
  #wanted(): Readonly<Record<string, string>> {
    const listed = this.#fitting();
    const entries = new Map([...listed].map(([name, record]) => [name, encodeUnremoved(record)]));
    const notes = Object.entries(this.#data).filter(([key]) => isResolutionKey(key));
    const data = unremovedData(entries, this.#records.size - listed.size);
    return withoutEntries({ ...data, ...Object.fromEntries(notes) }, () => false);
  }

  /** Above three quarters of the limit, only namespaces with few entries have more. */
  #fitting(): ReadonlyMap<string, UnremovedRecord> {
    const [most, ofNamespace] = [SHARES.listedUnremoved.most, SHARES.listedUnremovedOfNamespace.most];
    const counts = new Map<string, number>();
    let total = 0;
    const fitting = [...this.#records].filter(
      ([
        ,
        {
          client: { namespace },
        },
      ]) => {
        const own = counts.get(namespace) ?? 0;
        const fits = own < ofNamespace && total < (own < FEW ? most : most * SHARED);
        if (fits) {
          counts.set(namespace, own + 1);
          total += 1;
        }
        return fits;
      },
    );
    return new Map(fitting);
  }
}
