import type { Observation } from './observation.ts';

/**
 * Many rules ask the same of one observation, one after the other: the answer to the last one is kept. Observations
 * never change, so that nobody can tell the difference but by the time it takes.
 */
export function answeredOnce<T>(answer: (o: Observation) => T): (o: Observation) => T {
  let last: { readonly observation: Observation; readonly answer: T } | undefined;
  return (observation) => {
    if (last?.observation !== observation) {
      last = { observation, answer: answer(observation) };
    }
    return last.answer;
  };
}
