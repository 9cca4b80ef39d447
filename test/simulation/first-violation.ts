import { oneCrash, randomNames } from './lives.ts';
import { SERVER_NAMES } from './servers.ts';
import { perform, type Violation } from './tally.ts';

/** Lives until something is violated, and says what, as JSON. A process of its own, for `mutations.ts`. */
export interface Finding {
  /** As many as it took. */
  readonly lives: number;
  readonly violation: Violation | undefined;
}

const RANDOM_LIVES = 3_000;

async function firstViolation(): Promise<Finding> {
  const names = [...randomNames(1, RANDOM_LIVES), ...(await Promise.all(SERVER_NAMES.map(oneCrash))).flat()];
  for (const [index, name] of names.entries()) {
    const { violations } = await perform({ names: [name], crashOnceMore: false });
    if (violations[0] !== undefined) {
      return { lives: index + 1, violation: violations[0] };
    }
  }
  return { lives: names.length, violation: undefined };
}

console.log(JSON.stringify(await firstViolation()));
