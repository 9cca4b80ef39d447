import { describe, expect, test } from 'vitest';
import { anotherCrash, liveNamed, oneCrash, somePairs } from './lives.ts';
import { SERVER_NAMES } from './servers.ts';
import { perform, toLines } from './tally.ts';

/** Pairs of crashes in `npm test`; `npm run test:simulation` tries every pair. */
const PAIRS = 40;
const SEED = Number(process.env['SIMULATION_SEED'] ?? Math.floor(Math.random() * 1_000_000));
const TIMEOUT_MS = 120_000;

describe.each(SERVER_NAMES)('at a server that is %s, a life from creation to deletion', (server) => {
  test(
    'loses nothing after a crash at any of its port calls',
    async () => {
      const names = await oneCrash(server);
      const tally = await perform({ names, crashOnceMore: false });
      expect(toLines(tally)).toEqual([]);
      expect(tally.crashes).toBe(names.length);
    },
    TIMEOUT_MS,
  );

  test(
    `loses nothing after two crashes, ${PAIRS} pairs chosen by seed ${SEED}`,
    async () => {
      const names = await somePairs(server, SEED, PAIRS);
      expect(toLines(await perform({ names, crashOnceMore: false }))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'is the same, whether it runs from its start or from a crash on',
    async () => {
      let compared = 0;
      for await (const { name, life } of anotherCrash(`${server} 40 after lost`)) {
        compared += 1;
        if (compared % 9 === 0) {
          expect({ name, ...life }).toEqual({ name, ...(await liveNamed(name)) });
        }
      }
      expect(compared).toBeGreaterThan(50);
    },
    TIMEOUT_MS,
  );

  test('has the same end each time', async () => {
    const [one, other] = [[], []] as [string[], string[]];
    await liveNamed(`${server} 20 after kept, 35 before lost`, one);
    await liveNamed(`${server} 20 after kept, 35 before lost`, other);
    expect(one).toEqual(other);
    expect(one.length).toBeGreaterThan(50);
  });
});
