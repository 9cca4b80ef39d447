import type { Agent } from 'undici';
import { afterEach, expect, it } from 'vitest';
import { createEgressGuards } from '../../../../src/adapters/authorization-server/egress.ts';
import { Transports } from '../../../../src/adapters/authorization-server/transports.ts';
import { SHARES } from '../../../../src/api/shares.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) {
    await cleanup();
  }
});

function create() {
  const guards = createEgressGuards({ allowed: [] });
  const transports = new Transports({ guards, connectTimeoutMs: 1_000 });
  cleanups.push(() => transports.close());
  const use = (namespace: string, version?: string) =>
    transports.use(
      { kind: 'AuthorizationServer', namespace, name: 'sso' },
      version === undefined ? undefined : { version },
      async (dispatcher) => dispatcher,
    );
  return { transports, use };
}

it('namespaces share no connections, and servers of the cluster have their own', async () => {
  const { transports, use } = create();
  const corporate = { kind: 'ClusterAuthorizationServer', name: 'sso' } as const;
  const ofCluster = await transports.use(corporate, undefined, async (dispatcher) => dispatcher);
  const all = new Set([
    ofCluster,
    await use('a'),
    await use('b'),
    await use('a', 'v1'),
    await use('b', 'v1'),
  ]);
  expect(all.size).toBe(5);
  expect(all).toContain(await use('a'));
  expect(all).toContain(await use('b', 'v1'));
});

it('a namespace with ever new transports closes its own, and none of another namespace', async () => {
  const { use } = create();
  const others = await use('b', 'v1');
  const [first, last] = [await use('a', 'v0'), await use('a', 'v1')];
  for (let version = 2; version < 400; version += 1) {
    await use('a', `v${version}`);
  }
  expect(await use('b', 'v1')).toBe(others);
  expect(await use('a', 'v0')).not.toBe(first);
  expect(await use('a', 'v1')).not.toBe(last);
});

it('many namespaces together close no connection with a call of others', async () => {
  const { transports, use } = create();
  const corporate = { kind: 'ClusterAuthorizationServer', name: 'sso' } as const;
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const call = transports.use(corporate, { version: 'v1' }, async (dispatcher) => {
    await answered;
    return (dispatcher as Agent).closed;
  });
  for (let namespace = 0; namespace < SHARES.pools.most + 10; namespace += 1) {
    await use(`n${namespace}`, 'v1');
  }
  answer();
  expect(await call).toBe(false);
});
