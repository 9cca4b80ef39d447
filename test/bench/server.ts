import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ServerStarted, ServerTally } from './server-process.ts';

/** The authorization server. */
export interface BenchServer {
  readonly issuer: string;
  readonly registrationEndpoint: string;
  /** `undefined`: anyone may register. */
  readonly initialAccessToken: string | undefined;
  /** What of its server object is peculiar to it. */
  readonly spec: object;
  readonly pid: number;
  tally(): Promise<ServerTally>;
  stop(): void | Promise<void>;
}

const PROGRAM = join(import.meta.dirname, 'server-process.ts');

/** Fast, in memory, open to who has the initial access token. */
export async function startServer(): Promise<BenchServer> {
  const child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const started = await next<ServerStarted>(child);
  return {
    ...started,
    spec: { registration: { admission: { initialAccessToken: { secretRef: { name: 'iat' } } } } },
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
