import { watchOver } from './checks.ts';
import { CALM, type Conditions, type Crash } from './conditions.ts';
import { checkEnd, checkList, isAtRest, isStalled } from './ending.ts';
import { readOnce } from './read-once.ts';
import { keptSet } from './snapshot.ts';
import { conditionOf, type Deed, deeds, perform } from './users.ts';
import { type Moment, World } from './world.ts';

/** One life of an installation, from the first object until nothing happens any more. */

readOnce();

const HOUR = 3_600_000;
/** A little longer than deregistration is tried. */
const PATIENCE_MS = 4 * HOUR;

export interface Life {
  readonly violations: readonly string[];
  readonly counts: World['counts'];
  /** Port calls. */
  readonly points: number;
  /** Moments inside calls. */
  readonly moments: number;
  readonly history: readonly string[] | undefined;
}

export async function live(
  conditions: Conditions,
  script: readonly Deed[],
  history?: string[],
): Promise<Life> {
  const world = new World(conditions, history);
  watchOver(world);
  return goOn(world, begin(world, script));
}

/**
 * Runs a life; then, one after another, each life that is the same up to a moment after `from` port calls at which
 * its process crashes, and that runs from that moment on. There is no such moment while two processes run.
 */
export async function* liveAndCrash(
  conditions: Conditions,
  script: readonly Deed[],
  from: number,
): AsyncGenerator<{ readonly crash: Crash | undefined; readonly life: Life }> {
  const world = new World(conditions);
  const moments: Moment[] = [];
  world.onMoment = (moment) => moment.at > from && moments.push(moment);
  watchOver(world);
  const course = begin(world, script);
  const life = await goOn(world, course);
  world.end();
  yield { crash: undefined, life };
  for (const { at, when, crash } of moments) {
    for (const journal of ['kept', 'lost'] as const) {
      crash(journal);
      yield { crash: { at, when, journal }, life: await goOn(world, course) };
      world.end();
    }
  }
}

/** Progress of a life. */
interface Course {
  readonly isDone: () => boolean;
  isSettling: boolean;
  horizon: number;
  readonly poked: Set<string>;
  /** Whether a process ended while an object was refused. */
  isRestarted: boolean;
}

function begin(world: World, script: readonly Deed[]): Course {
  const course: Course = {
    isDone: perform(world, script),
    isSettling: false,
    horizon: script.reduce((sum, { afterMs = 0 }) => sum + afterMs, PATIENCE_MS),
    poked: new Set(),
    isRestarted: false,
  };
  world.parts.push(() => {
    const { isSettling, isRestarted, horizon } = course;
    const poked = keptSet(course.poked);
    return () => {
      Object.assign(course, { isSettling, isRestarted, horizon });
      poked();
    };
  });
  return course;
}

async function goOn(world: World, course: Course): Promise<Life> {
  const { scheduler, conditions, history } = world;
  if (!course.isSettling) {
    await scheduler.run(course.isDone, course.horizon);
    world.weather = { ...CALM, latencyMs: Math.min(conditions.weather.latencyMs, 20) };
    course.isSettling = true;
    course.horizon = scheduler.now + PATIENCE_MS;
  }
  await settle(world, course);
  checkEnd(world);
  const { points, moments } = world;
  if (world.violations.size === 0) {
    await resync(world);
  }
  return { violations: [...world.violations], counts: { ...world.counts }, points, moments, history };
}

/**
 * Runs until all is at rest. For a client that waits for a person, one retry is requested, once. Before that, the process
 * ends where the client was refused: the next one must not send the same again.
 */
async function settle(world: World, course: Course): Promise<void> {
  const { horizon, poked } = course;
  const { scheduler, cluster } = world;
  const isIdle = () => scheduler.nextAt > scheduler.now + 900;
  for (;;) {
    const stuck = () =>
      cluster.all('OAuthClient').filter((object) => isStalled(object) && !poked.has(object.metadata.name));
    await scheduler.run(() => isIdle() && (isAtRest(world) || stuck().length > 0), horizon);
    if (stuck().length === 0 || scheduler.nextAt > horizon) {
      return;
    }
    if (
      world.leader !== undefined &&
      !course.isRestarted &&
      stuck().some(({ status }) => status?.['refusal'])
    ) {
      course.isRestarted = true;
      world.exit(world.leader);
      continue;
    }
    for (const { metadata } of stuck()) {
      poked.add(metadata.name);
      deeds.reconcile(metadata.name, `again-${scheduler.now}`)(world);
    }
  }
}

/** The ledger is taken over, and a new process doesn't know the server's earlier trouble. */
const MAY_BE_WRITTEN: readonly string[] = ['ConfigMap', 'ClusterAuthorizationServer'];

/** A process that starts when all is done only takes the lead. */
async function resync(world: World): Promise<void> {
  const { cluster, scheduler, server, leader } = world;
  // A new process tries once more for a client that waits for a person, tries a credential that was not accepted yet, and tells
  // that a server is ready again.
  const isAllReady = [...cluster.all('OAuthClient'), ...cluster.all('ClusterAuthorizationServer')].every(
    (object) =>
      conditionOf(object, 'Ready')?.status === 'True' &&
      (conditionOf(object, 'Verified')?.status ?? 'True') === 'True' &&
      conditionOf(object, 'Stalled') === undefined,
  );
  if (leader === undefined || !isAllReady) {
    return;
  }
  const from = cluster.changes.length;
  const posts = server.posts.size;
  world.isEventful = false;
  world.pods.preferred = leader.pod;
  world.exit(leader);
  const horizon = scheduler.now + 60_000;
  await scheduler.run(() => false, horizon);
  for (const { kind, after, by } of cluster.changes.slice(from)) {
    const name = after?.metadata.name;
    if (!MAY_BE_WRITTEN.includes(kind) && by.includes('pod-')) {
      world.violated(`${kind} ${name} was written on a resync by ${by}`);
    }
  }
  checkList(world);
  if (server.posts.size !== posts) {
    world.violated('a client was registered on a resync');
  }
}
