import { run } from '../../kit/testbed/command.ts';
import type { Progress } from '../../kit/testbed/progress.ts';
import { findOnPath } from '../../kit/testbed/search-path.ts';

const TOOLS = ['buildah', 'debootstrap'] as const;

/**
 * The tools that build and run an image without an engine. Installs missing ones if this process is root and apt
 * exists.
 *
 * Otherwise throws an error that names what is missing and how to get it.
 */
export async function ensureTools(progress: Progress): Promise<void> {
  if (process.platform !== 'linux') {
    throw new Error(`The image is built and run with ${TOOLS.join(', ')}, which need Linux.`);
  }
  if (process.getuid?.() !== 0) {
    throw new Error(
      'Root is needed: debootstrap makes the base images, and a container needs a root file system of its own.',
    );
  }
  const missing = await missingTools();
  if (missing.length === 0) {
    return;
  }
  if ((await findOnPath('apt-get')) === undefined) {
    throw new Error(`Missing: ${missing.join(', ')}. Install them, on Debian with apt-get.`);
  }
  await progress.step(`Installing ${missing.join(', ')} with apt`, async (update) => {
    const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, onLine: update };
    await run('apt-get', ['update'], options);
    await run('apt-get', ['install', '--yes', '--no-install-recommends', ...missing], options);
  });
}

async function missingTools(): Promise<readonly string[]> {
  const found = await Promise.all(TOOLS.map(findOnPath));
  return TOOLS.filter((_, index) => found[index] === undefined);
}
