import { setTimeout as sleep } from 'node:timers/promises';
import type { SoakScene } from './soak-scene.ts';
import { unsettled } from './soak-settled.ts';
import { readTruth } from './soak-truth.ts';

/** A deletion that isn't confirmed holds an object for a minute, and what fails again and again waits up to five. */
const PATIENCE_MS = 420_000;
const LOOK_MS = 1_000;

export interface Convergence {
  readonly seconds: number;
  /** What wasn't right when patience ended, one sentence each. */
  readonly wrong: readonly string[];
}

/** Resolves when everything is as it has to be, or patience ends. */
export async function converge(
  { testbed, servers, users }: SoakScene,
  update: (detail: string) => void,
): Promise<Convergence> {
  const start = performance.now();
  for (;;) {
    const wrong = unsettled(await readTruth(testbed, servers), users.objects);
    const elapsed = performance.now() - start;
    if (wrong.length === 0 || elapsed > PATIENCE_MS) {
      return { seconds: Math.round(elapsed / 1_000), wrong };
    }
    update(`${wrong.length} to come right, such as: ${wrong[0]}`);
    await sleep(LOOK_MS);
  }
}
