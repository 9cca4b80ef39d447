import { ensureBinaries } from './binaries.ts';
import { ensureGoTool } from './go-tool.ts';
import { createProgress } from './progress.ts';

/** Builds the control plane, both versions of Helm, and KWOK where they are missing, with progress shown. */
export async function setup(): Promise<void> {
  const progress = createProgress();
  await ensureBinaries(progress);
  for (const tool of ['helm4', 'helm3', 'kwok'] as const) {
    await ensureGoTool(tool, progress);
  }
}
