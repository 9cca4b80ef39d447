import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OperatorProcess, startOperator } from '../../kit/testbed/operator.ts';
import { OPERATOR_NAMESPACE, type Testbed } from '../../kit/testbed/testbed.ts';
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
  /** How many answers its containers found in the journal of an earlier one, and recorded. */
  replayed(): number;
  /** Its container is started again only when it is time, or after {@link BACK_OFF_MS}: as if a kubelet backed off. */
  restartWhen(isTime: () => boolean): void;
  /** Lets a stopped container go on. */
  resume(): void;
  /** Exit codes of the containers that ended; `null`: by a signal. */
  readonly exits: readonly (number | null)[];
  /** Everything that all its containers printed. */
  output(): string;
  /** Kills it, for good. */
  stop(): Promise<void>;
}

/** A kubelet needs about as long. */
const RESTART_MS = 500;

/** Longer than a successor needs to meet what it is to meet. */
const BACK_OFF_MS = 40_000;

/** Fast enough for a test, with room for a machine that has other work. */
const LEASE_FLAGS = [
  '--leader-elect-lease-duration=8s',
  '--leader-elect-renew-deadline=6s',
  '--leader-elect-retry-period=1s',
];

/** @param entry what {@link buildOperator} made */
export async function startReplica(testbed: Testbed, name: string, entry: string): Promise<Replica> {
  const folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-replica-'));
  const file = join(folder, 'failpoint');
  const start = () =>
    startOperator({
      kubeconfig: testbed.operatorKubeconfig,
      namespace: OPERATOR_NAMESPACE,
      flags: [`--identity=${name}`, `--failpoint-file=${file}`, ...LEASE_FLAGS],
      entry,
      journalDir: folder,
    });
  const containers: OperatorProcess[] = [await start()];
  const exits: (number | null)[] = [];
  const current = () => containers.at(-1);
  const said = (text: string) =>
    containers.flatMap(({ lines }) => lines).filter(({ msg }) => msg === text).length;
  let stopped = false;
  let isTime = () => true;
  const untilTime = async () => {
    const deadline = performance.now() + BACK_OFF_MS;
    do {
      await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
    } while (!stopped && !isTime() && performance.now() < deadline);
    isTime = () => true;
  };
  const supervise = async () => {
    while (!stopped) {
      exits.push((await current()?.exited) ?? null);
      await untilTime();
      while (!stopped && exits.length === containers.length) {
        // One that doesn't come up is started once more.
        containers.push(
          ...(await start().then(
            (container) => [container],
            () => [],
          )),
        );
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
    met: () => said(MET),
    replayed: () => said('answer of an earlier process recorded'),
    restartWhen: (wanted) => {
      isTime = wanted;
    },
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
