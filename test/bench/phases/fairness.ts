import type { ClientWatch } from '../client-watch.ts';
import { createIn, expectOk, USERS } from '../clients.ts';
import { type Figure, figuresOf, quantile } from '../figure.ts';
import { NAMESPACES } from '../namespaces.ts';
import { clientsPath } from '../objects.ts';
import { pooled, sinceAnswer } from '../pace.ts';
import type { Stage } from '../stage.ts';

/** Milliseconds from the answer to what a user asked for until a watch showed it done. */
interface Moment {
  readonly created: number;
  readonly edited: number;
  readonly deleted: number;
}

/** The one with the backlog, and the one that it must not delay. */
const [BUSY, QUIET] = NAMESPACES;
const MOST_MOMENTS = 10;
/** Of the backlog, at least, for each moment. */
const CLIENTS_PER_MOMENT = 60;
/** The moments are spread over this share of the backlog: after it, there may be nothing left that waits. */
const SHARE = 0.7;

/**
 * While the operator works at `waiting` clients of one namespace, another namespace's user creates, edits and deletes one
 * client each, at up to ten moments. Expects neither clients nor an operator; leaves clients: to be the last phase of a stage.
 */
export async function fairness(
  stage: Stage,
  waiting: number,
  note: (what: string) => void,
): Promise<readonly Figure[]> {
  const watch = await stage.watch();
  const moments = Math.ceil(Math.min(MOST_MOMENTS, waiting / CLIENTS_PER_MOMENT));
  try {
    const first = await stage.startOperator();
    await pooled(2 * moments, USERS, (index) => createIn(stage, QUIET, present(index)));
    await watch.until('those to be edited and deleted are ready', () => watch.ready() === 2 * moments);
    await first.idle();
    await first.stop();
    note(`creating ${waiting} clients`);
    await pooled(waiting, USERS, (index) => createIn(stage, BUSY, `waiting-${index}`));
    await watch.until('the watch shows all', () => watch.total() === waiting + 2 * moments);
    const second = await stage.startOperator();
    const measured = await measure({ stage, watch, waiting, moments, note });
    // What is left of the backlog is of no interest.
    await second.stop('SIGKILL');
    return figuresFor(waiting, measured);
  } finally {
    watch.stop();
  }
}

/** Those that are ready before the backlog begins: one of each moment is edited, one deleted. */
const present = (index: number): string => `present-${index}`;

interface Measured {
  readonly moments: readonly Moment[];
  /** Clients of the backlog that were not ready when the last moment came. */
  readonly left: number;
  /** Clients of the backlog that became ready in a second, from the first moment to the last. */
  readonly rate: number;
}

/** Each moment comes when its share of the backlog is ready, however far the one before is. */
async function measure(parts: {
  readonly stage: Stage;
  readonly watch: ClientWatch;
  readonly waiting: number;
  readonly moments: number;
  readonly note: (what: string) => void;
}): Promise<Measured> {
  const { stage, watch, waiting, moments: count, note } = parts;
  const begun: Promise<Moment>[] = [];
  const progress: { readonly at: number; readonly done: number }[] = [];
  for (let index = 0; index < count; index++) {
    const share = (waiting * SHARE * (index + 1)) / count;
    await watch.until('the backlog is worked at', () => watch.ready() - 2 * count >= share);
    // Those of the other namespace stay about as many: each moment brings one and removes one.
    progress.push({ at: performance.now(), done: watch.ready() - 2 * count });
    note(`moment ${index + 1} of ${count}`);
    begun.push(moment(stage, watch, { index, count }));
  }
  const [first = LATEST, last = LATEST] = [progress.at(0), progress.at(-1)];
  const rate = ((last.done - first.done) * 1000) / (last.at - first.at);
  return { moments: await Promise.all(begun), left: waiting - last.done, rate };
}

const LATEST = { at: Number.NaN, done: Number.NaN };

async function moment(
  stage: Stage,
  watch: ClientWatch,
  { index, count }: { readonly index: number; readonly count: number },
): Promise<Moment> {
  const [created, edited, deleted] = await Promise.all([
    create(stage, watch, `new-${index}`),
    edit(stage, watch, present(index)),
    remove(stage, watch, present(count + index)),
  ]);
  return { created, edited, deleted };
}

const pathOf = (name: string): string => `${clientsPath(QUIET)}/${name}`;
const keyOf = (name: string): string => `${QUIET}/${name}`;

async function create(stage: Stage, watch: ClientWatch, name: string): Promise<number> {
  await createIn(stage, QUIET, name);
  const start = performance.now();
  await watch.until('the new one is ready', () => watch.readyAt(keyOf(name)) !== undefined);
  return sinceAnswer(start, watch.readyAt(keyOf(name)));
}

async function edit(stage: Stage, watch: ClientWatch, name: string): Promise<number> {
  const spec = { client: { clientName: 'Storefront (edited)' } };
  const { metadata } = await expectOk<{ readonly metadata: { readonly generation: number } }>(
    stage,
    'PATCH',
    pathOf(name),
    { spec },
  );
  const start = performance.now();
  const isDone = () =>
    watch.generationOf(keyOf(name)) === metadata.generation && watch.readyAt(keyOf(name)) !== undefined;
  await watch.until('the edited one is ready', isDone);
  return sinceAnswer(start, watch.readyAt(keyOf(name)));
}

async function remove(stage: Stage, watch: ClientWatch, name: string): Promise<number> {
  await expectOk(stage, 'DELETE', pathOf(name));
  const start = performance.now();
  await watch.until('the deleted one is gone', () => watch.generationOf(keyOf(name)) === undefined);
  return sinceAnswer(start, performance.now());
}

function figuresFor(waiting: number, { moments, left, rate }: Measured): readonly Figure[] {
  const figures = figuresOf(`Another namespace beside a backlog of ${waiting}`);
  const spread = (name: string, values: readonly number[]) =>
    figures('ms', { [`${name}, p50`]: quantile(values, 0.5), [`${name}, most`]: Math.max(...values) });
  return [
    ...spread(
      'create to Ready',
      moments.map(({ created }) => created),
    ),
    ...spread(
      'edit to Ready again',
      moments.map(({ edited }) => edited),
    ),
    ...spread(
      'delete to gone',
      moments.map(({ deleted }) => deleted),
    ),
    ...figures('clients', { 'not ready yet at the last moment': left }),
    ...figures('clients/s', { 'the backlog meanwhile': rate }),
  ];
}
