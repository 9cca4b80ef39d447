import { expect, test } from 'vitest';
import { createMemoryRelief } from '../../../../src/adapters/process/memory-relief.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';

/** @param takenAfter bytes that the heap has after each collection, of which 90 are used; the last one stays */
function start(...takenAfter: readonly number[]) {
  const clock = createFakeClock();
  const collected: number[] = [];
  const begun = clock.monotonic();
  const worked = createMemoryRelief(
    clock,
    () => collected.push((clock.monotonic() - begun) / 1_000),
    () => ({
      used: 90,
      taken: collected.length === 0 ? 300 : (takenAfter[collected.length - 1] ?? takenAfter.at(-1) ?? 100),
    }),
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

test('where the heap is left with holes it is done again after another five seconds, until it has none', async () => {
  const { clock, collected, worked } = start(200, 150, 100);
  worked();
  await clock.advance(600_000);
  expect(collected).toEqual([5, 10, 15]);
});

test.each([
  ['while it helps', [200, 199], [5, 10]],
  ['four times at most', [280, 260, 240, 220, 200], [5, 10, 15, 20]],
])('it is done again %s', async (_, takenAfter, times) => {
  const { clock, collected, worked } = start(...takenAfter);
  worked();
  await clock.advance(600_000);
  expect(collected).toEqual(times);
});

test('what is done meanwhile delays the series, and does not make it longer', async () => {
  const { clock, collected, worked } = start(280, 260, 240, 220, 200);
  worked();
  await clock.advance(8_000);
  worked();
  await clock.advance(17_000);
  expect(collected).toEqual([5, 13, 18, 23]);
});

test('a burst before its end is followed by a series of its own', async () => {
  const { clock, collected, worked } = start(280, 260, 240, 220, 200);
  worked();
  for (let seconds = 0; seconds < 60; seconds += 4) {
    await clock.advance(seconds === 0 ? 6_000 : 4_000);
    worked();
  }
  await clock.advance(600_000);
  expect(collected).toEqual([5, 67, 72, 77, 82]);
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
    () => ({ used: 100, taken: 100 }),
  );
  for (let seconds = 0; seconds < 300; seconds += 10) {
    worked();
    await clock.advance(10_000);
  }
  const gaps = collected.slice(1).map((at, index) => at - (collected[index] ?? 0));
  expect(gaps.length).toBeGreaterThan(1);
  expect(gaps.every((gap) => gap >= 100_000)).toBe(true);
});
