import { expect, test } from 'vitest';
import { Slots } from '../../src/controller/slots.ts';

async function isFree(acquired: Promise<void>): Promise<boolean> {
  return Promise.race([
    acquired.then(() => true),
    new Promise<false>((resolve) => setImmediate(() => resolve(false))),
  ]);
}

test('no more than the limit are under way, and who waits is served in turn', async () => {
  const slots = new Slots();
  expect(await isFree(slots.acquire('a', 2))).toBe(true);
  expect(await isFree(slots.acquire('a', 2))).toBe(true);
  const order: number[] = [];
  const third = slots.acquire('a', 2).then(() => order.push(3));
  const fourth = slots.acquire('a', 2).then(() => order.push(4));
  slots.release('a');
  await third;
  slots.release('a');
  await fourth;
  expect(order).toEqual([3, 4]);
});

test('names do not share their limits, and what was released is free again', async () => {
  const slots = new Slots();
  await slots.acquire('a', 1);
  expect(await isFree(slots.acquire('b', 1))).toBe(true);
  slots.release('a');
  expect(await isFree(slots.acquire('a', 1))).toBe(true);
});
