import { join } from 'node:path';
import { cached } from './cached.ts';
import { run } from './command.ts';
import { explainGo, readGoModule } from './go-module.ts';
import type { Progress } from './progress.ts';

const MODULE = join(import.meta.dirname, 'tools', 'hydra');
const PACKAGE = 'github.com/ory/hydra/v2';

/**
 * The path of Ory Hydra in the testbed's cache, built from the module in `tools/hydra` where it is missing: about 2
 * minutes, once. A change of go.mod or go.sum asks for a new one. Throws with what to install where Go or a C
 * compiler, which the SQLite in it needs, is missing; else with the compiler's last lines.
 */
export async function ensureHydra(progress: Progress): Promise<string> {
  const { version, cacheName } = await readGoModule(MODULE, 'hydra', PACKAGE);
  return cached(cacheName, progress, (partial) =>
    progress.step(`Building Ory Hydra ${version} with Go (once)`, async (update) => {
      update('usually 2 min');
      await requireCompiler();
      await build(version, partial, update);
    }),
  );
}

async function build(version: string, target: string, update: (detail: string) => void): Promise<void> {
  const stamp = `-s -w -X ${PACKAGE}/driver/config.Version=${version}`;
  const flags = ['-v', '-trimpath', '-tags', 'sqlite,json1', '-ldflags', stamp, '-o', target];
  await run('go', ['build', '-C', MODULE, ...flags, PACKAGE], {
    env: { CGO_ENABLED: '1', GOWORK: 'off', GOFLAGS: '-mod=readonly' },
    onLine: (line) => update(`usually 2 min; ${line}`),
  });
}

/** Asked first, since the compiler's absence would show after a minute, amid the names of packages. */
async function requireCompiler(): Promise<void> {
  const command = await run('go', ['env', 'CC']).catch(explainGo('Ory Hydra'));
  const [compiler = ''] = command.split(' ');
  await run(compiler, ['--version']).catch(() => {
    throw new Error(
      `Ory Hydra can't be built, since its SQLite needs a C compiler and \`${compiler}\` can't be run. ` +
        'Install one (Debian: apt-get install gcc libc6-dev).',
    );
  });
}
