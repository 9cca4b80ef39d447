import { sumOf, totalOf } from './soak-faults.ts';
import type { Summary } from './soak-summary.ts';

/** A soak's summary as tables: the same for a terminal and for the documentation. */

type Table = readonly (readonly string[])[];

export function toText(summary: Summary): string {
  return [outcomeOf(summary), faultsOf(summary)].map(aligned).join('\n\n');
}

export function toMarkdown(summary: Summary): string {
  return [outcomeOf(summary), faultsOf(summary)].map(markdown).join('\n\n');
}

function outcomeOf(summary: Summary): Table {
  const { operations, faults, operatorsEnded, orphansExisting, tokensLostUnreported } = summary;
  const {
    create = 0,
    edit = 0,
    delete: deletions = 0,
    rotate = 0,
    'move fleet': moves = 0,
    'return refused': refused = 0,
    ...ofSecrets
  } = operations;
  const signals = Object.entries(faults['operator'] ?? {}).map(([name, count]) => `${count} ${name}`);
  const rows: readonly [string, string | number][] = [
    ['Seed', summary.seed],
    ['Time with faults', `${summary.seconds} s`],
    ['Objects created', create],
    ['Edited, deleted, Secret damaged or deleted', `${edit}, ${deletions}, ${sumOf(ofSecrets)}`],
    ['Asked for another client', rotate],
    ['Moves of all clients of a server object, returns refused', `${moves}, ${refused}`],
    ['Faults injected', totalOf(faults)],
    ['Signals to operators', signals.join(', ')],
    ['Processes that ended by themselves', endedAlone(operatorsEnded)],
    ['Registrations that a server made', summary.registrations],
    ['Of them, beyond the first of an object', summary.registrationsAgain],
    ['Clients in the end', `${summary.clients}, ${summary.clientsInUse} of them in use`],
    [
      'Documents published',
      `${summary.documents}, ${summary.documentsServed} of them identify a client in the end`,
    ],
    ['Restarts of workloads', summary.workloadsRestarted],
    ['Orphans reported', `${summary.orphansReported}, ${orphansExisting} of them exist`],
    ['Orphans unreported', summary.orphansUnreported.length],
    ['Registered twice, not reported', summary.doubleRegistrations.length],
    ["Lost tokens, server doesn't rotate", summary.tokensLostWithoutRotation.length],
    ['Lost tokens, server rotates, reported', summary.tokensLostReported],
    ['Lost tokens, unreported', tokensLostUnreported.length],
    [
      'Secrets in logs, status or Events',
      summary.secretsInLogs.length + summary.secretsInStatusAndEvents.length,
    ],
    ['Log lines that no fault explains', summary.unexpectedErrors.length],
    ['Not right in the end', summary.notConverged.length],
    ['Time to converge', `${summary.secondsToConverge} s`],
  ];
  return [['Soak', 'Count'], ...rows.map(([name, value]) => [name, String(value)])];
}

const endedAlone = (ends: Summary['operatorsEnded']): number =>
  sumOf(Object.fromEntries(Object.entries(ends).filter(([end]) => end.startsWith('exit'))));

/** One row for each kind of fault, one column for each place. */
function faultsOf({ faults: { operator: _, ...faults } }: Summary): Table {
  const places = Object.keys(faults).toSorted();
  const kinds = [...new Set(Object.values(faults).flatMap(Object.keys))].toSorted();
  return [
    ['Fault', ...places],
    ...kinds.map((kind) => [kind, ...places.map((place) => String(faults[place]?.[kind] ?? ''))]),
  ];
}

function aligned(table: Table): string {
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => (row[column] ?? '').length)),
  );
  return table
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}

function markdown([head = [], ...rows]: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '--:'))), ...rows.map(line)].join(
    '\n',
  );
}
