import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SHARES } from '../../../../src/api/shares.ts';
import type { LedgerEntry } from '../../../../src/controller/durable/ledger-entry.ts';
import type { Reported } from '../../../../src/controller/durable/orphan-list.ts';
import { Orphans } from '../../../../src/controller/durable/suspected-orphans.ts';
import { encodeOrphan, MAX_ORPHAN_BYTES } from '../../../../src/core/orphan-entry.ts';
import { resolutionKey } from '../../../../src/core/resolution.ts';
import { type ServerKey, storedServerKey } from '../../../../src/core/server-key.ts';
import { OWN_SUSPECTS, SUSPECTS } from '../../../../src/core/suspects.ts';
import { createFakeClock, createRecordingLog } from '../../../kit/fakes/fake-clock.ts';
import { apiOf, createFakeConfigMap } from '../../../kit/fakes/fake-config-map.ts';

const SERVER = storedServerKey('ClusterAuthorizationServer/sso');

const entry = (attempt: string): LedgerEntry => ({
  attempt,
  kind: 'Register',
  client: { namespace: 'shop', name: 'storefront', uid: 'uid-1' },
  server: SERVER,
  startedAt: '2026-05-01T12:00:00Z',
  timeoutMs: 30_000,
  registrationSecret: `oac-uid-1-${attempt}`,
});

async function loaded(given: Readonly<Record<string, string>> | undefined = undefined) {
  const [store, own, clock] = [createFakeConfigMap(), createFakeConfigMap(), createFakeClock()];
  store.set(given);
  const api = apiOf({ [SUSPECTS]: store, [OWN_SUSPECTS]: own });
  const orphans = new Orphans({ api, namespace: 'op', clock, log: createRecordingLog() });
  await orphans.load();
  /** Reports one, and says whether it was listed. */
  const report = async (attempt: string): Promise<Reported | 'waits'> => {
    let said: Reported | 'waits' = 'waits';
    void orphans.report(entry(attempt), 'no answer').then((listed) => {
      said = listed;
    });
    await clock.advance(10_000);
    return said;
  };
  /** Reports many at once, and says what became of each. */
  const reportAll = async (entries: readonly LedgerEntry[], why = 'no answer') => {
    const reported: Reported[] = [];
    for (const one of entries) {
      void orphans.report(one, why).then((said) => reported.push(said));
    }
    await clock.advance(60_000);
    return reported;
  };
  const again = () => new Orphans({ api, namespace: 'op', clock, log: createRecordingLog() });
  const listed = () => Object.keys(store.stored()?.data ?? {});
  return { orphans, store, own, clock, report, reportAll, listed, again };
}

describe('the list of suspected orphans', () => {
  test('begins with the first', async () => {
    const { report, listed, orphans, store } = await loaded();
    expect(orphans.data).toEqual([{}, {}]);
    expect(await report('a')).toBe('Listed');
    expect(listed()).toEqual(['a']);
    expect(orphans.data).toEqual([store.stored()?.data, {}]);
  });

  test('leaves an entry of a newer version as it is, however long it is', async () => {
    const value = JSON.stringify({
      format: 2,
      ...JSON.parse(encodeOrphan(entry('f'), 'no')),
      notes: 'n'.repeat(1_000),
    });
    const { orphans, report, store } = await loaded({ f: value });
    expect(await report('a')).toBe('Listed');
    expect(store.stored()?.data?.['f']).toBe(value);
    expect(orphans.countAt(SERVER)).toBe(2);
  });

  test('begins anew where a person deleted it', async () => {
    const { orphans, report, store, listed } = await loaded();
    await report('a');
    store.set(undefined);
    expect(await report('b')).toBe('Listed');
    expect(listed()).toEqual(['b']);
    expect(orphans.countAt(SERVER)).toBe(1);
  });

  test('names the client that the object uses since, so that nobody removes that one', async () => {
    const { orphans, report, store, clock } = await loaded();
    await report('a');
    orphans.inUse('uid-2', 'c0');
    orphans.inUse('uid-1', 'c1');
    await clock.advance(1_000);
    orphans.inUse('uid-1', 'c2');
    await clock.advance(1_000);
    expect(JSON.parse(store.stored()?.data?.['a'] ?? '')).toMatchObject({
      why: 'not c2, which is in use; no answer',
    });
    expect(orphans.countAt(SERVER)).toBe(1);
  });

  test('loses the attempt whose answer is recorded after all, and nothing is written for an attempt that it lacks', async () => {
    const { orphans, report, store, listed, clock } = await loaded({ note: 'looked at on Monday' });
    await report('a');
    await report('b');
    const writes = store.writes.length;
    orphans.recorded('healthy');
    orphans.recorded('a');
    await clock.advance(1_000);
    expect([listed(), store.writes.length]).toEqual([['note', 'b'], writes + 1]);
    expect(orphans.countAt(SERVER)).toBe(1);
  });

  test('loses what a person resolved, and says so once', async () => {
    const { orphans, report, store, listed } = await loaded({ note: 'looked at on Monday' });
    await report('a');
    await report('b');
    expect(await orphans.look()).toEqual([]);
    store.set({ ...store.stored()?.data, [resolutionKey('a')]: 'removed by hand' });
    expect(await orphans.look()).toMatchObject([
      { orphan: { attempt: 'a', client: 'shop/storefront', uid: 'uid-1' }, note: 'removed by hand' },
    ]);
    expect([listed(), orphans.countAt(SERVER)]).toEqual([['note', 'b'], 1]);
    expect(await orphans.look()).toEqual([]);
  });

  test('tells what is resolved also where another read of the list came first', async () => {
    const { orphans, report, store } = await loaded();
    await report('a');
    store.set({ ...store.stored()?.data, [resolutionKey('a')]: 'removed by hand' });
    await orphans.load();
    expect(await orphans.look()).toMatchObject([{ note: 'removed by hand' }]);
    expect(orphans.isEmpty).toBe(true);
  });

  test('is not empty while it has not said what was resolved before its first read', async () => {
    const { orphans, store } = await loaded({
      a: encodeOrphan(entry('a'), 'no'),
      [resolutionKey('a')]: 'removed by hand',
    });
    expect([store.stored()?.data, orphans.isEmpty]).toEqual([{}, false]);
    expect(await orphans.look()).toMatchObject([{ orphan: { attempt: 'a' }, note: 'removed by hand' }]);
    expect(orphans.isEmpty).toBe(true);
  });

  test('loses what a person resolved during a write of the operator', async () => {
    const { orphans, report, store, listed } = await loaded();
    await report('a');
    store.set({ ...store.stored()?.data, [resolutionKey('a')]: 'removed by hand' });
    expect(await report('b')).toBe('Listed');
    expect(listed()).toEqual(['a', resolutionKey('a'), 'b']);
    expect(await orphans.look()).toMatchObject([{ orphan: { attempt: 'a' }, note: 'removed by hand' }]);
    expect(listed()).toEqual(['b']);
  });

  test('is read by its version alone while nobody changed it, and not at all while it is empty', async () => {
    const { orphans, report, store, own } = await loaded();
    const reads = () => store.reads.length + own.reads.length;
    const before = reads();
    await orphans.look();
    expect(reads()).toBe(before);
    await report('a');
    await orphans.look();
    expect(reads()).toBe(before + 1);
  });

  test('loses it when the record comes while the attempt is being listed', async () => {
    const { orphans, store, listed, clock } = await loaded({ note: 'x' });
    const goOn = store.hold();
    const reported = orphans.report(entry('a'), 'no answer');
    orphans.recorded('healthy');
    orphans.recorded('a');
    goOn();
    await clock.advance(1_000);
    expect([await reported, listed()]).toEqual(['Listed', ['note']]);
  });

  test('loses it when the answer was recorded before the list was read, as by the replay of a journal', async () => {
    const { store, clock, again } = await loaded({ a: encodeOrphan(entry('a'), 'no'), note: 'x' });
    const orphans = again();
    orphans.recorded('a');
    await clock.advance(1_000);
    expect(store.writes).toHaveLength(0);
    await orphans.load();
    expect(Object.keys(store.stored()?.data ?? {})).toEqual(['note']);
  });

  test('loses it although others write meanwhile and the API server fails', async () => {
    const { orphans, report, store, listed, clock } = await loaded();
    await report('a');
    store.set({ ...store.stored()?.data, note: 'written by a person' });
    store.failNext('refused', 'lost answer');
    orphans.recorded('a');
    await clock.advance(60_000);
    expect(listed()).toEqual(['note']);
  });

  test('keeps the labels, annotations, finalizers and owners that others put on it', async () => {
    const { report, store, clock, orphans } = await loaded();
    await report('a');
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid: 'u1' };
    const others = {
      labels: { 'backup.example.com/skip': 'yes' },
      annotations: { 'example.com/by': 'us' },
      finalizers: ['example.com/mirrored'],
      ownerReferences: [owner],
    };
    store.describe(others);
    await report('b');
    expect(store.stored()?.metadata).toMatchObject(others);
    orphans.recorded('a');
    await clock.advance(10_000);
    expect(store.stored()).toMatchObject({ metadata: others, data: { b: expect.any(String) } });
  });

  test('keeps the entries that a person left', async () => {
    const { report, store, listed } = await loaded();
    await report('a');
    await report('b');
    store.set({ b: store.stored()?.data?.['b'] ?? '' });
    expect(await report('c')).toBe('Listed');
    expect(listed()).toEqual(['b', 'c']);
  });

  test('keeps unreadable entries, and counts them for no server', async () => {
    const { orphans, report, store, listed } = await loaded();
    await report('a');
    store.set({ note: 'looked at on Monday', torn: '{"server":' });
    expect(await report('b')).toBe('Listed');
    expect(listed()).toEqual(['note', 'torn', 'b']);
    expect(orphans.countAt(SERVER)).toBe(1);
    expect(orphans.suspectsOf('uid-1').count).toBe(1);
  });
});

const OWN = storedServerKey('AuthorizationServer/shop/evil');

const at = (server: ServerKey, attempt: string, namespace = 'shop'): LedgerEntry => ({
  ...entry(attempt),
  client: { namespace, name: `client-${attempt}`, uid: `uid-${attempt}` },
  server,
});

const numbered = (count: number, make: (attempt: string) => LedgerEntry) =>
  Array.from({ length: count }, (_, index) => make(`a${index}`));

const tally = (reported: readonly Reported[]) =>
  Object.fromEntries(
    Object.entries(Object.groupBy(reported, (one) => one)).map(([one, all]) => [one, all?.length]),
  );

describe('H4: the share of each namespace', () => {
  test("suspects of tenants' own servers are in a list of their own", async () => {
    const { orphans, own, listed, reportAll } = await loaded();
    expect(tally(await reportAll([at(OWN, 'a'), at(SERVER, 'b')]))).toEqual({ Listed: 2 });
    expect(listed()).toEqual(['b']);
    expect(Object.keys(own.stored()?.data ?? {})).toEqual(['a']);
    expect([orphans.countAt(OWN), orphans.countAt(SERVER)]).toEqual([1, 1]);
    expect([orphans.suspectsOf('uid-a').count, orphans.suspectsOf('uid-b').count]).toEqual([1, 1]);
  });

  test('what comes while a write is under way goes together into the next one', async () => {
    const { own, reportAll } = await loaded();
    await reportAll([at(OWN, 'first')]);
    await reportAll(numbered(30, (attempt) => at(OWN, attempt)));
    expect(own.writes).toHaveLength(1);
    expect(Object.keys(own.stored()?.data ?? {})).toHaveLength(31);
  });

  test('so many at one server close it for that namespace, and neither for another nor for another server', async () => {
    const { orphans, reportAll } = await loaded();
    await reportAll(numbered(SHARES.suspectedOrphans.most - 1, (attempt) => at(SERVER, attempt)));
    expect(orphans.isFull(SERVER, 'shop')).toBe(false);
    await reportAll([at(SERVER, 'z')]);
    expect(orphans.isFull(SERVER, 'shop')).toBe(true);
    expect(orphans.isFull(SERVER, 'tenant-b')).toBe(false);
    expect(orphans.isFull(storedServerKey('ClusterAuthorizationServer/other'), 'shop')).toBe(false);
    expect(orphans.isFull(OWN, 'shop')).toBe(false);
  });

  test('one client that makes the server fail again and again does not close it for the others of its namespace', async () => {
    const { orphans, reportAll } = await loaded();
    const poison = { namespace: 'shop', name: 'poison', uid: 'uid-poison' };
    const most = SHARES.suspectedOrphans.most;
    await reportAll(numbered(most + 10, (attempt) => ({ ...at(SERVER, attempt), client: poison })));
    expect(orphans.countIn(SERVER, 'shop')).toBe(most + 10);
    expect(orphans.isFull(SERVER, 'shop')).toBe(false);
  });

  test('a namespace lists so many of its own servers; what is beyond is counted, and waits for nothing', async () => {
    const { orphans, own, reportAll } = await loaded();
    const most = SHARES.listedAtOwnServers.most;
    const all = numbered(most + 5, (attempt) => at(storedServerKey(`${OWN}-${attempt}`), attempt));
    expect(tally(await reportAll(all))).toEqual({ Listed: most, ListFull: 5 });
    expect(Object.keys(own.stored()?.data ?? {})).toHaveLength(most);
    expect(orphans.isFull(storedServerKey('AuthorizationServer/shop/new'), 'shop')).toBe(true);
    expect(orphans.isFull(SERVER, 'shop')).toBe(false);
    expect(
      tally(await reportAll([at(storedServerKey('AuthorizationServer/calm/sso'), 'calm', 'calm')])),
    ).toEqual({
      Listed: 1,
    });
  });

  test('unlisted entries count as well: a full list does not permit further lost clients', async () => {
    const { orphans, reportAll } = await loaded();
    const most = SHARES.listedAtClusterServers.most;
    await reportAll(numbered(most, (attempt) => at(storedServerKey(`${SERVER}-${attempt}`), attempt)));
    expect(orphans.isFull(SERVER, 'shop')).toBe(false);
    const atOne = SHARES.suspectedOrphans.most;
    await reportAll(numbered(atOne, (attempt) => at(SERVER, `b${attempt}`)));
    expect([orphans.countAt(SERVER), orphans.countIn(SERVER, 'shop')]).toEqual([0, atOne]);
    expect(orphans.isFull(SERVER, 'shop')).toBe(true);
  });

  test('many namespaces together leave the last quarter to those that have few', async () => {
    const { reportAll } = await loaded();
    const others = Array.from({ length: 20 }, (_, index) =>
      numbered(100, (attempt) => at(SERVER, `${attempt}-${index}`, `n${index}`)),
    ).flat();
    const { Listed = 0 } = tally(await reportAll(others));
    expect(Listed).toBeGreaterThanOrEqual(SHARES.listedOrphans.most * 0.75);
    expect(Listed).toBeLessThan(SHARES.listedOrphans.most);
    expect(tally(await reportAll([at(SERVER, 'calm', 'calm')]))).toEqual({ Listed: 1 });
  });

  test('words are cut to 100 bytes, between two characters', async () => {
    const { own, reportAll } = await loaded();
    await reportAll([at(OWN, 'a')], '€'.repeat(300));
    const { why } = JSON.parse(own.stored()?.data?.['a'] ?? '') as { why: string };
    expect(why).toBe(`${'€'.repeat(32)}…`);
  });

  test('a list that the API server refuses for its size takes what fits, and lets the rest go', async () => {
    const { store, reportAll, listed } = await loaded();
    await reportAll([at(SERVER, 'first')]);
    const size = Buffer.byteLength(store.stored()?.data?.['first'] ?? '');
    store.boundTo(4.5 * size);
    const reported = await reportAll(numbered(9, (attempt) => at(SERVER, attempt)));
    expect(tally(reported)).toEqual({ Listed: 3, ListFull: 6 });
    expect(listed()).toHaveLength(4);
  });

  test('entries of an earlier version, with words of any length, are read, and cut when the list is written', async () => {
    const long = {
      server: SERVER,
      client: 'shop/storefront',
      uid: 'uid-1',
      startedAt: '2026-05-01T12:00:00Z',
    };
    const { orphans, store, report } = await loaded({
      old: JSON.stringify({ ...long, why: '€'.repeat(900) }),
    });
    expect(orphans.suspectsOf('uid-1')).toEqual({ count: 1, latestAt: Date.parse('2026-05-01T12:00:00Z') });
    await report('a');
    expect(Buffer.byteLength(store.stored()?.data?.['old'] ?? '')).toBeLessThan(300);
    expect(orphans.countAt(SERVER)).toBe(2);
  });

  test('one is never larger than its bound, whatever names and words are', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', '\\', '€', '😀'), maxLength: 300 });
    const name = (most: number) =>
      fc.string({ unit: fc.constantFrom('a', '9', '-'), minLength: 1, maxLength: most });
    fc.assert(
      fc.property(name(63), name(253), name(253), fc.uuid(), text, (namespace, client, server, uid, why) => {
        const value = encodeOrphan(
          {
            ...entry('a1b2c3d4e5'),
            client: { namespace, name: client, uid },
            server: storedServerKey(`AuthorizationServer/${namespace}/${server}`),
            startedAt: '2026-05-01T12:00:00.000Z',
          },
          why,
        );
        expect(Buffer.byteLength(value)).toBeLessThanOrEqual(MAX_ORPHAN_BYTES);
      }),
    );
    expect(MAX_ORPHAN_BYTES * SHARES.listedOrphans.most).toBeLessThan(700 * 1024);
  });
});

test('how many are listed for each server is known, of both lists', async () => {
  const { orphans, reportAll } = await loaded();
  const own = storedServerKey('AuthorizationServer/shop/sso');
  await reportAll([entry('a1'), entry('a2'), { ...entry('a3'), server: own }]);
  expect(orphans.listed()).toEqual([
    [SERVER, 2],
    [own, 1],
  ]);
});
