import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeToPage } from '../../kit/testbed/page.ts';
import { JOURNALED, KILL_GROUPS } from './kill-cases.ts';
import { toLine, toTables } from './kill-report.ts';
import { type KillCase, type KillWorld, type Outcome, startKillWorld } from './kill-world.ts';

/** Every case of the matrix, in several worlds in parallel: a case mostly waits for a lease to end. */

/** `maxConcurrency` of vitest.kill.config.ts. */
const WORLDS = 4;
const CASE_MS = 900_000;
/** Whether a successor reaches its failpoint depends on chance: a case in which it did not is run again. */
const ATTEMPTS = 6;

const worlds: KillWorld[] = [];
const free: KillWorld[] = [];
/** Outcomes of the cases that kept the promise. */
const outcomes = new Map<KillCase, Outcome>();
let ran = 0;
let isClean = false;
const total = KILL_GROUPS.flatMap(({ cases }) => cases).length;

beforeAll(async () => {
  worlds.push(...(await Promise.all(Array.from({ length: WORLDS }, () => startKillWorld()))));
  free.push(...worlds);
});

afterAll(async () => {
  const text = toTables(KILL_GROUPS, outcomes);
  process.stdout.write(`\n${text}\n`);
  if (process.env['UPDATE_KILL_MATRIX'] && isClean && outcomes.size === total) {
    writeToPage('reliability.md', 'kill-matrix', text);
  }
  await Promise.all(worlds.map((world) => world.stop()));
});

async function run(killCase: KillCase & { readonly name: string }): Promise<Outcome> {
  const world = free.pop();
  if (world === undefined) {
    throw new Error('more cases at a time than worlds');
  }
  try {
    const name = `${killCase.leader.signal} ${killCase.name}`;
    const attempt = () =>
      world.run(killCase).catch((error: unknown) => {
        process.stdout.write(`${name} failed; ${keepOutput(world)}\n`);
        throw error;
      });
    let outcome = await attempt();
    for (let left = ATTEMPTS - 1; left > 0 && outcome.met < failpoints(killCase); left -= 1) {
      process.stdout.write(`${name}: ${outcome.met} of ${failpoints(killCase)} failpoints met; again\n`);
      outcome = await attempt();
    }
    ran += 1;
    process.stdout.write(`${toLine(ran, total, name, outcome)}\n`);
    return outcome;
  } finally {
    free.push(world);
  }
}

const failpoints = ({ successor }: KillCase): number => (successor === undefined ? 1 : 2);

/** Keeps the output of the replicas, to find the cause of a failure. */
function keepOutput(world: KillWorld): string {
  const path = join(mkdtempSync(join(tmpdir(), 'oauth-registrar-kill-')), 'replicas.log');
  writeFileSync(path, world.output());
  return `what the replicas printed is in ${path}`;
}

describe.each(KILL_GROUPS)('$title', ({ cases }) => {
  test.concurrent.for(cases)('$name', { timeout: CASE_MS }, async (killCase) => {
    const { leader, successor } = killCase;
    const outcome = await run(killCase);
    expect(outcome.met).toBe(failpoints(killCase));
    expect(outcome.clients).toBe(outcome.recorded + outcome.reported);
    if (leader.signal === 'SIGTERM') {
      // A replica that is stopped by SIGTERM finishes its work: nothing is left open.
      expect(outcome).toMatchObject({ reported: 0, lostTokens: 0, exits: [0] });
    }
    if (leader.signal === 'SIGKILL' && successor === undefined && JOURNALED.includes(leader.place)) {
      expect(outcome.replayed).toBeGreaterThan(0);
    }
    outcomes.set(killCase, outcome);
  });
});

test('afterwards there is no ledger entry, no unrecorded client and no secret in a log', {
  timeout: CASE_MS,
}, async () => {
  const findings = await Promise.all(worlds.map((world) => world.findings()));
  expect(findings.flat()).toEqual([]);
  isClean = true;
});
