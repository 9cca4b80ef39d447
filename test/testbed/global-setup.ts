import type { TestProject } from 'vitest/node';
import { startControlPlane } from './control-plane.ts';

/** Starts the control plane that the tests of adapters and manifests share; shows when binaries have to be built. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const controlPlane = await startControlPlane();
  project.provide('adminKubeconfig', controlPlane.adminKubeconfig);
  return () => controlPlane.stop();
}
