import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../../src/api/kubernetes.ts';
import { ObjectCache } from '../../../../src/controller/state/object-cache.ts';
import { TextPool } from '../../../../src/controller/state/text-pool.ts';

interface Thing extends KubernetesObject {
  readonly color?: string | undefined;
  readonly size?: string | undefined;
}

const thing = (
  name: string,
  resourceVersion: string,
  uid = `uid-${name}`,
  color?: string,
  size?: string,
): Thing => ({ metadata: { name, namespace: 'shop', uid, resourceVersion }, color, size });

/** A cache that writes down what it tells: `before→after` by their versions. */
function createCache() {
  const changes: string[] = [];
  const version = (object: Thing | undefined) =>
    object === undefined ? '-' : `${object.metadata.name}@${object.metadata.resourceVersion}`;
  const cache = new ObjectCache<Thing, 'color' | 'size'>({
    texts: new TextPool(),
    indexes: { color: ({ color }) => color, size: ({ size }) => size },
    onChange: ({ before, after }) => changes.push(`${version(before)}→${version(after)}`),
  });
  return { cache, changes };
}

const versions = (cache: ObjectCache<Thing>) =>
  [...cache.values()].map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).toSorted();

describe('an object', () => {
  test('is known once the watch has shown it', () => {
    const { cache, changes } = createCache();
    cache.applied(thing('a', '5'));
    expect(cache.get('shop/a')).toEqual(thing('a', '5'));
    expect(cache.size).toBe(1);
    expect(changes).toEqual(['-→a@5']);
  });

  test('without a namespace is known by its name alone', () => {
    const { cache } = createCache();
    cache.applied({ metadata: { name: 'a', uid: 'u', resourceVersion: '5' } });
    expect(cache.get('a')?.metadata.uid).toBe('u');
  });

  test.each([
    ['older', '9', false],
    ['the same', '10', false],
    ['older by a digit', '2', false],
    ['newer', '11', true],
    ['newer by a digit', '100', true],
  ])('with a version that is %s', (_, resourceVersion, isTaken) => {
    for (const feed of ['applied', 'learn'] as const) {
      const { cache } = createCache();
      cache.applied(thing('a', '10'));
      cache[feed](thing('a', resourceVersion));
      expect(versions(cache)).toEqual([`a@${isTaken ? resourceVersion : '10'}`]);
    }
  });

  test('is known in exactly one version, of one uid', () => {
    const { cache } = createCache();
    cache.applied(thing('a', '5'));
    expect(cache.knows(thing('a', '5').metadata)).toBe(true);
    expect(cache.knows(thing('a', '6').metadata)).toBe(false);
    expect(cache.knows(thing('a', '5', 'another').metadata)).toBe(false);
    expect(cache.knows(thing('b', '5').metadata)).toBe(false);
  });

  test('is reported when the watch changes it, not when the operator does', () => {
    const { cache, changes } = createCache();
    cache.applied(thing('a', '5'));
    cache.applied(thing('a', '6'));
    cache.applied(thing('a', '6'));
    cache.learn(thing('a', '7'));
    cache.applied(thing('a', '7'));
    cache.forget(thing('a', '7'));
    cache.deleted(thing('a', '8'));
    expect(changes).toEqual(['-→a@5', 'a@5→a@6']);
  });

  test('keeps what the operator wrote when the watch comes after', () => {
    const { cache } = createCache();
    cache.applied(thing('a', '5'));
    cache.learn(thing('a', '7'));
    cache.applied(thing('a', '6'));
    expect(versions(cache)).toEqual(['a@7']);
  });

  test('created again under its name replaces the former one', () => {
    const { cache } = createCache();
    cache.applied(thing('a', '5', 'uid-1'));
    cache.applied(thing('a', '8', 'uid-2'));
    expect(cache.get('shop/a')?.metadata.uid).toBe('uid-2');
  });
});

describe('a deletion', () => {
  test('by the watch takes the object away', () => {
    const { cache, changes } = createCache();
    cache.applied(thing('a', '5'));
    cache.deleted(thing('a', '6'));
    expect(cache.size).toBe(0);
    expect(changes).toEqual(['-→a@5', 'a@5→-']);
  });

  test('of an unknown object is not reported', () => {
    const { cache, changes } = createCache();
    cache.deleted(thing('a', '6'));
    cache.forget(thing('a', '6'));
    expect(changes).toEqual([]);
  });

  test('of a former object leaves the one that has its name now', () => {
    const { cache } = createCache();
    cache.applied(thing('a', '8', 'uid-2'));
    cache.deleted(thing('a', '6', 'uid-1'));
    cache.forget(thing('a', '6', 'uid-1'));
    expect(versions(cache)).toEqual(['a@8']);
  });

  test('by the operator is not undone by a late event', () => {
    const { cache, changes } = createCache();
    cache.applied(thing('a', '5'));
    cache.forget(thing('a', '5'));
    cache.applied(thing('a', '6'));
    expect(cache.size).toBe(0);
    expect(changes).toEqual(['-→a@5']);
  });

  test('by the operator does not hide another object of that name', () => {
    const { cache } = createCache();
    cache.applied(thing('a', '5', 'uid-1'));
    cache.forget(thing('a', '5', 'uid-1'));
    cache.applied(thing('a', '9', 'uid-2'));
    expect(versions(cache)).toEqual(['a@9']);
  });

  test('by the operator is not undone by a list that was made before it', () => {
    const { cache, changes } = createCache();
    cache.applied(thing('a', '5'));
    cache.forget(thing('a', '5'));
    cache.replaced([thing('a', '5')], '5');
    expect(cache.size).toBe(0);
    expect(changes).toEqual(['-→a@5']);
  });

  test('by the operator is not undone by an event after a list that was made before it', () => {
    const { cache } = createCache();
    cache.applied(thing('a', '5'));
    cache.forget(thing('a', '5'));
    cache.replaced([thing('a', '5')], '5');
    cache.applied(thing('a', '6'));
    expect(cache.size).toBe(0);
  });

  test('by the watch is not undone by the late answer of a write', () => {
    const { cache } = createCache();
    cache.applied(thing('a', '5'));
    cache.deleted(thing('a', '7'));
    cache.learn(thing('a', '6'));
    expect(cache.size).toBe(0);
  });
});

describe('a new list', () => {
  test('of one namespace says nothing of what is in another', () => {
    const { cache } = createCache();
    const elsewhere = { metadata: { name: 'c', namespace: 'billing', uid: 'uid-c', resourceVersion: '3' } };
    cache.replaced([thing('a', '1')], '5', 'shop');
    cache.replaced([elsewhere], '6', 'billing');
    cache.replaced([], '9', 'shop');
    expect(versions(cache)).toEqual(['c@3']);
    cache.learn({
      ...elsewhere,
      metadata: { ...elsewhere.metadata, name: 'd', uid: 'uid-d', resourceVersion: '8' },
    });
    cache.learn(thing('e', '8'));
    expect(versions(cache)).toEqual(['c@3', 'd@8']);
  });

  test('takes away what it does not hold', () => {
    const { cache, changes } = createCache();
    cache.replaced([thing('a', '1'), thing('b', '2')], '3');
    cache.replaced([thing('b', '2')], '9');
    expect(versions(cache)).toEqual(['b@2']);
    expect(changes).toEqual(['-→a@1', '-→b@2', 'a@1→-']);
  });

  test('reports nothing if nothing changed', () => {
    const { cache, changes } = createCache();
    cache.replaced([thing('a', '1'), thing('b', '2')], '3');
    cache.replaced([thing('a', '1'), thing('b', '2')], '9');
    expect(changes).toHaveLength(2);
  });

  test('keeps what was written after it', () => {
    const { cache } = createCache();
    cache.learn(thing('a', '12'));
    cache.replaced([], '9');
    expect(versions(cache)).toEqual(['a@12']);
  });

  test("does not go back to what is older than the operator's own write", () => {
    const { cache } = createCache();
    cache.learn(thing('a', '12'));
    cache.replaced([thing('a', '8')], '9');
    expect(versions(cache)).toEqual(['a@12']);
  });

  test('shows an object that was deleted and created again meanwhile', () => {
    const { cache, changes } = createCache();
    cache.applied(thing('a', '5', 'uid-1'));
    cache.replaced([thing('a', '8', 'uid-2')], '9');
    expect(cache.get('shop/a')?.metadata.uid).toBe('uid-2');
    expect(changes).toEqual(['-→a@5', 'a@5→a@8']);
  });
});

describe('an index', () => {
  const namesOf = (found: readonly Thing[]) => found.map(({ metadata }) => metadata.name);

  test('finds all objects of a name, and follows a change of name', () => {
    const { cache } = createCache();
    cache.applied(thing('a', '1', 'u1', 'x'));
    cache.applied(thing('b', '2', 'u2', 'x'));
    cache.applied(thing('c', '3', 'u3', 'x'));
    expect(namesOf(cache.find('color', 'x'))).toEqual(['a', 'b', 'c']);
    cache.applied(thing('a', '4', 'u1', 'y'));
    expect(namesOf(cache.find('color', 'x'))).toEqual(['b', 'c']);
    expect(namesOf(cache.find('color', 'y'))).toEqual(['a']);
    cache.deleted(thing('b', '5', 'u2', 'x'));
    expect(namesOf(cache.find('color', 'x'))).toEqual(['c']);
  });

  test("doesn't find by a name of another", () => {
    const { cache } = createCache();
    cache.applied(thing('a', '1', 'u1', 'x', 'y'));
    expect(namesOf(cache.find('color', 'x'))).toEqual(['a']);
    expect(namesOf(cache.find('size', 'y'))).toEqual(['a']);
    expect(cache.find('color', 'y')).toEqual([]);
    expect(cache.find('size', 'x')).toEqual([]);
    cache.applied(thing('a', '2', 'u1', 'y', 'z'));
    expect(['x', 'y'].map((name) => cache.find('color', name).length)).toEqual([0, 1]);
    expect(['y', 'z'].map((name) => cache.find('size', name).length)).toEqual([0, 1]);
  });

  test('holds an object once, however often it changes', () => {
    const { cache } = createCache();
    cache.applied(thing('a', '1', 'u1', 'x'));
    cache.applied(thing('b', '2', 'u2', 'x'));
    cache.applied(thing('a', '3', 'u1', 'x'));
    expect(namesOf(cache.find('color', 'x')).toSorted()).toEqual(['a', 'b']);
  });

  test.each(['deleted', 'forget'] as const)('forgets what is gone by %s', (how) => {
    const { cache } = createCache();
    cache.applied(thing('a', '1', 'u1', 'x'));
    cache[how](thing('a', '1', 'u1', 'x'));
    expect(cache.find('color', 'x')).toEqual([]);
  });

  test('leaves out what has no name', () => {
    const { cache } = createCache();
    cache.applied(thing('a', '1', 'u1', 'x'));
    cache.applied(thing('a', '2', 'u1'));
    expect(cache.find('color', 'x')).toEqual([]);
    expect(cache.size).toBe(1);
  });

  test('finds nothing by an unused name', () => {
    expect(createCache().cache.find('color', 'x')).toEqual([]);
  });
});

test('objects are counted by a name, however they come, change and go', () => {
  const cache = new ObjectCache<Thing, never, 'color'>({
    texts: new TextPool(),
    counts: { color: ({ color }) => color },
    onChange: () => undefined,
  });
  const counts = () => [cache.count('color', 'red'), cache.count('color', 'blue')];
  cache.applied(thing('a', '5', 'uid-a', 'red'));
  cache.learn(thing('b', '6', 'uid-b', 'red'));
  cache.applied(thing('c', '7'));
  expect(counts()).toEqual([2, 0]);
  cache.applied(thing('a', '8', 'uid-a', 'blue'));
  cache.learn(thing('b', '4', 'uid-b', 'blue'));
  expect(counts()).toEqual([1, 1]);
  cache.deleted(thing('a', '9', 'uid-a', 'blue'));
  cache.forget(thing('b', '6', 'uid-b', 'red'));
  expect(counts()).toEqual([0, 0]);
});
