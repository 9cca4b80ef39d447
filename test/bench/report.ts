import type { Summary } from './figure.ts';
import type { Machine } from './machine.ts';

/** Everything that a run of the benchmark found; what .testbed/bench.json holds. */
export interface Report {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly flags: object;
  readonly loads: readonly Load[];
  /** The rows of the table. */
  readonly figures: readonly object[];
  /** Each run by itself, in order; the memory last. */
  readonly runs: readonly object[];
}

/** Of the machine, beside one run. */
export interface Load {
  /** Load average of the last minute. */
  readonly before: number | undefined;
  readonly after: number | undefined;
  /** Of all processes of the machine together. */
  readonly cpuSeconds: number | undefined;
  readonly seconds: number;
}

const MAX_NAME = 52;

/** The table as text, for a terminal and a page alike. */
export function toTable(figures: readonly Summary[]): string {
  const groups = Map.groupBy(figures, ({ group }) => group);
  const spread = figures.some(({ runs }) => runs > 1);
  const lines = [...groups].flatMap(([group, rows]) => ['', group, ...rows.map((row) => line(row, spread))]);
  const head = spread ? `${''.padEnd(MAX_NAME)}${cell('median')}${cell('least')}${cell('most')}` : '';
  return [head, ...lines].join('\n').replace(/^\n+/, '');
}

function line({ name, unit, median, least, most }: Summary, spread: boolean): string {
  const values = spread ? [median, least, most] : [median];
  return `  ${name.padEnd(MAX_NAME - 2)}${values.map((value) => cell(formatFigure(value))).join('')}  ${unit}`;
}

const cell = (text: string): string => text.padStart(11);

/** Three digits that mean something; counts as they are. */
export function formatFigure(value: number): string {
  if (Number.isInteger(value)) {
    return String(value);
  }
  if (Math.abs(value) >= 100) {
    return value.toFixed(0);
  }
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** What stands above the table. */
export function toHead({ machine, loads }: Pick<Report, 'machine' | 'loads'>): string {
  const { cores, model, memoryGB, system, node, allocator } = machine;
  return [
    `${cores} cores (${model}), ${memoryGB} GB, ${system}, Node ${node}, ${allocator}.`,
    ...loads.map(
      ({ before, after, cpuSeconds, seconds }, index) =>
        `Run ${index + 1}: ${seconds.toFixed(0)} s; load of the machine ${before ?? '?'} before, ${after ?? '?'} after` +
        `; ${cpuSeconds === undefined ? '?' : (cpuSeconds / seconds).toFixed(2)} cores busy.`,
    ),
  ].join('\n');
}

const MOST_POINTS = 24;

/** A chart in Mermaid: minutes from left to right, of at most {@link MOST_POINTS} of the points. */
export function toChart(
  title: string,
  points: readonly (readonly [seconds: number, value: number])[],
): string {
  const step = Math.max(1, Math.ceil(points.length / MOST_POINTS));
  const some = points.filter((_, index) => index % step === 0);
  const most = Math.max(...some.map(([, value]) => value));
  return [
    'xychart-beta',
    `  title "${title}"`,
    `  x-axis "minutes" [${some.map(([seconds]) => (seconds / 60).toFixed(1)).join(', ')}]`,
    `  y-axis "MB" 0 --> ${Math.ceil(most / 50) * 50}`,
    `  line [${some.map(([, value]) => value.toFixed(0)).join(', ')}]`,
  ].join('\n');
}
