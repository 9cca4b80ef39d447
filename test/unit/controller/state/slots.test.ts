import { describe, expect, test } from 'vitest';
import { SHARES } from '../../../../src/api/shares.ts';
import { callsAt, type SlotRequest, Slots } from '../../../../src/controller/state/slots.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';

const CLUSTER = storedServerKey('ClusterAuthorizationServer/corporate');
const own = (name: string, namespace = 'shop') => storedServerKey(`AuthorizationServer/${namespace}/${name}`);

const place = (overrides: Partial<SlotRequest> = {}): SlotRequest => ({
  server: CLUSTER,
  namespace: 'shop',
  limit: 2,
  isEnding: false,
  ...overrides,
});

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Calls that are under way until they are released. */
class Calls {
  readonly slots = new Slots();
  /** Names, in the order in which their turns came. */
  readonly served: string[] = [];
  readonly #held: { readonly place: SlotRequest; readonly end: () => void }[] = [];

  wait(name: string, wanted: SlotRequest): void {
    const { promise, resolve: end } = Promise.withResolvers<void>();
    void this.slots.withSlot(wanted, () => {
      this.served.push(name);
      this.#held.push({ place: wanted, end });
      return promise;
    });
  }

  /** Whether there is room now. */
  async hasRoom(wanted: SlotRequest): Promise<boolean> {
    await settle();
    const name = `asked ${this.served.length}`;
    this.wait(name, wanted);
    await settle();
    return this.served.includes(name);
  }

  /** Ends the call that has been under way longest at this server, of this namespace. */
  release({ server, namespace }: SlotRequest): void {
    const index = this.#held.findIndex(
      ({ place: held }) => held.server === server && held.namespace === namespace,
    );
    this.#held.splice(index, 1)[0]?.end();
  }
}

const many = (count: number, act: (index: number) => void) => {
  for (let index = 0; index < count; index += 1) {
    act(index);
  }
};

describe('calls at one server', () => {
  test('are no more than its limit, and who waits is served in turn', async () => {
    const calls = new Calls();
    many(4, (index) => calls.wait(`${index}`, place()));
    await settle();
    expect(calls.served).toEqual(['0', '1']);
    calls.release(place());
    await settle();
    expect(calls.served).toEqual(['0', '1', '2']);
    calls.release(place());
    await settle();
    expect(calls.served).toEqual(['0', '1', '2', '3']);
  });

  test('do not hold up another cluster server, and what was released is free again', async () => {
    const calls = new Calls();
    calls.wait('held', place({ limit: 1 }));
    const other = place({ limit: 1, server: storedServerKey('ClusterAuthorizationServer/other') });
    expect(await calls.hasRoom(other)).toBe(true);
    calls.release(place());
    expect(await calls.hasRoom(place({ limit: 1 }))).toBe(true);
  });
});

describe('at a cluster server', () => {
  test('one namespace has all there is while no other waits', async () => {
    const calls = new Calls();
    many(20, (index) => calls.wait(`a${index}`, place({ namespace: 'a', limit: 16 })));
    await settle();
    expect(calls.served).toHaveLength(16);
  });

  test('it has at most half as soon as another waits, and the turns alternate', async () => {
    const calls = new Calls();
    many(100, () => calls.wait('a', place({ namespace: 'a', limit: 16 })));
    many(100, () => calls.wait('b', place({ namespace: 'b', limit: 16 })));
    await settle();
    expect(calls.served).toEqual(Array.from({ length: 16 }, () => 'a'));
    many(8, () => calls.release(place({ namespace: 'a' })));
    await settle();
    expect(calls.served.slice(16)).toEqual(Array.from({ length: 8 }, () => 'b'));
    many(4, () => {
      calls.release(place({ namespace: 'a' }));
      calls.release(place({ namespace: 'b' }));
    });
    await settle();
    expect(calls.served.slice(24).toSorted()).toEqual(['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b']);
  });

  test('a limit of one is given by turns', async () => {
    const calls = new Calls();
    for (const namespace of ['a', 'a', 'a', 'b', 'c']) {
      calls.wait(namespace, place({ namespace, limit: 1 }));
    }
    for (const namespace of ['a', 'a', 'b', 'c']) {
      await settle();
      calls.release(place({ namespace: calls.served.at(-1) ?? namespace }));
    }
    await settle();
    expect(calls.served).toEqual(['a', 'a', 'b', 'c', 'a']);
  });

  test('deregistrations go before what else their namespace waits for', async () => {
    const calls = new Calls();
    many(2, () => calls.wait('held', place()));
    calls.wait('edit', place());
    calls.wait('end', place({ isEnding: true }));
    await settle();
    calls.release(place());
    await settle();
    expect(calls.served).toEqual(['held', 'held', 'end']);
  });
});

describe('at the servers of a namespace', () => {
  const most = SHARES.callsToOwnServers.most;

  test('calls are no more than its share together, whatever the server objects say', async () => {
    const calls = new Calls();
    many(6, (index) =>
      many(20, () => calls.wait(`s${index}`, place({ server: own(`s${index}`), limit: 256 }))),
    );
    await settle();
    expect(calls.served).toHaveLength(most);
    expect(callsAt(own('s1'), 256)).toBe(most);
    expect(callsAt(CLUSTER, 256)).toBe(256);
  });

  test('another namespace has a share of its own', async () => {
    const calls = new Calls();
    many(2 * most, () => calls.wait('shop', place({ server: own('s'), limit: 256 })));
    expect(await calls.hasRoom(place({ server: own('s', 'calm'), namespace: 'calm' }))).toBe(true);
    expect(await calls.hasRoom(place({ namespace: 'shop' }))).toBe(true);
  });

  test('its servers take turns, so one that never answers leaves room for the others in time', async () => {
    const calls = new Calls();
    many(60, () => calls.wait('slow', place({ server: own('slow'), limit: 256 })));
    many(3, () => calls.wait('quick', place({ server: own('quick'), limit: 16 })));
    await settle();
    many(6, () => calls.release(place({ server: own('slow') })));
    await settle();
    expect(calls.served.slice(most).filter((name) => name === 'quick')).toHaveLength(3);
  });

  test('deregistrations have room beside the share', async () => {
    const calls = new Calls();
    many(most, () => calls.wait('held', place({ server: own('s'), limit: 256 })));
    const ending = place({ server: own('other'), limit: 16, isEnding: true });
    expect(await calls.hasRoom(ending)).toBe(true);
    expect(await calls.hasRoom({ ...ending, isEnding: false })).toBe(false);
  });

  test('many that wait are a crowd, which is for its own servers and its namespace alone', () => {
    const calls = new Calls();
    const one = place({ server: own('s'), limit: 256 });
    many(most + SHARES.roundsThatWait.most - 1, () => calls.wait('held', one));
    expect(calls.slots.isCrowded(one)).toBe(false);
    calls.wait('held', one);
    expect(calls.slots.isCrowded(one)).toBe(true);
    expect(calls.slots.isCrowded({ ...one, server: own('other') })).toBe(true);
    expect(calls.slots.isCrowded(place({ server: own('s', 'calm'), namespace: 'calm' }))).toBe(false);
    expect(calls.slots.isCrowded(place())).toBe(false);
  });

  test('deregistrations that wait are no crowd, and each has its turn', async () => {
    const calls = new Calls();
    const one = place({ server: own('s'), limit: 256 });
    many(most, () => calls.wait('held', one));
    many(20, () => calls.wait('end', { ...one, isEnding: true }));
    await settle();
    expect(calls.slots.isCrowded(one)).toBe(false);
    expect(calls.served.filter((name) => name === 'end').length).toBeLessThan(20);
    many(most + 20, () => calls.release(one));
    await settle();
    expect(calls.served.filter((name) => name === 'end')).toHaveLength(20);
  });
});

describe('a call that ends', () => {
  test.each([
    ['resolves', async () => 'answer', 'answer'],
    ['rejects', () => Promise.reject(new Error('broken')), 'broken'],
    [
      'throws',
      () => {
        throw new Error('broken');
      },
      'broken',
    ],
  ])('and %s leaves its room to the next', async (_, effect: () => Promise<string>, said) => {
    const slots = new Slots();
    const one = place({ limit: 1 });
    const told = await slots.withSlot(one, effect).catch(({ message }: Error) => message);
    expect(told).toBe(said);
    expect(await slots.withSlot(one, async () => 'next')).toBe('next');
  });
});
