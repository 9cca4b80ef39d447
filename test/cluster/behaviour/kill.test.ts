import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Failpoint, Place } from '../../proofs/chaos/failpoints.ts';
import { single } from '../../proofs/chaos/kill-cases.ts';
import { type KillWorld, type Outcome, startKillWorld } from '../../proofs/chaos/kill-world.ts';

/** The most important cases of the kill matrix; `npm run test:kill` runs all of them. */

let world: KillWorld;

beforeAll(async () => {
  world = await startKillWorld();
});

afterAll(async () => {
  // Afterwards there is no ledger entry, no unrecorded client and no secret in a log.
  const findings = await world?.findings();
  await world?.stop();
  expect(findings).toEqual([]);
}, 180_000);

/** Fails if a promise isn't kept within three minutes. */
async function whenMet(place: Place, signal: Failpoint['signal']): Promise<Outcome> {
  const outcome = await world.run(single(place, signal));
  expect(outcome).toMatchObject({ met: 1, clients: outcome.recorded + outcome.reported });
  return outcome;
}

describe('While clients of two servers are made, changed, replaced, renamed, kept and deleted', {
  timeout: 800_000,
}, () => {
  it('a leader that is stopped finishes its calls: no client is a suspected orphan, and no token is lost', async () => {
    const outcome = await whenMet('register-call:after', 'SIGTERM');
    expect(outcome).toMatchObject({ reported: 0, lostTokens: 0, exits: [0] });
  });

  it("a killed leader's answer is recorded from its journal by its own pod, whichever pod leads then", async () => {
    const outcome = await whenMet('journal-registration:after', 'SIGKILL');
    expect(outcome.replayed).toBeGreaterThan(0);
  });

  it("a leader that is killed before it reads an update's answer loses at most tokens, and reports them", async () => {
    const outcome = await whenMet('update-call:after', 'SIGKILL');
    expect(outcome.exits).toEqual([null]);
  });

  it('a leader that was frozen with an answer records it when it continues, although another one leads', async () => {
    const outcome = await whenMet('record-create:before', 'SIGSTOP');
    expect(outcome.exits).toEqual([1]);
  });
});
