import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The operator as a process of its own, under the account that `deploy/` defines. */
export interface OperatorProcess {
  /** Every line that it logged so far, parsed where it is JSON. */
  readonly lines: readonly LogLine[];
  /** Everything it printed so far. */
  output(): string;
  /** Of /livez, /readyz and /metrics. */
  readonly port: number;
  readonly pid: number;
  /** Resolves with the exit code, `null` where a signal ended it, however it ends. */
  readonly exited: Promise<number | null>;
  /** Sends the signal and resolves with the exit code, `null` where a signal ended it. Safe to call again. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export interface OperatorOptions {
  readonly kubeconfig: string;
  readonly namespace: string;
  /** Besides those that a trial on one machine needs: http, loopback addresses, a free port. */
  readonly flags?: readonly string[];
  /** What to run. Default: `src/main.ts`. */
  readonly entry?: string;
  /** A command that goes before Node's and ends by running what follows it. */
  readonly prefix?: readonly string[];
  /** Flags of Node itself. */
  readonly nodeFlags?: readonly string[];
  /** Beside what this process has. */
  readonly env?: Readonly<Record<string, string>>;
  /** Kept when it ends, so that the next one finds what it left. Default: a folder of its own. */
  readonly journalDir?: string;
}

const SOURCE = join(import.meta.dirname, '..', '..', '..', 'src', 'main.ts');
const START_TIMEOUT_MS = 60_000;

/** Resolves once it answers on its port. Ends with this process. */
export async function startOperator(options: OperatorOptions): Promise<OperatorProcess> {
  const journalDir = options.journalDir ?? (await mkdtemp(join(tmpdir(), 'oauth-registrar-journal-')));
  const flags = [
    `--kubeconfig=${options.kubeconfig}`,
    `--namespace=${options.namespace}`,
    `--journal-dir=${journalDir}`,
    '--leader-elect',
    '--port=0',
    '--allow-http',
    '--allow-addresses=127.0.0.0/8',
    ...(options.flags ?? []),
  ];
  const node = [process.execPath, ...(options.nodeFlags ?? []), options.entry ?? SOURCE];
  const [command = process.execPath, ...args] = [...(options.prefix ?? []), ...node, ...flags];
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  const endWithParent = () => child.kill('SIGKILL');
  process.once('exit', endWithParent);
  const { lines, output } = collect(child);
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  void exited.then(() => process.removeListener('exit', endWithParent));
  const port = await portOf(child, lines, output);
  return {
    lines,
    output,
    port,
    pid: child.pid ?? 0,
    exited,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const code = await exited;
      if (options.journalDir === undefined) {
        await rm(journalDir, { recursive: true, force: true });
      }
      return code;
    },
  };
}

function collect(child: ChildProcess) {
  const lines: LogLine[] = [];
  let text = '';
  let rest = '';
  const take = (chunk: Buffer) => {
    text += chunk.toString();
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.map(toLine));
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  return { lines, output: () => text };
}

function toLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { msg: text };
  }
}

async function portOf(child: ChildProcess, lines: readonly LogLine[], output: () => string): Promise<number> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
    const port = lines.find(({ msg }) => msg === 'started')?.['port'];
    if (typeof port === 'number') {
      return port;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const how =
    child.exitCode === null && child.signalCode === null
      ? `did not start within ${START_TIMEOUT_MS / 1000} s`
      : `ended before it had started (${child.exitCode ?? child.signalCode})`;
  child.kill('SIGKILL');
  throw new Error(`the operator ${how}. Its last lines:\n${output().slice(-4_000) || '(none)'}`);
}
