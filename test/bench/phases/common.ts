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

export const perThousand = (seconds: number | undefined, count: number): number | undefined =>
  seconds && (seconds * 1000) / count;

export const cpuFigures = (figures: Figures, cpu: CpuSeconds, count: number): readonly Figure[] =>
  figures(
    's per 1000 clients',
    Object.fromEntries(
      Object.entries(cpu).map(([process, seconds]) => [`CPU of ${process}`, perThousand(seconds, count)]),
    ),
  );

/** Clients a second of one phase, by what they are counted from. */
export type PhaseRates = Readonly<Record<string, number>>;

/** @param limit of the raw chain of the same calls and writes, just before and just after */
export const shareFigures = (figures: Figures, rates: PhaseRates, limit: number): readonly Figure[] => [
  ...figures('clients/s', { 'R just before and after': limit }),
  ...figures(
    'of R',
    Object.fromEntries(Object.entries(rates).map(([from, rate]) => [`share of R${from}`, rate / limit])),
  ),
];

export const rateFigures = (figures: Figures, rates: PhaseRates): readonly Figure[] =>
  figures(
    'clients/s',
    Object.fromEntries(Object.entries(rates).map(([from, rate]) => [`rate${from}`, rate])),
  );

/** @param total seconds from the start of the operator's process on, of which it began to work after `start` */
export const ratesOf = (count: number, { total, start }: { total: number; start: number }): PhaseRates => ({
  ' from the start on': count / total,
  ' once working': count / (total - start),
});
