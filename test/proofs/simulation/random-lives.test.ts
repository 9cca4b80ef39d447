import { expect, test } from 'vitest';
import { randomNames } from './lives.ts';
import { perform, toLines } from './tally.ts';

/** Lives of several clients with random faults, late watches, crashes and changes of the lead. */

const FRESH = Number(process.env['SIMULATION_SEED'] ?? 1_000_000 + Math.floor(Math.random() * 1e9));
const TIMEOUT_MS = 120_000;

test.each([
  ['the seeds 1 to 150', 1, 150],
  [`100 seeds from ${FRESH} on`, FRESH, 100],
] as const)(
  'nothing is lost in random lives of %s',
  async (_, from, count) => {
    const tally = await perform({ names: randomNames(from, count), crashOnceMore: false });
    expect(toLines(tally)).toEqual([]);
    expect(tally.lives).toBe(count);
    expect(Math.min(tally.crashes, tally.faults, tally.leadChanges)).toBeGreaterThan(count / 10);
  },
  TIMEOUT_MS,
);

/** Two objects of one ServiceAccount: created in one second, and registered at the same moment. */
const FAILED_ONCE = ['random 655896949', 'random 900562'];

test('nothing is lost in lives that showed a fault', async () => {
  expect(toLines(await perform({ names: FAILED_ONCE, crashOnceMore: false }))).toEqual([]);
});
