import { expect, test } from 'vitest';
import { createKubernetesApi, type PagedApi } from '../../../../src/adapters/kubernetes/api.ts';
import { byTurns, ledgerApart } from '../../../../src/adapters/kubernetes/turns.ts';
import { RESOURCES } from '../../../../src/api/kubernetes.ts';
import { SHARES } from '../../../../src/api/shares.ts';
import { LEDGER_NAME } from '../../../../src/controller/durable/ledger-store.ts';
import { startFakeApiServer } from '../../../kit/fakes/fake-api-server.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';

/** An API server that answers when it is told to; `begun` are the namespaces of the calls that it has. */
function createSlowApi() {
  const begun: string[] = [];
  const answers: (() => void)[] = [];
  const get = (_: unknown, { namespace = '' }: { namespace?: string }) => {
    begun.push(namespace);
    return new Promise((resolve) => answers.push(() => resolve({ ok: true, object: {} })));
  };
  const api = byTurns({ get } as unknown as PagedApi);
  return {
    begun,
    ask: (namespace: string) => void api.get(RESOURCES.configMap, { namespace, name: 'a' }),
    answer: (count: number) => answers.splice(0, count).forEach((answer) => void answer()),
    settle: () => new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
  };
}

const most = SHARES.kubernetesCalls.most;

test("H4: a namespace with much to write doesn't keep the calls of another waiting", async () => {
  const { begun, ask, answer, settle } = createSlowApi();
  for (let index = 0; index < 20 * most; index += 1) {
    ask('evil');
  }
  await settle();
  expect(begun).toHaveLength(most);
  ask('calm');
  await settle();
  expect(begun).not.toContain('calm');
  answer(most / 2 + 1);
  await settle();
  expect(begun).toContain('calm');
  answer(most);
  await settle();
  expect(begun.length).toBeGreaterThan(most + 1);
});

test('the Lease and the ledger are written at once, though a slow API server has much else to do', async () => {
  const LATENCY_MS = 50;
  const server = await startFakeApiServer([
    ({ response, path }) =>
      void setTimeout(() => {
        const [kind, name] = path.split('/').slice(-2);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ kind, metadata: { name, resourceVersion: '1' } }));
      }, LATENCY_MS),
  ]);
  const { connection } = server;
  const clock = createFakeClock();
  const own = createKubernetesApi({ ...connection, calls: connection.watches }, { clock });
  const api = ledgerApart(byTurns(createKubernetesApi(connection, { clock })), own);
  let written = 0;
  const backlog = Array.from({ length: 1_000 }, async (_, index) => {
    const metadata = { namespace: index % 2 === 0 ? 'operator' : `ns-${index % 500}`, name: `s-${index}` };
    await api.replace(RESOURCES.secret, { metadata });
    written += 1;
  });
  for (const [resource, name] of [
    [RESOURCES.lease, 'oauth-registrar'],
    [RESOURCES.configMap, LEDGER_NAME],
  ] as const) {
    const road = resource === RESOURCES.lease ? own : api;
    const before = written;
    expect(await road.replace(resource, { metadata: { namespace: 'operator', name } })).toMatchObject({
      ok: true,
    });
    // At most a few turns of the 64 connections, not the whole backlog.
    expect(written - before).toBeLessThan(400);
  }
  await server.close();
  await Promise.all(backlog);
});
