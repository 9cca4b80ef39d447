import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeToPage } from '../../kit/testbed/page.ts';
import { createProgress } from '../../kit/testbed/progress.ts';
import { converge } from './soak-converge.ts';
import { disturb } from './soak-disturb.ts';
import { toMarkdown, toText } from './soak-report.ts';
import { type SoakScene, setUp } from './soak-scene.ts';
import { SERVERS } from './soak-stage.ts';
import { breaches, type Summary, summarize } from './soak-summary.ts';

/** First users and faults, then no faults and a verdict. soak.ts describes the environment variables. */
const { env } = process;
const seconds = Number(env['CHAOS_SECONDS'] ?? 600);
const rate = Number(env['CHAOS_RATE'] ?? 3);
const seed = Number(env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const FOLDER = join(import.meta.dirname, '..', '..', '..', '.testbed');

/** Returns the exit code: 1 if a promise is broken. */
export async function soak(): Promise<number> {
  const progress = createProgress({ stream: process.stdout });
  const { note } = progress;
  note(`CHAOS_SEED=${seed} CHAOS_SECONDS=${seconds} CHAOS_RATE=${rate}`);
  const scene = await progress.step('Starting', () => setUp(seed, progress));
  try {
    await progress.step(`Faults for ${seconds} s`, (update) =>
      disturb(scene, { seed, seconds, rate, update, note }),
    );
    const end = await progress.step('No faults any more', (update) => converge(scene, update));
    const summary = await summarize(scene, { seed, seconds }, end);
    await keep(scene, summary);
    const broken = breaches(summary);
    console.log(['', toText(summary), '', ...broken, verdict(broken.length)].join('\n'));
    if (env['UPDATE_SOAK'] === '1' && broken.length === 0) {
      writeToPage('reliability.md', 'soak', toMarkdown(summary));
    }
    return broken.length === 0 ? 0 : 1;
  } finally {
    await progress.step('Stopping', () => scene.stop());
  }
}

async function keep({ operators, proxies }: SoakScene, summary: Summary): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const calls = SERVERS.flatMap((name) => proxies[name].calls).map((call) => `${JSON.stringify(call)}\n`);
  await writeFile(join(FOLDER, 'soak.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
  await writeFile(join(FOLDER, 'soak.log'), operators.output());
  await writeFile(join(FOLDER, 'soak.calls'), calls.join(''));
}

const verdict = (broken: number): string =>
  broken === 0 ? 'Everything holds.' : `${broken} breaches; CHAOS_SEED=${seed}, see .testbed/soak.*`;
