import { type KubernetesObject, keyOf, type Resource } from '../../api/kubernetes.ts';
import type { ApiResult, KubernetesApi, ObjectKey } from '../../controller/ports.ts';
import type { Connection } from './connection.ts';
import { type ApiExchange, createExchange, type ExchangeOptions } from './exchange.ts';
import { collectPages } from './pages.ts';
import type { ListOf, Selection } from './paths.ts';
import { acceptOf, collectionPath, creationPath, objectPath, type RawObject } from './paths.ts';

/** {@link KubernetesApi}, and lists that convert objects page by page, so that memory never holds all of them twice. */
export interface PagedApi extends KubernetesApi {
  /**
   * One consistent list of converted objects; an object for which `convert` returns undefined is left out. `convert`
   * must not throw. When a 410 restarts the list, `convert` gets the objects again.
   */
  collect<R>(
    resource: Resource,
    selection: Selection,
    convert: (raw: RawObject) => R | undefined,
    signal?: AbortSignal,
  ): Promise<ApiResult<ListOf<R>>>;
}

/** What the plugin requests beside that. */
export interface PluginApi extends PagedApi {
  /** Like {@link KubernetesApi.replace}, but stores nothing (`dryRun=All`): tests whether it would be admitted. */
  dryRunReplace<T extends KubernetesObject>(resource: Resource, object: T): Promise<ApiResult<T>>;
}

interface ApiOptions extends ExchangeOptions {
  /** The owner of fields in `managedFields`. Default `oauth-registrar`. */
  readonly fieldManager?: string;
  /** Refuse a field that the resource does not have, as kubectl does. Default: the API server drops it. */
  readonly refusesUnknownFields?: boolean;
}

/**
 * The verbs of the Kubernetes API over kept connections. Written objects get `apiVersion` and `kind` of their
 * resource if they have none. `reason` is `NoAnswer` with status 0, `NotServed` with a 404 that names no object, and
 * `Invalid` with a key that no object can have (then nothing is sent).
 */
export function createKubernetesApi(connection: Connection, options: ApiOptions): PluginApi {
  const exchange = createExchange(connection, options);
  const query = {
    fieldManager: options.fieldManager ?? 'oauth-registrar',
    ...(options.refusesUnknownFields === true && { fieldValidation: 'Strict' }),
  };
  return {
    collect: (resource, selection, convert, signal) =>
      collectPages(exchange, { resource, selection, signal }, convert),
    async get(resource, key, only) {
      const path = objectPath(resource, key);
      const accept = acceptOf({ metadataOnly: only === 'metadata' }, 'object');
      return path === undefined ? invalid(key) : exchange({ method: 'GET', path, accept });
    },
    async create(resource, object) {
      const path = creationPath(resource, object.metadata);
      const accept = acceptOfWritten(resource);
      return path === undefined
        ? invalid(object.metadata)
        : exchange({ method: 'POST', path, query, accept, body: typed(resource, object) });
    },
    dryRun: (resource, object) =>
      exchange({
        method: 'POST',
        path: collectionPath(resource, object.metadata.namespace),
        query: { ...query, dryRun: 'All' },
        accept: acceptOfWritten(resource),
        body: typed(resource, object),
      }),
    dryRunReplace: (resource, object) =>
      put(exchange, { resource, object, query: { ...query, dryRun: 'All' } }),
    replace: (resource, object, subresource) => put(exchange, { resource, object, query, subresource }),
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

interface Put<T> {
  readonly resource: Resource;
  readonly object: T;
  readonly query: Readonly<Record<string, string>>;
  readonly subresource?: 'status' | undefined;
}

async function put<T extends KubernetesObject>(
  exchange: ApiExchange,
  { resource, object, query, subresource }: Put<T>,
): Promise<ApiResult<T>> {
  const path = objectPath(resource, object.metadata, subresource);
  return path === undefined
    ? invalid(object.metadata)
    : exchange({
        method: 'PUT',
        path,
        query,
        accept: acceptOfWritten(resource),
        body: typed(resource, object),
      });
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
