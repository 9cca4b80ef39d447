import { expect, test } from 'vitest';
import { StatusWrites } from '../../../../src/controller/state/status-writes.ts';
import { storedClientKey } from '../../../../src/core/client-key.ts';

const KEY = storedClientKey('shop/storefront');
const OTHER = storedClientKey('shop/basket');

test('a write is under way until it ends, also where it throws', async () => {
  const writes = new StatusWrites({ held: () => true });
  const put = Promise.withResolvers<string>();
  const written = writes.write(KEY, () => put.promise);
  expect([writes.isUnderWay(KEY), writes.isUnderWay(OTHER)]).toEqual([true, false]);
  put.resolve('written');
  expect(await written).toBe('written');
  expect(writes.isUnderWay(KEY)).toBe(false);
  await expect(writes.write(KEY, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(writes.isUnderWay(KEY)).toBe(false);
});

test('of two writes, the last to end counts', async () => {
  const writes = new StatusWrites({ held: () => true });
  const [one, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const both = [writes.write(KEY, () => one.promise), writes.write(KEY, () => two.promise)];
  one.resolve();
  await both[0];
  expect(writes.isUnderWay(KEY)).toBe(true);
  two.resolve();
  await both[1];
  expect(writes.isUnderWay(KEY)).toBe(false);
});

test('a process that does not lead any more writes nothing', async () => {
  let isSent = false;
  const send = async () => {
    isSent = true;
  };
  expect(await new StatusWrites({ held: () => false }).write(KEY, send)).toBeUndefined();
  expect(isSent).toBe(false);
});
