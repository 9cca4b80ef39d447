import { describe, expect, test } from 'vitest';
import { VERSION } from '../../../../src/api/version.ts';
import { Ledger } from '../../../../src/controller/durable/ledger.ts';
import {
  decodeEntries,
  encodeEntries,
  type LedgerEntry,
  podOf,
} from '../../../../src/controller/durable/ledger-entry.ts';
import { storedClientKey } from '../../../../src/core/client-key.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';
import { createFakeClock, createRecordingLog } from '../../../kit/fakes/fake-clock.ts';
import { createFakeConfigMap, type FakeConfigMap } from '../../../kit/fakes/fake-config-map.ts';

const entry = (attempt: string, name = 'storefront'): LedgerEntry => ({
  attempt,
  kind: 'Register',
  client: { namespace: 'shop', name, uid: `uid-${name}` },
  server: storedServerKey('AuthorizationServer/shop/sso'),
  startedAt: '2026-05-01T12:00:00Z',
  timeoutMs: 30_000,
  registrationSecret: `oac-uid-${name}-${attempt}`,
});

/** As the ConfigMap holds it. */
const stored = (one: LedgerEntry): string => encodeEntries([one])[`entry.${one.attempt}`] ?? '';

/** The call's timeout, and ten seconds for recording its answer. */
const DEADLINE_MS = 40_000;

const INSTALLATION = 'main@cluster-1';
/** Installations that this one goes on for. */
const continued: string[] = [];

function createLedger(store: FakeConfigMap = createFakeConfigMap(), holder = 'pod-1_x') {
  const clock = createFakeClock();
  const fenced: string[] = [];
  const written: number[] = [];
  const ledger = new Ledger({
    onWrite: (seconds) => void written.push(seconds),
    api: store.api,
    namespace: 'op',
    holder,
    clock,
    log: createRecordingLog(),
    onFenced: (why) => void fenced.push(why),
    installation: { id: INSTALLATION, isOurs: (id) => [INSTALLATION, ...continued].includes(id) },
  });
  return { ledger, store, clock, fenced, written };
}

async function createLeader(store?: FakeConfigMap, holder?: string) {
  const all = createLedger(store, holder);
  await all.ledger.takeLead();
  return { ...all, takeover: all.store.writes.length };
}

async function committed(
  { ledger, clock }: Pick<ReturnType<typeof createLedger>, 'ledger' | 'clock'>,
  attempt: string,
): Promise<void> {
  const begun = ledger.begin(entry(attempt));
  await clock.advance(1_000);
  expect(await begun).toBe(true);
}

/** What `begin` said, or `waits` while it has not said anything. */
function watched(promise: Promise<boolean>): { readonly said: () => boolean | 'waits' } {
  let said: boolean | 'waits' = 'waits';
  void promise.then((committed) => {
    said = committed;
  });
  return { said: () => said };
}

const entriesIn = (store: FakeConfigMap) => decodeEntries(store.stored()?.data ?? {});

const left = (store: FakeConfigMap) =>
  Object.keys(store.stored()?.data ?? {})
    .filter((key) => key.startsWith('entry.'))
    .toSorted();

describe('taking the lead', () => {
  test('makes the ledger where there is none', async () => {
    const { store } = await createLeader();
    expect(store.stored()?.data).toEqual({
      epoch: '1',
      holder: 'pod-1_x',
      installation: INSTALLATION,
      version: VERSION,
    });
  });

  test('begins a new epoch and keeps the entries of the earlier one', async () => {
    const store = createFakeConfigMap();
    store.set({ epoch: '7', holder: 'pod-0_y', 'entry.a': stored(entry('a')) });
    await createLeader(store);
    expect(store.stored()?.data).toEqual({
      epoch: '8',
      installation: INSTALLATION,
      version: VERSION,
      holder: 'pod-1_x',
      'entry.a': expect.any(String),
    });
    expect(entriesIn(store)).toEqual([{ ...entry('a'), pod: undefined }]);
  });

  test.each(['refused', 'lost request'] as const)('fails when the write is %s', async (fault) => {
    const { ledger, store } = createLedger();
    store.failNext(fault);
    await expect(ledger.takeLead()).rejects.toThrow("The ledger can't be written: ");
  });

  test('leaves out what can not be read as an entry', async () => {
    const store = createFakeConfigMap();
    const { client: _, ...half } = JSON.parse(stored(entry('c')));
    store.set({
      epoch: '7',
      holder: 'pod-0_y',
      'entry.a': '{"attempt":',
      'entry.b': '"text"',
      'entry.c': JSON.stringify(half),
      'entry.d': JSON.stringify({ ...JSON.parse(stored(entry('d'))), client: {} }),
      note: stored(entry('e')),
      'entry.z': stored(entry('z')),
    });
    const { ledger } = await createLeader(store);
    expect(ledger.entries().map(({ client }) => client.name)).toEqual(['storefront']);
    expect(ledger.callsOf(storedClientKey('shop/storefront')).map(({ attempt }) => attempt)).toEqual(['z']);
  });

  test('leaves the entries of a newer version as they are, at every write, and says whom they are about', async () => {
    const store = createFakeConfigMap();
    const newer = {
      'entry.f': stored(entry('f')).replace('{', '{"format":2,"spare":[1],'),
      'entry.g': stored(entry('g')).replace('"Register"', '"Probe"').replace('storefront', 'basket'),
      'entry.h': '{"format":2}',
    };
    store.set({ epoch: '7', holder: 'pod-0_y', ...newer });
    const { ledger, clock } = await createLeader(store);
    expect(ledger.entries()).toEqual([]);
    const begun = watched(ledger.begin(entry('a')));
    await clock.advance(10_000);
    expect(begun.said()).toBe(true);
    ledger.settle('a');
    await clock.advance(20_000);
    expect(store.stored()?.data).toEqual({
      epoch: '8',
      holder: 'pod-1_x',
      installation: INSTALLATION,
      version: VERSION,
      ...newer,
    });
    const has = (name: string) => ledger.hasNewer(storedClientKey(`shop/${name}`));
    expect(['storefront', 'basket', 'other'].map(has)).toEqual([true, true, false]);
  });

  test('forgets an entry of a newer version that a person removed', async () => {
    const store = createFakeConfigMap();
    store.set({ epoch: '7', holder: 'pod-0_y', 'entry.f': '{"format":2,"client":"shop/storefront"}' });
    const { ledger, clock } = await createLeader(store);
    store.set({ epoch: '8', holder: 'pod-1_x' });
    const begun = watched(ledger.begin(entry('a')));
    await clock.advance(10_000);
    expect([begun.said(), left(store)]).toEqual([true, ['entry.a']]);
    expect(ledger.hasNewer(storedClientKey('shop/storefront'))).toBe(false);
  });

  test('counts from one again where the epoch was damaged', async () => {
    const store = createFakeConfigMap();
    store.set({ epoch: 'x', holder: 'pod-0_y' });
    await createLeader(store);
    expect(store.stored()?.data?.['epoch']).toBe('1');
  });
});

describe('begin', () => {
  test('says yes only after the entry is stored', async () => {
    const { ledger, store, clock } = await createLeader();
    const release = store.hold();
    const begun = watched(ledger.begin(entry('a')));
    await clock.advance(1_000);
    expect(begun.said()).toBe('waits');
    expect(left(store)).toEqual([]);
    release();
    await clock.advance(0);
    expect(begun.said()).toBe(true);
    expect(entriesIn(store)).toEqual([{ ...entry('a'), pod: podOf('pod-1_x') }]);
  });

  test('commits all that wait by one write', async () => {
    const { ledger, store, clock, takeover } = await createLeader();
    const all = Array.from({ length: 50 }, (_, index) => watched(ledger.begin(entry(`a${index}`))));
    await clock.advance(100);
    expect(all.map(({ said }) => said())).toEqual(all.map(() => true));
    expect(store.writes.length - takeover).toBe(1);
    expect(left(store)).toHaveLength(50);
  });

  test('lets what comes during a write go together into the next one', async () => {
    const { ledger, store, clock, takeover } = await createLeader();
    const release = store.hold();
    const first = watched(ledger.begin(entry('a')));
    await clock.advance(50);
    const others = ['b', 'c', 'd'].map((attempt) => watched(ledger.begin(entry(attempt))));
    await clock.advance(50);
    release();
    await clock.advance(100);
    expect([first, ...others].map(({ said }) => said())).toEqual([true, true, true, true]);
    expect(store.writes.slice(takeover)).toEqual([['a'], ['a', 'b', 'c', 'd']]);
  });

  test('says no after another has taken the lead, without a write', async () => {
    const { ledger, store, clock, fenced } = await createLeader();
    store.set({ epoch: '2', holder: 'pod-2_z' });
    const begun = watched(ledger.begin(entry('a')));
    await clock.advance(10_000);
    expect(begun.said()).toBe(false);
    const writes = store.writes.length;
    expect(await ledger.begin(entry('b'))).toBe(false);
    await clock.advance(10_000);
    expect(store.writes.length).toBe(writes);
    expect(fenced).toEqual(['pod-2_z has taken the lead']);
  });
});

test('what others put on the ledger stays: labels, annotations, finalizers and owners', async () => {
  const others = {
    labels: { 'backup.example.com/skip': 'yes' },
    annotations: { 'example.com/by': 'us' },
    finalizers: ['example.com/mirrored'],
    ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid: 'u1' }],
  };
  const first = await createLeader();
  await committed(first, 'a');
  first.store.describe(others);
  await committed(first, 'b');
  expect(first.store.stored()?.metadata).toMatchObject(others);
  await createLeader(first.store, 'pod-2_z');
  expect(first.store.stored()?.metadata).toMatchObject(others);
  expect(first.fenced).toEqual([]);
});

test('it knows which calls an earlier process began', async () => {
  const store = createFakeConfigMap();
  store.set({ epoch: '7', holder: 'pod-0_y', 'entry.a': stored(entry('a')) });
  const leader = await createLeader(store);
  await committed(leader, 'b');
  expect(['a', 'b'].map((attempt) => leader.ledger.isInherited(attempt))).toEqual([true, false]);
});

describe('a write that fails', () => {
  test.each([
    ['is repeated when the request was lost', ['lost request'] as const],
    ['is repeated when the answer was lost', ['lost answer'] as const],
    ['is repeated when the API server refuses it for a time', ['refused', 'refused', 'refused'] as const],
  ])('%s', async (_, faults) => {
    const { ledger, store, clock, fenced } = await createLeader();
    store.failNext(...faults);
    const begun = watched(ledger.begin(entry('a')));
    await clock.advance(10_000);
    expect(begun.said()).toBe(true);
    expect(left(store)).toEqual(['entry.a']);
    expect(fenced).toEqual([]);
  });

  test('reads again after a conflict, and continues while the epoch is its own', async () => {
    const { ledger, store, clock, fenced } = await createLeader();
    store.set({ epoch: '1', holder: 'pod-1_x', note: 'kubectl edit' });
    const begun = watched(ledger.begin(entry('a')));
    await clock.advance(10_000);
    expect(begun.said()).toBe(true);
    expect(fenced).toEqual([]);
  });

  test.each<readonly [string, Readonly<Record<string, string>>]>([
    ['emptied it', {}],
    ['removed the holder', { epoch: '1' }],
    ['emptied the holder', { epoch: '1', holder: '' }],
    ['removed the epoch', { holder: 'pod-1_x' }],
    ['damaged the epoch', { epoch: 'x', holder: 'pod-1_x' }],
    ['filled it with what is no entry', { epoch: '1', holder: 'pod-1_x', 'entry.z': '{"attempt":' }],
  ])('continues after a person %s, and repairs it', async (_, found) => {
    const { ledger, store, clock, fenced } = await createLeader();
    store.set(found);
    const begun = watched(ledger.begin(entry('a')));
    await clock.advance(10_000);
    expect(begun.said()).toBe(true);
    expect(fenced).toEqual([]);
    expect(store.stored()?.data).toEqual({
      epoch: '1',
      holder: 'pod-1_x',
      installation: INSTALLATION,
      version: VERSION,
      'entry.a': expect.any(String),
    });
  });

  test.each<readonly [string, Readonly<Record<string, string>> | undefined, string]>([
    ['a later epoch is there without a holder', { epoch: '2' }, 'another process has taken the lead'],
    ['a later epoch is there', { epoch: '2', holder: 'pod-2_z' }, 'pod-2_z has taken the lead'],
    ['another holder has the same epoch', { epoch: '1', holder: 'pod-2_z' }, 'pod-2_z has taken the lead'],
    ['the ledger is gone', undefined, 'the ledger was deleted'],
  ])('stops when %s', async (_, found, why) => {
    const { ledger, store, clock, fenced } = await createLeader();
    store.set(found);
    const begun = ['a', 'b'].map((attempt) => watched(ledger.begin(entry(attempt))));
    await clock.advance(10_000);
    expect(begun.map(({ said }) => said())).toEqual([false, false]);
    expect(fenced).toEqual([why]);
    expect(left(store)).toEqual([]);
  });

  test('says no also to what came during it', async () => {
    const { ledger, store, clock, fenced } = await createLeader();
    const release = store.hold();
    const first = watched(ledger.begin(entry('a')));
    await clock.advance(10);
    store.set({ epoch: '2', holder: 'pod-2_z' });
    const second = watched(ledger.begin(entry('b')));
    release();
    await clock.advance(10_000);
    expect([first.said(), second.said()]).toEqual([false, false]);
    expect(fenced).toHaveLength(1);
  });
});

describe('two leaders', () => {
  test('fence the earlier one by the epoch of the later', async () => {
    const store = createFakeConfigMap();
    const earlier = await createLeader(store, 'pod-1_x');
    const later = await createLeader(store, 'pod-2_z');
    const [lost, won] = [watched(earlier.ledger.begin(entry('a'))), watched(later.ledger.begin(entry('b')))];
    await later.clock.advance(1_000);
    await earlier.clock.advance(1_000);
    expect([lost.said(), won.said()]).toEqual([false, true]);
    expect(left(store)).toEqual(['entry.b']);
    expect(earlier.fenced).toEqual(['pod-2_z has taken the lead']);
    expect(later.fenced).toEqual([]);
  });
});

describe('a settled entry', () => {
  test('leaves by itself only after ten seconds', async () => {
    const { ledger, store, clock, takeover } = await createLeader();
    void ledger.begin(entry('a'));
    await clock.advance(100);
    ledger.settle('a');
    await clock.advance(9_900);
    expect(left(store)).toEqual(['entry.a']);
    await clock.advance(200);
    expect(left(store)).toEqual([]);
    expect(store.writes.length - takeover).toBe(2);
  });

  test('leaves with the next write, and costs none', async () => {
    const { ledger, store, clock, takeover } = await createLeader();
    void ledger.begin(entry('a'));
    await clock.advance(100);
    ledger.settle('a');
    void ledger.begin(entry('b'));
    await clock.advance(10_000);
    expect(left(store)).toEqual(['entry.b']);
    expect(store.writes.slice(takeover)).toEqual([['a'], ['b']]);
  });

  test('is no call of its client any more', async () => {
    const { ledger, clock } = await createLeader();
    void ledger.begin(entry('a'));
    await clock.advance(100);
    ledger.settle('a');
    expect(ledger.callsOf(storedClientKey('shop/storefront'))).toEqual([]);
    expect(ledger.entry('a')).toBeUndefined();
    expect(ledger.entries()).toEqual([]);
  });

  test('that is unknown costs no write', async () => {
    const { ledger, store, clock, takeover } = await createLeader();
    ledger.settle('x');
    await clock.advance(10_000);
    expect(store.writes.length).toBe(takeover);
  });

  test('leaves at once by flush', async () => {
    const { ledger, store, clock } = await createLeader();
    void ledger.begin(entry('a'));
    await clock.advance(100);
    ledger.settle('a');
    const flushed = ledger.flush();
    await clock.advance(100);
    await flushed;
    expect(left(store)).toEqual([]);
  });

  test('leaves by flush also when it was settled during a write', async () => {
    const { ledger, store, clock } = await createLeader();
    void ledger.begin(entry('a'));
    await clock.advance(100);
    const release = store.hold();
    void ledger.begin(entry('b'));
    await clock.advance(100);
    ledger.settle('a');
    let isFlushed = false;
    const flushed = ledger.flush().then(() => {
      isFlushed = true;
    });
    release();
    for (let waited = 0; !isFlushed && waited < 1_000; waited += 10) {
      await clock.advance(10);
    }
    await flushed;
    expect(left(store)).toEqual(['entry.b']);
  });

  test('costs no write by flush where nothing is to be written', async () => {
    const { ledger, store, takeover } = await createLeader();
    await ledger.flush();
    expect(store.writes.length).toBe(takeover);
  });
});

describe('the calls of a client', () => {
  test('are under way from the moment they are asked for', async () => {
    const { ledger } = await createLeader();
    void ledger.begin(entry('a'));
    expect(ledger.callsOf(storedClientKey('shop/storefront'))).toEqual([
      {
        attempt: 'a',
        kind: 'Register',
        startedAt: '2026-05-01T12:00:00Z',
        registrationSecret: 'oac-uid-storefront-a',
        state: 'underWay',
      },
    ]);
    expect(ledger.callsOf(storedClientKey('shop/other'))).toEqual([]);
  });

  test('are interrupted when this process is no longer at them', async () => {
    const { ledger, clock, store } = await createLeader();
    void ledger.begin(entry('a'));
    await clock.advance(100);
    ledger.interrupt('a');
    expect(ledger.callsOf(storedClientKey('shop/storefront'))).toMatchObject([
      { attempt: 'a', state: 'interrupted' },
    ]);
    await clock.advance(10_000);
    expect(left(store)).toEqual(['entry.a']);
  });

  test('are under way until the deadline of an earlier holder is past, then interrupted', async () => {
    const store = createFakeConfigMap();
    store.set({ epoch: '7', holder: 'pod-0_y', 'entry.a': stored(entry('a')) });
    const { ledger, clock } = await createLeader(store);
    await clock.advance(DEADLINE_MS - 1);
    expect(ledger.callsOf(storedClientKey('shop/storefront'))).toMatchObject([
      { attempt: 'a', state: 'underWay' },
    ]);
    await clock.advance(1);
    expect(ledger.callsOf(storedClientKey('shop/storefront'))).toMatchObject([
      { attempt: 'a', state: 'interrupted' },
    ]);
  });

  test.each([
    ['of the same pod, whose containers never overlap', 'pod-1_earlier', 'interrupted'],
    ['of a pod with a longer name', 'pod-10_y', 'underWay'],
  ])('of an earlier holder %s', async (_, holder, state) => {
    const store = createFakeConfigMap();
    const earlier = await createLeader(store, holder);
    await committed(earlier, 'a');
    const { ledger } = await createLeader(store, 'pod-1_x');
    expect(ledger.callsOf(storedClientKey('shop/storefront'))).toMatchObject([{ attempt: 'a', state }]);
  });

  test('that another pod began are under way though this pod has led since', async () => {
    const store = createFakeConfigMap();
    await committed(await createLeader(store, 'pod-2_z'), 'a');
    await createLeader(store, 'pod-1_earlier');
    const { ledger } = await createLeader(store, 'pod-1_x');
    expect(ledger.callsOf(storedClientKey('shop/storefront'))).toMatchObject([
      { attempt: 'a', state: 'underWay' },
    ]);
  });

  test('without a known pod are under way', async () => {
    const store = createFakeConfigMap();
    store.set({ epoch: '7', holder: 'pod-1_earlier', 'entry.a': stored(entry('a')) });
    const { ledger } = await createLeader(store, 'pod-1_x');
    expect(ledger.callsOf(storedClientKey('shop/storefront'))).toMatchObject([
      { attempt: 'a', state: 'underWay' },
    ]);
  });

  test('of an earlier holder can be settled', async () => {
    const store = createFakeConfigMap();
    store.set({ epoch: '7', holder: 'pod-0_y', 'entry.a': stored(entry('a')) });
    const { ledger, clock } = await createLeader(store);
    expect(ledger.entry('a')).toEqual(entry('a'));
    ledger.settle('a');
    await clock.advance(11_000);
    expect(ledger.callsOf(storedClientKey('shop/storefront'))).toEqual([]);
    expect(left(store)).toEqual([]);
  });
});

describe('a ledger that was copied from another cluster', () => {
  const copied = () => {
    const store = createFakeConfigMap();
    store.set({ epoch: '7', holder: 'pod-0_y', installation: 'main@cluster-0' });
    return store;
  };

  test('is reported, and stays that of the other installation', async () => {
    const { ledger, store } = await createLeader(copied());
    expect(ledger.copiedFrom).toBe('main@cluster-0');
    expect(store.stored()?.data).toMatchObject({ epoch: '8', installation: 'main@cluster-0' });
  });

  test("becomes this one's when a person says that this one continues", async () => {
    const { ledger, store, clock } = await createLeader(copied());
    continued.push('main@cluster-0');
    expect(ledger.copiedFrom).toBeUndefined();
    await committed({ ledger, clock }, 'a');
    expect(store.stored()?.data).toMatchObject({ installation: INSTALLATION });
    continued.pop();
  });
});

test('its size by state is known, and how long a write takes is told', async () => {
  const leader = await createLeader();
  expect([leader.ledger.sizes, leader.written]).toEqual([{ underWay: 0, interrupted: 0 }, []]);
  await committed(leader, 'a1');
  await committed(leader, 'a2');
  leader.ledger.interrupt('a2');
  expect(leader.ledger.sizes).toEqual({ underWay: 1, interrupted: 1 });
  expect(leader.written).toEqual([0, 0]);
});
