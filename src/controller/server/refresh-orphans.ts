import type { ServerKey } from '../../core/server-key.ts';
import type { Context } from '../context.ts';

const REFRESH_MS = 60_000;

/**
 * Reads the list of suspected orphans again, from which people remove those that they have looked after: fewer of them may
 * let clients register again.
 *
 * @returns when to look again, in milliseconds since the epoch; `undefined` where there are no orphans at the server
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
