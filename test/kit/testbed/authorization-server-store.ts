import type { Adapter, AdapterPayload, AllClientMetadata } from 'oidc-provider';

/** Everything oidc-provider stores, in memory. Nothing is ever evicted, so what it holds is what exists. */
export interface AuthorizationServerStore {
  /** For oidc-provider's `adapter` option. */
  adapterFor(model: string): Adapter;
  /** All registered clients, as the server holds them, in order of registration. */
  clients(): readonly RegisteredClient[];
  client(id: string): RegisteredClient | undefined;
  /** As an administrator would: another secret. */
  changeSecret(id: string, secret: string): void;
  /** The server loses a client, as after a restore of its data. */
  forget(id: string): void;
}

/** RFC 7591 client metadata with what the server added; `client_secret` included. */
export type RegisteredClient = Readonly<AllClientMetadata> & { readonly client_id: string };

export function createStore(): AuthorizationServerStore {
  const models = new Map<string, Map<string, AdapterPayload>>();
  const entriesOf = (model: string) => {
    const entries = models.get(model) ?? new Map<string, AdapterPayload>();
    models.set(model, entries);
    return entries;
  };
  const registered = entriesOf('Client');
  return {
    adapterFor: (model) => adapter(entriesOf(model)),
    clients: () => [...registered].map(([id, metadata]) => ({ ...metadata, client_id: id })),
    client: (id) => {
      const metadata = registered.get(id);
      return metadata === undefined ? undefined : { ...metadata, client_id: id };
    },
    changeSecret: (id, secret) => void registered.set(id, { ...registered.get(id), client_secret: secret }),
    forget: (id) => void registered.delete(id),
  };
}

function adapter(entries: Map<string, AdapterPayload>): Adapter {
  const findBy = async (name: 'uid' | 'userCode', value: string) =>
    [...entries.values()].find((payload) => payload[name] === value);
  return {
    upsert: async (id, payload) => void entries.set(id, payload),
    find: async (id) => entries.get(id),
    findByUid: (uid) => findBy('uid', uid),
    findByUserCode: (userCode) => findBy('userCode', userCode),
    consume: async (id) => {
      const payload = entries.get(id);
      if (payload !== undefined) {
        payload.consumed = Math.floor(Date.now() / 1000);
      }
    },
    destroy: async (id) => void entries.delete(id),
    revokeByGrantId: async (grantId) => {
      for (const [id, payload] of entries) {
        if (payload.grantId === grantId) {
          entries.delete(id);
        }
      }
    },
  };
}
