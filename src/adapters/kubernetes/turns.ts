import { type KubernetesObject, type ObjectMeta, RESOURCES, type Resource } from '../../api/kubernetes.ts';
import { SHARES } from '../../api/shares.ts';
import { LEDGER_NAME } from '../../controller/durable/ledger-store.ts';
import type { ObjectKey } from '../../controller/ports.ts';
import { NO_SERVER, Slots } from '../../controller/state/slots.ts';
import type { PagedApi } from './api.ts';

/**
 * The same API with a bound on parallel calls about single objects, as many as there are connections. Namespaces take
 * turns, so that one with many writes does not delay all others: while another namespace waits, it has at most half
 * of the calls. Lists do not wait.
 */
export function byTurns(api: PagedApi): PagedApi {
  const slots = new Slots();
  const inTurn = <T>(namespace: string | undefined, call: () => Promise<T>): Promise<T> => {
    const place = {
      server: NO_SERVER,
      namespace: namespace ?? '',
      limit: SHARES.kubernetesCalls.most,
      isEnding: false,
    };
    return slots.withSlot(place, call);
  };
  return {
    ...api,
    get: (resource, key, only) => inTurn(key.namespace, () => api.get(resource, key, only)),
    create: (resource, object) => inTurn(object.metadata.namespace, () => api.create(resource, object)),
    dryRun: (resource, object) => inTurn(object.metadata.namespace, () => api.dryRun(resource, object)),
    replace: (resource, object, subresource) =>
      inTurn(object.metadata.namespace, () => api.replace(resource, object, subresource)),
    patch: (resource, key, patch) => inTurn(key.namespace, () => api.patch(resource, key, patch)),
    delete: (resource, key, preconditions) =>
      inTurn(key.namespace, () => api.delete(resource, key, preconditions)),
  };
}

/**
 * The same API, except that calls about the ledger go over `own`: every call to an authorization server waits for the
 * ledger, so it never stands behind the writes of others. `own` needs connections of its own.
 */
export function ledgerApart(api: PagedApi, own: PagedApi): PagedApi {
  const roadOf = (resource: Resource, { name }: ObjectKey | ObjectMeta): PagedApi =>
    resource.kind === RESOURCES.configMap.kind && name === LEDGER_NAME ? own : api;
  return {
    ...api,
    get: (resource, key, only) => roadOf(resource, key).get(resource, key, only),
    create: (resource, object) => roadOf(resource, object.metadata).create(resource, object),
    replace: <T extends KubernetesObject>(resource: Resource, object: T, subresource?: 'status') =>
      roadOf(resource, object.metadata).replace<T>(resource, object, subresource),
  };
}
