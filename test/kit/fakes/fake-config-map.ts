import type { ConfigMap, KubernetesObject } from '../../../src/api/kubernetes.ts';
import type { ApiResult, KubernetesApi } from '../../../src/controller/ports.ts';

type Fault = 'lost answer' | 'lost request' | 'refused';

export interface FakeConfigMap {
  readonly api: KubernetesApi;
  /** What is stored; `undefined` while there is none. */
  stored(): ConfigMap | undefined;
  /** Successful and failed PUTs so far, by the entries each held. */
  readonly writes: readonly (readonly string[])[];
  readonly reads: readonly string[];
  /** Somebody else writes. `undefined` deletes. */
  set(data: Readonly<Record<string, string>> | undefined): void;
  /** Somebody else changes its metadata. */
  describe(metadata: Partial<ConfigMap['metadata']>): void;
  /** What befalls the next PUTs, in their order. */
  failNext(...faults: readonly Fault[]): void;
  /** Refuses what is larger than this, as the API server does: the bytes of all values together. */
  boundTo(bytes: number): void;
  /** Holds PUTs back until the returned function is called. */
  hold(): () => void;
}

const failed = (status: number, reason: string): ApiResult<never> => ({
  ok: false,
  status,
  reason,
  message: reason,
});
const entriesOf = (data: Readonly<Record<string, string>> = {}): readonly string[] =>
  Object.keys(data)
    .filter((key) => key.startsWith('entry.'))
    .map((key) => key.slice('entry.'.length));

const sizeOf = ({ data = {} }: ConfigMap): number =>
  Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value), 0);

/** An API server with these ConfigMaps, by name. */
export function apiOf(maps: Readonly<Record<string, FakeConfigMap>>): KubernetesApi {
  const named = (name: string) => maps[name]?.api ?? createFakeConfigMap().api;
  return {
    ...createFakeConfigMap().api,
    create: (resource, object) => named(object.metadata.name).create(resource, object),
    get: (resource, key) => named(key.name).get(resource, key),
    replace: (resource, object) => named(object.metadata.name).replace(resource, object),
  };
}

/** One ConfigMap with versions and conflicts, as an API server keeps it. */
export function createFakeConfigMap(): FakeConfigMap {
  let stored: ConfigMap | undefined;
  let version = 100;
  const faults: Fault[] = [];
  const writes: (readonly string[])[] = [];
  const reads: string[] = [];
  let held: Promise<void> | undefined;
  let most = Number.POSITIVE_INFINITY;

  const store = (object: ConfigMap): ConfigMap => {
    version += 1;
    stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    return stored;
  };
  const put = (object: ConfigMap): ApiResult<ConfigMap> => {
    const fault = faults.shift();
    if (fault === 'refused') {
      return failed(500, 'InternalError');
    }
    if (fault === 'lost request') {
      return failed(0, 'ConnectionLost');
    }
    if (stored === undefined) {
      return failed(404, 'NotFound');
    }
    if (object.metadata.resourceVersion !== stored.metadata.resourceVersion) {
      return failed(409, 'Conflict');
    }
    if (sizeOf(object) > most) {
      return failed(422, 'Invalid');
    }
    const written = store(object);
    return fault === 'lost answer' ? failed(0, 'ConnectionLost') : { ok: true, object: written };
  };
  const answer = <T extends KubernetesObject>(result: ApiResult<ConfigMap>) =>
    result as unknown as ApiResult<T>;
  const unused = () => Promise.reject(new Error('the ledger needs no such call'));

  return {
    writes,
    reads,
    stored: () => stored,
    set(data) {
      stored = data && store({ metadata: { name: 'oauth-registrar-ledger', namespace: 'op' }, data });
    },
    describe(metadata) {
      stored = stored && store({ ...stored, metadata: { ...stored.metadata, ...metadata } });
    },
    failNext: (...next) => void faults.push(...next),
    boundTo(bytes) {
      most = bytes;
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return () => {
        held = undefined;
        resolve();
      };
    },
    api: {
      async create(_, object) {
        return stored === undefined
          ? answer({ ok: true, object: store(object as unknown as ConfigMap) })
          : failed(409, 'AlreadyExists');
      },
      dryRun: () => Promise.reject(new Error('not used')),
      async get(_, key) {
        reads.push(key.name);
        return stored === undefined ? failed(404, 'NotFound') : answer({ ok: true, object: stored });
      },
      async replace(_, object) {
        const wanted = object as unknown as ConfigMap;
        writes.push(entriesOf(wanted.data));
        await held;
        return answer(put(wanted));
      },
      patch: unused,
      delete: unused,
    },
  };
}
