import type { Progress } from '../kit/testbed/progress.ts';
import type { BenchArguments } from './arguments.ts';
import { type Figure, figuresOf } from './figure.ts';
import { backlog } from './phases/backlog.ts';
import { type Churned, type ChurnOptions, churn } from './phases/churn.ts';
import { shareFigures } from './phases/common.ts';
import { deleteAll } from './phases/deletion.ts';
import { fairness } from './phases/fairness.ts';
import { compareInstalls } from './phases/installs.ts';
import { type LiveOptions, live, rawLive, timesRaw } from './phases/live.ts';
import { memory } from './phases/memory.ts';
import { quotaFigures, rateOf } from './phases/quota.ts';
import { rawLimits } from './phases/raw-limits.ts';
import { restart } from './phases/restart.ts';
import { manyServers } from './phases/servers.ts';
import { updateAll } from './phases/update.ts';
import { between, rawRates } from './raw.ts';
import { type Sample, takeSample } from './sample.ts';
import { type Stage, startStage } from './stage.ts';

export interface RunOptions {
  /** The bundled operator. */
  readonly entry: string;
  readonly wanted: BenchArguments;
  readonly progress: Progress;
}

const LIVE_PERCENTS = [10, 50] as const;

/** Everything but the memory, once, at a control plane of its own. */
export async function measureOnce({ entry, wanted, progress }: RunOptions): Promise<readonly Figure[]> {
  const stage = await progress.step('Starting', () => startStage(entry));
  try {
    const sample = await takeSample(stage);
    const { limit, figures } = await progress.step('Raw limits', () =>
      rawLimits(stage, sample, wanted.rawClients),
    );
    const rates = LIVE_PERCENTS.map((percent) => ({ limit, percent, seconds: wanted.liveSeconds }));
    const found = [...figures];
    for (const rate of rates) {
      const title = `Raw chain at ${rate.percent} % of R`;
      found.push(...(await progress.step(title, () => rawLive(stage, sample, rate))));
    }
    for (const [index, count] of wanted.clients.entries()) {
      const parts = { stage, sample, wanted, progress, count };
      found.push(...(await lifeOf({ ...parts, rates: index === 0 ? rates : [] })));
    }
    found.push(...rates.flatMap((rate) => timesRaw(found, rate)));
    if (wanted.waiting === 0) {
      return found;
    }
    const beside = await progress.step(`Another namespace beside ${wanted.waiting}`, (update) =>
      fairness(stage, wanted.waiting, update),
    );
    return [...found, ...beside];
  } finally {
    await stage.stop();
  }
}

interface Life {
  readonly stage: Stage;
  readonly sample: Sample;
  readonly wanted: BenchArguments;
  readonly progress: Progress;
  readonly count: number;
  /** At which clients are created live, too. */
  readonly rates: readonly LiveOptions[];
}

/** Of `count` clients, from the backlog to the last deletion. */
async function lifeOf(life: Life): Promise<readonly Figure[]> {
  const { stage, sample, wanted, progress, count, rates } = life;
  const found = [
    ...(await progress.step(`Backlog of ${count}`, () =>
      backlog(stage, sample, { count, rawClients: Math.ceil(wanted.rawClients / 2) }),
    )),
  ];
  const unchanged = `Restart with ${count} unchanged`;
  const restarted = await progress.step(unchanged, () => restart(stage, unchanged));
  found.push(...restarted.figures);
  for (const rate of rates) {
    const title = `Live creation at ${rate.percent} % of R`;
    found.push(...(await progress.step(title, () => live(stage, restarted.operator, rate))));
  }
  await restarted.operator.stop();
  found.push(...(await updateAndDelete(life)));
  return found;
}

/** Between two measurements of what the raw script manages. */
async function updateAndDelete({ stage, sample, wanted, progress, count }: Life): Promise<readonly Figure[]> {
  const raw = () =>
    progress.step('Raw limits of updates and deletions', () =>
      rawRates(stage, sample, Math.ceil(wanted.rawClients / 2)),
    );
  const before = await raw();
  const ofAll = `of all (backlog of ${count})`;
  const [update, deletion] = [`Update ${ofAll}`, `Deletion ${ofAll}`];
  const updated = await progress.step(`Update of all (${count})`, () => updateAll(stage, update));
  const deleted = await progress.step(`Deletion of all (${count})`, () =>
    deleteAll(stage, deletion, updated.operator),
  );
  await updated.operator.stop();
  const after = await raw();
  return [
    ...updated.figures,
    ...shareFigures(figuresOf(update), updated.rates, between(before.update, after.update)),
    ...deleted.figures,
    ...shareFigures(figuresOf(deletion), deleted.rates, between(before.remove, after.remove)),
  ];
}

/** Once, at a control plane of its own. */
export async function measureMemory({ entry, wanted, progress }: RunOptions): Promise<readonly Figure[]> {
  const stage = await startStage(entry);
  try {
    return await progress.step('Memory', (update) =>
      memory(stage, { clients: wanted.memory, unrelatedSecrets: wanted.unrelatedSecrets }, update),
    );
  } finally {
    await stage.stop();
  }
}

/** Once, at a control plane of its own, with the garbage collector of Kubernetes. */
export async function measureChurn({ entry, progress }: RunOptions, options: ChurnOptions): Promise<Churned> {
  const stage = await progress.step('Starting', () => startStage(entry, { collectsGarbage: true }));
  try {
    const title = `${options.perSecond} agents a second beside ${options.stay} clients`;
    return await progress.step(title, (update) => churn(stage, options, update));
  } finally {
    await stage.stop();
  }
}

/** Once, each of the two at a control plane of its own. */
export async function measureQuota({ entry, wanted, progress }: RunOptions): Promise<readonly Figure[]> {
  const count = wanted.quota;
  const rates = new Map<boolean, number>();
  for (const hasQuota of [false, true]) {
    const stage = await startStage(entry);
    try {
      const title = `Backlog of ${count} ${hasQuota ? 'with' : 'without'} a quota`;
      rates.set(hasQuota, await progress.step(title, () => rateOf(stage, { count, hasQuota })));
    } finally {
      await stage.stop();
    }
  }
  return quotaFigures(count, rates.get(false) ?? 0, rates.get(true) ?? 0);
}

/** Once, at a control plane of its own. */
export async function measureInstalls({ entry, wanted, progress }: RunOptions): Promise<readonly Figure[]> {
  const { clients: [count = 0] = [], installs } = wanted;
  const stage = await startStage(entry);
  try {
    return await progress.step(`${installs} installs`, (update) =>
      compareInstalls(stage, { installs, count }, update),
    );
  } finally {
    await stage.stop();
  }
}

/** Once, at a control plane of its own. */
export async function measureServers({ entry, wanted, progress }: RunOptions): Promise<readonly Figure[]> {
  const { servers: count, slowMs } = wanted;
  const stage = await startStage(entry);
  try {
    return await progress.step(`${count} servers`, (update) => manyServers(stage, { count, slowMs }, update));
  } finally {
    await stage.stop();
  }
}
