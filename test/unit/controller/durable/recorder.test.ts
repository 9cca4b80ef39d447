import { expect, test } from 'vitest';
import type { KubernetesObject, Secret } from '../../../../src/api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../../../../src/api/names.ts';
import { createRecorder, type RecordListener } from '../../../../src/controller/durable/recorder.ts';
import type { ApiResult, Clock, Journal, KubernetesApi, Log } from '../../../../src/controller/ports.ts';
import type { Sensitive } from '../../../../src/oauth/sensitive.ts';
import { merge } from '../../../kit/fakes/cluster.ts';

const NAME = 'oac-uid-1';

const record = (token: string, more: Partial<Secret['metadata']> = {}): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: NAME,
    namespace: 'op',
    labels: { [LABELS.role]: 'current' },
    annotations: { [ANNOTATIONS.revision]: '1' },
    ...more,
  },
  data: { token },
});

/** One Secret with versions, as an API server keeps it; while it is away, no write has an effect. */
function createStore(stored: Secret) {
  let version = 1;
  let isAway = false;
  const keep = (secret: Secret): Secret => {
    version += 1;
    stored = { ...secret, metadata: { ...secret.metadata, resourceVersion: String(version) } };
    return stored;
  };
  keep(stored);
  const failed = (status: number, reason: string): ApiResult<never> => ({
    ok: false,
    status,
    reason,
    message: reason,
  });
  const answer = <T extends KubernetesObject>(object: Secret) =>
    ({ ok: true, object }) as unknown as ApiResult<T>;
  const api: Pick<KubernetesApi, 'get' | 'patch' | 'create'> = {
    get: async () => answer(stored),
    create: async () => failed(409, 'AlreadyExists'),
    async patch(_, __, patch) {
      if (isAway) {
        return failed(0, 'NoAnswer');
      }
      const { resourceVersion } = (patch as Secret).metadata;
      const isStale = ![undefined, stored.metadata.resourceVersion].includes(resourceVersion);
      return isStale ? failed(409, 'Conflict') : answer(keep(merge(stored, patch) as Secret));
    },
  };
  return {
    api: api as KubernetesApi,
    stored: () => stored,
    mark: (change: Partial<Secret['metadata']>) =>
      keep({ ...stored, metadata: { ...stored.metadata, ...change } }),
    goAway: () => {
      isAway = true;
    },
    comeBack: () => {
      isAway = false;
    },
  };
}

/** One pod's journal, as it stays when its process is killed. */
function createPod() {
  const entries = new Map<string, Sensitive>();
  const journal: Journal = {
    append: ({ id, payload }) => void entries.set(id, payload),
    settle: (id) => void entries.delete(id),
    unsettled: () => [...entries].map(([id, payload]) => ({ id, namespace: '', payload })),
  };
  return { journal, entries };
}

const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** A process that is killed while the API server is unreachable: its promises never settle. */
const clock: Clock = {
  now: () => 0,
  earliest: () => 0,
  monotonic: () => 0,
  sleep: () => new Promise(() => undefined),
};

const nobody: RecordListener = { refused: () => {}, recorded: () => {} };

/** An answer that was journalled by a process that was killed before it could be recorded. */
async function leaveBehind(store: ReturnType<typeof createStore>, attempt: string, token: string) {
  const pod = createPod();
  store.goAway();
  const { metadata } = store.stored();
  void createRecorder({ api: store.api, journal: pod.journal, clock, log }).update(
    attempt,
    record(token, metadata),
    nobody,
  );
  await Promise.resolve();
  store.comeBack();
  return pod;
}

const replay = (store: ReturnType<typeof createStore>, { journal }: ReturnType<typeof createPod>) =>
  createRecorder({ api: store.api, journal, clock, log }).replay(() => nobody);

test('an answer in the journal is recorded although the record was marked since, and the marks stay', async () => {
  const store = createStore(record('old'));
  const pod = await leaveBehind(store, 'update-1', 'new');
  store.mark({
    labels: { [LABELS.role]: 'owed' },
    annotations: { [ANNOTATIONS.revision]: '1', [ANNOTATIONS.deletionPolicy]: 'Retain' },
  });
  await replay(store, pod);
  expect(store.stored()).toMatchObject({
    data: { token: 'new' },
    metadata: {
      labels: { [LABELS.role]: 'owed' },
      annotations: { [ANNOTATIONS.deletionPolicy]: 'Retain', [ANNOTATIONS.writtenBy]: 'update-1' },
    },
  });
  expect(pod.entries.size).toBe(0);
});

test('a mark that was taken away meanwhile does not come back with the answer', async () => {
  const store = createStore(record('old', { annotations: { [ANNOTATIONS.deletionPolicy]: 'Retain' } }));
  const pod = await leaveBehind(store, 'update-1', 'new');
  store.mark({ annotations: {} });
  await replay(store, pod);
  expect(store.stored().metadata.annotations).toEqual({ [ANNOTATIONS.writtenBy]: 'update-1' });
});

test('an answer in the journal is dropped where a later one was recorded', async () => {
  const store = createStore(record('old'));
  const pod = await leaveBehind(store, 'update-1', 'new');
  const { journal } = createPod();
  const { metadata } = store.stored();
  await createRecorder({ api: store.api, journal, clock, log }).update(
    'update-2',
    record('newest', metadata),
    nobody,
  );
  await replay(store, pod);
  expect(store.stored()).toMatchObject({
    data: { token: 'newest' },
    metadata: { annotations: { [ANNOTATIONS.writtenBy]: 'update-2' } },
  });
  expect(pod.entries.size).toBe(0);
});

test('an answer whose record got no confirmation is recorded once more, without harm', async () => {
  const store = createStore(record('old'));
  const pod = await leaveBehind(store, 'update-1', 'new');
  await replay(store, { ...pod, journal: { ...pod.journal, settle: () => {} } });
  await replay(store, pod);
  expect(store.stored().data).toEqual({ token: 'new' });
  expect(pod.entries.size).toBe(0);
});

/** What others put on a registration Secret: a backup tool, an auditor, an owner of theirs. */
const OTHERS = {
  labels: { 'backup.example.com/skip': 'yes' },
  annotations: { 'example.com/by': 'us' },
  finalizers: ['example.com/mirrored'],
  ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid: 'u1' }],
};
const besideOthers = (secret: Secret): Secret['metadata'] => ({
  ...secret.metadata,
  ...OTHERS,
  labels: { ...secret.metadata.labels, [LABELS.session]: 's-1', ...OTHERS.labels },
  annotations: { ...secret.metadata.annotations, [ANNOTATIONS.leftAt]: 'then', ...OTHERS.annotations },
});

test.each([
  ['that nobody changed since it was read', (known: Secret) => known.metadata],
  [
    'that others changed since it was read',
    ({ metadata }: Secret) => ({ ...metadata, resourceVersion: '1' }),
  ],
])(
  'a later answer keeps what others put on the Secret, and takes off the own fields that it lacks: one %s',
  async (_, known) => {
    const store = createStore(record('old'));
    store.mark(besideOthers(store.stored()));
    const wanted = record('new', { resourceVersion: known(store.stored()).resourceVersion ?? '' });
    const { journal } = createPod();
    await createRecorder({ api: store.api, journal, clock, log }).update('update-1', wanted, nobody);
    const { metadata } = store.stored();
    expect(metadata).toMatchObject(OTHERS);
    expect(metadata.labels).toEqual({ [LABELS.role]: 'current', ...OTHERS.labels });
    expect(metadata.annotations).toEqual({
      [ANNOTATIONS.revision]: '1',
      [ANNOTATIONS.writtenBy]: 'update-1',
      ...OTHERS.annotations,
    });
    expect(store.stored().data).toMatchObject({ token: 'new' });
  },
);

test('an answer in the journal keeps what others put on the Secret meanwhile', async () => {
  const store = createStore(record('old'));
  const pod = await leaveBehind(store, 'update-1', 'new');
  store.mark({ ...store.stored().metadata, ...OTHERS, labels: { [LABELS.role]: 'owed', ...OTHERS.labels } });
  await replay(store, pod);
  expect(store.stored()).toMatchObject({ data: { token: 'new' }, metadata: OTHERS });
});

test('a try of a write that reaches the API server late overwrites no later answer', async () => {
  const store = createStore(record('old'));
  const read = store.stored();
  const onTheWay: (() => unknown)[] = [];
  let tries = 0;
  const api: KubernetesApi = {
    ...store.api,
    async patch(...given) {
      tries += 1;
      if (tries === 2) {
        onTheWay.push(() => store.api.patch(...given));
        return { ok: false, status: 0, reason: 'NoAnswer', message: 'no answer' };
      }
      return store.api.patch(...given);
    },
  };
  // The Secret was marked since it was read, so the first try is a conflict.
  store.mark({ labels: { [LABELS.role]: 'current', team: 'a' } });
  const patient: Clock = { ...clock, sleep: (ms) => (ms < 1_000 ? Promise.resolve() : clock.sleep(ms)) };
  const recorder = createRecorder({ api, journal: createPod().journal, clock: patient, log });
  await recorder.update('update-1', record('first', read.metadata), nobody);
  await recorder.update('update-2', record('second', store.stored().metadata), nobody);
  for (const arrive of onTheWay) {
    await arrive();
  }
  expect(onTheWay).toHaveLength(1);
  expect(store.stored().data).toEqual({ token: 'second' });
  expect(store.stored().metadata.labels).toMatchObject({ team: 'a' });
});
