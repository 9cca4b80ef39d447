import { type KubernetesObject, keyOf, type Resource } from '../../api/kubernetes.ts';
import type { ApiResult, KubernetesApi, ObjectKey } from '../../controller/ports.ts';
import type { Connection } from './connection.ts';
import { createExchange, type ExchangeOptions } from './exchange.ts';
import { collectPages } from './pages.ts';
import type { ListOf, Selection } from './paths.ts';
import { acceptOf, collectionPath, objectPath, type RawObject } from './paths.ts';

/** {@link KubernetesApi}, and lists whose objects are converted page by page, so that never all are held twice. */
export interface PagedApi extends KubernetesApi {
  /**
   * One consistent list of what `convert` makes of each object; undefined leaves the object out. `convert` must not
   * throw. When a 410 restarts the list, `convert` meets the objects again.
   */
  collect<R>(
    resource: Resource,
    selection: Selection,
    convert: (raw: RawObject) => R | undefined,
    signal?: AbortSignal,
  ): Promise<ApiResult<ListOf<R>>>;
}

interface ApiOptions extends ExchangeOptions {
  /** Name under which the API server notes who owns a field. Default `oauth-registrar`. */
  readonly fieldManager?: string;
}

/**
 * The verbs of the Kubernetes API over a kept connection. Written objects get `apiVersion` and `kind` of their
 * resource where they have none. `reason` is `NoAnswer` with status 0, `NotServed` with a 404 that names no object,
 * `Invalid` with a key that no object can have (nothing is sent then).
 */
export function createKubernetesApi(connection: Connection, options: ApiOptions): PagedApi {
  const exchange = createExchange(connection, options);
  const query = { fieldManager: options.fieldManager ?? 'oauth-registrar' };
  return {
    collect: (resource, selection, convert, signal) =>
      collectPages(exchange, { resource, selection, signal }, convert),
    async get(resource, key) {
      const path = objectPath(resource, key);
      return path === undefined ? invalid(key) : exchange({ method: 'GET', path });
    },
    create: (resource, object) =>
      exchange({
        method: 'POST',
        path: collectionPath(resource, object.metadata.namespace),
        query,
        accept: acceptOfWritten(resource),
        body: typed(resource, object),
      }),
    dryRun: (resource, object) =>
      exchange({
        method: 'POST',
        path: collectionPath(resource, object.metadata.namespace),
        query: { ...query, dryRun: 'All' },
        accept: acceptOfWritten(resource),
        body: typed(resource, object),
      }),
    async replace(resource, object, subresource) {
      const path = objectPath(resource, object.metadata, subresource);
      if (path === undefined) {
        return invalid(object.metadata);
      }
      const accept = acceptOfWritten(resource);
      return exchange({ method: 'PUT', path, query, accept, body: typed(resource, object) });
    },
    async patch(resource, key, patch) {
      const path = objectPath(resource, key);
      if (path === undefined) {
        return invalid(key);
      }
      const contentType = 'application/merge-patch+json';
      const accept = acceptOfWritten(resource);
      return exchange({ method: 'PATCH', path, query, accept, contentType, body: patch });
    },
    async delete(resource, key, preconditions) {
      const path = objectPath(resource, key);
      if (path === undefined) {
        return invalid(key);
      }
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...(preconditions && { preconditions }) };
      return exchange({ method: 'DELETE', path, body });
    },
  };
}

/** The writer of a Secret knows its values: the answer needs metadata only. */
function acceptOfWritten({ group, kind }: Resource): string {
  return acceptOf({ metadataOnly: group === '' && kind === 'Secret' }, 'object');
}

function typed<T extends KubernetesObject>({ group, version, kind }: Resource, object: T): T {
  return { apiVersion: group === '' ? version : `${group}/${version}`, kind, ...object };
}

function invalid<T>(key: ObjectKey): ApiResult<T> {
  return { ok: false, status: 422, reason: 'Invalid', message: `no object can be named "${keyOf(key)}"` };
}
