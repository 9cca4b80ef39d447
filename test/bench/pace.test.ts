import { expect, test } from 'vitest';
import { paced } from './pace.ts';

test('work is begun evenly, however long it takes', async () => {
  const [start, begun] = [performance.now(), [] as number[]];
  const slow = Promise.withResolvers<void>();
  const all = paced(3, 50, (index) => {
    begun.push(performance.now() - start);
    return index === 0 ? slow.promise : Promise.resolve();
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(begun).toHaveLength(3);
  expect(begun[2]).toBeGreaterThanOrEqual(35);
  slow.resolve();
  await all;
});

test('after a failure nothing further is begun, and the failure is told', async () => {
  const begun: number[] = [];
  const failing = paced(100, 100, async (index) => {
    begun.push(index);
    if (index === 1) {
      throw new Error('refused');
    }
  });
  await expect(failing).rejects.toThrow('refused');
  expect(begun).toEqual([0, 1]);
});
