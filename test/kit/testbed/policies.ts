import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from './control-plane.ts';

/** Far longer than the API server needs: it looks for new policies every second. */
const PATIENCE_MS = 60_000;

/**
 * Waits until the API server enforces a policy that was just created, which takes it some seconds.
 *
 * @param isRefused tries, as a dry run, what the policy refuses, and says whether it was refused
 * @throws if that is permitted for a minute
 */
export async function untilRefused(isRefused: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isRefused())) {
    if (performance.now() > deadline) {
      throw new Error(`the API server enforces no such policy within ${PATIENCE_MS} ms`);
    }
    await sleep(100);
  }
}

/** Waits until the guard of the install in this namespace is in force. It must have been applied. */
export const untilGuarded = ({ admin }: ControlPlane, namespace: string): Promise<void> =>
  untilRefused(async () => {
    const { status } = await admin.request('DELETE', `/api/v1/namespaces/${namespace}?dryRun=All`);
    return status === 403;
  });
