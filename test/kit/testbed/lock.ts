import { open, rm, stat, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const HEARTBEAT_MS = 2_000;
/** Several missed heartbeats: the holder is dead. */
const STALE_MS = 15_000;
const POLL_MS = 250;

/**
 * Runs `work` while holding the lock file `path`, so that one process at a time does it.
 *
 * `onWait` is called once if another process holds it. A holder that died is succeeded after 15 s. Two successors
 * may, very rarely, both take over: the work must tolerate that (it costs double work, not a wrong result).
 */
export async function withLock<T>(path: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  await acquire(path, onWait);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, HEARTBEAT_MS).unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await rm(path, { force: true });
  }
}

async function acquire(path: string, onWait: () => void): Promise<void> {
  let waiting = false;
  while (!(await create(path))) {
    if (!waiting) {
      onWait();
    }
    waiting = true;
    await sleep(POLL_MS);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > STALE_MS) {
      await rm(path, { force: true });
    }
  }
}

async function create(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.close();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}
