import { type ConfigMap, RESOURCES } from '../../api/kubernetes.ts';
import type { ApiResult, KubernetesApi, ObjectKey } from '../ports.ts';
import { type KeptMetadata, keptMetadata } from './kept-metadata.ts';

/**
 * A ConfigMap whose data the operator replaces whole. Each write has the `resourceVersion` of the last read or write, so
 * it fails with a conflict (409) where somebody else wrote in between. The metadata of others is kept.
 */
export class StoredConfigMap {
  readonly #api: KubernetesApi;
  readonly #key: ObjectKey & { readonly namespace: string };
  /** `undefined`: it does not exist, or was never read. */
  #resourceVersion: string | undefined;
  #kept: KeptMetadata = {};

  constructor(api: KubernetesApi, key: ObjectKey & { readonly namespace: string }) {
    this.#api = api;
    this.#key = key;
  }

  /** Reads it. One that does not exist has no data. `undefined`: it could not be read. */
  async get(): Promise<ConfigMap | undefined> {
    const found = await this.#api.get<ConfigMap>(RESOURCES.configMap, this.#key);
    if (found.ok) {
      return this.#took(found.object);
    }
    return found.status === 404 ? this.#took({ metadata: { name: this.#key.name } }) : undefined;
  }

  /** Whether somebody else wrote or deleted it since the last read or write. Reads its metadata alone. */
  async isChanged(): Promise<boolean> {
    const found = await this.#api.get<ConfigMap>(RESOURCES.configMap, this.#key, 'metadata');
    const version = found.ok ? found.object.metadata.resourceVersion : undefined;
    return (found.ok || found.status === 404) && version !== this.#resourceVersion;
  }

  /** Replaces its data, or creates it. Tries once. */
  async put(data: Readonly<Record<string, string>>): Promise<ApiResult<ConfigMap>> {
    const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: this.#key, data };
    const written =
      this.#resourceVersion === undefined
        ? await this.#api.create(RESOURCES.configMap, object)
        : await this.#api.replace(RESOURCES.configMap, {
            ...object,
            metadata: { ...this.#kept, ...this.#key, resourceVersion: this.#resourceVersion },
          });
    if (written.ok) {
      this.#took(written.object);
    }
    return written;
  }

  #took(object: ConfigMap): ConfigMap {
    this.#resourceVersion = object.metadata.resourceVersion;
    this.#kept = keptMetadata(object.metadata);
    return object;
  }
}
