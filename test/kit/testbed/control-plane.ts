import { generateKeyPair, randomBytes } from 'node:crypto';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Agent } from 'undici';
import { type ApiUser, apiUser, type KubectlResult, runKubectl, writeKubeconfig } from './api-access.ts';
import { AUDIT_POLICY, type AuditEvent, auditPosition, readAuditLog } from './audit-log.ts';
import { type Binaries, ensureBinaries, TOOLS } from './binaries.ts';
import {
  apiServerFlags,
  controllerManagerFlags,
  etcdFlags,
  type Layout,
  layOut,
} from './control-plane-flags.ts';
import { freePort } from './free-port.ts';
import { createProcessGroup, type ProcessGroup, type RunningProcess } from './process-group.ts';
import { createProgress, type Progress } from './progress.ts';

export interface ControlPlaneOptions {
  /**
   * Also run garbage collection, namespace deletion and service accounts. Default false: less memory, faster. Started
   * before a CRD is applied, the garbage collector learns of that kind only within 30 s: `later` lets the caller wait.
   */
  readonly controllerManager?: boolean | 'later';
  /** With `controllerManager`: also run Deployments, ReplicaSets, Jobs and disruption budgets. Default false. */
  readonly workloads?: boolean;
  /** Let etcd wait for the disk. Default false; true wherever a figure is taken. */
  readonly fsync?: boolean;
  /** Told about binaries that must be fetched or built first, else silent. Default: lines on stderr. */
  readonly progress?: Progress;
}

/** A Kubernetes API of its own: real etcd and kube-apiserver, and kube-controller-manager where asked for. */
export interface ControlPlane {
  readonly url: string;
  /** PEM. */
  readonly caFile: string;
  /** Path of a kubeconfig in the group `system:masters`. */
  readonly adminKubeconfig: string;
  /** Requests in the group `system:masters`; its user is called `testbed-admin` in the audit log. */
  readonly admin: ApiUser;
  /** Writes a kubeconfig with a token of an existing service account, valid for a day; returns its path. */
  kubeconfigFor(account: { readonly namespace: string; readonly serviceAccount: string }): Promise<string>;
  /** Runs kubectl, as the admin unless `kubeconfig` says otherwise. */
  kubectl(
    args: readonly string[],
    options?: { readonly stdin?: string; readonly kubeconfig?: string },
  ): Promise<KubectlResult>;
  /** Every request answered so far; `since` a position: those after it. */
  audit(since?: number): Promise<readonly AuditEvent[]>;
  /** Where the audit log ends now. */
  auditPosition(): Promise<number>;
  /** Of the process that runs now; `undefined` where the tool wasn't started. */
  pidOf(tool: 'etcd' | 'kube-apiserver' | 'kube-controller-manager'): number | undefined;
  /** For `controllerManager: 'later'`. */
  startControllerManager(): Promise<void>;
  /** Keeps what etcd holds now: it is stopped, its data copied, and started again. Calls fail for some seconds. */
  snapshot(): Promise<Snapshot>;
  /** Everything is stopped and comes back with that data, as after a disaster: etcd's revision goes back with it. */
  restore(snapshot: Snapshot): Promise<void>;
  /** Ends the processes and removes every file. Safe to call again. */
  stop(): Promise<void>;
}

/** A copy of etcd's data, in the control plane's own folder. */
export interface Snapshot {
  readonly folder: string;
}

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 30;
const ATTEMPTS = 3;
const TOKEN_SECONDS = 86_400;

/**
 * Starts a control plane on free ports of 127.0.0.1 and resolves when it serves (about 3 s on two cores).
 *
 * Any number may run side by side. Without `stop`, everything ends with this process, however that ends. Throws with the
 * last lines of the log of the program that did not come up.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const wanted = TOOLS.filter((tool) => tool !== 'kube-controller-manager' || options.controllerManager);
  const binaries = await ensureBinaries(options.progress ?? createProgress(), wanted);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(binaries, options);
    } catch (error) {
      // Another process may take a port between our finding it free and the server's binding it.
      const portTaken = error instanceof Error && error.message.includes('address already in use');
      if (!portTaken || attempt === ATTEMPTS) {
        throw error;
      }
    }
  }
}

async function startOnce(binaries: Partial<Binaries>, options: ControlPlaneOptions): Promise<ControlPlane> {
  const group = await createProcessGroup('oauth-registrar-testbed-');
  try {
    const [etcd, etcdPeer, apiServer] = [await freePort(), await freePort(), await freePort()];
    const layout = layOut(group.folder, { etcd, etcdPeer, apiServer });
    const adminToken = await writeFiles(layout);
    const flags: Readonly<Record<string, readonly string[]>> = {
      etcd: etcdFlags(layout, { fsync: options.fsync ?? false }),
      'kube-apiserver': apiServerFlags(layout),
      'kube-controller-manager': controllerManagerFlags(layout, { workloads: options.workloads ?? false }),
    };
    const running = new Map<Tool, RunningProcess>();
    const start = async (tool: Tool) =>
      void running.set(tool, await group.start(tool, binaries[tool] ?? tool, flags[tool] ?? []));
    await start('etcd');
    await start('kube-apiserver');
    const agent = await whenServing(layout, adminToken, running);
    const admin = apiUser(layout.url, adminToken, agent);
    const startControllerManager = async () => {
      await start('kube-controller-manager');
      await until(running, () => exists(admin, '/api/v1/namespaces/default/serviceaccounts/default'));
    };
    if (options.controllerManager === true) {
      await startControllerManager();
    }
    const kubectl = binaries.kubectl ?? 'kubectl';
    const backups = backupsOf({ layout, running, start, admin });
    return controlPlane({ layout, group, running, agent, admin, kubectl, startControllerManager, backups });
  } catch (error) {
    await group.stop();
    throw error;
  }
}

type Tool = keyof Binaries;
type Backups = Pick<ControlPlane, 'snapshot' | 'restore'>;

function backupsOf(parts: {
  readonly layout: Layout;
  readonly running: Map<Tool, RunningProcess>;
  readonly start: (tool: Tool) => Promise<void>;
  readonly admin: ApiUser;
}): Backups {
  const { layout, running, start, admin } = parts;
  const data = join(layout.folder, 'etcd');
  const serving = () => until(running, () => exists(admin, '/readyz'));
  let count = 0;
  return {
    async snapshot() {
      count += 1;
      const folder = join(layout.folder, `snapshot-${count}`);
      // A crash, of the process alone: what it wrote is in its files. An orderly end takes seconds.
      await running.get('etcd')?.stop('SIGKILL');
      await cp(data, folder, { recursive: true });
      await start('etcd');
      await serving();
      return { folder };
    },
    async restore({ folder }) {
      const tools = [...running.keys()];
      for (const tool of tools.toReversed()) {
        await running.get(tool)?.stop('SIGKILL');
      }
      await rm(data, { recursive: true });
      await cp(folder, data, { recursive: true });
      for (const tool of tools) {
        await start(tool);
      }
      await serving();
    },
  };
}

function controlPlane(parts: {
  readonly layout: Layout;
  readonly group: ProcessGroup;
  readonly running: ReadonlyMap<Tool, RunningProcess>;
  readonly agent: Agent;
  readonly admin: ApiUser;
  readonly kubectl: string;
  readonly startControllerManager: () => Promise<void>;
  readonly backups: Backups;
}): ControlPlane {
  const { layout, group, agent, admin } = parts;
  return {
    url: layout.url,
    caFile: layout.caFile,
    adminKubeconfig: layout.adminKubeconfig,
    admin,
    kubeconfigFor: (account) => kubeconfigFor(layout, admin, account),
    kubectl: (args, { stdin, kubeconfig = layout.adminKubeconfig } = {}) =>
      runKubectl(
        { path: parts.kubectl, kubeconfig, cache: join(layout.folder, 'kubectl-cache') },
        args,
        stdin,
      ),
    audit: (since) => readAuditLog(layout.auditLog, since),
    auditPosition: () => auditPosition(layout.auditLog),
    pidOf: (tool) => parts.running.get(tool)?.pid,
    startControllerManager: parts.startControllerManager,
    ...parts.backups,
    stop: async () => {
      await agent.destroy();
      await group.stop();
    },
  };
}

async function kubeconfigFor(
  layout: Layout,
  admin: ApiUser,
  { namespace, serviceAccount }: { readonly namespace: string; readonly serviceAccount: string },
): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
  const { status, json } = await admin.request<{ readonly status?: { readonly token?: string } }>(
    'POST',
    path,
    {
      spec: { expirationSeconds: TOKEN_SECONDS },
    },
  );
  const token = json.status?.token;
  if (token === undefined) {
    throw new Error(`no token for service account ${namespace}/${serviceAccount}: ${status}`);
  }
  const file = join(layout.folder, `${namespace}-${serviceAccount}.kubeconfig`);
  await writeKubeconfig(file, layout, { name: serviceAccount, token, namespace });
  return file;
}

/** Writes what the programs read before they start; returns the admin's token. */
async function writeFiles(layout: Layout): Promise<string> {
  const adminToken = randomBytes(24).toString('base64url');
  const managerToken = randomBytes(24).toString('base64url');
  const secret = { mode: 0o600 };
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const tokens = [
    `${adminToken},testbed-admin,testbed-admin,"system:masters"`,
    `${managerToken},system:kube-controller-manager,system:kube-controller-manager,"system:masters"`,
  ];
  await Promise.all([
    writeFile(layout.tokens, `${tokens.join('\n')}\n`, secret),
    writeFile(layout.auditPolicy, AUDIT_POLICY),
    writeFile(layout.serviceAccountKey, privateKey, secret),
    writeFile(layout.serviceAccountPublicKey, publicKey),
    writeKubeconfig(layout.adminKubeconfig, layout, { name: 'testbed-admin', token: adminToken }),
    writeKubeconfig(layout.controllerManagerKubeconfig, layout, {
      name: 'system:kube-controller-manager',
      token: managerToken,
    }),
  ]);
  return adminToken;
}

/** Resolves with connections to the API server once it is ready and its first namespaces exist. */
async function whenServing(
  layout: Layout,
  token: string,
  running: ReadonlyMap<Tool, RunningProcess>,
): Promise<Agent> {
  let ca = '';
  await until(running, async () => {
    // The server makes its certificate at start and writes the file before it listens.
    ca = await readFile(layout.caFile, 'utf8').catch(() => '');
    return ca.trimEnd().endsWith('-----END CERTIFICATE-----');
  });
  const agent = new Agent({ connect: { ca } });
  const admin = apiUser(layout.url, token, agent);
  for (const path of ['/readyz', '/api/v1/namespaces/default', '/api/v1/namespaces/kube-system']) {
    await until(running, () => exists(admin, path));
  }
  return agent;
}

async function exists(user: ApiUser, path: string): Promise<boolean> {
  const answer = await user.request('GET', path).catch(() => ({ status: 0 }));
  return answer.status === 200;
}

/** Polls `condition`; throws as soon as a process has ended, or after a minute. */
async function until(
  running: ReadonlyMap<Tool, RunningProcess>,
  condition: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  const processes = [...running.values()];
  while (!(await condition())) {
    const ended = processes.find((process) => !process.isRunning());
    if (ended !== undefined) {
      throw new Error(`${ended.name} ended:\n${await ended.logTail()}`);
    }
    if (performance.now() > deadline) {
      const tails = await Promise.all(
        processes.map(async ({ name, logTail }) => `${name}: ${await logTail()}`),
      );
      throw new Error(
        `the control plane is not ready after ${START_TIMEOUT_MS / 1000} s:\n${tails.join('\n')}`,
      );
    }
    await sleep(POLL_MS);
  }
}
