import type { Selection } from '../../../src/adapters/kubernetes/paths.ts';
import type { KubernetesObject, Resource } from '../../../src/api/kubernetes.ts';
import { keyOf, RESOURCES } from '../../../src/api/kubernetes.ts';
import type { ApiResult, ObjectKey } from '../../../src/controller/ports.ts';
import { isSameJson, type JsonObject } from '../../../src/oauth/json.ts';
import { owned } from './field-ownership.ts';

/** Any object, as it is stored. Never changed in place. */
export interface Stored extends KubernetesObject {
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
  readonly data?: Readonly<Record<string, string>>;
}

export interface Change {
  readonly kind: string;
  readonly before: Stored | undefined;
  /** Absent where the object is gone; `version` is that of its end. */
  readonly after: Stored | undefined;
  readonly version: string;
  /** Who wrote: a process, a user, or the cluster itself. */
  readonly by: string;
}

/** Of a Secret; it can't be changed. */
const typeOf = (object: Stored): unknown => ('type' in object ? object.type : undefined) ?? 'Opaque';

const failure = (status: number, reason: string, message = reason): ApiResult<never> => ({
  ok: false,
  status,
  reason,
  message,
});

/**
 * An API server: versions and conflicts, uids and generations, finalizers, the status subresource, field ownership of
 * Secrets, and the collection of what has lost its owner. Every call is atomic; delays and losses are the network's.
 */
export class Cluster {
  readonly changes: Change[] = [];
  readonly onChange: ((change: Change) => void)[] = [];
  readonly #kinds = new Map<string, Map<string, Stored>>();
  readonly #now: () => string;
  #version = 1_000;
  #uids = 0;

  /** @param now RFC 3339 */
  constructor(now: () => string) {
    this.#now = now;
  }

  get version(): string {
    return String(this.#version);
  }

  /** What brings back this moment. */
  save(): () => void {
    const [version, uids] = [this.#version, this.#uids];
    const [changes, onChange] = [[...this.changes], [...this.onChange]];
    const kinds = [...this.#kinds].map(([kind, objects]) => [kind, [...objects]] as const);
    return () => {
      [this.#version, this.#uids] = [version, uids];
      this.changes.splice(0, this.changes.length, ...changes);
      this.onChange.splice(0, this.onChange.length, ...onChange);
      this.#kinds.clear();
      for (const [kind, objects] of kinds) {
        this.#kinds.set(kind, new Map(objects));
      }
    };
  }

  all(kind: string): readonly Stored[] {
    return [...this.#kind(kind).values()];
  }

  find(kind: string, key: string): Stored | undefined {
    return this.#kind(kind).get(key);
  }

  get(resource: Resource, key: ObjectKey): ApiResult<Stored> {
    const object = this.find(resource.kind, keyOf(key));
    return object === undefined ? failure(404, 'NotFound') : { ok: true, object };
  }

  list(resource: Resource, { labelSelector, namespace }: Selection = {}): readonly Stored[] {
    const [label, value = 'true'] = (labelSelector ?? '').split('=');
    return this.all(resource.kind).filter(
      ({ metadata }) =>
        (namespace === undefined || metadata.namespace === namespace) &&
        (!label || metadata.labels?.[label] === value),
    );
  }

  /** An object exactly as it is, version and uid included: it was there before. */
  put(kind: string, object: Stored): void {
    this.#kind(kind).set(keyOf(object.metadata), object);
  }

  create(resource: Resource, given: Stored, by: string): ApiResult<Stored> {
    const key = keyOf(given.metadata);
    if (this.find(resource.kind, key) !== undefined) {
      return failure(409, 'AlreadyExists');
    }
    this.#uids += 1;
    const { resourceVersion: _, ...metadata } = given.metadata;
    const object = {
      ...given,
      metadata: {
        ...metadata,
        uid: `${resource.kind.toLowerCase()}-${this.#uids}`,
        creationTimestamp: this.#now(),
        ...(given.spec === undefined ? {} : { generation: 1 }),
      },
    };
    return this.#store(resource.kind, undefined, owned(object, undefined, by), by);
  }

  replace(resource: Resource, given: Stored, subresource: 'status' | undefined, by: string) {
    const before = this.find(resource.kind, keyOf(given.metadata));
    const problem = conflictOf(before, given.metadata.resourceVersion, undefined);
    if (before === undefined || problem !== undefined) {
      return problem ?? failure(404, 'NotFound');
    }
    if (typeOf(before) !== typeOf(given)) {
      return failure(422, 'Invalid');
    }
    const { uid, creationTimestamp } = before.metadata;
    const after =
      subresource === 'status'
        ? { ...before, status: given.status ?? {} }
        : { ...given, metadata: { ...given.metadata, uid, creationTimestamp } as Stored['metadata'] };
    return this.#store(resource.kind, before, owned(after, before, by), by);
  }

  /** JSON merge patch. */
  patch(resource: Resource, key: ObjectKey, patch: object, by: string): ApiResult<Stored> {
    const before = this.find(resource.kind, keyOf(key));
    const { metadata = {} } = patch as { metadata?: { resourceVersion?: string } };
    const problem = conflictOf(before, metadata.resourceVersion, undefined);
    if (before === undefined || problem !== undefined) {
      return problem ?? failure(404, 'NotFound');
    }
    const merged = merge(before, patch) as Stored;
    const isEdited = !isSameJson(merged.spec, before.spec);
    const generation = (before.metadata.generation ?? 0) + 1;
    const after = isEdited ? { ...merged, metadata: { ...merged.metadata, generation } } : merged;
    return this.#store(resource.kind, before, owned(after, before, by), by);
  }

  delete(
    resource: Resource,
    key: ObjectKey,
    { uid, resourceVersion }: { readonly uid?: string; readonly resourceVersion?: string },
    by: string,
  ): ApiResult<Stored> {
    const before = this.find(resource.kind, keyOf(key));
    const problem = conflictOf(before, resourceVersion, uid);
    if (before === undefined || problem !== undefined) {
      return problem ?? failure(404, 'NotFound');
    }
    if ((before.metadata.finalizers ?? []).length === 0) {
      return this.#remove(resource.kind, before, by);
    }
    const generation = (before.metadata.generation ?? 0) + 1;
    const deletionTimestamp = before.metadata.deletionTimestamp ?? this.#now();
    const metadata = { ...before.metadata, deletionTimestamp, generation };
    return this.#store(resource.kind, before, { ...before, metadata }, by);
  }

  #kind(kind: string): Map<string, Stored> {
    const known = this.#kinds.get(kind) ?? new Map<string, Stored>();
    this.#kinds.set(kind, known);
    return known;
  }

  #store(kind: string, before: Stored | undefined, given: Stored, by: string): ApiResult<Stored> {
    const isEnd = given.metadata.deletionTimestamp !== undefined && given.metadata.finalizers?.length === 0;
    if (before !== undefined && isEnd) {
      this.#remove(kind, before, by);
      return { ok: true, object: given };
    }
    if (before !== undefined && isUnchanged(before, given)) {
      return { ok: true, object: before };
    }
    this.#version += 1;
    const object = { ...given, metadata: { ...given.metadata, resourceVersion: this.version } };
    this.#kind(kind).set(keyOf(object.metadata), object);
    this.#tell({ kind, before, after: object, version: this.version, by });
    return { ok: true, object };
  }

  #remove(kind: string, before: Stored, by: string): ApiResult<Stored> {
    this.#version += 1;
    this.#kind(kind).delete(keyOf(before.metadata));
    this.#tell({ kind, before, after: undefined, version: this.version, by });
    return { ok: true, object: before };
  }

  #tell(change: Change): void {
    this.changes.push(change);
    for (const tell of this.onChange) {
      tell(change);
    }
  }

  /** What Kubernetes does, sooner or later, about Secrets whose owner is gone. */
  collect(uid: string): void {
    for (const { metadata } of this.all('Secret')) {
      if (metadata.ownerReferences?.some((owner) => owner.uid === uid)) {
        this.delete(RESOURCES.secret, metadata, {}, 'collector');
      }
    }
  }
}

function isUnchanged(before: Stored, after: Stored): boolean {
  const { resourceVersion } = before.metadata;
  return isSameJson(before, {
    ...after,
    metadata: { ...after.metadata, resourceVersion } as Stored['metadata'],
  });
}

function conflictOf(
  before: Stored | undefined,
  version: string | undefined,
  uid: string | undefined,
): ApiResult<never> | undefined {
  if (before === undefined) {
    return failure(404, 'NotFound');
  }
  const isOther =
    (version !== undefined && version !== before.metadata.resourceVersion) ||
    (uid !== undefined && uid !== before.metadata.uid);
  return isOther ? failure(409, 'Conflict') : undefined;
}

/** JSON merge patch (RFC 7386). */
export function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    return patch;
  }
  const merged: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      delete merged[name];
    } else {
      merged[name] = merge(merged[name], value);
    }
  }
  return merged;
}
