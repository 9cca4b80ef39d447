import { ensureBinaries } from './binaries.ts';
import { createProgress } from './progress.ts';

/** Builds whatever binaries are missing, with progress shown, so that no test has to wait for them. */
export async function setup(): Promise<void> {
  await ensureBinaries(createProgress());
}
