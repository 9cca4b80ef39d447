import { setTimeout as sleep } from 'node:timers/promises';
import { sumOf, totalOf } from './soak-faults.ts';
import { type Chance, chanceOf } from './soak-random.ts';
import type { SoakScene } from './soak-scene.ts';
import { SERVERS } from './soak-stage.ts';
import { ORPHANS_PATH, readSuspects } from './soak-truth.ts';
import { FLEET_MOVES } from './soak-users.ts';

export interface DisturbOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Operations of users per second. */
  readonly rate: number;
  /** Called from time to time with the progress. */
  readonly update: (detail: string) => void;
  readonly note: (text: string) => void;
}

const BETWEEN_SIGNALS_MS = [8_000, 24_000] as const;
const LOOK_MS = 5_000;
const PROGRESS_MS = 1_000;
/** A person handles suspected orphans before the list is full. */
const LISTED = 5;

/** Users work, calls fail and operators are killed, all at once, for some seconds. */
export async function disturb(scene: SoakScene, options: DisturbOptions): Promise<void> {
  const deadline = performance.now() + options.seconds * 1_000;
  const every = async (ms: () => number, act: () => Promise<unknown> | unknown) => {
    for (let left = deadline - performance.now(); left > 0; left = deadline - performance.now()) {
      await sleep(Math.min(ms(), left));
      if (performance.now() < deadline) {
        await act();
      }
    }
  };
  const chance = chanceOf(options.seed, 'signals');
  const moveFleet = async () => {
    for (const move of FLEET_MOVES) {
      await sleep((options.seconds * 1_000) / (FLEET_MOVES.length + 1));
      await scene.users.moveFleet(move);
    }
  };
  scene.faults.active = true;
  await Promise.all([
    moveFleet(),
    every(() => 1_000 / options.rate, scene.users.act),
    every(
      () => chance.between(...BETWEEN_SIGNALS_MS),
      () => options.note(signalOne(scene, chance)),
    ),
    every(
      () => LOOK_MS,
      () => lookAfterSuspects(scene),
    ),
    every(
      () => PROGRESS_MS,
      () => options.update(standing(scene)),
    ),
  ]);
  scene.faults.active = false;
}

function signalOne({ operators, faults }: SoakScene, chance: Chance): string {
  const { signal, pod, wasLeading } = operators.disturb(chance);
  faults.count('operator', signal);
  return `${new Date().toISOString().slice(11, 19)} ${signal} to ${pod}${wasLeading ? ', which leads' : ''}`;
}

/** Like a person: notes the listed entries, and removes them before the list is full. The guard lets nobody empty the list at once. */
export async function lookAfterSuspects({ testbed, suspects }: SoakScene): Promise<void> {
  const listed = await readSuspects(testbed);
  for (const suspect of listed) {
    suspects.set(suspect.attempt, suspect);
  }
  if (listed.length >= LISTED) {
    const data = Object.fromEntries(listed.slice(1).map(({ attempt }) => [attempt, null]));
    await testbed.controlPlane.admin.request('PATCH', ORPHANS_PATH, { data });
  }
}

function standing({ users, faults, suspects, servers }: SoakScene): string {
  const clients = SERVERS.reduce((count, name) => count + servers[name].clients().length, 0);
  const living = users.objects.filter(({ deleted }) => !deleted).length;
  return `${sumOf(users.operations)} operations, ${living} objects, ${clients} clients, ${totalOf(faults.counts())} faults, ${suspects.size} suspected orphans`;
}
