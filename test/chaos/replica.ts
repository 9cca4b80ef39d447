import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OperatorProcess, startOperator } from '../testbed/operator.ts';
import { OPERATOR_NAMESPACE, type World } from '../testbed/world.ts';
import { type Failpoint, MET, setFailpoint } from './failpoints.ts';

/** One pod of the operator: its container is started again whenever it ends, and finds the journal that it left. */
export interface Replica {
  readonly name: string;
  /** Whether the container that runs now has the lead and its watches are synced. */
  isWorking(): boolean;
  /** Lets its container meet a failpoint, once. */
  set(failpoint: Failpoint): void;
  /** Takes away a failpoint that was not met. */
  clear(): void;
  /** How many failpoints its containers have met. */
  met(): number;
  /** Lets a stopped container go on. */
  resume(): void;
  /** Exit codes of the containers that ended; `null`: by a signal. */
  readonly exits: readonly (number | null)[];
  /** Everything that all its containers printed. */
  output(): string;
  /** Kills it, for good. */
  stop(): Promise<void>;
}

const ENTRY = join(import.meta.dirname, 'operator-with-failpoints.ts');
/** A kubelet needs about as long. */
const RESTART_MS = 500;

/** Fast enough for a test, with room for a machine that has other work. */
const LEASE_FLAGS = [
  '--leader-elect-lease-duration=4s',
  '--leader-elect-renew-deadline=3s',
  '--leader-elect-retry-period=1s',
];

export async function startReplica(world: World, name: string): Promise<Replica> {
  const folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-replica-'));
  const file = join(folder, 'failpoint');
  const start = () =>
    startOperator({
      kubeconfig: world.operatorKubeconfig,
      namespace: OPERATOR_NAMESPACE,
      flags: [`--identity=${name}`, `--failpoint-file=${file}`, ...LEASE_FLAGS],
      entry: ENTRY,
      journalDir: folder,
    });
  const containers: OperatorProcess[] = [await start()];
  const exits: (number | null)[] = [];
  const current = () => containers.at(-1);
  let stopped = false;
  const supervise = async () => {
    while (!stopped) {
      exits.push((await current()?.exited) ?? null);
      await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
      if (!stopped) {
        containers.push(await start());
      }
    }
  };
  const supervised = supervise();
  return {
    name,
    exits,
    isWorking: () => {
      const container = current();
      return container !== undefined && exits.length < containers.length && isWorking(container);
    },
    set: (failpoint) => setFailpoint(file, failpoint),
    clear: () => setFailpoint(file, undefined),
    met: () => containers.flatMap(({ lines }) => lines).filter(({ msg }) => msg === MET).length,
    resume: () => process.kill(current()?.pid ?? 0, 'SIGCONT'),
    output: () => containers.map((container) => container.output()).join(''),
    async stop() {
      stopped = true;
      await current()?.stop('SIGKILL');
      await supervised;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Says that it works, and not yet that it has stopped to. */
function isWorking({ lines }: OperatorProcess): boolean {
  const last = lines.findLast(
    ({ msg }) => msg === 'working' || msg === 'no longer the leader' || msg === 'stopping',
  );
  return last?.msg === 'working';
}
