import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OperatorProcess, startOperator } from '../../kit/testbed/operator.ts';
import { OPERATOR_NAMESPACE, type Testbed } from '../../kit/testbed/testbed.ts';
import { type Failpoint, MET, setFailpoint } from './failpoints.ts';

/** One pod of the operator: its container is restarted whenever it ends, and finds its journal. */
export interface Replica {
  readonly name: string;
  /** Whether the current container leads and its watches are synced. */
  isWorking(): boolean;
  /** Sets a failpoint for its container; it acts once. */
  set(failpoint: Failpoint): void;
  /** Removes a failpoint that was not reached. */
  clear(): void;
  /** How many failpoints its containers have reached. */
  met(): number;
  /** How many answers its containers recorded from the journal of an earlier one. */
  replayed(): number;
  /**
   * Its container is restarted only when `isTime` returns true, or after {@link BACK_OFF_MS}, like a kubelet that
   * backs off.
   */
  restartWhen(isTime: () => boolean): void;
  /** Continues a stopped container. */
  resume(): void;
  /** Exit codes of the containers that ended; `null`: by a signal. */
  readonly exits: readonly (number | null)[];
  /** Output of all its containers. */
  output(): string;
  /** Kills it finally. */
  stop(): Promise<void>;
}

/** A kubelet needs about as long. */
const RESTART_MS = 500;

/** Longer than a successor needs to reach its failpoint. */
const BACK_OFF_MS = 40_000;

/** Fast enough for a test, with room for a machine that has other work. */
const LEASE_FLAGS = [
  '--leader-elect-lease-duration=8s',
  '--leader-elect-renew-deadline=6s',
  '--leader-elect-retry-period=1s',
];

/** @param entry the file of {@link buildOperator} */
export async function startReplica(
  testbed: Testbed,
  name: string,
  entry: string,
  flags: readonly string[] = [],
): Promise<Replica> {
  const folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-replica-'));
  const file = join(folder, 'failpoint');
  const start = () =>
    startOperator({
      kubeconfig: testbed.operatorKubeconfig,
      namespace: OPERATOR_NAMESPACE,
      flags: [`--identity=${name}`, `--failpoint-file=${file}`, ...LEASE_FLAGS, ...flags],
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
        // A container that doesn't start is started once more.
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

/** Whether its last word was that it works, not that it stopped. */
function isWorking({ lines }: OperatorProcess): boolean {
  const last = lines.findLast(
    ({ msg }) => msg === 'working' || msg === 'no longer the leader' || msg === 'stopping',
  );
  return last?.msg === 'working';
}
