import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LogLine, type OperatorProcess, startOperator } from '../testbed/operator.ts';
import { OPERATOR_NAMESPACE } from '../testbed/world.ts';
import type { Chance } from './soak-random.ts';

/** Two replicas of the operator, unchanged, each started again whenever it ends. */
export interface Operators {
  /** Ends one of them, mostly the leader, mostly by SIGKILL; says which and how. */
  disturb(chance: Chance): string;
  /** How often a process ended, by what ended it. */
  ends(): Readonly<Record<string, number>>;
  /** Every line of every process so far. */
  lines(): readonly LogLine[];
  output(): string;
  stop(): Promise<void>;
}

const NAMES = ['pod-a', 'pod-b'] as const;
/** A kubelet needs about as long. */
const RESTART_MS = 1_000;
/** Shorter than the defaults, with room for a machine that has other work and for calls that hang. */
const LEASE_FLAGS = [
  '--leader-elect-lease-duration=8s',
  '--leader-elect-renew-deadline=6s',
  '--leader-elect-retry-period=1s',
];

export async function startOperators(kubeconfig: string): Promise<Operators> {
  const pods = await Promise.all(NAMES.map((name) => startPod(name, kubeconfig)));
  const processes = () => pods.flatMap(({ containers }) => containers);
  return {
    disturb(chance) {
      const leader = pods.find(({ containers }) => isLeading(containers.at(-1)));
      const victim = leader !== undefined && chance.hits(0.7) ? leader : chance.pick(pods);
      const signal = chance.hits(0.75) ? 'SIGKILL' : 'SIGTERM';
      victim?.kill(signal);
      return `${signal} to ${victim?.name}${victim === leader ? ', which leads' : ''}`;
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
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

async function startPod(name: string, kubeconfig: string): Promise<Pod> {
  const journalDir = await mkdtemp(join(tmpdir(), 'oauth-registrar-soak-'));
  const flags = [`--identity=${name}`, ...LEASE_FLAGS];
  const start = () => startOperator({ kubeconfig, namespace: OPERATOR_NAMESPACE, flags, journalDir });
  const containers: OperatorProcess[] = [await start()];
  const ends: string[] = [];
  let stopped = false;
  let asked: string | undefined;
  const supervise = async () => {
    while (!stopped) {
      const code = await containers.at(-1)?.exited;
      ends.push(asked ?? `exit ${code}`);
      asked = undefined;
      await sleep(RESTART_MS);
      if (!stopped) {
        containers.push(await start());
      }
    }
  };
  const supervised = supervise();
  return {
    name,
    containers,
    ends,
    kill(signal) {
      asked = signal;
      void containers.at(-1)?.stop(signal);
    },
    async stop() {
      stopped = true;
      await containers.at(-1)?.stop('SIGKILL');
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
