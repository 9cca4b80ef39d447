import fc from 'fast-check';
import { vi } from 'vitest';

/**
 * Properties instead of examples: what holds for any input, tried with many. fast-check shrinks a failing input to
 * the smallest one and can repeat it.
 *
 * The seed is fixed, so that a run is the same everywhere; a failure prints it with the path to the counterexample.
 * `FUZZ_RUNS` is the number of runs of each property (default 100), `FUZZ_SEED` another seed.
 */
const SEED = Number(process.env['FUZZ_SEED'] ?? 7591);
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 100);

// With more runs, a test may take longer than others.
vi.setConfig({ testTimeout: 10_000 + RUNS * 50 });

/**
 * Throws with the smallest counterexample that was found.
 *
 * @param times of the number of runs: for a property that says nothing about most inputs
 */
export function check<Inputs>(property: fc.IProperty<Inputs>, times = 1): void {
  fc.assert(property, { seed: SEED, numRuns: RUNS * times });
}
