import { join } from 'node:path';
import { cached } from './cached.ts';
import { run } from './command.ts';
import { explainGo, readGoModule } from './go-module.ts';
import type { Progress } from './progress.ts';

/**
 * Programs that a few tests need, each built from a module of its own below `tools/`: of others, and `gitops` of ours,
 * which has packages of others in it.
 */
export type GoTool = 'helm4' | 'helm3' | 'kwok' | 'crane' | 'syft' | 'promtool' | 'prometheus' | 'gitops';

interface Recipe {
  /** Of the program, for people. */
  readonly title: string;
  /** The module whose version the program has. */
  readonly module: string;
  /** The package to build: below the module, or `main` of the folder itself. */
  readonly package: string;
  /** The variable that holds the version that the program prints. Absent: it prints none. */
  readonly versionVariable?: string;
  /** Cold on two cores. */
  readonly typically: string;
}

const RECIPES: Readonly<Record<GoTool, Recipe>> = {
  helm4: {
    title: 'Helm 4',
    module: 'helm.sh/helm/v4',
    package: 'cmd/helm',
    versionVariable: 'helm.sh/helm/v4/internal/version.version',
    typically: '4 min 40 s',
  },
  helm3: {
    title: 'Helm 3',
    module: 'helm.sh/helm/v3',
    package: 'cmd/helm',
    versionVariable: 'helm.sh/helm/v3/internal/version.version',
    typically: '3 min',
  },
  kwok: {
    title: 'KWOK',
    module: 'sigs.k8s.io/kwok',
    package: 'cmd/kwok',
    versionVariable: 'sigs.k8s.io/kwok/pkg/consts.Version',
    typically: '75 s',
  },
  crane: {
    title: 'crane',
    module: 'github.com/google/go-containerregistry',
    package: 'cmd/crane',
    versionVariable: 'github.com/google/go-containerregistry/cmd/crane/cmd.Version',
    typically: '15 s',
  },
  syft: {
    title: 'Syft',
    module: 'github.com/anchore/syft',
    package: 'cmd/syft',
    versionVariable: 'main.version',
    typically: '4 min',
  },
  prometheus: {
    title: 'Prometheus',
    module: 'github.com/prometheus/prometheus',
    package: 'cmd/prometheus',
    versionVariable: 'github.com/prometheus/common/version.Version',
    typically: '5 min',
  },
  gitops: {
    title: 'the rules of Flux and Argo CD',
    module: 'github.com/fluxcd/pkg/runtime',
    package: 'main',
    typically: '2 min',
  },
  promtool: {
    title: 'promtool',
    module: 'github.com/prometheus/prometheus',
    package: 'cmd/promtool',
    versionVariable: 'github.com/prometheus/common/version.Version',
    typically: '4 min',
  },
};

const MODULES = join(import.meta.dirname, 'tools');

/**
 * The path of `tool` in the testbed's cache, built from its module where it is missing. A change of go.mod or go.sum
 * asks for a new one. Throws with what to install where Go is missing; else with the compiler's last lines.
 */
export async function ensureGoTool(tool: GoTool, progress: Progress): Promise<string> {
  const recipe = RECIPES[tool];
  const folder = goToolModule(tool);
  const { version, cacheName } = await readGoModule(folder, tool, recipe.module);
  return cached(cacheName, progress, (partial) =>
    progress.step(`Building ${recipe.title} ${version} with Go (once)`, async (update) => {
      const typically = `usually ${recipe.typically}`;
      update(typically);
      const { module, versionVariable } = recipe;
      const stamp = versionVariable === undefined ? '' : ` -X ${versionVariable}=${version}`;
      const flags = ['-v', '-trimpath', '-ldflags', `-s -w${stamp}`, '-o', partial];
      const target = recipe.package === 'main' ? '.' : `${module}/${recipe.package}`;
      await run('go', ['build', '-C', folder, ...flags, target], {
        env: { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly' },
        onLine: (line) => update(`${typically}; ${line}`),
      }).catch(explainGo(recipe.title));
    }),
  );
}

/** The folder of go.mod and go.sum of `tool`. */
export function goToolModule(tool: GoTool): string {
  return join(MODULES, tool);
}
