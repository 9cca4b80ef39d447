import { type Summary, summarize } from '../figure.ts';
import { formatFigure } from '../report.ts';
import type { PeerFigures } from './run.ts';

/** One row: the same figure of both. */
export interface PeerRow extends Pick<Summary, 'group' | 'name' | 'unit'> {
  readonly maester: number | undefined;
  readonly registrar: number | undefined;
}

/** Medians of all runs, in the order in which they first come. */
export function comparePeers(runs: readonly PeerFigures[]): readonly PeerRow[] {
  const summaries = (name: string) => summarize(runs.map((run) => run[name] ?? []));
  const [theirs, ours] = [summaries('hydra-maester'), summaries('oauth-registrar')];
  return theirs.map(({ group, name, unit, median }) => ({
    group,
    name,
    unit,
    maester: median,
    registrar: ours.find((other) => other.group === group && other.name === name)?.median,
  }));
}

const NAME_WIDTH = 50;
const CELL_WIDTH = 17;

/** The table as text; with the ratio where more is better. */
export function toPeerTable(rows: readonly PeerRow[]): string {
  const head = `${' '.repeat(NAME_WIDTH)}${['hydra-maester', 'oauth-registrar'].map(cell).join('')}`;
  const lines = [...Map.groupBy(rows, ({ group }) => group)].flatMap(([group, same]) => [
    '',
    group,
    ...same.map(line),
  ]);
  return [head, ...lines].join('\n');
}

function line({ name, unit, maester, registrar }: PeerRow): string {
  const cells = [maester, registrar].map((value) => cell(value === undefined ? '-' : formatFigure(value)));
  return `  ${name.padEnd(NAME_WIDTH - 2)}${cells.join('')}  ${unit}${ratio({ unit, maester, registrar })}`;
}

const ratio = ({
  unit,
  maester = 0,
  registrar = 0,
}: Pick<PeerRow, 'unit' | 'maester' | 'registrar'>): string =>
  unit === 'clients/s' && maester > 0 ? `, ${formatFigure(registrar / maester)} times` : '';

const cell = (text: string): string => text.padStart(CELL_WIDTH);
