import { availableParallelism } from 'node:os';
import { argumentsOf, countOf } from '../../../tools/command-line.ts';
import { writeToPage } from '../../kit/testbed/page.ts';
import { liveNamed, oneCrash, oneThrow, planNamed, randomNames, throwTwice } from './lives.ts';
import { tryMutations } from './mutations.ts';
import { createPool, type Pool } from './pool.ts';
import { type Figures, toTable } from './report.ts';
import { SERVER_NAMES } from './servers.ts';
import { type Tally, type Task, toLines } from './tally.ts';

/** `npm run test:simulation`. */
const { values } = argumentsOf({
  name: 'test:simulation',
  about: `Runs the whole operator in a simulated world: every single crash, every pair of crashes, and random lives. A few minutes on
two cores; with --mutations about one.

Exit codes: 0 nothing is violated, 1 something is, 2 wrong flags.`,
  flags: {
    lives: { value: 'N', isCount: true, about: 'How many random lives. Default: 20000.' },
    seed: { value: 'N', isCount: true, about: 'Seed of the first random life. Default: a fresh one.' },
    mutations: { about: 'Instead of all that: operators broken on purpose; each must be found out.' },
  },
  environment: {
    SIMULATION_LIFE: "One life, such as 'random 17', with its history; a violation prints its name.",
    UPDATE_SIMULATION: '1 writes the result into docs/reliability.md.',
  },
});

const CHUNK = 50;
const SHOWN = 20;
/** Without a terminal, a new progress line is written from time to time. */
const TELL_EVERY_MS = 15_000;

async function main(): Promise<boolean> {
  const life = process.env['SIMULATION_LIFE'];
  if (life !== undefined) {
    return replay(life);
  }
  const seed = countOf(values.seed) ?? Math.floor(Math.random() * 1e9);
  return values.mutations ? tryMutations() : runAll(countOf(values.lives) ?? 20_000, seed);
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
  const throws = (await Promise.all(SERVER_NAMES.map(oneThrow))).flat();
  const pool = createPool();
  const figures = [
    await run(pool, 'one crash', inChunks(singles, CHUNK, false)),
    await run(pool, 'two crashes', inChunks(singles, 1, true)),
    await run(pool, 'something that throws', inChunks([...throws, ...throwTwice(throws)], CHUNK, false)),
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
