import { describe, expect, test } from 'vitest';
import { SecretConflicts } from '../../../../src/controller/state/secret-conflicts.ts';
import { storedClientKey } from '../../../../src/core/client-key.ts';

const keyOf = (namespace: string, index: number) => storedClientKey(`${namespace}/client-${index}`);

/** Reads a second, if each of so many clients of one namespace looks again after its pause. */
function readsPerSecond(clients: number, namespaces: number): number {
  const conflicts = new SecretConflicts();
  const keys = Array.from({ length: clients }, (_, index) => keyOf(`ns-${index % namespaces}`, index));
  for (const key of keys) {
    conflicts.found(key);
  }
  return keys.map((key) => 1_000 / conflicts.found(key)).reduce((sum, rate) => sum + rate, 0);
}

describe('clients that wait for a Secret to go', () => {
  test('look again so often that its end is noticed within 5 s, while ten wait in a namespace', () => {
    const conflicts = new SecretConflicts();
    const pauses = Array.from({ length: 12 }, (_, index) => conflicts.found(keyOf('shop', index)));
    expect(pauses).toEqual([...Array(10).fill(4_000), 4_400, 4_800]);
    expect(conflicts.found(keyOf('shop', 0))).toBe(4_800);
    expect(conflicts.found(keyOf('other', 0))).toBe(4_000);
  });

  test('cause a bounded number of reads, however many wait', () => {
    expect(readsPerSecond(10, 1)).toBeCloseTo(2.5);
    expect(readsPerSecond(500, 1)).toBeCloseTo(2.5);
    expect(readsPerSecond(100, 100)).toBeCloseTo(25);
    expect(readsPerSecond(5_000, 1_000)).toBeCloseTo(25);
  });

  test('look again after five minutes at the latest', () => {
    const conflicts = new SecretConflicts();
    for (let index = 0; index < 2_000; index += 1) {
      conflicts.found(keyOf('shop', index));
    }
    expect(conflicts.found(keyOf('shop', 0))).toBe(300_000);
  });

  test('do not count any more when it is over', () => {
    const conflicts = new SecretConflicts();
    const keys = Array.from({ length: 20 }, (_, index) => keyOf('shop', index));
    for (const key of keys) {
      conflicts.found(key);
    }
    for (const key of keys.slice(0, 15)) {
      conflicts.over(key);
      conflicts.over(key);
    }
    expect(conflicts.isWaiting(keyOf('shop', 0))).toBe(false);
    expect(conflicts.isWaiting(keyOf('shop', 19))).toBe(true);
    expect(conflicts.found(keyOf('shop', 19))).toBe(4_000);
  });
});

describe('a look before a registration', () => {
  test('is taken once a minute for a namespace, and once a second for all', () => {
    const conflicts = new SecretConflicts();
    expect(conflicts.mayLook(keyOf('shop', 0), 0)).toBe(true);
    expect(conflicts.mayLook(keyOf('shop', 1), 59_999)).toBe(false);
    expect(conflicts.mayLook(keyOf('other', 0), 999)).toBe(false);
    expect(conflicts.mayLook(keyOf('other', 0), 1_000)).toBe(true);
    expect(conflicts.mayLook(keyOf('shop', 1), 60_000)).toBe(true);
    expect(conflicts.mayLook(keyOf('other', 1), 60_999)).toBe(false);
    expect(conflicts.mayLook(keyOf('other', 1), 61_000)).toBe(true);
  });

  test('costs a burst of a thousand registrations one read, and of a thousand namespaces one a second', () => {
    const one = new SecretConflicts();
    const burst = Array.from({ length: 1_000 }, (_, index) => one.mayLook(keyOf('shop', index), index));
    expect(burst.filter(Boolean)).toHaveLength(1);
    const all = new SecretConflicts();
    const wide = Array.from({ length: 1_000 }, (_, index) =>
      all.mayLook(keyOf(`ns-${index}`, 0), 10 * index),
    );
    expect(wide.filter(Boolean)).toHaveLength(10);
  });
});
