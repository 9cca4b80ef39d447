import type { ServerKey } from '../../core/server-key.ts';
import type { Context } from '../context.ts';

const REFRESH_MS = 60_000;

/**
 * Reads the list of suspected orphans again, since people remove the ones that they have dealt with, after which clients
 * may register again.
 *
 * @returns when to read again, in milliseconds since the epoch; `undefined` if the server has no suspected orphans
 */
export async function refreshOrphans(
  key: ServerKey,
  { orphans, servers, clock }: Context,
): Promise<number | undefined> {
  const before = orphans.countAt(key);
  if (before === 0) {
    return undefined;
  }
  await orphans.refresh();
  if (orphans.countAt(key) < before) {
    servers.wakeAll(key);
  }
  return clock.now() + REFRESH_MS;
}
