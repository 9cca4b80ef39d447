import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { writeToPage } from '../../kit/testbed/page.ts';
import { liveNamed, oneCrash, planNamed, randomNames } from './lives.ts';
import { tryMutations } from './mutations.ts';
import { createPool, type Pool } from './pool.ts';
import { type Figures, toTable } from './report.ts';
import { SERVER_NAMES } from './servers.ts';
import { type Tally, type Task, toLines } from './tally.ts';

/**
 * `npm run test:simulation`: every pair of crashes, and random lives.
 *
 * `-- --lives 100000 --seed 1`: how many random lives, from which seed on. Default: 20,000, from a fresh seed.
 * `-- --mutations`: that broken operators are found out.
 * `UPDATE_SIMULATION=1`: what either finds is written into docs/reliability.md.
 * `SIMULATION_LIFE='random 17'`: one life, with its history.
 */

const CHUNK = 50;
const SHOWN = 20;
/** Where nobody sees a line change, a new one is written now and then. */
const TELL_EVERY_MS = 15_000;

async function main(): Promise<boolean> {
  const life = process.env['SIMULATION_LIFE'];
  if (life !== undefined) {
    return replay(life);
  }
  const { values } = parseArgs({
    options: {
      lives: { type: 'string', default: '20000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      mutations: { type: 'boolean', default: false },
    },
  });
  return values.mutations ? tryMutations() : runAll(Number(values.lives), Number(values.seed));
}

async function replay(name: string): Promise<boolean> {
  const history: string[] = [];
  const { violations } = await liveNamed(name, history);
  console.log(JSON.stringify(planNamed(name).conditions, undefined, 2));
  console.log(history.join('\n'));
  console.log(violations.length === 0 ? 'Nothing is violated.' : violations.join('\n'));
  return violations.length === 0;
}

async function runAll(lives: number, seed: number): Promise<boolean> {
  console.log(`Random lives from seed ${seed} on.`);
  const singles = (await Promise.all(SERVER_NAMES.map(oneCrash))).flat();
  const pool = createPool();
  const figures = [
    await run(pool, 'one crash', inChunks(singles, CHUNK, false)),
    await run(pool, 'two crashes', inChunks(singles, 1, true)),
    await run(pool, 'what chance brings', inChunks(randomNames(seed, lives), CHUNK, false)),
  ];
  await pool.close();
  const table = toTable(figures);
  console.log(`\n${table}\n\n${availableParallelism()} threads, Node ${process.versions.node}.`);
  const lines = figures.flatMap(({ tally }) => toLines(tally));
  console.log(lines.slice(0, SHOWN).join('\n'));
  if (process.env['UPDATE_SIMULATION'] === '1') {
    writeToPage('reliability.md', 'simulation', table);
  }
  return lines.length === 0;
}

const inChunks = (names: readonly string[], size: number, crashOnceMore: boolean): readonly Task[] =>
  Array.from({ length: Math.ceil(names.length / size) }, (_, index) => ({
    names: names.slice(index * size, (index + 1) * size),
    crashOnceMore,
  }));

async function run(pool: Pool, title: string, tasks: readonly Task[]): Promise<Figures> {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const line = ({ lives, violations }: Tally) =>
    `${lives} lives, ${violations.length} violations, ${Math.round(seconds())} s, ${Math.round(lives / seconds())} lives/s`;
  let toldAt = start;
  const tally = await pool.run(tasks, (sum, done) => {
    const text = `${title}, ${Math.floor(done * 100)} %: ${line(sum)}`;
    if (process.stdout.isTTY) {
      process.stdout.write(`\r${text} `);
    } else if (performance.now() - toldAt > TELL_EVERY_MS) {
      toldAt = performance.now();
      console.log(text);
    }
  });
  console.log(`${process.stdout.isTTY ? '\r' : ''}${title}: ${line(tally)}      `.trimEnd());
  return { title, tally, seconds: seconds() };
}

process.exitCode = (await main()) ? 0 : 1;
