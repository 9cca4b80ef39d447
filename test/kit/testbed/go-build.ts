import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { childEnvironment } from './environment.ts';

/** The programs of a control plane, and the client that talks to it. */
export type Tool = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kubectl';

interface Recipe {
  /** The folder below `tools/` whose go.mod and go.sum pin everything that is built. */
  readonly module: 'etcd' | 'kubernetes';
  readonly package: string;
  /** Cold on two cores; kube-controller-manager and kubectl after kube-apiserver. */
  readonly typically: string;
}

const RECIPES: Readonly<Record<Tool, Recipe>> = {
  etcd: { module: 'etcd', package: 'go.etcd.io/etcd/server/v3', typically: '26 s' },
  'kube-apiserver': {
    module: 'kubernetes',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    typically: '4 min 20 s',
  },
  'kube-controller-manager': {
    module: 'kubernetes',
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    typically: '60 s',
  },
  kubectl: { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kubectl', typically: '30 s' },
};

const MODULES = join(import.meta.dirname, 'tools');
const VERSION_PACKAGES = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
const TAIL_LINES = 20;

/** The files that pin what is built: a change to any of them asks for new binaries. */
export const PINS: readonly string[] = ['etcd', 'kubernetes'].flatMap((module) => [
  join(MODULES, module, 'go.mod'),
  join(MODULES, module, 'go.sum'),
]);

/** What a build of `tool` normally takes, for people: `4 min 20 s`. */
export function typicalBuildTime(tool: Tool): string {
  return RECIPES[tool].typically;
}

/**
 * Builds `tool` from a pinned module into the file `target`.
 *
 * `onPackage` is told how many packages were compiled so far (none where the Go build cache has them all). Throws with
 * the compiler's last lines, or with what to install where there is no Go.
 *
 * @param module the folder below `tools/` that pins it; by default the one of the testbed's own Kubernetes version
 */
export async function goBuild(
  tool: Tool,
  target: string,
  onPackage: (compiled: number) => void,
  module: string = RECIPES[tool].module,
): Promise<void> {
  const recipe = RECIPES[tool];
  const flags = recipe.module === 'kubernetes' ? await kubernetesFlags(module) : ['-ldflags', '-s -w'];
  const child = spawn('go', ['build', '-v', '-trimpath', ...flags, '-o', target, recipe.package], {
    cwd: join(MODULES, module),
    env: childEnvironment({ CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly' }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', () => reject(new Error(howToGet(tool))));
    child.once('close', resolve);
  });
  const tail: string[] = [];
  let compiled = 0;
  createInterface(child.stderr).on('line', (line) => {
    if (isPackage(line)) {
      onPackage(++compiled);
    }
    tail.push(line);
    if (tail.length > TAIL_LINES) {
      tail.shift();
    }
  });
  const code = await ended;
  if (code !== 0) {
    throw new Error(`go build of ${tool} ended with code ${code}:\n${tail.join('\n')}`);
  }
}

async function kubernetesFlags(module: string): Promise<readonly string[]> {
  const version = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\S*)/.exec(
    await readFile(join(MODULES, module, 'go.mod'), 'utf8'),
  );
  if (version === null) {
    throw new Error(`tools/${module}/go.mod requires no version of k8s.io/kubernetes`);
  }
  const [, gitVersion, gitMajor, gitMinor] = version;
  const values = { gitVersion, gitMajor, gitMinor, gitTreeState: 'clean' };
  const stamps = VERSION_PACKAGES.flatMap((owner) =>
    Object.entries(values).map(([name, value]) => `-X ${owner}.${name}=${value}`),
  );
  return ['-tags', 'selinux,notest,grpcnotrace', '-ldflags', ['-s -w', ...stamps].join(' ')];
}

/** `go build -v` prints one import path a line; everything else it prints has spaces or a leading `#`. */
function isPackage(line: string): boolean {
  return /^[\w./~-]+$/.test(line);
}

function howToGet(tool: Tool): string {
  const elsewhere =
    tool === 'kube-controller-manager'
      ? 'put a kube-controller-manager into the folder that KUBEBUILDER_ASSETS names (envtest archives hold none)'
      : 'set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and kubectl (`setup-envtest use -p path` makes one)';
  return `${tool} is not here and can't be built, since \`go\` can't be run. Install Go 1.26 or newer, or ${elsewhere}.`;
}
