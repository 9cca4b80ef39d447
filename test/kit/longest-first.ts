import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files of project `cluster` that wait for a minute or more, the longest first. They begin before the others, since a long
 * file that begins last runs alone. Without this list, a clone that has never run the tests begins with the files of most
 * bytes.
 */
export const LONGEST = [
  'restore',
  'kill',
  'recovery',
  'management',
  'uninstall',
  'ledger',
  'migration',
  'retain',
  'proof-of-deletion',
  'deletion',
  'server-identity',
  'copied-cluster',
  'status',
  'lifetime',
  'hostile-server',
  'leader',
  'bad-input',
  'main-job',
  'policy',
] as const;

/** Where a file has its place: the number of its name in {@link LONGEST}, after all of them for any other name. */
export function rankOf(path: string): number {
  const rank = (LONGEST as readonly string[]).indexOf(basename(path, '.test.ts'));
  return rank === -1 ? LONGEST.length : rank;
}

/** Runs the files of project `cluster`, which is the last, in the order of {@link LONGEST}; all others as usual. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files);
    const placeOf = ({ project, moduleId }: TestSpecification) =>
      project.name === 'cluster' ? rankOf(moduleId) : -1;
    return usual.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}
