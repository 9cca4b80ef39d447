import { type OperatorProcess, startOperator } from '../kit/testbed/operator.ts';
import { readImageSettings } from './image-settings.ts';
import { until } from './pace.ts';

/** The bundled operator, as a process of its own, started as the image starts it. */
export interface BenchOperator extends Pick<OperatorProcess, 'pid' | 'stop' | 'output' | 'exited'> {
  /** `performance.now()` just before the process was made. */
  readonly startedAt: number;
  /** Resolves with the milliseconds from the start until all watches were synced and work began. */
  working(): Promise<number>;
  /** Resolves with `performance.now()` of when it came to rest: nothing waits, nothing more was reconciled. */
  idle(): Promise<number>;
}

const QUIET_MS = 1_000;
const POLL_MS = 100;
const TIMEOUT_MS = 900_000;

/** Who an operator is and what it works at. */
export interface Install {
  readonly kubeconfig: string;
  /** Where it keeps what is its own. */
  readonly namespace: string;
  readonly flags?: readonly string[];
}

/** @param code `null`: a signal ended it */
export function describeEnd(code: number | null, output: string): string {
  const how =
    code === null
      ? 'was ended by a signal, as the kernel does where memory is short'
      : `ended with code ${code}`;
  return `The operator ${how}. Its last lines:\n${output.trimEnd().split('\n').slice(-3).join('\n')}`;
}

export async function startBundled(entry: string, install: Install): Promise<BenchOperator> {
  const startedAt = performance.now();
  const process = await startOperator({ ...install, entry, ...readImageSettings() });
  let exitCode: number | null | undefined;
  void process.exited.then((code) => {
    exitCode = code;
  });
  const expectRunning = () => {
    if (exitCode !== undefined) {
      throw new Error(describeEnd(exitCode, process.output()));
    }
  };
  return {
    pid: process.pid,
    stop: process.stop,
    output: process.output,
    exited: process.exited,
    startedAt,
    async working() {
      const isWorking = () => {
        expectRunning();
        return process.lines.some(({ msg }) => msg === 'working');
      };
      await until('the operator works', isWorking, { timeoutMs: TIMEOUT_MS });
      return performance.now() - startedAt;
    },
    idle: () => untilIdle(process.port, expectRunning),
  };
}

async function untilIdle(port: number, expectRunning: () => void): Promise<number> {
  let last = { reconciles: -1, waiting: 0, at: 0 };
  const isQuiet = async () => {
    expectRunning();
    // An operator that was busy for seconds may close a kept connection just when it is used again.
    const now = await readMetrics(port).catch(() => undefined);
    if (now === undefined) {
      return false;
    }
    if (now.waiting > 0 || now.reconciles !== last.reconciles) {
      last = { ...now, at: performance.now() };
    }
    return performance.now() - last.at >= QUIET_MS;
  };
  await until('the operator is idle', isQuiet, { everyMs: POLL_MS, timeoutMs: TIMEOUT_MS });
  return last.at;
}

/** Rounds that an operator made, and keys that wait, by its metrics. */
export async function readMetrics(port: number): Promise<{ reconciles: number; waiting: number }> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^oauth_registrar_${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    );
  return { reconciles: sum('reconciles_total'), waiting: sum('queue_depth') };
}
