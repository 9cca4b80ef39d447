import { SHARES } from '../../api/shares.ts';
import { Slots } from '../../controller/state/slots.ts';
import { serverKey } from '../../core/server-key.ts';
import type { PagedApi } from './api.ts';

/** Key of the API server among the keys of servers; no server object has it. */
const API_SERVER = serverKey({ kind: 'ClusterAuthorizationServer', name: '' }, '');

/**
 * The same API, whose calls about single objects wait for one another by turns of the namespaces that they are about:
 * more than the connections permit wait in any case, and one namespace with much to write doesn't go before all others.
 * While another waits, it has half of the calls at most. Lists have no turn.
 */
export function byTurns(api: PagedApi): PagedApi {
  const slots = new Slots();
  const inTurn = <T>(namespace: string | undefined, call: () => Promise<T>): Promise<T> => {
    const place = {
      server: API_SERVER,
      namespace: namespace ?? '',
      limit: SHARES.kubernetesCalls.most,
      isEnding: false,
    };
    return slots.withSlot(place, call);
  };
  return {
    ...api,
    get: (resource, key) => inTurn(key.namespace, () => api.get(resource, key)),
    create: (resource, object) => inTurn(object.metadata.namespace, () => api.create(resource, object)),
    replace: (resource, object, subresource) =>
      inTurn(object.metadata.namespace, () => api.replace(resource, object, subresource)),
    patch: (resource, key, patch) => inTurn(key.namespace, () => api.patch(resource, key, patch)),
    delete: (resource, key, preconditions) =>
      inTurn(key.namespace, () => api.delete(resource, key, preconditions)),
  };
}
