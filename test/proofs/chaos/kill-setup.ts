import { ensureBinaries } from '../../kit/testbed/binaries.ts';
import { createProgress } from '../../kit/testbed/progress.ts';

/** Builds whatever binaries are missing, with progress shown, so that no case has to wait for them. */
export async function setup(): Promise<void> {
  await ensureBinaries(createProgress());
}
