import { expect, test } from 'vitest';
import { Pace } from '../../../../src/controller/queue/pace.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';

/** Changes one object every `everyMs`, and gives when it was looked at, in milliseconds since the first change. */
async function looks(everyMs: number, forMs: number): Promise<readonly number[]> {
  const clock = createFakeClock();
  const pace = new Pace(clock, 60_000);
  const start = clock.monotonic();
  const looked: number[] = [];
  let due = Number.POSITIVE_INFINITY;
  for (let at = 0; at < forMs; at += everyMs) {
    due = Math.min(due, at + pace.changed('Client shop/web'));
    if (due < at + everyMs) {
      await clock.advance(Math.max(0, start + due - clock.monotonic()));
      pace.lookedAt('Client shop/web');
      looked.push(clock.monotonic() - start);
      due = Number.POSITIVE_INFINITY;
    }
    await clock.advance(Math.max(0, start + at + everyMs - clock.monotonic()));
  }
  return looked;
}

test('changes now and then are looked at at once', async () => {
  const every15s = await looks(15_000, 600_000);
  expect(every15s).toEqual(Array.from({ length: 40 }, (_, index) => index * 15_000));
});

test('of changes without an end four are looked at at once, then ever fewer (M4, L4)', async () => {
  const looked = await looks(20, 60_000);
  const pauses = looked.slice(1).map((at, index) => at - (looked[index] ?? 0));
  expect(looked[3]).toBe(60);
  const rounded = pauses.slice(3, 8).map((pause) => Math.round(pause / 250) * 250);
  expect(rounded).toEqual([250, 500, 1_000, 2_000, 2_000]);
  expect(looked.length).toBeLessThan(20);
});

test('peace makes them quick again, and what was left in peace is forgotten', async () => {
  const clock = createFakeClock();
  const pace = new Pace(clock, 60_000);
  for (let count = 0; count < 6; count += 1) {
    await clock.advance(pace.changed('a'));
    pace.lookedAt('a');
  }
  expect(pace.changed('a')).toBeGreaterThan(0);
  pace.lookedAt('a');
  await clock.advance(80_000);
  expect(pace.changed('a')).toBe(0);
  pace.lookedAt('a');
  pace.changed('b');
  await clock.advance(10_001);
  pace.lookedAt('b');
  expect(pace.size).toBe(1);
  pace.forget('b');
  expect(pace.size).toBe(0);
});

test('a look that no change brought about counts for nothing', () => {
  const pace = new Pace(createFakeClock(), 60_000);
  for (let count = 0; count < 50; count += 1) {
    pace.lookedAt('a');
  }
  expect([pace.size, pace.changed('a')]).toEqual([0, 0]);
});
