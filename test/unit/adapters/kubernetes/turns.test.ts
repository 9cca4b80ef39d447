import { expect, test } from 'vitest';
import type { PagedApi } from '../../../../src/adapters/kubernetes/api.ts';
import { byTurns } from '../../../../src/adapters/kubernetes/turns.ts';
import { RESOURCES } from '../../../../src/api/kubernetes.ts';
import { SHARES } from '../../../../src/api/shares.ts';

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
