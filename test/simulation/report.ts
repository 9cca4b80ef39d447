import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  'Violations',
  'Lives/s',
];

export function toTable(figures: readonly Figures[]): string {
  return [row(HEAD), row(HEAD.map((_, index) => (index === 0 ? '---' : '--:'))), ...figures.map(rowOf)].join(
    '\n',
  );
}

function rowOf({ title, tally, seconds }: Figures): string {
  const { lives, calls, crashes, faults, leadChanges, violations } = tally;
  const numbers = [
    lives,
    calls,
    crashes,
    faults,
    leadChanges,
    violations.length,
    Math.round(lives / seconds),
  ];
  return row([title, ...numbers.map((number) => number.toLocaleString('en-US'))]);
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'reliability.md');

/** Puts the table between the page’s markers of this name. */
export function writeTable(name: 'simulation' | 'mutations', text: string): void {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const page = readFileSync(PAGE, 'utf8');
  const [before = '', rest = ''] = page.split(begin);
  const [, after] = rest.split(end);
  if (after === undefined) {
    throw new Error(`${PAGE} has no place for the table: write ${begin} and ${end} where it belongs.`);
  }
  writeFileSync(PAGE, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}
