import { type ConfigMap, RESOURCES } from '../../api/kubernetes.ts';
import { VERSION } from '../../api/version.ts';
import type { ClientKey } from '../../core/client-key.ts';
import { shortKey } from '../../core/short-name.ts';
import type { ApiResult, KubernetesApi } from '../ports.ts';
import { type KeptMetadata, keptMetadata } from './kept-metadata.ts';
import {
  clientOfEntry,
  decodeEntries,
  encodeEntries,
  type LedgerEntry,
  newerEntries,
  otherLeader,
} from './ledger-entry.ts';

export const LEDGER_NAME = 'oauth-registrar-ledger';

interface Options {
  readonly api: KubernetesApi;
  readonly namespace: string;
  readonly holder: string;
  /** Id of this installation, and whether another id is one of its own. */
  readonly installation: { readonly id: string; readonly isOurs: (id: string) => boolean };
}

/**
 * The ConfigMap in which the ledger is kept, with the epoch, the holder of the lead and its version.
 *
 * *Guarantees*: the chain of resource versions fences: once another process has taken the lead, no write of this one
 * succeeds.
 */
export class LedgerStore {
  readonly #options: Options;
  #resourceVersion = '';
  #kept: KeptMetadata = {};
  #epoch = 0;
  #copiedFrom: string | undefined;
  /** Entries of a newer version: every write leaves them as they are. */
  #newer: Readonly<Record<string, string>> = {};
  #newerClients: ReadonlySet<string> = new Set();

  constructor(options: Options) {
    this.#options = options;
  }

  /** The installation whose ledger was copied here; set until a person declares that this installation continues it. */
  get copiedFrom(): string | undefined {
    const { isOurs } = this.#options.installation;
    return this.#copiedFrom === undefined || isOurs(this.#copiedFrom) ? undefined : this.#copiedFrom;
  }

  /** Reads what earlier holders left, or creates the ConfigMap. The next write begins a new epoch. */
  async read(): Promise<readonly LedgerEntry[]> {
    const found = await this.#find();
    if (found === undefined) {
      throw new Error(`The ledger (ConfigMap ${this.#options.namespace}/${LEDGER_NAME}) can't be read`);
    }
    this.#knows(found);
    this.#epoch = (Number(found.data?.['epoch']) || 0) + 1;
    this.#copiedFrom = found.data?.['installation'] || undefined;
    this.#keepNewer(found.data ?? {});
    return decodeEntries(found.data ?? {});
  }

  /** How many entries a newer version wrote. */
  get countOfNewer(): number {
    return Object.keys(this.#newer).length;
  }

  /** Whether a newer version wrote an entry about this client. */
  hasNewer(client: ClientKey): boolean {
    return this.#newerClients.size > 0 && this.#newerClients.has(shortKey(client));
  }

  async write(entries: Iterable<LedgerEntry>): Promise<ApiResult<ConfigMap>> {
    const { api, namespace, holder, installation } = this.#options;
    const written = await api.replace<ConfigMap>(RESOURCES.configMap, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...this.#kept, name: LEDGER_NAME, namespace, resourceVersion: this.#resourceVersion },
      data: {
        epoch: String(this.#epoch),
        holder,
        installation: this.copiedFrom ?? installation.id,
        version: VERSION,
        ...this.#newer,
        ...encodeEntries(entries),
      },
    });
    if (written.ok) {
      this.#knows(written.object);
    }
    return written;
  }

  /** After a failed write: whether to retry. @returns why not */
  async lookAgain(): Promise<string | undefined> {
    const { api, namespace } = this.#options;
    const found = await api.get<ConfigMap>(RESOURCES.configMap, { namespace, name: LEDGER_NAME });
    if (!found.ok) {
      return found.status === 404 ? 'the ledger was deleted' : undefined;
    }
    const { data = {} } = found.object;
    const other = otherLeader(data, this.#epoch, this.#options.holder);
    if (other !== undefined) {
      return `${other} has taken the lead`;
    }
    this.#knows(found.object);
    this.#keepNewer(data);
    return undefined;
  }

  #knows({ metadata }: ConfigMap): void {
    this.#resourceVersion = metadata.resourceVersion ?? '';
    this.#kept = keptMetadata(metadata);
  }

  #keepNewer(data: Readonly<Record<string, string>>): void {
    this.#newer = newerEntries(data);
    const clients = Object.values(this.#newer).flatMap((text) => clientOfEntry(text) ?? []);
    this.#newerClients = new Set(clients.map(shortKey));
  }

  async #find(): Promise<ConfigMap | undefined> {
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

/**
 * Whether a write was refused because the object is too large, so that an unchanged retry fails, too. 413: the request;
 * 422: the stored object; etcd's own limit is reported as 500 with its message.
 */
export function isTooLarge(refused: ApiResult<unknown>): boolean {
  if (refused.ok) {
    return false;
  }
  const { status, message } = refused;
  return status === 413 || status === 422 || (status >= 400 && /too large|too long/i.test(message));
}
