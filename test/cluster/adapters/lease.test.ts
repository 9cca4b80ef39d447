import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createKubernetesApi, type PagedApi } from '../../../src/adapters/kubernetes/api.ts';
import { type Connection, connect } from '../../../src/adapters/kubernetes/connection.ts';
import { createLeaderElector } from '../../../src/adapters/kubernetes/leader.ts';
import { createRecordingLog } from '../../kit/fakes/fake-clock.ts';
import { systemClock } from '../../kit/fakes/system-clock.ts';

const log = createRecordingLog();
const name = `lease-${Math.random().toString(36).slice(2, 10)}`;
let connection: Connection;
let api: PagedApi;

beforeAll(async () => {
  connection = await connect({ kubeconfig: inject('adminKubeconfig'), clock: systemClock, log });
  api = createKubernetesApi(connection, { clock: systemClock, timeoutMs: 4_000 });
});
afterAll(() => connection.close());

function candidate(identity: string, through: PagedApi = api) {
  const elector = createLeaderElector({
    ...{ api: through, namespace: 'default', name, identity, clock: systemClock, random: Math.random, log },
    ...{ leaseDurationMs: 4_000, renewDeadlineMs: 3_000 },
  });
  return { elector, acquired: elector.acquire(AbortSignal.timeout(50_000)) };
}

describe('the lease of a real API server', { timeout: 60_000 }, () => {
  test('has one holder; another one within 3 s of its release, and a third one when the second stops renewing', async () => {
    const first = candidate('first');
    expect(await first.acquired).toBe(true);
    let dead = false;
    const mortal: PagedApi = {
      ...api,
      replace: (...given) => (dead ? new Promise<never>(() => {}) : api.replace(...given)),
    };
    const second = candidate('second', mortal);
    await systemClock.sleep(5_000);
    expect([first.elector.held(), second.elector.held()], 'renewed beyond its duration').toEqual([
      true,
      false,
    ]);

    const releasedAt = systemClock.monotonic();
    await first.elector.release();
    expect(await second.acquired).toBe(true);
    expect(systemClock.monotonic() - releasedAt).toBeLessThan(3_000);
    expect([second.elector.held(), first.elector.held()]).toEqual([true, false]);

    const third = candidate('third');
    await systemClock.sleep(500);
    dead = true;
    const diedAt = systemClock.monotonic();
    expect(await third.acquired).toBe(true);
    // The second may have renewed just before. The third counts from its own last read, at most one period later.
    expect(systemClock.monotonic() - diedAt).toBeLessThan(4_000 + 2 * 2_400 + 500);
    expect([third.elector.held(), second.elector.held()]).toEqual([true, false]);
    await second.elector.lost;
    await third.elector.release();
  });
});
