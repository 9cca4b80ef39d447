import { join } from 'node:path';
import { documentFlags } from '../../kit/testbed/document-objects.ts';
import type { Testbed } from '../../kit/testbed/testbed.ts';

/** What an install needs for documents and for restarts of workloads. */

export const FURTHER_FLAGS = (baseUrl: string): readonly string[] => [
  ...documentFlags(baseUrl),
  '--rollout-restarts',
];

const RESTARTS = join(import.meta.dirname, '..', '..', '..', 'deploy', 'components', 'rollout-restarts');

/** The rights alone; that the policy bounds them is another test's. */
export async function permitRestarts(testbed: Testbed): Promise<void> {
  await testbed.kubectl('apply', '-f', join(RESTARTS, 'cluster-role.yaml'));
}
