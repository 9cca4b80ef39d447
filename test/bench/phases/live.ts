import { createClient, listClients } from '../clients.ts';
import { type Figure, figuresOf, quantile } from '../figure.ts';
import type { BenchOperator } from '../operator.ts';
import { paced, sinceAnswer } from '../pace.ts';
import { createRawScript, type RawScript } from '../raw.ts';
import type { Sample } from '../sample.ts';
import type { Stage } from '../stage.ts';
import { type CpuSeconds, meterCores } from '../usage-meter.ts';
import { waitFigures } from './waits.ts';

export interface LiveOptions {
  /** R, clients/s. */
  readonly limit: number;
  /** Share of R, in percent. */
  readonly percent: number;
  readonly seconds: number;
}

/** What the figures of one rate stand under. */
const groupOf = ({ percent }: LiveOptions): string => `Live creation at ${percent} % of R`;

function arrivalsOf({ limit, percent, seconds }: LiveOptions): { count: number; perSecond: number } {
  const perSecond = (limit * percent) / 100;
  return { perSecond, count: Math.max(1, Math.round(perSecond * seconds)) };
}

/**
 * Users create clients evenly at a share of R. Counted from the answer to the creation until a watch shows Ready.
 * Expects an operator at rest.
 */
export async function live(
  stage: Stage,
  operator: BenchOperator,
  options: LiveOptions,
): Promise<readonly Figure[]> {
  const { count, perSecond } = arrivalsOf(options);
  const cores = meterCores(stage, operator);
  const position = await stage.controlPlane.auditPosition();
  const latencies = await createLive(stage, `live-${options.percent}`, count, perSecond);
  const busy = cores();
  const group = groupOf(options);
  const figures = figuresOf(group);
  const events = await stage.controlPlane.audit(position);
  return [
    ...figures('clients/s', { created: perSecond }),
    ...figures('ms', {
      'create to Ready, p50': quantile(latencies, 0.5),
      'create to Ready, p99': quantile(latencies, 0.99),
    }),
    ...waitFigures(group, events, await listClients(stage)),
    ...figures('cores', named('busy', busy)),
  ];
}

/** Of both that were measured at this rate: how many times the raw chain's. */
export function timesRaw(found: readonly Figure[], options: LiveOptions): readonly Figure[] {
  const group = groupOf(options);
  const figureOf = (wanted: string) =>
    found.find((figure) => figure.group === group && figure.name === wanted)?.value ?? Number.NaN;
  const times = figureOf('create to Ready, p99') / figureOf('raw chain, p99');
  return figuresOf(group)('times', { 'p99, by that of the raw chain': times });
}

/** The same by the raw script, from the answer to the creation until the status was answered. Expects no operator. */
export async function rawLive(
  stage: Stage,
  sample: Sample,
  options: LiveOptions,
): Promise<readonly Figure[]> {
  const { count, perSecond } = arrivalsOf(options);
  const script = createRawScript(stage, sample);
  const cores = meterCores(stage);
  const latencies = await createRaw(stage, script, count, perSecond);
  const busy = cores();
  await script.clean();
  const figures = figuresOf(groupOf(options));
  return [
    ...figures('ms', {
      'raw chain, p50': quantile(latencies, 0.5),
      'raw chain, p99': quantile(latencies, 0.99),
    }),
    ...figures('cores', named('raw chain, busy', busy)),
  ];
}

const named = (prefix: string, busy: CpuSeconds): CpuSeconds =>
  Object.fromEntries(Object.entries(busy).map(([process, cores]) => [`${prefix}: ${process}`, cores]));

async function createLive(
  stage: Stage,
  prefix: string,
  count: number,
  perSecond: number,
): Promise<readonly number[]> {
  const watch = await stage.watch();
  const createdAt = new Map<string, number>();
  const ready = () => [...createdAt.keys()].every((key) => watch.readyAt(key) !== undefined);
  try {
    await paced(count, perSecond, async (index) => {
      const key = await createClient(stage, prefix, index);
      createdAt.set(key, performance.now());
    });
    await watch.until('all live clients are ready', ready);
    return [...createdAt].map(([key, at]) => sinceAnswer(at, watch.readyAt(key)));
  } finally {
    watch.stop();
  }
}

async function createRaw(
  stage: Stage,
  script: RawScript,
  count: number,
  perSecond: number,
): Promise<readonly number[]> {
  // As beside the operator, where it shows what is Ready.
  const watch = await stage.watch();
  const latencies: number[] = [];
  await paced(count, perSecond, async (index) => {
    await script.createObject(index);
    const start = performance.now();
    await script.create(index);
    latencies.push(performance.now() - start);
  });
  watch.stop();
  return latencies;
}
