import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from '../../kit/testbed/cached.ts';
import { run } from '../../kit/testbed/command.ts';
import type { Progress } from '../../kit/testbed/progress.ts';
import { bundle, checkOut, type Subject, subjectIn } from '../../proofs/attacks/kit/subject.ts';

const ENTRY = 'oauth-registrar.mjs';

/**
 * The operator of a release, built once from its commit with the dependencies of that commit, and then kept in the
 * testbed's cache.
 *
 * @throws Error if there is no such commit, or it can't be built
 */
export async function buildRelease(commit: string, progress: Progress): Promise<Subject> {
  const folder = await cached(`release-${commit}`, progress, async (partial) => {
    await checkOut(commit, partial);
    await progress.step(`Getting the dependencies of ${commit}`, () =>
      run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: partial }),
    );
    await bundle(partial, join(partial, ENTRY), commit);
    await rm(join(partial, 'node_modules'), { recursive: true });
  });
  return subjectIn(folder, join(folder, ENTRY), commit);
}
