import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBinaries } from './binaries.ts';
import { cached } from './cached.ts';
import { goBuild, type Tool, typicalBuildTime } from './go-build.ts';
import { readGoModule } from './go-module.ts';
import type { Progress } from './progress.ts';

const MODULES = join(import.meta.dirname, 'tools');

/** The versions of Kubernetes that the tests can run on, and the folder below `tools/` whose module pins the patch version. */
export const KUBERNETES_VERSIONS = {
  '1.34': 'kubernetes-1.34',
  '1.35': 'kubernetes-1.35',
  '1.36': 'kubernetes',
  '1.37': 'kubernetes-1.37',
} as const;

export type KubernetesVersion = keyof typeof KUBERNETES_VERSIONS;

const OF_VERSION = [
  'kube-apiserver',
  'kube-controller-manager',
  'kubectl',
] as const satisfies readonly Tool[];

/** A control plane of one version. */
export interface ControlPlaneBinaries {
  /** With the patch: `v1.34.4`. */
  readonly version: string;
  /** For `KUBEBUILDER_ASSETS`: etcd, kube-apiserver, kube-controller-manager and kubectl. */
  readonly folder: string;
}

/**
 * The binaries of a version from the testbed's cache. Builds them where they are missing: about six minutes on two cores,
 * once. etcd is the same for all versions.
 */
export async function ensureKubernetes(
  minor: KubernetesVersion,
  progress: Progress,
): Promise<ControlPlaneBinaries> {
  const module = KUBERNETES_VERSIONS[minor];
  const pins = await readGoModule(join(MODULES, module), 'kubernetes', 'k8s.io/kubernetes');
  const { etcd } = await ensureBinaries(progress, ['etcd']);
  const folder = await cached(pins.cacheName, progress, async (partial) => {
    await mkdir(partial);
    for (const tool of OF_VERSION) {
      const typically = `usually ${typicalBuildTime(tool)}`;
      await progress.step(`Building ${tool} ${pins.version} with Go (once)`, (update) =>
        goBuild(
          tool,
          join(partial, tool),
          (compiled) => update(`${compiled} packages compiled, ${typically}`),
          module,
        ),
      );
    }
    await copyFile(etcd, join(partial, 'etcd'));
  });
  return { version: pins.version, folder };
}
