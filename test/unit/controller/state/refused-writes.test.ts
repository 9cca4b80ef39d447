import { expect, test } from 'vitest';
import type { ApiResult } from '../../../../src/controller/ports.ts';
import { isRefusal, PLACES, RefusedWrites } from '../../../../src/controller/state/refused-writes.ts';

const failed = (status: number, reason: string, message = reason) =>
  ({ ok: false, status, reason, message }) as const;
const taken: ApiResult<object> = { ok: true, object: {} };

function createScene() {
  const time = { now: 0 };
  const writes = new RefusedWrites({ now: () => time.now });
  let tries = 0;
  const check = (place: string, result: ApiResult<object> = taken) =>
    writes.check(place, async () => {
      tries += 1;
      return result;
    });
  return { time, writes, check, tries: () => tries };
}

const shop = PLACES.workload('shop');

test.each([
  [400, true],
  [403, true],
  [404, true],
  [413, true],
  [422, true],
  [401, false],
  [409, false],
  [429, false],
  [500, false],
  [0, false],
])('%s as an answer to a write: a refusal? %s', (status, expected) => {
  expect(isRefusal(failed(status, ''))).toBe(expected);
});

test('as long as nothing was refused, nothing is tried', async () => {
  const { check, tries } = createScene();
  expect(await check(shop)).toBeUndefined();
  expect(tries()).toBe(0);
});

test('where a write was refused, nothing goes there before a trial is admitted (L3)', async () => {
  const { time, writes, check, tries } = createScene();
  writes.refused(shop, 'exceeded quota');
  expect(await check(shop)).toEqual({ message: 'exceeded quota', retryAt: 2_000 });
  expect(await check(PLACES.workload('other'))).toBeUndefined();
  expect(await check(PLACES.record('shop'))).toBeUndefined();
  expect(tries()).toBe(0);
  time.now = 2_000;
  expect(await check(shop)).toBeUndefined();
  expect(tries()).toBe(1);
  expect(await check(shop)).toBeUndefined();
  expect(tries()).toBe(1);
});

test('trials that are refused come with pauses that grow to five minutes, in the latest words', async () => {
  const { time, writes, check } = createScene();
  writes.refused(shop, 'first');
  const pauses: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    const before = await check(shop);
    time.now = before?.retryAt ?? 0;
    const after = await check(shop, failed(403, 'Forbidden', `words ${round}`));
    expect(after?.message).toBe(`words ${round}`);
    pauses.push((after?.retryAt ?? 0) - time.now);
  }
  expect(pauses).toEqual([4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000, 300_000]);
});

test('however many wait for a place, one tries at a time', async () => {
  const { time, writes, check, tries } = createScene();
  writes.refused(shop, 'exceeded quota');
  time.now = 2_000;
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => check(shop, failed(403, 'Forbidden', 'exceeded quota'))),
  );
  expect(tries()).toBe(1);
  expect(answers.every((answer) => answer?.message === 'exceeded quota')).toBe(true);
});

test('an object of the same name that exists says that the rest is admitted', async () => {
  const { time, writes, check } = createScene();
  writes.refused(shop, 'exceeded quota');
  time.now = 2_000;
  expect(await check(shop, failed(409, 'AlreadyExists'))).toBeUndefined();
});

test('a write that is admitted opens the place at once', async () => {
  const { writes, check, tries } = createScene();
  writes.refused(shop, 'exceeded quota');
  writes.admitted(shop);
  expect(await check(shop)).toBeUndefined();
  expect(tries()).toBe(0);
});
