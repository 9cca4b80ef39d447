import { type ConfigMap, keyOf, RESOURCES } from '../api/kubernetes.ts';
import { parseJsonObject } from '../oauth/json.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import type { Clock, KubernetesApi, Log } from './ports.ts';

/**
 * Suspected orphans: registrations that were sent and whose answer nobody could read. One ConfigMap lists them, so
 * that people can look for the clients at the server. It is bounded per server; a full list refuses that server, and
 * nothing is dropped silently.
 */
export const ORPHANS_NAME = 'oauth-registrar-suspected-orphans';

const MAX_PER_SERVER = 50;
const FRESH_MS = 30_000;

export class Orphans {
  readonly #options: {
    readonly api: KubernetesApi;
    readonly namespace: string;
    readonly clock: Clock;
    readonly log: Log;
  };
  #data: Record<string, string> = {};
  #resourceVersion: string | undefined;
  /** Milliseconds since the epoch. */
  #loadedAt = Number.NEGATIVE_INFINITY;
  #writing: Promise<boolean> = Promise.resolve(true);

  constructor(options: {
    readonly api: KubernetesApi;
    readonly namespace: string;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#options = options;
  }

  /** Reads what is listed. */
  async load(): Promise<void> {
    const { api, clock, namespace } = this.#options;
    const found = await api.get<ConfigMap>(RESOURCES.configMap, { namespace, name: ORPHANS_NAME });
    this.#loadedAt = clock.now();
    if (found.ok) {
      this.#data = { ...found.object.data };
      this.#resourceVersion = found.object.metadata.resourceVersion;
    } else if (found.status === 404) {
      // A person deleted it, and with it what it listed.
      this.#data = {};
      this.#resourceVersion = undefined;
    }
  }

  /** Reads the list again where what is known of it isn't fresh. */
  async refresh(): Promise<void> {
    const { clock } = this.#options;
    if (clock.now() >= this.#loadedAt + FRESH_MS) {
      this.#writing = this.#writing.then(() => this.load().then(() => true));
      await this.#writing;
    }
  }

  /** A person may shorten the list; a full one is looked at again before a server is refused for it. */
  isFull(server: string): boolean {
    return this.countAt(server) >= MAX_PER_SERVER;
  }

  /** How many are listed of one OAuthClient, and when the last was sent, in milliseconds since the epoch. */
  suspectsOf(uid: string): { readonly count: number; readonly latestAt: number } {
    const times = Object.values(this.#data)
      .filter((entry) => entry.includes(`"uid":${JSON.stringify(uid)}`))
      .map((entry) => Date.parse(String(parseJsonObject(entry)?.['startedAt'])) || 0);
    return { count: times.length, latestAt: Math.max(0, ...times) };
  }

  /** How many are listed of one server. */
  countAt(server: string): number {
    return Object.values(this.#data).filter((entry) => entry.includes(`"server":${JSON.stringify(server)}`))
      .length;
  }

  /** Lists one. Resolves with true once it is stored; until then its ledger entry has to stay. */
  report(entry: LedgerEntry, why: string): Promise<boolean> {
    const { client, server, startedAt } = entry;
    const value = JSON.stringify({
      server,
      client: keyOf(client),
      uid: client.uid,
      startedAt,
      why,
    });
    this.#writing = this.#writing.then(() => this.#add(entry.attempt, value));
    return this.#writing;
  }

  async #add(attempt: string, value: string): Promise<boolean> {
    const { clock, log } = this.#options;
    for (let tries = 0; tries < 5; tries += 1) {
      const result = await this.#write({ ...this.#data, [attempt]: value });
      if (result.ok) {
        this.#data = { ...result.object.data };
        this.#resourceVersion = result.object.metadata.resourceVersion;
        return true;
      }
      log.warn('suspected orphan not listed yet', {
        attempt,
        status: result.status,
        message: result.message,
      });
      await clock.sleep(100 * 2 ** tries);
      await this.load();
    }
    return false;
  }

  #write(data: Record<string, string>) {
    const { api, namespace } = this.#options;
    const metadata = { name: ORPHANS_NAME, namespace };
    const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
    return this.#resourceVersion === undefined
      ? api.create(RESOURCES.configMap, object)
      : api.replace(RESOURCES.configMap, {
          ...object,
          metadata: { ...metadata, resourceVersion: this.#resourceVersion },
        });
  }
}
