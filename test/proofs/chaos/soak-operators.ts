import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LogLine, type OperatorProcess, startOperator } from '../../kit/testbed/operator.ts';
import { OPERATOR_NAMESPACE } from '../../kit/testbed/testbed.ts';
import type { Chance } from './soak-random.ts';

/** Two replicas of the unchanged operator, each restarted whenever it ends. */
export interface Operators {
  /** Kills or freezes one of them: mostly the leader, mostly by SIGKILL. */
  disturb(chance: Chance): Disturbance;
  /** How often a process ended, by cause. */
  ends(): Readonly<Record<string, number>>;
  /** Every line of every process so far. */
  lines(): readonly LogLine[];
  output(): string;
  stop(): Promise<void>;
}

export interface Disturbance {
  readonly signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP';
  readonly pod: string;
  readonly wasLeading: boolean;
}

const NAMES = ['pod-a', 'pod-b'] as const;
const SIGNALS = { SIGKILL: 5, SIGTERM: 2, SIGSTOP: 3 } as const;
const TO_THE_LEADER = 0.7;
/** Sometimes the lease is still valid afterwards; mostly another replica takes the lead before this one continues. */
const STOPPED_MS = [2_000, 20_000] as const;
/** A kubelet needs about as long. */
const RESTART_MS = 1_000;
/** Shorter than the defaults, with room for a machine that has other work and for calls that hang. */
const LEASE_FLAGS = [
  '--leader-elect-lease-duration=8s',
  '--leader-elect-renew-deadline=6s',
  '--leader-elect-retry-period=1s',
];

export async function startOperators(kubeconfig: string, flags: readonly string[]): Promise<Operators> {
  const pods = await Promise.all(NAMES.map((name) => startPod(name, kubeconfig, flags)));
  const processes = () => pods.flatMap(({ containers }) => containers);
  return {
    disturb(chance) {
      const leader = pods.find(({ containers }) => isLeading(containers.at(-1)));
      const toLeader = chance.hits(TO_THE_LEADER);
      const any = chance.pick(pods) as Pod;
      const signal = chance.weighed(SIGNALS) ?? 'SIGKILL';
      const stoppedMs = chance.between(...STOPPED_MS);
      const victim = toLeader && leader !== undefined ? leader : any;
      victim.send(signal, stoppedMs);
      return { signal, pod: victim.name, wasLeading: victim === leader };
    },
    ends() {
      const ends: Record<string, number> = {};
      for (const end of pods.flatMap((pod) => pod.ends)) {
        ends[end] = (ends[end] ?? 0) + 1;
      }
      return ends;
    },
    lines: () => processes().flatMap(({ lines }) => lines),
    output: () =>
      processes()
        .map((container) => container.output())
        .join('\n'),
    stop: async () => void (await Promise.all(pods.map((pod) => pod.stop()))),
  };
}

interface Pod {
  readonly name: string;
  readonly containers: readonly OperatorProcess[];
  readonly ends: readonly string[];
  /** A pod whose container is being started gets no signal. After SIGSTOP it continues `stoppedMs` later. */
  send(signal: Disturbance['signal'], stoppedMs: number): void;
  stop(): Promise<void>;
}

async function startPod(name: string, kubeconfig: string, further: readonly string[]): Promise<Pod> {
  const journalDir = await mkdtemp(join(tmpdir(), 'oauth-registrar-soak-'));
  const flags = [`--identity=${name}`, '--log-level=debug', ...LEASE_FLAGS, ...further];
  const start = () => startOperator({ kubeconfig, namespace: OPERATOR_NAMESPACE, flags, journalDir });
  const containers: OperatorProcess[] = [await start()];
  const ends: string[] = [];
  let running = containers.at(-1);
  let stopped = false;
  let asked: string | undefined;
  const supervise = async () => {
    while (running !== undefined) {
      const code = await running.exited;
      running = undefined;
      ends.push(asked ?? `exit ${code}`);
      asked = undefined;
      await sleep(RESTART_MS);
      if (!stopped) {
        running = await start();
        containers.push(running);
      }
      if (stopped) {
        await running?.stop('SIGKILL');
      }
    }
  };
  const supervised = supervise();
  return {
    name,
    containers,
    ends,
    send(signal, stoppedMs) {
      if (running === undefined) {
        return;
      }
      const { pid } = running;
      if (signal === 'SIGSTOP') {
        process.kill(pid, signal);
        setTimeout(() => running?.pid === pid && process.kill(pid, 'SIGCONT'), stoppedMs);
        return;
      }
      asked = signal;
      process.kill(pid, signal);
    },
    async stop() {
      stopped = true;
      await running?.stop('SIGKILL');
      await supervised;
      await rm(journalDir, { recursive: true, force: true });
    },
  };
}

function isLeading(container: OperatorProcess | undefined): boolean {
  const last = container?.lines.findLast(({ msg }) =>
    ['started', 'working', 'no longer the leader', 'stopping'].includes(msg),
  );
  return last?.msg === 'working';
}
