import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../../src/api/kubernetes.ts';
import { NamespaceMemory } from '../../../../src/controller/state/namespace-memory.ts';
import { ObjectCache } from '../../../../src/controller/state/object-cache.ts';
import { TextPool } from '../../../../src/controller/state/text-pool.ts';

interface Thing extends KubernetesObject {
  readonly text: string;
  readonly isLess?: boolean;
}

const thing = (name: string, size: number, resourceVersion = '1', namespace = 'shop'): Thing => ({
  metadata: { name, namespace, uid: `uid-${name}`, resourceVersion },
  text: 'x'.repeat(size),
});

const less = ({ metadata }: Thing): Thing => ({ metadata, text: '', isLess: true });

/** Room for two things of 4,000 in each namespace. */
function createCache(reduce: (object: Thing) => Thing | undefined = less) {
  const changes: string[] = [];
  const room: string[] = [];
  const memory = new NamespaceMemory({
    most: 10_000,
    exempt: 'operators',
    onRoom: (namespace) => void room.push(namespace),
  });
  const shown = (object: Thing | undefined) =>
    object === undefined ? '-' : `${object.metadata.name}${object.isLess === true ? ' (less)' : ''}`;
  const cache = new ObjectCache<Thing>({
    texts: new TextPool(),
    onChange: ({ before, after }) => changes.push(`${shown(before)} → ${shown(after)}`),
    isOfUse: ({ metadata }) => metadata.name !== 'useless',
    bounds: { memory, less: reduce, isLess: ({ isLess }) => isLess === true },
  });
  const kept = () => [...cache.values()].map(shown);
  return { cache, changes, memory, room, kept };
}

describe('an object for which its namespace has no room (H1)', () => {
  test('is kept as less, and troubles no other namespace', () => {
    const { cache, kept } = createCache();
    for (const name of ['a', 'b', 'c']) {
      cache.applied(thing(name, 4_000));
    }
    cache.applied(thing('other', 4_000, '1', 'billing'));
    cache.applied(thing('platform', 1_000_000, '1', 'operators'));
    expect(kept()).toEqual(['a', 'b', 'c (less)', 'other', 'platform']);
    expect(cache.get('shop/c')?.metadata).toEqual(thing('c', 0).metadata);
  });

  test('is accepted in the same version when another one was removed, also by an own read, and that is reported', () => {
    const { cache, changes, room, kept } = createCache();
    for (const name of ['a', 'b', 'c']) {
      cache.applied(thing(name, 4_000));
    }
    cache.deleted(thing('a', 0, '2'));
    expect(room).toEqual(['shop']);
    expect(cache.nextOfLess('shop')).toBe('shop/c');
    cache.learn(thing('c', 4_000));
    expect(kept()).toEqual(['b', 'c']);
    expect(changes.slice(-2)).toEqual(['a → -', 'c (less) → c']);
    expect(cache.nextOfLess('shop')).toBeUndefined();
  });

  test('stays as less when it is read again without room', () => {
    const { cache, changes, memory, kept } = createCache();
    for (const name of ['a', 'b', 'c']) {
      cache.applied(thing(name, 4_000));
    }
    const used = memory.usedBy('shop');
    cache.learn(thing('c', 4_000));
    expect([kept(), changes.length, memory.usedBy('shop')]).toEqual([['a', 'b', 'c (less)'], 3, used]);
  });

  test('is offered in turn with the others of its namespace', () => {
    const { cache } = createCache();
    for (const name of ['a', 'b', 'c', 'd']) {
      cache.applied(thing(name, 4_000));
    }
    const offered = Array.from({ length: 3 }, () => cache.nextOfLess('shop'));
    expect(offered).toEqual(['shop/c', 'shop/d', 'shop/c']);
  });

  test('becomes less when an edit makes it too large, and whole again when one makes it small', () => {
    const { cache, kept, memory } = createCache();
    cache.applied(thing('a', 4_000));
    cache.applied(thing('a', 40_000, '2'));
    expect([kept(), memory.usedBy('shop')]).toEqual([['a (less)'], 0]);
    cache.applied(thing('a', 10, '3'));
    expect(kept()).toEqual(['a']);
  });

  test('is not kept if no part is useful; its earlier version is removed, and that is reported', () => {
    const { cache, changes, memory } = createCache(() => undefined);
    cache.applied(thing('a', 4_000));
    cache.applied(thing('a', 40_000, '2'));
    cache.applied(thing('b', 40_000));
    expect([cache.size, changes, memory.usedBy('shop')]).toEqual([0, ['- → a', 'a → -'], 0]);
  });

  test('gives back just what it took, whatever happens to it', () => {
    const { cache, memory } = createCache();
    cache.applied(thing('a', 4_000));
    cache.learn(thing('a', 3_000, '2'));
    cache.applied(thing('b', 4_000));
    cache.applied(thing('c', 4_000));
    cache.forget(thing('a', 0));
    cache.learn(thing('c', 4_000));
    cache.keepOnly([], '9', 'shop');
    expect([cache.size, memory.usedBy('shop')]).toEqual([0, 0]);
  });
});

test('an object that nothing needs is not kept, and takes no memory', () => {
  const { cache, changes, memory } = createCache();
  cache.applied(thing('useless', 4_000));
  expect([cache.size, changes, memory.usedBy('shop')]).toEqual([0, [], 0]);
});
