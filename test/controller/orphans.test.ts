import { describe, expect, test } from 'vitest';
import type { LedgerEntry } from '../../src/controller/ledger-entry.ts';
import { Orphans } from '../../src/controller/orphans.ts';
import { createFakeClock, createRecordingLog } from '../adapters/kubernetes/fake-clock.ts';
import { createFakeConfigMap } from './fake-config-map.ts';

const SERVER = 'AuthorizationServer/shop/sso';

const entry = (attempt: string): LedgerEntry => ({
  attempt,
  kind: 'Register',
  client: { namespace: 'shop', name: 'storefront', uid: 'uid-1' },
  server: SERVER,
  startedAt: '2026-05-01T12:00:00Z',
  timeoutMs: 30_000,
  record: `oac-uid-1-${attempt}`,
});

async function loaded() {
  const [store, clock] = [createFakeConfigMap(), createFakeClock()];
  const orphans = new Orphans({ api: store.api, namespace: 'op', clock, log: createRecordingLog() });
  await orphans.load();
  /** Reports one, and says whether it was listed. */
  const report = async (attempt: string): Promise<boolean | 'waits'> => {
    let said: boolean | 'waits' = 'waits';
    void orphans.report(entry(attempt), 'no answer').then((listed) => {
      said = listed;
    });
    await clock.advance(10_000);
    return said;
  };
  return { orphans, store, clock, report, listed: () => Object.keys(store.stored()?.data ?? {}) };
}

describe('the list of suspected orphans', () => {
  test('begins with the first', async () => {
    const { report, listed } = await loaded();
    expect(await report('a')).toBe(true);
    expect(listed()).toEqual(['a']);
  });

  test('begins anew where a person deleted it', async () => {
    const { orphans, report, store, listed } = await loaded();
    await report('a');
    store.set(undefined);
    expect(await report('b')).toBe(true);
    expect(listed()).toEqual(['b']);
    expect(orphans.countAt(SERVER)).toBe(1);
  });

  test('keeps what a person left of it', async () => {
    const { report, store, listed } = await loaded();
    await report('a');
    await report('b');
    store.set({ b: store.stored()?.data?.['b'] ?? '' });
    expect(await report('c')).toBe(true);
    expect(listed()).toEqual(['b', 'c']);
  });

  test('keeps what can’t be read, and counts it for nobody', async () => {
    const { orphans, report, store, listed } = await loaded();
    await report('a');
    store.set({ note: 'looked at on Monday', torn: '{"server":' });
    expect(await report('b')).toBe(true);
    expect(listed()).toEqual(['note', 'torn', 'b']);
    expect(orphans.countAt(SERVER)).toBe(1);
    expect(orphans.suspectsOf('uid-1').count).toBe(1);
  });
});
