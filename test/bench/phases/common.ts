import type { Figure } from '../figure.ts';
import type { RequestCounts } from '../request-counts.ts';
import type { CpuSeconds } from '../usage-meter.ts';

type Figures = (unit: string, values: Readonly<Record<string, number | undefined>>) => readonly Figure[];

/** Fewer requests per client than this have nothing to do with clients. */
const PER_CLIENT = 0.02;

/** Calls, and requests by verb and resource, of a phase that worked at `count` clients. */
export function requestFigures(figures: Figures, counted: RequestCounts, count: number): readonly Figure[] {
  const each = Object.entries(counted.byKind)
    .filter(([, requests]) => requests >= PER_CLIENT * count)
    .toSorted(([, a], [, b]) => b - a)
    .map(([kind, requests]) => [`of these: ${kind}`, requests / count]);
  return [
    ...figures('per client', {
      'calls at the authorization server': counted.calls / count,
      writes: counted.writes / count,
      'reads of single objects': counted.gets / count,
    }),
    ...figures('per client', Object.fromEntries(each)),
  ];
}

export const cpuFigures = (figures: Figures, cpu: CpuSeconds, count: number): readonly Figure[] =>
  figures(
    's per 1000 clients',
    Object.fromEntries(
      Object.entries(cpu).map(([process, seconds]) => [
        `CPU of ${process}`,
        seconds && (seconds * 1000) / count,
      ]),
    ),
  );
