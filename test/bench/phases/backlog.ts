import { createClients } from '../clients.ts';
import { type Figure, figuresOf } from '../figure.ts';
import type { BenchOperator } from '../operator.ts';
import { memoryOf } from '../process-usage.ts';
import { between, rawRate } from '../raw.ts';
import { countRequests } from '../request-counts.ts';
import type { Sample } from '../sample.ts';
import type { Stage } from '../stage.ts';
import { type CpuSeconds, meterCpu } from '../usage-meter.ts';
import { cpuFigures, rateFigures, ratesOf, requestFigures, shareFigures } from './common.ts';

/** The operator starts after `count` clients were created. R is measured just before and just after, for the ratio. */
export async function backlog(
  stage: Stage,
  sample: Sample,
  { count, rawClients }: { readonly count: number; readonly rawClients: number },
): Promise<readonly Figure[]> {
  const before = await rawRate(stage, sample, rawClients);
  await createClients(stage, `backlog-${count}`, 0, count);
  const requests = await countRequests(stage);
  const { operator, cpu, ...times } = await untilAllReady(stage, count);
  await operator.idle();
  const counted = await requests();
  const memory = memoryOf(operator.pid);
  await operator.stop();
  const after = await rawRate(stage, sample, rawClients);
  const limit = between(before, after);
  const rates = ratesOf(count, times);
  const figures = figuresOf(`Backlog of ${count}`);
  return [
    ...figures('s', { 'start to all Ready': times.total, 'start to synced': times.start }),
    ...rateFigures(figures, rates),
    ...shareFigures(figures, rates, limit),
    ...requestFigures(figures, counted, count),
    ...cpuFigures(figures, cpu, count),
    ...figures('MB', { 'RSS of the operator': memory.rss, 'peak of the operator': memory.peak }),
  ];
}

interface Backlog {
  readonly operator: BenchOperator;
  readonly cpu: CpuSeconds;
  /** Seconds from the start of the process. */
  readonly start: number;
  readonly total: number;
}

export async function untilAllReady(stage: Stage, count: number): Promise<Backlog> {
  const watch = await stage.watch();
  try {
    await watch.until('the watch shows all', () => watch.total() === count);
    const cpu = meterCpu(stage);
    const operator = await stage.startOperator();
    const start = operator.working();
    await watch.until('all are ready', () => watch.ready() === count);
    const total = performance.now() - operator.startedAt;
    return { operator, cpu: cpu(operator), start: (await start) / 1000, total: total / 1000 };
  } finally {
    watch.stop();
  }
}
