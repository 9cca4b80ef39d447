import type { Life } from './life.ts';
import { anotherCrash, liveNamed } from './lives.ts';

/** The results of many lives. */
export interface Tally {
  lives: number;
  /** Calls of processes to the API server, the authorization server and the journal. */
  calls: number;
  crashes: number;
  faults: number;
  leadChanges: number;
  throws: number;
  readonly violations: Violation[];
}

export interface Violation {
  /** Name of the life. */
  readonly life: string;
  readonly what: string;
}

/** Lives to run one after another. */
export interface Task {
  readonly names: readonly string[];
  /** Instead of the life itself, runs each life in which a process crashes once more. */
  readonly crashOnceMore: boolean;
}

export const emptyTally = (): Tally => ({
  lives: 0,
  calls: 0,
  crashes: 0,
  faults: 0,
  leadChanges: 0,
  throws: 0,
  violations: [],
});

export function add(sum: Tally, more: Tally): void {
  const { lives, calls, crashes, faults, leadChanges, throws, violations } = more;
  sum.lives += lives;
  sum.calls += calls;
  sum.crashes += crashes;
  sum.faults += faults;
  sum.leadChanges += leadChanges;
  sum.throws += throws;
  sum.violations.push(...violations);
}

export async function perform({ names, crashOnceMore }: Task): Promise<Tally> {
  const tally = emptyTally();
  for (const name of names) {
    if (!crashOnceMore) {
      add(tally, one(name, await liveNamed(name)));
      continue;
    }
    for await (const { name: other, life } of anotherCrash(name)) {
      add(tally, one(other, life));
    }
  }
  return tally;
}

function one(name: string, { points, counts, violations }: Life): Tally {
  return {
    lives: 1,
    calls: points,
    crashes: counts.crash,
    faults: counts.fault,
    leadChanges: counts.lead,
    throws: counts.throw,
    violations: violations.map((what) => ({ life: name, what })),
  };
}

/** One line per kind of violation, with the command that repeats the first of those lives. */
export function toLines({ violations }: Pick<Tally, 'violations'>): readonly string[] {
  const kinds = new Map<string, Violation[]>();
  for (const violation of violations) {
    const kind = violation.what.replace(/\b(?=\w*\d)[\w:.-]+/g, '…');
    kinds.set(kind, [...(kinds.get(kind) ?? []), violation]);
  }
  return [...kinds.values()].map(
    ([first, ...others]) =>
      `SIMULATION_LIFE='${first?.life}' npm run test:simulation — ${first?.what}${others.length === 0 ? '' : ` (and ${others.length} like it)`}`,
  );
}
