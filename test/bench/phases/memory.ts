import { setTimeout as sleep } from 'node:timers/promises';
import { createClients, expectOk, USERS } from '../clients.ts';
import { type Figure, figuresOf } from '../figure.ts';
import { secretsPath, UNRELATED_NAMESPACE } from '../objects.ts';
import type { BenchOperator } from '../operator.ts';
import { pooled } from '../pace.ts';
import { forgetPeak, memoryOf } from '../process-usage.ts';
import type { Stage } from '../stage.ts';
import { restart } from './restart.ts';

export interface MemoryOptions {
  /** Numbers of clients to look at, ascending. */
  readonly clients: readonly number[];
  readonly unrelatedSecrets: number;
}

/** The operator gives memory back five seconds after its last work, up to four times with five seconds between. */
const SETTLE_MS = { afterWork: 26_000, afterNothing: 3_000 };
const figures = figuresOf('Memory of the operator');

/** One operator while clients become more and more, then beside unrelated Secrets, then started anew. */
export async function memory(
  stage: Stage,
  { clients, unrelatedSecrets }: MemoryOptions,
  note: (what: string) => void,
): Promise<readonly Figure[]> {
  const found: Figure[] = [];
  const operator = await stage.startOperator();
  let present = 0;
  for (const count of clients) {
    note(`${count} clients`);
    await grow(stage, present, count);
    present = count;
    found.push(...(await look(operator, `with ${count} clients`, SETTLE_MS.afterWork)));
  }
  note(`${unrelatedSecrets} unrelated Secrets`);
  await createUnrelated(stage, unrelatedSecrets);
  found.push(...(await look(operator, `and ${unrelatedSecrets} unrelated Secrets`, SETTLE_MS.afterNothing)));
  await operator.stop();
  const again = await restart(
    stage,
    `Restart with ${present} unchanged beside ${unrelatedSecrets} unrelated Secrets`,
  );
  found.push(...(await look(again.operator, 'started anew with all of that', SETTLE_MS.afterWork)));
  await again.operator.stop();
  return [...found, ...again.figures];
}

async function grow(stage: Stage, from: number, to: number): Promise<void> {
  if (from === to) {
    return;
  }
  const watch = await stage.watch();
  try {
    await createClients(stage, 'memory', from, to);
    await watch.until(`${to} clients are ready`, () => watch.ready() === to);
  } finally {
    watch.stop();
  }
}

async function look(operator: BenchOperator, when: string, settleMs: number): Promise<readonly Figure[]> {
  await operator.idle();
  await sleep(settleMs);
  const { rss, peak } = memoryOf(operator.pid);
  forgetPeak(operator.pid);
  return figures('MB', { [`RSS ${when}`]: rss, [`peak until then, ${when}`]: peak });
}

async function createUnrelated(stage: Stage, count: number): Promise<void> {
  const data = { value: Buffer.alloc(768, 'unrelated').toString('base64') };
  await pooled(count, USERS, async (index) => {
    const metadata = { namespace: UNRELATED_NAMESPACE, name: `unrelated-${index}` };
    await expectOk(stage, 'POST', secretsPath(UNRELATED_NAMESPACE), { metadata, data });
  });
}
