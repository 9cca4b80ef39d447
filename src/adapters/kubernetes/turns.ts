import { SHARES } from '../../api/shares.ts';
import { Slots } from '../../controller/state/slots.ts';
import { serverKey } from '../../core/server-key.ts';
import type { PagedApi } from './api.ts';

/** Key of the API server among the keys of servers; no server object has it. */
const API_SERVER = serverKey({ kind: 'ClusterAuthorizationServer', name: '' }, '');

/**
 * The same API with a bound on parallel calls about single objects, as many as there are connections. Namespaces take
 * turns, so that one with many writes does not delay all others: while another namespace waits, it has at most half
 * of the calls. Lists do not wait.
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
