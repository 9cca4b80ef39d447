import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { createKubernetesApi, type PagedApi } from '../../../src/adapters/kubernetes/api.ts';
import { type Connection, connect } from '../../../src/adapters/kubernetes/connection.ts';
import type { Selection } from '../../../src/adapters/kubernetes/paths.ts';
import { createReflector, type Reflector } from '../../../src/adapters/kubernetes/reflector.ts';
import { type KubernetesObject, RESOURCES, type Secret } from '../../../src/api/kubernetes.ts';
import { createRecordingLog } from '../../kit/fakes/fake-clock.ts';
import { systemClock } from '../../kit/fakes/system-clock.ts';
import { startTcpProxy, type TcpProxy } from '../../kit/fakes/tcp-proxy.ts';

const { secret } = RESOURCES;
const log = createRecordingLog();
let direct: Connection;
let api: PagedApi;
let namespace: string;

beforeAll(async () => {
  direct = await connect({ kubeconfig: inject('adminKubeconfig'), clock: systemClock, log });
  api = createKubernetesApi(direct, { clock: systemClock });
});
afterAll(() => direct.close());

beforeEach(async () => {
  namespace = `reflector-${Math.random().toString(36).slice(2, 10)}`;
  const created = await api.create(RESOURCES.namespace, { metadata: { name: namespace } });
  expect(created.ok).toBe(true);
});

/** A store of what the reflector reports: key → uid and version. */
function follow(connection: Connection, selection: Selection = {}) {
  const known = new Map<string, KubernetesObject>();
  const lists: number[] = [];
  const reflector: Reflector = createReflector({
    connection,
    api: createKubernetesApi(connection, { clock: systemClock }),
    resource: secret,
    selection: { namespace, ...selection },
    transform: (raw) => raw,
    handlers: {
      knows: () => false,
      listed: () => undefined,
      replaced(objects) {
        lists.push(objects.length);
        known.clear();
        for (const object of objects) {
          known.set(object.metadata.name, object);
        }
      },
      applied: (object) => void known.set(object.metadata.name, object),
      deleted: (object) => void known.delete(object.metadata.name),
    },
    clock: systemClock,
    random: Math.random,
    log,
  });
  reflector.start();
  return { reflector, known, lists };
}

const secretNamed = (name: string): Secret => ({ metadata: { namespace, name }, data: { key: 'c2VjcmV0' } });
const until = (assertion: () => void) => vi.waitFor(assertion, { timeout: 30_000, interval: 20 });

/** A connection whose API server can be killed. */
async function throughProxy(): Promise<{ readonly proxy: TcpProxy; readonly connection: Connection }> {
  const { hostname, port } = new URL(direct.origin);
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  const kubeconfig = `${inject('adminKubeconfig')}.${namespace}`;
  const text = readFileSync(inject('adminKubeconfig'), 'utf8');
  writeFileSync(kubeconfig, text.replaceAll(direct.origin, `https://${hostname}:${proxy.port}`), {
    mode: 0o600,
  });
  const connection = await connect({ kubeconfig, clock: systemClock, log });
  rmSync(kubeconfig);
  return { proxy, connection };
}

describe('a reflector of a real API server', { timeout: 60_000 }, () => {
  test('sees existing objects, and objects that are created, changed, deleted and created again', async () => {
    await api.create(secret, secretNamed('before'));
    const { reflector, known } = follow(direct);
    await reflector.synced;
    expect([...known.keys()]).toEqual(['before']);
    await api.create(secret, secretNamed('after'));
    await until(() => expect([...known.keys()]).toEqual(['before', 'after']));
    const first = known.get('after')?.metadata.uid;
    await api.patch(secret, { namespace, name: 'after' }, { metadata: { labels: { seen: 'yes' } } });
    await until(() => expect(known.get('after')?.metadata.labels).toEqual({ seen: 'yes' }));
    await api.delete(secret, { namespace, name: 'before' });
    await api.delete(secret, { namespace, name: 'after' });
    await api.create(secret, secretNamed('after'));
    await until(() => expect([undefined, first]).not.toContain(known.get('after')?.metadata.uid));
    expect([...known.keys()]).toEqual(['after']);
    await reflector.stop();
  });

  test('that selects metadata receives no data of a Secret', async () => {
    await api.create(secret, secretNamed('listed'));
    const { reflector, known } = follow(direct, { metadataOnly: true });
    await reflector.synced;
    await api.create(secret, secretNamed('watched'));
    await until(() => expect([...known.keys()]).toEqual(['listed', 'watched']));
    for (const object of known.values()) {
      expect(Object.keys(object)).toEqual(['metadata']);
    }
    await reflector.stop();
  });

  test('reads all pages of a list', async () => {
    const names = Array.from({ length: 1_100 }, (_, i) => `s-${i}`);
    await Promise.all(names.map((name) => api.create(secret, secretNamed(name))));
    const { reflector, known } = follow(direct, { metadataOnly: true });
    await reflector.synced;
    expect(known.size).toBe(1_100);
    await reflector.stop();
  });

  test('receives the events that it missed while the API server was unreachable, without a new list', async () => {
    const { proxy, connection } = await throughProxy();
    await api.create(secret, secretNamed('going'));
    const { reflector, known, lists } = follow(connection);
    await reflector.synced;
    for (const round of ['one', 'two']) {
      await proxy.kill();
      await api.create(secret, secretNamed(round));
      await systemClock.sleep(700);
      await proxy.restart();
      await until(() => expect(known.has(round)).toBe(true));
    }
    await proxy.kill();
    await api.delete(secret, { namespace, name: 'going' });
    await proxy.restart();
    await until(() => expect([...known.keys()]).toEqual(['one', 'two']));
    expect(lists).toEqual([1]);
    await reflector.stop();
    await connection.close();
    await until(() => expect(proxy.openConnections()).toBe(0));
    await proxy.kill();
  });
});
