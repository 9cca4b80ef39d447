import { type KubernetesObject, type ObjectMeta, RESOURCES, type Resource } from '../../api/kubernetes.ts';
import type { ObjectKey } from '../../controller/ports.ts';

/** An object as the API server sent it. */
export type RawObject = KubernetesObject & Record<string, unknown>;

/** Which objects of a resource, and which part of each. */
export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** Of a watch. */
  readonly fieldSelector?: string;
  /** Ask for `PartialObjectMetadata` only: no data, no spec, no status. */
  readonly metadataOnly?: boolean;
  /** Of a list: read its first page alone, of at most so many objects. */
  readonly firstPage?: number;
}

export interface ListOf<T> {
  readonly resourceVersion: string;
  readonly items: readonly T[];
}

/** Path of a collection; without `namespace`, that of all namespaces. */
export function collectionPath(resource: Resource, namespace: string | undefined): string {
  const root =
    resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  if (!resource.namespaced || namespace === undefined) {
    return `${root}/${resource.plural}`;
  }
  return `${root}/namespaces/${encodeURIComponent(namespace)}/${resource.plural}`;
}

/**
 * Path to which an object is posted: that of its collection. A TokenRequest is posted to the ServiceAccount of its name;
 * `undefined` where no ServiceAccount can have it.
 */
export function creationPath(resource: Resource, { name, namespace }: ObjectMeta): string | undefined {
  const { tokenRequest, serviceAccount } = RESOURCES;
  if (resource.plural !== tokenRequest.plural) {
    return collectionPath(resource, namespace);
  }
  const account = objectPath(serviceAccount, { name, ...(namespace !== undefined && { namespace }) });
  return account && `${account}/token`;
}

/**
 * Path of one object, or undefined if no object can have this key: without a name it would be the path of the
 * collection (a GET would list it, a DELETE empty it), and with `..` that of another object.
 */
export function objectPath(resource: Resource, key: ObjectKey, subresource?: 'status'): string | undefined {
  if (!isSegment(key.name)) {
    return undefined;
  }
  if (resource.namespaced && !isSegment(key.namespace)) {
    return undefined;
  }
  const path = `${collectionPath(resource, key.namespace)}/${encodeURIComponent(key.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** Value of `Accept` for a selection, answered as a list, a watch or a single object. */
export function acceptOf(selection: Selection, answer: 'list' | 'watch' | 'object'): string {
  if (selection.metadataOnly !== true) {
    return 'application/json';
  }
  const kind = answer === 'list' ? 'PartialObjectMetadataList' : 'PartialObjectMetadata';
  return `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`;
}

/**
 * Reduces an object to what was selected, since some servers answer with whole objects where only metadata was
 * wanted.
 */
export function selected(raw: RawObject, selection: Selection): RawObject {
  return selection.metadataOnly === true ? { metadata: raw.metadata } : raw;
}

function isSegment(name: string | undefined): name is string {
  return name !== undefined && name !== '' && name !== '.' && name !== '..';
}
