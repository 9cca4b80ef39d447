import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LogLine, type OperatorProcess, startOperator } from '../../../kit/testbed/operator.ts';
import { boundMemory, heldBytes, MEMORY_BYTES } from './memory-bound.ts';
import type { Subject } from './subject.ts';

/** The operator as in a pod: 256 MiB, and restarted by the kubelet when it ends. */
export interface Pod {
  /** The current container, or the last one. */
  readonly operator: OperatorProcess;
  /** Ends that no test caused, one sentence each. */
  readonly deaths: readonly string[];
  /** The log of all containers. */
  lines(): readonly LogLine[];
  /** Peak memory in MiB so far, without pages of files. */
  peakMiB(): number;
  /** Resolves when the current container leads and its watches are synced. */
  working(timeoutMs?: number): Promise<void>;
  /** Ends the container on purpose. The next one starts by itself; waits until it answers. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Ends it finally, default SIGKILL. Safe to call again. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface PodOptions {
  readonly kubeconfig: string;
  readonly namespace: string;
  /** Flags in addition to those of every test. */
  readonly flags?: readonly string[];
}

/** A kubelet needs about as long. */
const RESTART_MS = 500;
const LOOK_MS = 200;
const WORKING_MS = 60_000;

export async function startPod(subject: Subject, options: PodOptions): Promise<Pod> {
  const folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-journal-'));
  const bound = boundMemory();
  const start = () =>
    startOperator({
      kubeconfig: options.kubeconfig,
      namespace: options.namespace,
      flags: ['--identity=pod', ...(options.flags ?? [])],
      entry: subject.entry,
      journalDir: folder,
      prefix: bound.prefix,
      nodeFlags: [...subject.settings.nodeFlags, ...bound.nodeFlags],
      env: subject.settings.env,
    });
  const containers: OperatorProcess[] = [await start()];
  const current = () => containers.at(-1) as OperatorProcess;
  const deaths: string[] = [];
  let stopped = false;
  let isMeant = false;
  let peakBytes = 0;

  const looks = setInterval(() => {
    const { pid } = current();
    const bytes = heldBytes(pid);
    peakBytes = Math.max(peakBytes, bytes);
    if (bound.kind === 'watched' && bytes > MEMORY_BYTES) {
      current().stop('SIGKILL');
    }
  }, LOOK_MS);

  const supervise = async () => {
    while (!stopped) {
      const kills = bound.kills();
      const code = await current().exited;
      if (stopped) {
        return;
      }
      if (!isMeant) {
        const cause = bound.kills() > kills ? ', killed for its memory' : '';
        const last = current().lines.at(-1)?.msg ?? '';
        deaths.push(
          `ended with ${code ?? 'a signal'}${cause}, ${Math.round(peakBytes / 2 ** 20)} MiB; last line: ${last}`,
        );
      }
      isMeant = false;
      await again();
    }
  };
  const again = async () => {
    const ended = containers.length;
    while (!stopped && containers.length === ended) {
      await sleep(RESTART_MS);
      if (stopped) {
        return;
      }
      try {
        containers.push(await start());
      } catch (error) {
        deaths.push(`did not start: ${(error as Error).message.slice(0, 300)}`);
      }
    }
  };
  const supervised = supervise();

  const until = async (what: string, isSo: () => boolean, timeoutMs: number) => {
    const deadline = performance.now() + timeoutMs;
    while (!isSo()) {
      if (performance.now() > deadline) {
        throw new Error(`the operator ${what} after ${timeoutMs} ms:\n${current().output().slice(-2_000)}`);
      }
      await sleep(50);
    }
  };

  return {
    get operator() {
      return current();
    },
    deaths,
    lines: () => containers.flatMap(({ lines }) => lines),
    peakMiB: () => Math.round(peakBytes / 2 ** 20),
    working: (timeoutMs = WORKING_MS) =>
      until('does not work', () => current().lines.some(({ msg }) => msg === 'working'), timeoutMs),
    async kill(signal = 'SIGKILL') {
      const count = containers.length;
      isMeant = true;
      await current().stop(signal);
      await until('was not started again', () => containers.length > count, WORKING_MS);
    },
    async stop(signal = 'SIGKILL') {
      stopped = true;
      clearInterval(looks);
      await current().stop(signal);
      await supervised;
      bound.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
