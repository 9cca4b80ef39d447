import { describe, expect, test } from 'vitest';
import { cureOf } from '../../../../src/adapters/kubernetes/cure.ts';
import { createLeaderElector } from '../../../../src/adapters/kubernetes/leader.ts';
import type { Lease } from '../../../../src/adapters/kubernetes/lease.ts';
import type { ApiResult, KubernetesApi } from '../../../../src/controller/ports.ts';
import { createFakeClock, createRecordingLog, type FakeClock } from '../../../kit/fakes/fake-clock.ts';

/** The API server's part: one Lease, with versions. */
function createLeaseStore() {
  let lease: Lease | undefined;
  let version = 0;
  const refused = (status: number, reason: string): ApiResult<never> => {
    return { ok: false, status, reason, message: reason };
  };
  const save = (object: Lease): ApiResult<Lease> => {
    version += 1;
    lease = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    return { ok: true, object: lease };
  };
  const unused = () => Promise.reject(new Error('not used'));
  const api = {
    get: async () => (lease === undefined ? refused(404, 'NotFound') : { ok: true, object: lease }),
    create: async (_: unknown, object: Lease) =>
      lease === undefined ? save(object) : refused(409, 'AlreadyExists'),
    replace: async (_: unknown, object: Lease) => {
      const same = object.metadata.resourceVersion === lease?.metadata.resourceVersion;
      return same ? save(object) : refused(409, 'Conflict');
    },
    dryRun: unused,
    patch: unused,
    delete: unused,
  } as KubernetesApi;
  return {
    api,
    spec: () => lease?.spec,
    edit: (spec: Lease['spec']) => save({ metadata: { name: 'lead' }, ...lease, ...(spec && { spec }) }),
    remove: () => {
      lease = undefined;
    },
    /** What was there at an earlier time is there again, with the version that it had. */
    restore: (earlier: Lease | undefined) => {
      lease = earlier;
    },
    stored: () => lease,
  };
}

type Store = ReturnType<typeof createLeaseStore>;

function candidate(store: Store, clock: FakeClock, identity: string, api: Partial<KubernetesApi> = {}) {
  const log = createRecordingLog();
  const elector = createLeaderElector({
    api: { ...store.api, ...api },
    namespace: 'operator',
    name: 'lead',
    identity,
    clock,
    random: () => 0.5,
    log,
  });
  const stop = new AbortController();
  return { elector, log, stop, acquired: elector.acquire(stop.signal) };
}

const noAnswer = async () => ({ ok: false, status: 0, reason: 'NoAnswer', message: 'lost' }) as const;

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  return (
    (await Promise.race([promise.then(() => 'settled'), new Promise((r) => setImmediate(r, 'open'))])) ===
    'settled'
  );
}

describe('a candidate', () => {
  test('creates the lease where there is none', async () => {
    const store = createLeaseStore();
    const { elector, acquired } = candidate(store, createFakeClock(), 'a');
    expect(await acquired).toBe(true);
    expect(elector.held()).toBe(true);
    expect(store.spec()).toMatchObject({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    });
    expect(store.spec()?.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  test('waits for the whole duration after what it saw, whatever time the holder wrote', async () => {
    const store = createLeaseStore();
    const clock = createFakeClock();
    store.edit({
      holderIdentity: 'dead',
      leaseDurationSeconds: 15,
      renewTime: '1999-01-01T00:00:00.000000Z',
    });
    const { elector, acquired } = candidate(store, clock, 'b');
    await clock.advance(14_900);
    expect(elector.held()).toBe(false);
    await clock.advance(2_100);
    expect(await acquired).toBe(true);
    expect(store.spec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  test('never takes a lease that is renewed', async () => {
    const store = createLeaseStore();
    const clock = createFakeClock();
    const a = candidate(store, clock, 'a');
    await a.acquired;
    const b = candidate(store, clock, 'b');
    for (let i = 0; i < 120; i += 1) {
      await clock.advance(1_000);
      expect([a.elector.held(), b.elector.held()]).toEqual([true, false]);
    }
  });

  test('takes a lease that was given up at its next look', async () => {
    const store = createLeaseStore();
    const clock = createFakeClock();
    const a = candidate(store, clock, 'a');
    await a.acquired;
    const b = candidate(store, clock, 'b');
    await clock.advance(1_000);
    await a.elector.release();
    expect(a.elector.held()).toBe(false);
    expect(store.spec()).toMatchObject({ holderIdentity: '', leaseTransitions: 0 });
    await clock.advance(2_000);
    expect(await b.acquired).toBe(true);
    expect(store.spec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
    expect(await isSettled(a.elector.lost), 'a release is no loss').toBe(false);
  });

  test('looks again after a write whose answer was lost, and finds that it leads', async () => {
    const store = createLeaseStore();
    const clock = createFakeClock();
    let first = true;
    const create: KubernetesApi['create'] = async (resource, object) => {
      const result = await store.api.create(resource, object);
      if (!first) {
        return result;
      }
      first = false;
      return noAnswer();
    };
    const { acquired } = candidate(store, clock, 'a', { create });
    await clock.advance(2_000);
    expect(await acquired).toBe(true);
    expect(store.spec()).toMatchObject({ holderIdentity: 'a', leaseTransitions: 0 });
  });

  test('ends without the lease when its signal aborts', async () => {
    const store = createLeaseStore();
    const clock = createFakeClock();
    store.edit({ holderIdentity: 'other', leaseDurationSeconds: 15 });
    const { stop, acquired, elector } = candidate(store, clock, 'b');
    await clock.advance(1_000);
    stop.abort();
    expect(await acquired).toBe(false);
    expect(elector.held()).toBe(false);
  });
});

describe('a leader', () => {
  test('stops leading 10 s after the start of its last answered renewal, before another can lead', async () => {
    const store = createLeaseStore();
    const clock = createFakeClock();
    let cut = false;
    const replace: KubernetesApi['replace'] = (resource, object) =>
      cut ? noAnswer() : store.api.replace(resource, object);
    const a = candidate(store, clock, 'a', { replace });
    await a.acquired;
    const b = candidate(store, clock, 'b');
    await clock.advance(2_000);
    cut = true;
    await clock.advance(9_900);
    expect(a.elector.held()).toBe(true);
    await clock.advance(200);
    expect(a.elector.held()).toBe(false);
    expect(await isSettled(a.elector.lost)).toBe(true);
    expect(b.elector.held(), 'not before the duration is over').toBe(false);
    await clock.advance(8_000);
    expect(await b.acquired).toBe(true);
  });

  test('stops in time when a renewal hangs', async () => {
    const store = createLeaseStore();
    const clock = createFakeClock();
    const a = candidate(store, clock, 'a', { replace: () => new Promise(() => {}) });
    await a.acquired;
    await clock.advance(10_000);
    expect(a.elector.held()).toBe(false);
    expect(await isSettled(a.elector.lost)).toBe(true);
  });

  test('stops at once when another holds the lease', async () => {
    const store = createLeaseStore();
    const clock = createFakeClock();
    const a = candidate(store, clock, 'a');
    await a.acquired;
    store.edit({ holderIdentity: 'thief', leaseDurationSeconds: 15, leaseTransitions: 1 });
    await clock.advance(4_500);
    expect(a.elector.held()).toBe(false);
    expect(await isSettled(a.elector.lost)).toBe(true);
    expect(store.spec()).toMatchObject({ holderIdentity: 'thief' });
  });

  test('stops when the lease was emptied meanwhile, since another may have led', async () => {
    const store = createLeaseStore();
    const clock = createFakeClock();
    const a = candidate(store, clock, 'a');
    await a.acquired;
    store.edit({ holderIdentity: '', leaseTransitions: 4 });
    await clock.advance(4_500);
    expect(await isSettled(a.elector.lost)).toBe(true);
  });

  test("stops when an earlier version of the lease is back: the API server's data was restored", async () => {
    const store = createLeaseStore();
    const clock = createFakeClock();
    const { elector, acquired } = candidate(store, clock, 'a');
    await acquired;
    const earlier = store.stored();
    await clock.advance(9_000);
    expect(elector.held()).toBe(true);
    store.restore(earlier);
    await clock.advance(5_000);
    expect(elector.held()).toBe(false);
    expect(await isSettled(elector.lost)).toBe(true);
  });

  test('continues when somebody else only annotates the lease', async () => {
    const store = createLeaseStore();
    const clock = createFakeClock();
    const a = candidate(store, clock, 'a');
    await a.acquired;
    store.edit(store.spec());
    await clock.advance(60_000);
    expect(a.elector.held()).toBe(true);
  });

  test('continues, in the same epoch, when the lease is deleted', async () => {
    const store = createLeaseStore();
    const clock = createFakeClock();
    store.edit({ holderIdentity: '', leaseTransitions: 6 });
    const a = candidate(store, clock, 'a');
    await a.acquired;
    store.remove();
    await clock.advance(8_000);
    expect(a.elector.held()).toBe(true);
    expect(store.spec()).toMatchObject({ holderIdentity: 'a', leaseTransitions: 7 });
  });

  test.each([
    ['read', 0, 'get'],
    ['read', 403, 'get'],
    ['written', 403, 'create'],
  ] as const)('says what to do if the lease could not be %s: %i', async (what, status, verb) => {
    const answer = async () => ({ ok: false, status, reason: 'Unknown', message: 'no' }) as const;
    const { log, stop } = candidate(createLeaseStore(), createFakeClock(), 'a', { [verb]: answer });
    await expect.poll(() => log.lines.length).toBeGreaterThan(0);
    stop.abort();
    expect(log.lines[0]).toBe(
      `warn the lease could not be ${what} ${JSON.stringify({ ...(await answer()), cure: cureOf(status) })}`,
    );
  });
});
