import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../../src/api/kubernetes.ts';
import { SHARES } from '../../../../src/api/shares.ts';
import { UnremovedClients } from '../../../../src/controller/durable/unremoved-clients.ts';
import type { KubernetesApi } from '../../../../src/controller/ports.ts';
import type { RecordRole } from '../../../../src/core/record.ts';
import { resolutionKey } from '../../../../src/core/resolution.ts';
import { UNREMOVED, unremovedIn } from '../../../../src/core/unremoved-client.ts';
import { createFakeClock, createRecordingLog } from '../../../kit/fakes/fake-clock.ts';
import { apiOf, createFakeConfigMap } from '../../../kit/fakes/fake-config-map.ts';
import { record } from '../../../kit/fixtures/observations.ts';

interface Given {
  readonly stored?: Readonly<Record<string, string>>;
  /** How many deletions of records are refused. */
  readonly refusals?: number;
}

function list({ stored, refusals = 0 }: Given = {}) {
  const [store, clock, log] = [createFakeConfigMap(), createFakeClock(), createRecordingLog()];
  store.set(stored);
  const [removed, resolved]: [string[], string[]] = [[], []];
  let isLeader = true;
  let creations = 0;
  const maps = apiOf({ [UNREMOVED]: store });
  const api: KubernetesApi = {
    ...maps,
    create: (resource, object) => {
      creations += 1;
      return maps.create(resource, object);
    },
    delete: async (_, { name }, { resourceVersion } = {}) => {
      removed.push(`${name} ${resourceVersion}`);
      return removed.length > refusals
        ? { ok: true, object: {} as KubernetesObject }
        : { ok: false, status: 409, reason: 'Conflict', message: 'changed' };
    },
  };
  const unremoved = new UnremovedClients({
    ...{ api, namespace: 'op', clock, log, lead: { held: () => isLeader } },
    resolved: ({ clientId }, note) => void resolved.push(`${clientId}: ${note}`),
  });
  const versionOf = (name: string, role: RecordRole | undefined, namespace = 'shop') => ({
    metadata: { name },
    record: role && {
      ...record({ role, registrationSecret: name, clientId: `c-${name}` }),
      client: { namespace, name: 'storefront', uid: 'uid-1' },
    },
  });
  /** The record gets this role; `undefined`: it is removed. */
  const becomes = (name: string, role: RecordRole | undefined, namespace?: string) => {
    unremoved.changed({
      before: versionOf(name, 'current'),
      after: role && versionOf(name, role, namespace),
    });
  };
  const data = () => store.stored()?.data;
  return {
    ...{ unremoved, store, clock, log, removed, resolved, becomes, data },
    rolesListed: () => unremovedIn(data()).clients.map((one) => `${one.registrationSecret} ${one.role}`),
    writes: () => store.writes.length + creations,
    loseLead: () => {
      isLeader = false;
    },
  };
}

describe('the list of clients that are owed or left behind', () => {
  test('shows them after a few seconds, all changes in one write', async () => {
    const { unremoved, becomes, clock, rolesListed, writes } = list();
    unremoved.start();
    await clock.advance(1);
    becomes('a', 'owed');
    becomes('b', 'left-behind');
    await clock.advance(4_000);
    expect(writes()).toBe(0);
    await clock.advance(1_500);
    expect([rolesListed(), writes()]).toEqual([['a owed', 'b left-behind'], 1]);
    expect(Object.keys(unremoved.data)).toEqual(['a', 'b']);
    becomes('a', 'left-behind');
    becomes('b', undefined);
    await clock.advance(5_500);
    expect([rolesListed(), writes()]).toEqual([['a left-behind'], 2]);
  });

  test('costs nothing for a client that is in use, kept, or deregistered at once', async () => {
    const { unremoved, becomes, clock, store, writes } = list();
    unremoved.start();
    await clock.advance(1);
    becomes('a', 'current');
    becomes('b', 'retained');
    becomes('c', 'owed');
    becomes('c', undefined);
    await clock.advance(60_000);
    expect([writes(), store.reads, unremoved.isEmpty]).toEqual([0, [UNREMOVED], true]);
  });

  test('is made anew from the records at a start, whatever is stored', async () => {
    const { unremoved, becomes, clock, rolesListed, writes } = list({ stored: { gone: '{}' } });
    becomes('a', 'owed');
    unremoved.start();
    await clock.advance(1);
    expect([rolesListed(), writes()]).toEqual([['a owed'], 1]);
  });

  test('is not written at a start if it is right', async () => {
    const first = list();
    first.becomes('a', 'owed');
    first.unremoved.start();
    await first.clock.advance(1);
    const second = list({ stored: first.data() ?? {} });
    second.becomes('a', 'owed');
    second.unremoved.start();
    await second.clock.advance(60_000);
    expect([second.rolesListed(), second.writes()]).toEqual([['a owed'], 0]);
  });

  test('is put right where somebody else changed or deleted it', async () => {
    const { unremoved, becomes, clock, store, rolesListed } = list();
    becomes('a', 'owed');
    unremoved.start();
    await clock.advance(1);
    store.set({ b: '{}' });
    await unremoved.look();
    expect(rolesListed()).toEqual(['a owed']);
    store.set(undefined);
    await unremoved.look();
    expect(rolesListed()).toEqual(['a owed']);
  });

  test('costs one read and no write while nobody changed it', async () => {
    const { unremoved, becomes, clock, store, writes } = list();
    becomes('a', 'owed');
    unremoved.start();
    await clock.advance(1);
    const [reads, written] = [store.reads.length, writes()];
    await unremoved.look();
    expect([store.reads.length - reads, writes() - written]).toEqual([1, 0]);
  });

  test('is tried again after a pause where the write fails', async () => {
    const { unremoved, becomes, clock, store, rolesListed, log } = list({ stored: {} });
    unremoved.start();
    await clock.advance(1);
    store.failNext('refused', 'lost answer');
    becomes('a', 'owed');
    await clock.advance(5_500);
    expect(rolesListed()).toEqual([]);
    expect(log.lines.join()).toContain('list of unremoved clients not written yet');
    await clock.advance(60_000);
    expect(rolesListed()).toEqual(['a owed']);
  });

  test.each(['stop', 'loseLead'] as const)('is left to the next leader after %s', async (how) => {
    const { unremoved, becomes, clock, writes, loseLead } = list();
    unremoved.start();
    becomes('a', 'owed');
    if (how === 'stop') {
      unremoved.stop();
    } else {
      loseLead();
    }
    await clock.advance(60_000);
    expect(writes()).toBe(0);
  });

  test('has a share for each namespace, and says how many it has no room for', async () => {
    const { unremoved, becomes, clock, data } = list();
    const most = SHARES.listedUnremovedOfNamespace.most;
    for (let index = 0; index < most + 3; index += 1) {
      becomes(`a${index}`, 'owed');
    }
    becomes('b', 'owed', 'other');
    unremoved.start();
    await clock.advance(1);
    const { clients, unlisted } = unremovedIn(data());
    expect([clients.length, unlisted]).toEqual([most + 1, 3]);
    expect(clients.at(-1)?.client).toBe('other/storefront');
  });

  test('leaves the last quarter to namespaces that have few', async () => {
    const { unremoved, becomes, clock, data } = list();
    const { most } = SHARES.listedUnremoved;
    for (let index = 0; index < most; index += 1) {
      becomes(`a${index}`, 'owed', `large-${index % 10}`);
    }
    becomes('b', 'owed', 'small');
    unremoved.start();
    await clock.advance(1);
    const { clients } = unremovedIn(data());
    expect(clients).toHaveLength((most * 3) / 4 + 1);
    expect(clients.at(-1)?.client).toBe('small/storefront');
  });
});

describe('an entry that a person resolves', () => {
  test.each(['owed', 'left-behind'] as const)(
    'is removed with its record, and that is told: %s',
    async (role) => {
      const { unremoved, becomes, clock, store, data, removed, resolved } = list();
      becomes('a', role);
      becomes('b', 'owed');
      unremoved.start();
      await clock.advance(1);
      store.set({ ...data(), [resolutionKey('a')]: 'removed by hand' });
      await unremoved.look();
      expect(removed).toEqual(['a 10']);
      expect(resolved).toEqual(['c-a: removed by hand']);
      expect(Object.keys(data() ?? {})).toEqual(['b']);
    },
  );

  test('stays with its note where its record was changed in the meantime, and is removed later', async () => {
    const { unremoved, becomes, clock, store, data, resolved } = list({ refusals: 1 });
    becomes('a', 'owed');
    unremoved.start();
    await clock.advance(1);
    store.set({ ...data(), [resolutionKey('a')]: 'done' });
    await unremoved.look();
    expect([Object.keys(data() ?? {}), resolved]).toEqual([['a', resolutionKey('a')], []]);
    await unremoved.look();
    expect([Object.keys(data() ?? {}), resolved]).toEqual([[], ['c-a: done']]);
  });

  test('is nothing where its client is in use: the note alone goes', async () => {
    const { unremoved, becomes, clock, store, data, removed } = list();
    becomes('a', 'owed');
    unremoved.start();
    await clock.advance(1);
    store.set({ ...data(), b: data()?.['a'] ?? '', [resolutionKey('b')]: 'done' });
    await unremoved.look();
    expect([Object.keys(data() ?? {}), removed]).toEqual([['a'], []]);
  });
});
