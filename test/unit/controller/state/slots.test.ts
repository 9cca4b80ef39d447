import { describe, expect, test } from 'vitest';
import { SHARES } from '../../../../src/api/shares.ts';
import { callsAt, type Place, Slots } from '../../../../src/controller/state/slots.ts';

const CLUSTER = 'ClusterAuthorizationServer/corporate';
const own = (name: string, namespace = 'shop') => `AuthorizationServer/${namespace}/${name}`;

const place = (overrides: Partial<Place> = {}): Place => ({
  server: CLUSTER,
  namespace: 'shop',
  limit: 2,
  isEnding: false,
  ...overrides,
});

/** What `acquire` said, or `waits` while it has not said anything. */
async function said(acquired: Promise<boolean>): Promise<boolean | 'waits'> {
  const later = new Promise<'waits'>((resolve) => setImmediate(() => resolve('waits')));
  return Promise.race([acquired, later]);
}

/** Acquires one place after another; says whose turn came, in its order. */
function queue(slots: Slots) {
  const served: string[] = [];
  return {
    served,
    wait: (name: string, wanted: Place) => void slots.acquire(wanted).then(() => served.push(name)),
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

const many = (count: number, act: (index: number) => void) => {
  for (let index = 0; index < count; index += 1) {
    act(index);
  }
};

describe('calls at one server', () => {
  test('are no more than its limit, and who waits is served in turn', async () => {
    const slots = new Slots();
    const { served, wait, settle } = queue(slots);
    many(4, (index) => wait(`${index}`, place()));
    await settle();
    expect(served).toEqual(['0', '1']);
    slots.release(place());
    await settle();
    expect(served).toEqual(['0', '1', '2']);
    slots.release(place());
    await settle();
    expect(served).toEqual(['0', '1', '2', '3']);
  });

  test('do not hold up another cluster server, and what was released is free again', async () => {
    const slots = new Slots();
    await slots.acquire(place({ limit: 1 }));
    const other = place({ limit: 1, server: 'ClusterAuthorizationServer/other' });
    expect(await said(slots.acquire(other))).toBe(true);
    slots.release(place());
    expect(await said(slots.acquire(place({ limit: 1 })))).toBe(true);
  });
});

describe('at a cluster server', () => {
  test('one namespace has all there is while no other waits', async () => {
    const slots = new Slots();
    const { served, wait, settle } = queue(slots);
    many(20, (index) => wait(`a${index}`, place({ namespace: 'a', limit: 16 })));
    await settle();
    expect(served).toHaveLength(16);
  });

  test('it has half of it at most as soon as another waits, and the turns alternate', async () => {
    const slots = new Slots();
    const { served, wait, settle } = queue(slots);
    many(100, () => wait('a', place({ namespace: 'a', limit: 16 })));
    many(100, () => wait('b', place({ namespace: 'b', limit: 16 })));
    await settle();
    expect(served).toEqual(Array.from({ length: 16 }, () => 'a'));
    many(8, () => slots.release(place({ namespace: 'a' })));
    await settle();
    expect(served.slice(16)).toEqual(Array.from({ length: 8 }, () => 'b'));
    many(4, () => {
      slots.release(place({ namespace: 'a' }));
      slots.release(place({ namespace: 'b' }));
    });
    await settle();
    expect(served.slice(24).toSorted()).toEqual(['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b']);
  });

  test('a limit of one is given by turns', async () => {
    const slots = new Slots();
    const { served, wait, settle } = queue(slots);
    for (const namespace of ['a', 'a', 'a', 'b', 'c']) {
      wait(namespace, place({ namespace, limit: 1 }));
    }
    for (const namespace of ['a', 'a', 'b', 'c']) {
      await settle();
      slots.release(place({ namespace: served.at(-1) ?? namespace }));
    }
    await settle();
    expect(served).toEqual(['a', 'a', 'b', 'c', 'a']);
  });

  test('deregistrations go before what else their namespace waits for', async () => {
    const slots = new Slots();
    const { served, wait, settle } = queue(slots);
    many(2, () => wait('held', place()));
    wait('edit', place());
    wait('end', place({ isEnding: true }));
    await settle();
    slots.release(place());
    await settle();
    expect(served).toEqual(['held', 'held', 'end']);
  });
});

describe('at the servers of a namespace', () => {
  const most = SHARES.callsToOwnServers.most;

  test('calls are no more than its share together, whatever the server objects say', async () => {
    const slots = new Slots();
    const { served, wait, settle } = queue(slots);
    many(6, (index) => many(20, () => wait(`s${index}`, place({ server: own(`s${index}`), limit: 256 }))));
    await settle();
    expect(served).toHaveLength(most);
    expect(callsAt(own('s1'), 256)).toBe(most);
    expect(callsAt(CLUSTER, 256)).toBe(256);
  });

  test('another namespace has a share of its own', async () => {
    const slots = new Slots();
    const { wait } = queue(slots);
    many(2 * most, () => wait('shop', place({ server: own('s'), limit: 256 })));
    expect(await said(slots.acquire(place({ server: own('s', 'calm'), namespace: 'calm' })))).toBe(true);
    expect(await said(slots.acquire(place({ namespace: 'shop' })))).toBe(true);
  });

  test('its servers take turns, so one that never answers leaves room for the others in time', async () => {
    const slots = new Slots();
    const { served, wait, settle } = queue(slots);
    many(60, () => wait('slow', place({ server: own('slow'), limit: 256 })));
    many(3, () => wait('quick', place({ server: own('quick'), limit: 16 })));
    await settle();
    many(6, () => slots.release(place({ server: own('slow') })));
    await settle();
    expect(served.slice(most).filter((name) => name === 'quick')).toHaveLength(3);
  });

  test('deregistrations have room beside the share', async () => {
    const slots = new Slots();
    const { wait } = queue(slots);
    many(most, () => wait('held', place({ server: own('s'), limit: 256 })));
    const ending = place({ server: own('other'), limit: 16, isEnding: true });
    expect(await said(slots.acquire(ending))).toBe(true);
    expect(await said(slots.acquire({ ...ending, isEnding: false }))).toBe('waits');
  });

  test('too many that wait are told to come again, deregistrations never', async () => {
    const slots = new Slots();
    const { wait } = queue(slots);
    const one = place({ server: own('s'), limit: 256 });
    many(most + SHARES.roundsThatWait.most, () => wait('held', one));
    expect(slots.isCrowded(one)).toBe(true);
    expect(await said(slots.acquire(one))).toBe(false);
    expect(await said(slots.acquire({ ...one, server: own('other') }))).toBe(false);
    expect(slots.isCrowded(place({ server: own('s', 'calm'), namespace: 'calm' }))).toBe(false);
    const endings = Array.from({ length: 20 }, () => slots.acquire({ ...one, isEnding: true }));
    expect(await said(endings[0] as Promise<boolean>)).toBe(true);
    expect(await said(endings.at(-1) as Promise<boolean>)).toBe('waits');
    many(most + 20, () => slots.release(one));
    expect(await said(endings.at(-1) as Promise<boolean>)).toBe(true);
  });
});
