import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { childEnvironment } from './environment.ts';

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory. Default: this process's. */
  readonly cwd?: string;
  /** Told the last line of output so far, of either stream. */
  readonly onLine?: (line: string) => void;
  /** The exit code that means success. Default: 0. */
  readonly successCode?: number;
}

const TAIL_LINES = 25;

/** Runs a program to its end and returns its stdout, trimmed. Throws with the end of its output where it fails. */
export async function run(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const child = spawn(program, args, {
    env: childEnvironment(options.env ?? {}),
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 128));
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      const line = chunk.toString().trimEnd().split('\n').at(-1)?.trim();
      if (line) {
        options.onLine?.(line);
      }
    });
  }
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== (options.successCode ?? 0)) {
    const tail = `${stdout}\n${stderr}`.trim().split('\n').slice(-TAIL_LINES).join('\n');
    throw new Error(`${program} ${args[0] ?? ''} ended with ${code}:\n${tail}`);
  }
  return stdout.trim();
}
