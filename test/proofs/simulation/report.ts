import type { Tally } from './tally.ts';

/** The figures of a run, as a table. */

export interface Figures {
  readonly title: string;
  readonly tally: Tally;
  readonly seconds: number;
}

const HEAD = [
  'Lives with',
  'Lives',
  'Port calls',
  'Crashes',
  'Faults',
  'Changes of the lead',
  'Throws',
  'Violations',
  'Lives/s',
];

export function toTable(figures: readonly Figures[]): string {
  return [row(HEAD), row(HEAD.map((_, index) => (index === 0 ? '---' : '--:'))), ...figures.map(rowOf)].join(
    '\n',
  );
}

function rowOf({ title, tally, seconds }: Figures): string {
  const { lives, calls, crashes, faults, leadChanges, throws, violations } = tally;
  const numbers = [
    lives,
    calls,
    crashes,
    faults,
    leadChanges,
    throws,
    violations.length,
    Math.round(lives / seconds),
  ];
  return row([title, ...numbers.map((number) => number.toLocaleString('en-US'))]);
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
