import { setTimeout as sleep } from 'node:timers/promises';
import { createProcessGroup, type ProcessGroup, type RunningProcess } from './process-group.ts';

const POLL_MS = 50;
const START_TIMEOUT_MS = 120_000;
const ATTEMPTS = 3;

/**
 * Gives `start` a group of processes and resolves with what it returns; the group is stopped where it throws.
 *
 * Tried three times in all where a port, found free a moment before, turned out to be taken.
 */
export async function startServer<T>(start: (group: ProcessGroup) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const group = await createProcessGroup('oauth-registrar-testbed-');
    try {
      return await start(group);
    } catch (error) {
      await group.stop();
      const portTaken = /address already in use|port \d+ already bound/i.test(String(error));
      if (!portTaken || attempt === ATTEMPTS) {
        throw error;
      }
    }
  }
}

/**
 * Resolves once a GET of `url` is answered with 200. Throws with the last lines of the server's log as soon as its process has
 * ended, and after two minutes.
 */
export async function untilServing(server: RunningProcess, url: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await isServing(url))) {
    if (!server.isRunning()) {
      throw new Error(`${server.name} ended:\n${await server.logTail()}`);
    }
    if (performance.now() > deadline) {
      throw new Error(
        `${server.name} does not serve after ${START_TIMEOUT_MS / 1000} s:\n${await server.logTail()}`,
      );
    }
    await sleep(POLL_MS);
  }
}

async function isServing(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(START_TIMEOUT_MS) });
    await answer.body?.cancel();
    return answer.status === 200;
  } catch {
    return false;
  }
}
