import { describe, expect, test } from 'vitest';
import { NamespaceMemory } from '../../../../src/controller/state/namespace-memory.ts';

function memoryOf(most: number) {
  const told: string[] = [];
  const memory = new NamespaceMemory({
    most,
    exempt: 'operators',
    onRoom: (namespace) => void told.push(namespace),
  });
  return { memory, told };
}

describe('the memory of a namespace', () => {
  test('is taken up to its share, and no further; another namespace has its own', () => {
    const { memory } = memoryOf(100);
    expect([60, 40, 1].map((bytes) => memory.exchange('shop', 0, bytes))).toEqual([true, true, false]);
    expect(memory.exchange('billing', 0, 100)).toBe(true);
    expect([memory.usedBy('shop'), memory.usedBy('billing')]).toEqual([100, 100]);
  });

  test('is not taken by what can not grow: what it had still counts', () => {
    const { memory } = memoryOf(100);
    memory.exchange('shop', 0, 60);
    expect(memory.exchange('shop', 60, 101)).toBe(false);
    expect(memory.usedBy('shop')).toBe(60);
  });

  test('may always shrink, also above the share, and that is reported', () => {
    const { memory, told } = memoryOf(100);
    memory.exchange('shop', 0, 100);
    expect(told).toEqual([]);
    expect(memory.exchange('shop', 100, 90)).toBe(true);
    expect(memory.exchange('shop', 90, 0)).toBe(true);
    expect([told, memory.usedBy('shop')]).toEqual([['shop', 'shop'], 0]);
  });

  test.each(['', 'operators'])('is without a bound where no tenant makes objects: in %j', (namespace) => {
    const { memory } = memoryOf(100);
    expect(memory.exchange(namespace, 0, 1_000)).toBe(true);
    expect(memory.hasRoom(namespace, 1_000)).toBe(true);
  });
});
