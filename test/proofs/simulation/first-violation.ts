import { oneThrow, randomNames, somePairs } from './lives.ts';
import { SERVER_NAMES } from './servers.ts';
import { perform, type Violation } from './tally.ts';

/** Runs lives until a check fails, and prints the failure as JSON. A process of its own, for `mutations.ts`. */
export interface Finding {
  /** Number of lives until then. */
  readonly lives: number;
  readonly violation: Violation | undefined;
}

const LIVES_OF_A_KIND = 1_500;

/** Random lives, pairs of crashes and moments that throw, in turn. */
async function firstViolation(): Promise<Finding> {
  const pairs = await Promise.all(SERVER_NAMES.map((server) => somePairs(server, 1, LIVES_OF_A_KIND)));
  const throws = await Promise.all(SERVER_NAMES.map(oneThrow));
  const kinds = [randomNames(1, LIVES_OF_A_KIND), ...pairs, ...throws];
  let lives = 0;
  for (let turn = 0; turn < LIVES_OF_A_KIND; turn += 1) {
    for (const names of kinds) {
      const { violations } = await perform({ names: names.slice(turn, turn + 1), crashOnceMore: false });
      lives += names[turn] === undefined ? 0 : 1;
      if (violations[0] !== undefined) {
        return { lives, violation: violations[0] };
      }
    }
  }
  return { lives, violation: undefined };
}

console.log(JSON.stringify(await firstViolation()));
