import { describe, expect, test } from 'vitest';
import { SHARES } from '../../../../src/api/shares.ts';
import { Ledger } from '../../../../src/controller/durable/ledger.ts';
import { clientsOf } from '../../../../src/controller/durable/ledger-calls.ts';
import type { LedgerEntry } from '../../../../src/controller/durable/ledger-entry.ts';
import { storedClientKey } from '../../../../src/core/client-key.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';
import { createFakeClock, createRecordingLog } from '../../../kit/fakes/fake-clock.ts';
import { createFakeConfigMap, type FakeConfigMap } from '../../../kit/fakes/fake-config-map.ts';

const CLUSTER = storedServerKey('ClusterAuthorizationServer/corporate');
const own = (namespace: string) => storedServerKey(`AuthorizationServer/${namespace}/sso`);

const entry = (
  attempt: string,
  overrides: Partial<LedgerEntry> & { namespace?: string } = {},
): LedgerEntry => {
  const { namespace = 'shop', ...others } = overrides;
  return {
    attempt,
    kind: 'Register',
    client: { namespace, name: `client-${attempt}`, uid: `uid-${attempt}` },
    server: own(namespace),
    startedAt: new Date(0).toISOString(),
    timeoutMs: 30_000,
    registrationSecret: `oac-uid-${attempt}-${attempt}`,
    ...others,
  };
};

async function createLeader(store: FakeConfigMap = createFakeConfigMap(), holder = 'pod-1_x') {
  const [clock, log] = [createFakeClock(), createRecordingLog()];
  const ledger = new Ledger({
    api: store.api,
    namespace: 'op',
    holder,
    clock,
    log,
    onFenced: () => undefined,
    installation: { id: 'main@cluster-1', isOurs: () => true },
  });
  await ledger.takeLead();
  /** What `begin` says of each. */
  const begin = async (...entries: readonly LedgerEntry[]) => {
    const said = new Map<string, boolean>();
    for (const one of entries) {
      void ledger.begin(one).then((committed) => said.set(one.attempt, committed));
    }
    await clock.advance(60_000);
    return entries.map(({ attempt }) => said.get(attempt) ?? 'waits');
  };
  /** Begins them, and leaves them without an answer. */
  const lose = async (...entries: readonly LedgerEntry[]) => {
    const said = await begin(...entries);
    for (const { attempt } of entries) {
      ledger.interrupt(attempt);
    }
    return said;
  };
  return { ledger, store, clock, log, begin, lose };
}

const numbered = (count: number, make: (attempt: string) => LedgerEntry, start = 'a') =>
  Array.from({ length: count }, (_, index) => make(`${start}${index}`));

const yes = (said: readonly (boolean | 'waits')[]) => said.filter((one) => one === true).length;
const stored = (store: FakeConfigMap) =>
  Object.keys(store.stored()?.data ?? {}).flatMap((key) => (key.startsWith('entry.') ? [key.slice(6)] : []));

describe('H4: a namespace whose calls end without an answer', () => {
  const most = SHARES.unansweredAtOwnServers.most;

  test('is refused further ones, and it alone', async () => {
    const { ledger, begin, lose } = await createLeader();
    expect(yes(await lose(...numbered(most, (attempt) => entry(attempt))))).toBe(most);
    expect(ledger.shortage(entry('x'))).toBe('Share');
    expect(await begin(entry('x'))).toEqual([false]);
    expect(await begin(entry('y', { namespace: 'tenant-b' }), entry('z', { server: CLUSTER }))).toEqual([
      true,
      true,
    ]);
  });

  test('may call again for a client whose call it is, and for others once that is settled', async () => {
    const { ledger, begin, lose } = await createLeader();
    const lost = numbered(most, (attempt) => entry(attempt, { kind: 'Update' }));
    await lose(...lost);
    const retry = { ...(lost[0] as LedgerEntry), attempt: 'retry' };
    expect(await begin(retry)).toEqual([true]);
    ledger.settle('a0');
    ledger.settle('retry');
    expect(ledger.shortage(entry('x'))).toBeUndefined();
  });

  test('deletes all the while: deregistrations have room of their own', async () => {
    const { begin, lose } = await createLeader();
    await lose(...numbered(most, (attempt) => entry(attempt)));
    expect(await begin(entry('end', { kind: 'Deregister' }))).toEqual([true]);
  });

  test('deletes also when its deregistrations get no answer: the oldest of them is forgotten', async () => {
    const { store, lose, log } = await createLeader();
    const ends = SHARES.unansweredDeregistrations.most;
    const all = numbered(ends + 6, (attempt) => entry(attempt, { kind: 'Deregister' }));
    for (const one of all) {
      expect(await lose(one)).toEqual([true]);
    }
    expect(stored(store)).toEqual(all.slice(6).map(({ attempt }) => attempt));
    expect(log.lines.filter((line) => line.includes('is forgotten'))).toHaveLength(6);
  });

  test('is refused after a restart, too', async () => {
    const store = createFakeConfigMap();
    const before = await createLeader(store);
    await before.lose(...numbered(most, (attempt) => entry(attempt)));
    const { ledger } = await createLeader(store);
    expect(ledger.shortage(entry('x'))).toBe('Share');
    expect(ledger.shortage(entry('x', { namespace: 'tenant-b' }))).toBeUndefined();
  });
});

describe('H4: all namespaces together', () => {
  test('never take the room of cluster servers by what they do at their own', async () => {
    const { begin } = await createLeader();
    const others = Array.from({ length: 100 }, (_, index) =>
      numbered(50, (attempt) => entry(`${attempt}-${index}`, { namespace: `n${index}` })),
    ).flat();
    const taken = yes(await begin(...others));
    expect(taken).toBeGreaterThanOrEqual(SHARES.ledgerAtOwnServers.most * 0.75);
    expect(taken).toBeLessThanOrEqual(SHARES.ledgerAtOwnServers.most);
    expect(await begin(entry('x', { server: CLUSTER, namespace: 'tenant-b' }))).toEqual([true]);
    expect(await begin(entry('end', { kind: 'Deregister', namespace: 'n1' }))).toEqual([true]);
  });

  test('leave the last quarter to namespaces that have few', async () => {
    const { ledger, begin } = await createLeader();
    const total = SHARES.ledgerAtClusterServers.most;
    await begin(...numbered(total, (attempt) => entry(attempt, { server: CLUSTER })));
    expect(ledger.entries()).toHaveLength(total * 0.75);
    expect(ledger.shortage(entry('x', { server: CLUSTER }))).toBe('Room');
    expect(await begin(entry('y', { server: CLUSTER, namespace: 'tenant-b' }))).toEqual([true]);
  });
});

describe('H4: a write that is refused for its size', () => {
  test('drops the newest entries of the namespace that has most, and the others continue', async () => {
    const { store, ledger, begin, log } = await createLeader();
    store.boundTo(4_000);
    const all = numbered(30, (attempt) => entry(attempt));
    const said = await begin(...all, entry('b', { namespace: 'tenant-b' }));
    expect(said.at(-1)).toBe(true);
    const kept = yes(said);
    expect(kept).toBeGreaterThan(5);
    expect(said.slice(0, kept - 1)).toEqual(Array.from({ length: kept - 1 }, () => true));
    expect(said.slice(kept - 1, -1)).not.toContain('waits');
    expect(ledger.shortage(entry('x', { namespace: 'tenant-b' }))).toBeUndefined();
    expect(log.lines.some((line) => line.startsWith('error the ledger is too large'))).toBe(true);
  });

  test('is never tried for ever: there is one each time that somebody asks, or after a pause', async () => {
    const { store, begin } = await createLeader();
    await begin(entry('first'));
    store.boundTo(10);
    const before = store.writes.length;
    expect(await begin(entry('a'))).toEqual([false]);
    expect(store.writes.length - before).toBeLessThanOrEqual(10);
    store.boundTo(100_000);
    expect(await begin(entry('b'))).toEqual([true]);
    expect(stored(store)).toEqual(['first', 'b']);
  });

  test('keeps what an earlier deregistration of the same record left', async () => {
    const { store, ledger, begin, lose } = await createLeader();
    const end = entry('end', { kind: 'Deregister' });
    await lose(end);
    store.boundTo(10);
    expect(await begin(end)).toEqual([false]);
    expect(ledger.callsOf(storedClientKey('shop/client-end'))).toMatchObject([
      { attempt: 'end', state: 'interrupted' },
    ]);
  });

  test('ends a flush, so that the process can stop', async () => {
    const { store, ledger, clock, begin } = await createLeader();
    await begin(entry('a'), entry('b'));
    ledger.settle('a');
    store.boundTo(10);
    let isFlushed = false;
    void ledger.flush().then(() => {
      isFlushed = true;
    });
    await clock.advance(1_000);
    expect(isFlushed).toBe(true);
  });
});

describe('names of 253 characters', () => {
  const name = 'n'.repeat(253);
  const long = entry('a', {
    client: { namespace: 'shop', name, uid: 'uid-1' },
    registrationSecret: 'oac-uid-1-a',
  });

  test('find the calls of their client after a restart, too', async () => {
    const store = createFakeConfigMap();
    const before = await createLeader(store);
    await before.lose(long);
    expect(before.ledger.callsOf(storedClientKey(`shop/${name}`))).toMatchObject([
      { attempt: 'a', registrationSecret: 'oac-uid-1-a' },
    ]);
    const { ledger } = await createLeader(store);
    expect(ledger.callsOf(storedClientKey(`shop/${name}`))).toMatchObject([
      { attempt: 'a', registrationSecret: 'oac-uid-1-a' },
    ]);
    expect(ledger.callsOf(storedClientKey(`shop/${'n'.repeat(252)}`))).toEqual([]);
    expect(ledger.registrationsAt(own('shop'), 'shop')).toHaveLength(1);
  });

  test('wake the object that has the uid; where it is gone, its calls are found under the cut name', async () => {
    const store = createFakeConfigMap();
    await (await createLeader(store)).lose(long, entry('b'));
    const { ledger } = await createLeader(store);
    const object = (uid: string) => ({ metadata: { name, namespace: 'shop', uid } });
    const known = (uid: string) => ({ values: () => [object(uid)] });
    expect([...clientsOf(ledger.entries(), known('uid-1'))]).toEqual([`shop/${name}`, 'shop/client-b']);
    const [cut = storedClientKey('')] = clientsOf(ledger.entries(), known('uid-2'));
    expect(cut).not.toBe(`shop/${name}`);
    expect(ledger.callsOf(cut)).toMatchObject([{ attempt: 'a' }]);
  });
});
