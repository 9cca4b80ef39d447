import { ensureBinaries } from './binaries.ts';
import { ensureHydra } from './hydra-build.ts';
import { ensureKeycloak, KEYCLOAK_VERSIONS } from './keycloak-distribution.ts';
import { createProgress, type Progress } from './progress.ts';

/**
 * Gets everything that the interop tests start, with progress shown, so that no test has to wait for it. Throws with all
 * that is missing on this machine at once.
 */
export async function setup(): Promise<void> {
  const progress = createProgress();
  const problems: string[] = [];
  const keycloaks = [
    ...KEYCLOAK_VERSIONS.map((version) => ({ version, features: [] as readonly string[] })),
    { version: '26.7.0', features: ['cimd'] } as const,
  ].map(
    ({ version, features }) =>
      (progress: Progress) =>
        ensureKeycloak(progress, version, features),
  );
  for (const ensure of [...keycloaks, ensureHydra, ensureBinaries]) {
    await ensure(progress).catch((error: unknown) =>
      problems.push(error instanceof Error ? error.message : String(error)),
    );
  }
  if (problems.length > 0) {
    throw new Error(problems.join('\n'));
  }
}
