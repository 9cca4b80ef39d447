import { setTimeout as sleep } from 'node:timers/promises';
import type { SoakScene } from './soak-scene.ts';
import { unsettled } from './soak-settled.ts';
import { readTruth } from './soak-truth.ts';

/** An unconfirmed deletion holds an object for a minute, and repeated failures wait up to five minutes. */
const PATIENCE_MS = 420_000;
const LOOK_MS = 1_000;

export interface Convergence {
  readonly seconds: number;
  /** What was wrong when the time was over, one sentence each. */
  readonly wrong: readonly string[];
}

/** Resolves when everything is right, or the time is over. */
export async function converge(scene: SoakScene, update: (detail: string) => void): Promise<Convergence> {
  const start = performance.now();
  for (;;) {
    const wrong = unsettled(await readTruth(scene), scene.users.objects);
    const elapsed = performance.now() - start;
    if (wrong.length === 0 || elapsed > PATIENCE_MS) {
      return { seconds: Math.round(elapsed / 1_000), wrong };
    }
    update(`${wrong.length} to come right, such as: ${wrong[0]}`);
    await sleep(LOOK_MS);
  }
}
