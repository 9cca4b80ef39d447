import { describe, expect, test } from 'vitest';
import { oneThrow, throwTwice } from './lives.ts';
import { SERVER_NAMES } from './servers.ts';
import { perform, toLines } from './tally.ts';

const TIMEOUT_MS = 120_000;

/** Defects inside calls: all comes to rest nevertheless, without a restart. */

describe.each(SERVER_NAMES)('at a server that is %s, a life from creation to deletion', (server) => {
  test(
    'comes to rest if something throws at any moment inside a call',
    async () => {
      const names = await oneThrow(server);
      const tally = await perform({ names, crashOnceMore: false });
      expect(toLines(tally)).toEqual([]);
      expect(tally).toMatchObject({ throws: names.length, crashes: 0, leadChanges: 0 });
      expect(names.length).toBeGreaterThan(40);
    },
    TIMEOUT_MS,
  );

  test(
    'comes to rest if something throws at two consecutive moments',
    async () => {
      const tally = await perform({ names: throwTwice(await oneThrow(server)), crashOnceMore: false });
      expect(toLines(tally)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
