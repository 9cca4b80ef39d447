import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../testbed/command.ts';
import { createProgress } from '../testbed/progress.ts';
import { type BenchArguments, readArguments, USAGE } from './arguments.ts';
import { type Figure, summarize } from './figure.ts';
import { cpuSecondsOfMachine, describeMachine, loadOfMachine } from './machine.ts';
import { writeToPage } from './page.ts';
import { type Load, type Report, toHead, toTable } from './report.ts';
import { measureMemory, measureOnce } from './run.ts';

/**
 * `npm run bench`: see arguments.ts. No figure makes it fail; docs/scale.md says what each means, and has the table of
 * the last run with UPDATE_BENCH=1.
 */
const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(ROOT, '.testbed');

const wanted = readArguments(process.argv.slice(2));
// By default a signal ends the process without telling the operator, which would go on.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
if (wanted === 'help') {
  process.stdout.write(USAGE);
} else if ('problem' in wanted) {
  process.stderr.write(`${wanted.problem} See npm run bench -- --help.\n`);
  process.exitCode = 2;
} else {
  const failed = await main(wanted).catch((error: unknown) => error ?? 'failed');
  if (failed !== undefined) console.error(failed instanceof Error ? failed.message : failed);
  process.exit(failed === undefined ? 0 : 1);
}

async function main(flags: BenchArguments): Promise<void> {
  const progress = createProgress({ stream: process.stdout });
  const startedAt = new Date().toISOString();
  const bundled = await progress.step('Bundling the operator', bundle);
  const entry = flags.profile ? join(import.meta.dirname, 'profiled-operator.ts') : bundled;
  const options = { entry, wanted: flags, progress };
  const measured: { readonly load: Load; readonly figures: readonly Figure[] }[] = [];
  for (let index = 1; index <= flags.runs; index++) {
    progress.note(`Run ${index} of ${flags.runs}`);
    measured.push(await loaded(() => measureOnce(options)));
  }
  if (flags.memory.length > 0) measured.push(await loaded(() => measureMemory(options)));
  const report: Report = {
    startedAt,
    machine: describeMachine(),
    flags,
    loads: measured.map(({ load }) => load),
    figures: summarize(measured.map(({ figures }) => figures)),
    runs: measured.map(({ figures }) => byGroup(figures)),
  };
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, 'bench.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  const text = `${toHead(report)}\n\n${toTable(report.figures)}`;
  console.log(`\n${text}\n`);
  if (process.env['UPDATE_BENCH'] === '1') writeToPage(text);
}

async function bundle(): Promise<string> {
  const out = join(FOLDER, 'bench', 'oauth-registrar.js');
  await run(process.execPath, [join(ROOT, 'test', 'image', 'bundle.ts'), `--out=${out}`]);
  return out;
}

async function loaded(
  measure: () => Promise<readonly Figure[]>,
): Promise<{ readonly load: Load; readonly figures: readonly Figure[] }> {
  const [before, start, cpu] = [loadOfMachine(), performance.now(), cpuSecondsOfMachine()];
  const figures = await measure();
  const now = cpuSecondsOfMachine();
  const load: Load = {
    before,
    after: loadOfMachine(),
    cpuSeconds: cpu === undefined || now === undefined ? undefined : now - cpu,
    seconds: (performance.now() - start) / 1000,
  };
  return { load, figures };
}

/** For people who read the file: the figures of one run by group and name. */
function byGroup(figures: readonly Figure[]): object {
  const groups = [...Map.groupBy(figures, ({ group }) => group)].map(([group, all]) => [
    group,
    Object.fromEntries(all.map(({ name, unit, value }) => [`${name} (${unit})`, value])),
  ]);
  return Object.fromEntries(groups);
}
