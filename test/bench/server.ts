import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ServerStarted, ServerTally } from './server-process.ts';

/** The authorization server: fast, in memory, open to who has the initial access token. */
export interface BenchServer extends ServerStarted {
  readonly pid: number;
  tally(): Promise<ServerTally>;
  stop(): void;
}

const PROGRAM = join(import.meta.dirname, 'server-process.ts');

export async function startServer(): Promise<BenchServer> {
  const child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const started = await next<ServerStarted>(child);
  return {
    ...started,
    pid: child.pid ?? 0,
    tally: () => {
      const answer = next<ServerTally>(child);
      child.send('tally');
      return answer;
    },
    stop: () => void child.kill('SIGKILL'),
  };
}

async function next<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController();
  const fail = () => ended.abort(new Error('the authorization server ended'));
  child.once('exit', fail);
  try {
    const [message] = await once(child, 'message', { signal: ended.signal });
    return message as T;
  } finally {
    child.off('exit', fail);
  }
}
