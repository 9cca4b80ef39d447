import type { KillGroup } from './kill-cases.ts';
import type { KillCase, Outcome } from './kill-world.ts';

/** The results of the kill matrix, as tables. */

export type Outcomes = ReadonlyMap<KillCase, Outcome>;

const HEAD = ['Failpoint', 'Clients', 'POSTs', 'Recorded', 'Reported', 'Lost tokens', 'Seconds'];

export function toTables(groups: readonly KillGroup[], outcomes: Outcomes): string {
  const tables = groups
    .map(({ title, cases }) => {
      const rows = cases.flatMap((killCase) => {
        const outcome = outcomes.get(killCase);
        return outcome === undefined ? [] : [rowOf(killCase.name, outcome)];
      });
      return [
        `### ${title}`,
        '',
        row(HEAD),
        row(HEAD.map((_, index) => (index === 0 ? '---' : '--:'))),
        ...rows,
      ].join('\n');
    })
    .join('\n\n');
  return `${toSummary([...outcomes.values()])}\n\n${tables}`;
}

function toSummary(outcomes: readonly Outcome[]): string {
  const sum = (of: (outcome: Outcome) => number) =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0).toLocaleString('en');
  return [
    `${outcomes.length} cases, in which replicas were ended or frozen ${sum(({ met }) => met)} times:`,
    `${sum(({ posts }) => posts)} registrations were answered, ${sum(({ clients }) => clients)} clients exist afterwards,`,
    `${sum(({ recorded }) => recorded)} of them recorded and ${sum(({ reported }) => reported)} listed as suspected orphans;`,
    `${sum(({ replayed }) => replayed)} answers were recorded from a journal;`,
    `${sum(({ lostTokens }) => lostTokens)} registration access tokens were lost, each at the server that rotates them, and each was reported.`,
    'Neither recorded nor reported: 0.',
  ].join('\n');
}

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

function rowOf(name: string, { clients, posts, recorded, reported, lostTokens, seconds }: Outcome): string {
  const place = name.replace(/[\w-]+:\w+/g, (word) => `\`${word}\``);
  return row([place, clients, posts, recorded, reported, lostTokens, Math.round(seconds)]);
}

/** Progress line while the matrix runs. */
export function toLine(done: number, total: number, name: string, outcome: Outcome): string {
  const { clients, recorded, reported, lostTokens, seconds, met } = outcome;
  return `${String(done).padStart(3)}/${total} ${name}: ${clients} clients = ${recorded} recorded + ${reported} reported; ${lostTokens} lost tokens, ${met} met, ${seconds.toFixed(0)} s`;
}
