import { expect, test } from 'vitest';
import { createMemoryRelief } from '../../../../src/adapters/process/memory-relief.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';

function start({ isSparse = false } = {}) {
  const clock = createFakeClock();
  const collected: number[] = [];
  const begun = clock.monotonic();
  const worked = createMemoryRelief(
    clock,
    () => collected.push((clock.monotonic() - begun) / 1_000),
    () => isSparse,
  );
  return { clock, collected, worked };
}

test('memory is given back five seconds after the last work, once', async () => {
  const { clock, collected, worked } = start();
  worked();
  await clock.advance(4_000);
  worked();
  await clock.advance(4_000);
  expect(collected).toEqual([]);
  await clock.advance(600_000);
  expect(collected).toEqual([9]);
});

test('where the heap is left with holes it is done once more after another five seconds, whatever is left then', async () => {
  const { clock, collected, worked } = start({ isSparse: true });
  worked();
  await clock.advance(600_000);
  expect(collected).toEqual([5, 10]);
  worked();
  await clock.advance(600_000);
  expect(collected).toEqual([5, 10, 605, 610]);
});

test("what is done while it waits for the second time doesn't make it a third", async () => {
  const { clock, collected, worked } = start({ isSparse: true });
  worked();
  await clock.advance(8_000);
  worked();
  await clock.advance(7_000);
  expect(collected).toEqual([5, 13]);
});

test('a burst before the second time is followed by two of its own', async () => {
  const { clock, collected, worked } = start({ isSparse: true });
  worked();
  for (let seconds = 0; seconds < 60; seconds += 4) {
    await clock.advance(seconds === 0 ? 6_000 : 4_000);
    worked();
  }
  await clock.advance(600_000);
  expect(collected).toEqual([5, 67, 72]);
});

test('steady work has it given back every twenty seconds at most', async () => {
  const { clock, collected, worked } = start();
  for (let seconds = 0; seconds < 60; seconds += 10) {
    worked();
    await clock.advance(10_000);
  }
  expect(collected).toEqual([5, 25, 45]);
});

test('what takes a second is done every hundred seconds at most', async () => {
  const clock = createFakeClock({ skipMs: 1_000 });
  const collected: number[] = [];
  const worked = createMemoryRelief(
    clock,
    () => {
      collected.push(clock.monotonic());
      void clock.sleep(1_000);
    },
    () => false,
  );
  for (let seconds = 0; seconds < 300; seconds += 10) {
    worked();
    await clock.advance(10_000);
  }
  const gaps = collected.slice(1).map((at, index) => at - (collected[index] ?? 0));
  expect(gaps.length).toBeGreaterThan(1);
  expect(gaps.every((gap) => gap >= 100_000)).toBe(true);
});
