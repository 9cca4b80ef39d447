import type { KubernetesObject } from '../../api/kubernetes.ts';
import { type ClientKey, clientKey } from '../../core/client-key.ts';
import type { ServerKey } from '../../core/server-key.ts';
import { isCut, shortKey } from '../../core/short-name.ts';
import { KeyIndex } from '../state/key-index.ts';
import type { LedgerEntry } from './ledger-entry.ts';

/** Indexes the ledger's entries, so that code for one client doesn't iterate over all. Long names are cut. */
export class CallIndex {
  readonly #byClient = new KeyIndex<LedgerEntry>(({ client }) => shortKey(clientKey(client)));
  readonly #registrations = new KeyIndex<LedgerEntry>(({ kind, server, client }) =>
    kind === 'Register' ? `${client.namespace} ${shortKey(server)}` : undefined,
  );

  add(entry: LedgerEntry): void {
    this.#byClient.add(entry, entry.attempt);
    this.#registrations.add(entry, entry.attempt);
  }

  remove(entry: LedgerEntry): void {
    this.#byClient.remove(entry, entry.attempt);
    this.#registrations.remove(entry, entry.attempt);
  }

  /** Attempts, by the key of their client. */
  of(client: ClientKey): readonly string[] {
    return this.#byClient.get(shortKey(client));
  }

  /** Attempts of registrations at a server, by the key of `serverKey`. */
  registrationsAt(server: ServerKey, namespace: string): readonly string[] {
    return this.#registrations.get(`${namespace} ${shortKey(server)}`);
  }
}

/**
 * `namespace/name` of the clients whose calls are in the ledger. A long name is cut there: its object is found by uid; if
 * the object is deleted, the cut name is used, and its calls are found by that, too.
 */
export function clientsOf(
  entries: readonly LedgerEntry[],
  clients: { readonly values: () => Iterable<KubernetesObject> },
): ReadonlySet<ClientKey> {
  const uids = new Set(entries.filter(({ client }) => isCut(client.name)).map(({ client }) => client.uid));
  const known = uids.size === 0 ? [] : [...clients.values()];
  const names = new Map(
    known.flatMap(({ metadata: { uid = '', name } }) => (uids.has(uid) ? [[uid, name] as const] : [])),
  );
  return new Set(
    entries.map(({ client: { namespace, name, uid } }) =>
      clientKey({ namespace, name: names.get(uid) ?? name }),
    ),
  );
}
