import type { TestProject } from 'vitest/node';
import { ensureBinaries } from './binaries.ts';
import { startControlPlane } from './control-plane.ts';
import { createProgress } from './progress.ts';

/** The control plane that the tests of adapters and manifests share. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await ensureBinaries(createProgress());
  const controlPlane = await startControlPlane();
  project.provide('adminKubeconfig', controlPlane.adminKubeconfig);
  return () => controlPlane.stop();
}
