import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import type { ControlPlane } from './control-plane.ts';
import { childEnvironment } from './environment.ts';
import { ensureGoTool } from './go-tool.ts';
import { type OperatorProcess, startOperator } from './operator.ts';
import { createProcessGroup } from './process-group.ts';
import { SILENT } from './progress.ts';

/** This image can't be pulled: the Pod waits with `ErrImagePull`. */
export const MISSING_IMAGE = { repository: 'registry.example.com/missing', tag: '1' };

/**
 * A node that stands in for a real one: KWOK keeps the Node object and starts and removes Pods; nothing of their
 * containers' images runs. In their place this process runs, under a token of the Pod's account and with the container's
 * arguments and environment: the operator from source, and any `node` command. A Pod is ready while its operator
 * answers ok to `/readyz`, and has succeeded or failed as its command did.
 */
export interface StandInNode {
  /** Pod's name → the operator that runs for it now. */
  readonly operators: ReadonlyMap<string, OperatorProcess>;
  /** What the commands printed that ended, in their order. */
  readonly printed: readonly string[];
  stop(): Promise<void>;
}

const NODE = 'stand-in';
const TICK_MS = 200;

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly serviceAccountName: string;
    readonly containers: readonly [Container];
  };
  readonly status: {
    readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly object[];
  };
}

interface Container {
  readonly name: string;
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
  }[];
}

/** Starts it for a control plane with the controllers of workloads. Ends at the latest with this process. */
export async function startNode(controlPlane: ControlPlane): Promise<StandInNode> {
  const group = await createProcessGroup('oauth-registrar-node-');
  const kwok = await ensureGoTool('kwok', SILENT);
  await controlPlane.admin.request('POST', '/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NODE, labels: { 'kubernetes.io/hostname': NODE } },
  });
  await group.start('kwok', kwok, [
    `--kubeconfig=${controlPlane.adminKubeconfig}`,
    `--config=${join(import.meta.dirname, 'node-stages.yaml')}`,
    '--manage-all-nodes=true',
    '--node-ip=127.0.0.1',
    '--server-address=',
  ]);
  const runner = createRunner(controlPlane, group.folder);
  let isStopped = false;
  const loop = (async () => {
    while (!isStopped) {
      await runner.tick();
      await sleep(TICK_MS);
    }
  })();
  return {
    operators: runner.operators,
    printed: runner.printed,
    async stop() {
      isStopped = true;
      await loop;
      await Promise.all([...runner.operators.values()].map((operator) => operator.stop('SIGKILL')));
      await group.stop();
    },
  };
}

function createRunner(controlPlane: ControlPlane, folder: string) {
  const { admin } = controlPlane;
  const begun = new Set<string>();
  const operators = new Map<string, OperatorProcess>();
  const printed: string[] = [];

  const setStatus = ({ metadata: { namespace, name } }: Pod, status: object) =>
    admin.request('PATCH', `/api/v1/namespaces/${namespace}/pods/${name}/status`, { status });

  async function startFor(pod: Pod): Promise<void> {
    const { name, namespace } = pod.metadata;
    const [container] = pod.spec.containers;
    const env = environmentOf(pod);
    const kubeconfig = await controlPlane.kubeconfigFor({
      namespace,
      serviceAccount: pod.spec.serviceAccountName,
    });
    if (container.command !== undefined) {
      const ended = await runCommand(
        container,
        env,
        await accountFolder(folder, kubeconfig, controlPlane, pod),
        controlPlane.url,
      );
      printed.push(ended.output);
      await setStatus(pod, { phase: ended.code === 0 ? 'Succeeded' : 'Failed' });
      return;
    }
    const args = container.args
      .map((arg) => arg.replace(/\$\((\w+)\)/g, (_, variable: string) => env[variable] ?? ''))
      // A folder of this machine in place of the volume.
      .filter((arg) => !arg.startsWith('--journal-dir='));
    operators.set(name, await startOperator({ kubeconfig, namespace, flags: args, env }));
  }

  async function tend(pod: Pod): Promise<void> {
    const { name, namespace, uid } = pod.metadata;
    if (pod.spec.nodeName === undefined) {
      const target = { apiVersion: 'v1', kind: 'Node', name: NODE };
      const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target };
      await admin.request('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, binding);
    } else if (pod.status.phase === 'Running' && !begun.has(uid)) {
      begun.add(uid);
      startFor(pod).catch(async (error: unknown) => {
        printed.push(String(error));
        // The cluster may be stopped by now: then nobody looks at the Pod.
        await setStatus(pod, { phase: 'Failed' }).catch(() => undefined);
      });
    } else if (pod.status.phase === 'Running') {
      await probe(pod, operators.get(name));
    }
  }

  async function probe(pod: Pod, operator: OperatorProcess | undefined): Promise<void> {
    if (operator === undefined) {
      return;
    }
    const answer = await fetch(`http://127.0.0.1:${operator.port}/readyz`).catch(() => undefined);
    const status = answer?.status === 200 ? 'True' : 'False';
    if (pod.status.conditions?.find(({ type }) => type === 'Ready')?.status !== status) {
      const now = new Date().toISOString();
      await setStatus(pod, {
        conditions: ['Initialized', 'PodScheduled', 'ContainersReady', 'Ready'].map((type) => ({
          type,
          status: type.endsWith('Ready') ? status : 'True',
          lastTransitionTime: now,
        })),
        containerStatuses: pod.status.containerStatuses?.map((one) => ({ ...one, ready: status === 'True' })),
      });
    }
  }

  return {
    operators,
    printed,
    /** One look at every Pod. A call that fails is made again at the next. */
    async tick(): Promise<void> {
      try {
        const { status, json } = await admin.request<{ readonly items: readonly Pod[] }>(
          'GET',
          '/api/v1/pods',
        );
        if (status !== 200) {
          return;
        }
        const present = json.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
        for (const [name, operator] of operators) {
          if (!present.some(({ metadata }) => metadata.name === name)) {
            operators.delete(name);
            void operator.stop();
          }
        }
        await Promise.all(present.map(tend));
      } catch {}
    },
  };
}

function environmentOf({ metadata, spec }: Pod): Readonly<Record<string, string>> {
  const fields: Readonly<Record<string, string>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
  };
  return Object.fromEntries(
    (spec.containers[0].env ?? []).map(({ name, value, valueFrom }) => [
      name,
      value ?? fields[valueFrom?.fieldRef.fieldPath ?? ''] ?? '',
    ]),
  );
}

/** The files of the Pod's account, as the kubelet makes them. */
async function accountFolder(
  folder: string,
  kubeconfig: string,
  { caFile }: ControlPlane,
  pod: Pod,
): Promise<string> {
  const { users } = parse(await readFile(kubeconfig, 'utf8')) as {
    readonly users: readonly [{ readonly user: { readonly token: string } }];
  };
  const own = join(folder, pod.metadata.uid);
  await mkdir(own);
  await writeFile(join(own, 'token'), users[0].user.token, { mode: 0o600 });
  await writeFile(join(own, 'ca.crt'), await readFile(caFile));
  return own;
}

async function runCommand(
  { args }: Container,
  env: Readonly<Record<string, string>>,
  account: string,
  url: string,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const { hostname, port } = new URL(url);
  const child = spawn(process.execPath, args, {
    env: childEnvironment({
      ...env,
      ACCOUNT_FOLDER: account,
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      PATIENCE_SECONDS: '20',
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, output: stdout + stderr };
}
