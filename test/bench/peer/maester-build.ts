import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from '../../kit/testbed/cached.ts';
import { run } from '../../kit/testbed/command.ts';
import { explainGo, readGoModule } from '../../kit/testbed/go-module.ts';
import type { Progress } from '../../kit/testbed/progress.ts';

const MODULE = join(import.meta.dirname, '..', 'tools', 'hydra-maester');
const PACKAGE = 'github.com/ory/hydra-maester';
const ENVIRONMENT = { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly' };

/** hydra-maester and what its cluster needs, as its own module has it. Absolute paths. */
export interface Maester {
  readonly program: string;
  /** Of OAuth2Client. */
  readonly crd: string;
  /** The ClusterRole `manager-role`. */
  readonly role: string;
}

/**
 * hydra-maester in the testbed's cache, built from the module in `tools/hydra-maester` where it is missing: about 4
 * minutes, once. A change of go.mod or go.sum asks for a new one. Throws with what to install where there is no Go, else
 * with the compiler's last lines.
 */
export async function ensureMaester(progress: Progress): Promise<Maester> {
  const { version, cacheName } = await readGoModule(MODULE, 'hydra-maester', PACKAGE);
  const folder = await cached(cacheName, progress, (partial) =>
    progress.step(`Building hydra-maester ${version} with Go (once)`, async (update) => {
      update('usually 4 min');
      await build(partial, update);
    }),
  );
  return inFolder(folder);
}

const inFolder = (folder: string): Maester => ({
  program: join(folder, 'hydra-maester'),
  crd: join(folder, 'crd.yaml'),
  role: join(folder, 'role.yaml'),
});

async function build(folder: string, update: (detail: string) => void): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { program, crd, role } = inFolder(folder);
  const flags = ['-v', '-trimpath', '-ldflags', '-s -w', '-o', program];
  await run('go', ['build', '-C', MODULE, ...flags, PACKAGE], {
    env: ENVIRONMENT,
    onLine: (line) => update(`usually 4 min; ${line}`),
  }).catch(explainGo('hydra-maester'));
  const source = await run('go', ['list', '-C', MODULE, '-m', '-f', '{{.Dir}}', PACKAGE], {
    env: ENVIRONMENT,
  });
  await copyFile(join(source, 'config', 'crd', 'bases', 'hydra.ory.sh_oauth2clients.yaml'), crd);
  await copyFile(join(source, 'config', 'rbac', 'role.yaml'), role);
}
