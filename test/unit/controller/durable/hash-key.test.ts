import { expect, test } from 'vitest';
import type { RESOURCES, Secret } from '../../../../src/api/kubernetes.ts';
import { HASH_KEY_NAME, HashKey } from '../../../../src/controller/durable/hash-key.ts';
import type { ApiResult } from '../../../../src/controller/ports.ts';
import { Cluster, type Stored } from '../../../kit/fakes/cluster.ts';
import { createFakeClock, createRecordingLog } from '../../../kit/fakes/fake-clock.ts';

const namespace = 'operators';
const refused = (status: number): ApiResult<never> => ({
  ok: false,
  status,
  reason: status === 403 ? 'Forbidden' : 'InternalError',
  message: `no, ${status}`,
});

/** @param failures instead of the first answers to reads */
function setUp(
  cluster = new Cluster(() => '2026-05-01T00:00:00Z'),
  failures: readonly ApiResult<never>[] = [],
) {
  const left = [...failures];
  const log = createRecordingLog();
  const clock = createFakeClock({ skipMs: 10_000 });
  const api = {
    get: async (resource: typeof RESOURCES.secret, key: { namespace?: string; name: string }) =>
      left.shift() ?? cluster.get(resource, key),
    create: async (resource: typeof RESOURCES.secret, object: object) =>
      cluster.create(resource, { kind: 'Secret', ...object } as Stored, 'operator'),
  };
  const hashKey = new HashKey({ api: api as never, namespace, clock, log });
  return { hashKey, cluster, log, clock };
}

const kept = (cluster: Cluster) =>
  cluster.find('Secret', `${namespace}/${HASH_KEY_NAME}`) as unknown as Secret | undefined;

test('the key is created once, and hashes are the same after a restart', async () => {
  const { hashKey, cluster, log } = setUp();
  await hashKey.load();
  const again = setUp(cluster).hashKey;
  expect(again.hashOf('s3cret')).not.toBe(hashKey.hashOf('s3cret'));
  await again.load();
  expect(again.hashOf('s3cret')).toBe(hashKey.hashOf('s3cret'));
  expect(again.hashOf('other')).not.toBe(hashKey.hashOf('s3cret'));
  expect(cluster.changes).toHaveLength(1);
  expect(kept(cluster)).toMatchObject({
    metadata: { labels: { 'oauth-registrar.dev/hash-key': 'true' } },
    type: 'Opaque',
    immutable: true,
  });
  expect(log.lines).toEqual([]);
});

test('two installations have different keys', async () => {
  const [one, other] = [setUp().hashKey, setUp().hashKey];
  await one.load();
  await other.load();
  expect(one.hashOf('s3cret')).not.toBe(other.hashOf('s3cret'));
});

test('a read that fails for a while is retried, and nothing is created meanwhile', async () => {
  const cluster = new Cluster(() => '2026-05-01T00:00:00Z');
  const first = setUp(cluster);
  await first.hashKey.load();
  const { hashKey, clock } = setUp(cluster, [refused(0), refused(500)]);
  await hashKey.load();
  expect(clock.sleeps).toEqual([2_000, 2_000]);
  expect(hashKey.hashOf('s3cret')).toBe(first.hashKey.hashOf('s3cret'));
});

test.each([
  ['is forbidden', [refused(403)], 'no, 403'],
  ['fails for ever', Array.from({ length: 10 }, () => refused(500)), 'no, 500'],
])(
  'where the read %s, this process has a key of its own, and says what follows',
  async (_, failures, why) => {
    const { hashKey, cluster, log } = setUp(undefined, failures);
    await hashKey.load();
    expect(hashKey.hashOf('s3cret')).toBe(hashKey.hashOf('s3cret'));
    expect(log.lines).toEqual([
      `warn the hash key can not be kept: after each start, refused clients are tried again ${JSON.stringify({ why })}`,
    ]);
    expect(kept(cluster)).toBeUndefined();
  },
);
