import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../kit/testbed/command.ts';
import { expectPlace, writeToPage } from '../kit/testbed/page.ts';
import { createProgress, type Progress } from '../kit/testbed/progress.ts';
import type { BenchArguments } from './arguments.ts';
import { type Figure, summarize } from './figure.ts';
import { cpuSecondsOfMachine, describeMachine, loadOfMachine } from './machine.ts';
import { measurePeers } from './peer/run.ts';
import { comparePeers, toPeerTable } from './peer/table.ts';
import { type Load, type Report, toChart, toHead, toTable } from './report.ts';
import {
  measureChurn,
  measureInstalls,
  measureMemory,
  measureOnce,
  measureQuota,
  measureServers,
  type RunOptions,
} from './run.ts';

/** Measures and prints the table. No figure makes it fail; docs/scale.md says what each means. */
const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(ROOT, '.testbed');
/** In docs/. */
const PAGE = 'scale.md';

/** Returns the exit code. */
export async function bench(wanted: BenchArguments): Promise<number> {
  // By default a signal ends the process without telling the operator, which would go on.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => process.exit(130));
  }
  try {
    await measure(wanted);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

async function measure(flags: BenchArguments): Promise<void> {
  const { name, file } = whereTo(flags);
  const isForPage = process.env['UPDATE_BENCH'] === '1';
  if (isForPage) {
    expectPlace(PAGE, name);
  }
  const progress = createProgress({ stream: process.stdout });
  const startedAt = new Date().toISOString();
  const bundled = await progress.step('Bundling the operator', bundle);
  const entry = flags.profile ? join(import.meta.dirname, 'profiled-operator.ts') : bundled;
  const kind = flags.peer ? comparison : flags.churn === undefined ? everything : comingAndGoing;
  const measured = await kind({ entry, wanted: flags, progress });
  const { table, picture, loads, ...results } = measured;
  const head = { startedAt, machine: describeMachine(), flags, loads };
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, file), `${JSON.stringify({ ...head, ...results }, undefined, 2)}\n`);
  const text = `${toHead(head)}\n\n${table}`;
  console.log(`\n${text}\n${picture === undefined ? '' : `\n${picture}\n`}`);
  if (isForPage) {
    const chart = picture === undefined ? '' : `\n\n\`\`\`mermaid\n${picture}\n\`\`\``;
    writeToPage(PAGE, name, `\`\`\`text\n${text}\n\`\`\`${chart}`);
  }
}

/** The part of the page, and the file. */
function whereTo({ peer, churn, runs }: BenchArguments): { readonly name: string; readonly file: string } {
  if (peer) {
    return { name: 'peer', file: 'bench-peer.json' };
  }
  if (churn !== undefined) {
    return { name: 'churn', file: 'bench-churn.json' };
  }
  return runs === 0 ? { name: 'memory', file: 'bench-memory.json' } : { name: 'bench', file: 'bench.json' };
}

/** Content of the file, and its table. */
type Measured = Pick<Report, 'loads' | 'figures' | 'runs'> & {
  readonly table: string;
  /** A picture for the page, in Mermaid. */
  readonly picture?: string;
};

async function everything(options: RunOptions): Promise<Measured> {
  const { wanted: flags, progress } = options;
  const measured = await inTurn(flags.runs, progress, () => measureOnce(options));
  if (flags.installs > 0) {
    measured.push(await loaded(() => measureInstalls(options)));
  }
  if (flags.quota > 0) {
    measured.push(await loaded(() => measureQuota(options)));
  }
  if (flags.servers > 0) {
    measured.push(await loaded(() => measureServers(options)));
  }
  if (flags.memory.length > 0) {
    measured.push(await loaded(() => measureMemory(options)));
  }
  const figures = summarize(measured.map(({ result }) => result));
  return {
    loads: measured.map(({ load }) => load),
    figures,
    runs: measured.map(({ result }) => byGroup(result)),
    table: toTable(figures),
  };
}

async function comingAndGoing(options: RunOptions): Promise<Measured> {
  const { churn = { stay: 0, perSecond: 0, seconds: 0 } } = options.wanted;
  const { load, result } = await loaded(() => measureChurn(options, churn));
  const figures = summarize([result.figures]);
  const points = result.looks.map(({ at, megabytes }) => [at, megabytes] as const);
  return {
    loads: [load],
    figures,
    runs: [byGroup(result.figures)],
    table: toTable(figures),
    picture: toChart('Resident memory of the operator while agents come and go (MB)', points),
  };
}

async function comparison({ entry, wanted: flags, progress }: RunOptions): Promise<Measured> {
  const { clients: [clients = 0] = [], liveSeconds } = flags;
  const measured = await inTurn(flags.runs, progress, (index) =>
    measurePeers({ entry, progress, clients, liveSeconds, reversed: index % 2 === 0 }),
  );
  const figures = comparePeers(measured.map(({ result }) => result));
  return {
    loads: measured.map(({ load }) => load),
    figures,
    runs: measured.map(({ result }) =>
      Object.fromEntries(Object.entries(result).map(([name, all]) => [name, byGroup(all)])),
    ),
    table: toPeerTable(figures),
  };
}

async function bundle(): Promise<string> {
  const out = join(FOLDER, 'bench', 'oauth-registrar.js');
  await run(process.execPath, [join(ROOT, 'tools', 'bundle.ts'), `--out=${out}`]);
  return out;
}

interface Loaded<T> {
  readonly load: Load;
  readonly result: T;
}

/** @param measure told which run it is, from 1 */
async function inTurn<T>(
  runs: number,
  progress: Progress,
  measure: (index: number) => Promise<T>,
): Promise<Loaded<T>[]> {
  const measured: Loaded<T>[] = [];
  for (let index = 1; index <= runs; index++) {
    progress.note(`Run ${index} of ${runs}`);
    measured.push(await loaded(() => measure(index)));
  }
  return measured;
}

async function loaded<T>(measure: () => Promise<T>): Promise<Loaded<T>> {
  const [before, start, cpu] = [loadOfMachine(), performance.now(), cpuSecondsOfMachine()];
  const result = await measure();
  const now = cpuSecondsOfMachine();
  const load: Load = {
    before,
    after: loadOfMachine(),
    cpuSeconds: cpu === undefined || now === undefined ? undefined : now - cpu,
    seconds: (performance.now() - start) / 1000,
  };
  return { load, result };
}

/** For people who read the file: the figures of one run by group and name. */
function byGroup(figures: readonly Figure[]): object {
  const groups = [...Map.groupBy(figures, ({ group }) => group)].map(([group, all]) => [
    group,
    Object.fromEntries(all.map(({ name, unit, value }) => [`${name} (${unit})`, value])),
  ]);
  return Object.fromEntries(groups);
}
