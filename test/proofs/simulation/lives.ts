import { UNREMOVED } from '../../../src/core/unremoved-client.ts';
import { CALM, type Conditions, type Crash } from './conditions.ts';
import { type Life, live, liveAndCrash } from './life.ts';
import { randomLife } from './random-lives.ts';
import { seeded } from './scheduler.ts';
import { SERVERS, type ServerName } from './servers.ts';
import { type Deed, deeds } from './users.ts';

/**
 * Lives have names by which they can be repeated: `random 17`, or a kind of server and where processes crash, such as
 * `rotating 12 before kept, 40 after lost`: the number of the port call, before or after its effect, and whether the
 * journal survives the process. `rotating 12 throws`: something throws at this moment inside a call.
 */

/** Created, edited twice, replaced, deleted: each step follows when the former one is done. */
const WHOLE_LIFE: readonly Deed[] = [
  { name: 'create', afterMs: 0, act: deeds.create('storefront', 'One') },
  { name: 'edit', whenReady: 'storefront', act: deeds.edit('storefront', 'Two') },
  { name: 'edit again', whenReady: 'storefront', act: deeds.edit('storefront', 'Three') },
  { name: 'rotate', whenReady: 'storefront', act: deeds.rotate('storefront', '1') },
  { name: 'delete', whenReady: 'storefront', act: deeds.remove('storefront') },
];

export function liveNamed(name: string, history?: string[]): Promise<Life> {
  const { conditions, script } = planNamed(name);
  return live(conditions, script, history);
}

export function planNamed(name: string): {
  readonly conditions: Conditions;
  readonly script: readonly Deed[];
} {
  const [kind = '', ...rest] = name.split(' ');
  if (kind === 'random' && Number.isSafeInteger(Number(rest[0]))) {
    return randomLife(Number(rest[0]));
  }
  if (!(kind in SERVERS)) {
    throw new Error(
      `There is no life "${name}". Write random <seed>, or ${Object.keys(SERVERS).join(', ')} and where processes crash: <port call> before|after kept|lost, …; or where something throws: <moment> throws, …`,
    );
  }
  const events = rest.join(' ').split(', ').filter(Boolean);
  const conditions: Conditions = {
    seed: 1,
    weather: CALM,
    ...SERVERS[kind as ServerName],
    crashes: events.filter((text) => !text.endsWith(THROWS)).map(toCrash),
    throws: events.filter((text) => text.endsWith(THROWS)).map((text) => Number.parseInt(text, 10)),
    leadChanges: [],
    clockJumps: [],
    strictLease: true,
  };
  return { conditions, script: WHOLE_LIFE };
}

const THROWS = ' throws';

function toCrash(text: string): Crash {
  const [at, when, journal] = text.split(' ');
  if (
    !(Number(at) > 0) ||
    (when !== 'before' && when !== 'after') ||
    (journal !== 'kept' && journal !== 'lost')
  ) {
    throw new Error(`"${text}" is no crash. Write <port call> before|after kept|lost.`);
  }
  return { at: Number(at), when, journal };
}

/** `random <seed>`, for this number of seeds. */
export const randomNames = (firstSeed: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `random ${firstSeed + index}`);

/** The lives in which one process crashes: at each port call, in each way. */
export async function oneCrash(server: ServerName): Promise<readonly string[]> {
  const history: string[] = [];
  const { points } = await liveNamed(server, history);
  const idle = idlePoints(history);
  return crashes(1, points)
    .filter((crash) => !idle.has(Number.parseInt(crash, 10)))
    .map((crash) => `${server} ${crash}`);
}

/**
 * Port calls that only read the list of unremoved clients again, while nothing else happens: the withdrawal of a document is
 * held for an hour, and a crash at one of them is like that at the next.
 */
function idlePoints(history: readonly string[]): ReadonlySet<number> {
  const calls = history.flatMap((line) => /#(\d+) (.*)$/.exec(line) ?? []).filter((_, at) => at % 3 !== 0);
  const idle = new Set<number>();
  for (let at = 3; at < calls.length; at += 2) {
    if (calls[at] === READS_LIST && calls[at - 2] === READS_LIST) {
      idle.add(Number(calls[at - 1]));
    }
  }
  return idle;
}

const READS_LIST = `get ConfigMap ${UNREMOVED}`;

/** The lives in which something throws once: at each moment inside a call. */
export async function oneThrow(server: ServerName): Promise<readonly string[]> {
  const { moments } = await liveNamed(server);
  return Array.from({ length: moments }, (_, index) => `${server} ${index + 1}${THROWS}`);
}

/** The lives in which something throws at two consecutive moments: the second may be in the handling of the first. */
export const throwTwice = (names: readonly string[]): readonly string[] =>
  names.map((name) => `${name}, ${Number(name.split(' ')[1]) + 1}${THROWS}`);

/** The lives that continue like `first` and in which a process crashes once more: from that point on, if possible. */
export async function* anotherCrash(
  first: string,
): AsyncGenerator<{ readonly name: string; readonly life: Life }> {
  const { conditions, script } = planNamed(first);
  const from = conditions.crashes.at(-1)?.at ?? 0;
  const left = new Set<string>();
  for await (const { crash, life } of liveAndCrash(conditions, script, from)) {
    if (crash === undefined) {
      for (const how of crashes(from + 1, life.points)) {
        left.add(`${first}, ${how}`);
      }
      continue;
    }
    const name = `${first}, ${crash.at} ${crash.when} ${crash.journal}`;
    if (left.delete(name)) {
      yield { name, life };
    }
  }
  for (const name of left) {
    yield { name, life: await liveNamed(name) };
  }
}

/** Lives with two crashes, chosen by the seed. */
export async function somePairs(server: ServerName, seed: number, count: number): Promise<readonly string[]> {
  const random = seeded(seed);
  const crash = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? '';
  const { points } = await liveNamed(server);
  const all = crashes(1, points);
  return Array.from({ length: count }, () => `${server} ${crash(all)}, ${crash(all)}`);
}

const crashes = (from: number, to: number): readonly string[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index).flatMap((at) =>
    ['before kept', 'after kept', 'before lost', 'after lost'].map((how) => `${at} ${how}`),
  );
