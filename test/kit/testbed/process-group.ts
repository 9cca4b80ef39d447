import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Reads `+ PID` and `- PID` from its parent. When the pipe closes, for whatever reason, the parent is gone or done:
 * whatever still runs is killed and the folder removed (twice, since a dying process may write once more).
 */
const REAPER = `
alive=
while read -r op pid; do
  case $op in
    +) alive="$alive $pid" ;;
    -) kept=; for p in $alive; do [ "$p" = "$pid" ] || kept="$kept $p"; done; alive=$kept ;;
  esac
done
[ -z "$alive" ] || kill -9 $alive 2>/dev/null
rm -rf "$0" 2>/dev/null || { sleep 0.3; rm -rf "$0"; }
`;

/** Processes and their folder, which never outlive this process, not even after `kill -9`. */
export interface ProcessGroup {
  /** A new folder below the system's temporary one; mode 0700. */
  readonly folder: string;
  /** Starts a program with the folder as working directory; its output goes to `<name>.log` there. */
  start(name: string, command: string, args: readonly string[]): Promise<RunningProcess>;
  /** Kills what runs and removes the folder; resolves when both are done. Safe to call again. */
  stop(): Promise<void>;
}

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  /** False once the program has ended. */
  readonly isRunning: () => boolean;
  /** The last lines of its output. */
  readonly logTail: () => Promise<string>;
  /** Ends it, default SIGTERM, and resolves when it has ended. Safe to call again. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
}

const TAIL_LINES = 15;

/**
 * A group without members yet.
 *
 * How it ends with its parent: a small shell in a session of its own reads a pipe from this process. The kernel closes the
 * pipe when this process ends in any way, so no exit handler is needed, and a forgotten `stop` keeps nothing alive.
 */
export async function createProcessGroup(prefix: string): Promise<ProcessGroup> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  const reaper = spawn('/bin/sh', ['-c', REAPER, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  reaper.unref();
  reaper.stdin.on('error', () => {});
  const reaped = once(reaper, 'exit');
  const children: ChildProcess[] = [];
  const tell = (line: string) => reaper.stdin.writable && reaper.stdin.write(`${line}\n`);
  return {
    folder,
    start: async (name, command, args) => {
      const child = await launch(folder, name, command, args);
      children.push(child);
      tell(`+ ${child.pid}`);
      child.once('exit', () => tell(`- ${child.pid}`));
      return describe(folder, name, child);
    },
    stop: async () => {
      await Promise.all(children.filter(isRunning).map((child) => end(child, 'SIGKILL')));
      reaper.ref();
      reaper.stdin.end();
      await reaped;
    },
  };
}

async function launch(
  folder: string,
  name: string,
  command: string,
  args: readonly string[],
): Promise<ChildProcess> {
  const log = await open(join(folder, `${name}.log`), 'a');
  try {
    // Detached: a Ctrl-C in the terminal reaches this process alone, which then ends in its own order.
    const child = spawn(command, args, {
      cwd: folder,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await once(child, 'spawn');
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

function describe(folder: string, name: string, child: ChildProcess): RunningProcess {
  return {
    name,
    pid: child.pid ?? 0,
    isRunning: () => isRunning(child),
    logTail: async () => {
      const text = await readFile(join(folder, `${name}.log`), 'utf8').catch(() => '');
      return text.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
    },
    stop: (signal = 'SIGTERM') => (isRunning(child) ? end(child, signal) : Promise.resolve()),
  };
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, 'exit');
  child.ref();
  child.kill(signal);
  await ended;
}
