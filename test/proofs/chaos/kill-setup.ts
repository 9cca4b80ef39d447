import { ensureBinaries } from '../../kit/testbed/binaries.ts';
import { createProgress } from '../../kit/testbed/progress.ts';

/** Builds missing binaries and shows the progress, so that no case has to wait for them. */
export async function setup(): Promise<void> {
  await ensureBinaries(createProgress());
}
