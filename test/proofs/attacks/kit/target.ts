import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { expect, inject } from 'vitest';
import { parse } from 'yaml';
import { beforeTests } from '../../../kit/before-tests.ts';
import { type StubServer, startStubServer, stopStubServers } from '../../../kit/stub-server.ts';
import { apiUser } from '../../../kit/testbed/api-access.ts';
import { type ControlPlane, startControlPlane } from '../../../kit/testbed/control-plane.ts';
import { untilGuarded } from '../../../kit/testbed/policies.ts';
import { SILENT } from '../../../kit/testbed/progress.ts';
import { OPERATOR_NAMESPACE } from '../../../kit/testbed/testbed.ts';
import {
  clusterServer,
  credential,
  isReady,
  type Person,
  personAt,
  type SeenObject,
  type SentObject,
} from './objects.ts';
import { type Pod, startPod } from './pod.ts';
import type { Subject } from './subject.ts';

/** The target of an attack: one API server, one operator, one honest authorization server, any number of tenants. */
export interface Target {
  readonly controlPlane: ControlPlane;
  /** A user with all rights, in the operator's namespace by default. */
  readonly admin: Person;
  /** The server that the platform offers to every tenant, as ClusterAuthorizationServer `corporate`. */
  readonly corporate: StubServer;
  readonly pod: Pod;
  /** A ServiceAccount with only a built-in role, in a new or an existing namespace. */
  tenant(role: 'view' | 'edit' | 'admin', options?: TenantOptions): Promise<Tenant>;
  /** Starts another authorization server on loopback. */
  server(behave?: StubServer['behave']): Promise<StubServer>;
  /** Stops the operator, applies the manifests of another one, and starts that one. */
  upgrade(to: Subject): Promise<void>;
  /** The same, but the definitions, the guard and the namespace stay as they are, as the docs say for a former version. */
  rollBack(to: Subject): Promise<void>;
  /** Ends everything; fails if the operator died. */
  close(): Promise<void>;
}

export interface Tenant extends Person {
  /** Path of its kubeconfig, for `target.controlPlane.kubectl`. */
  readonly kubeconfig: string;
  /** Waits until an object of its namespace matches; fails with its last state. */
  until(
    kind: string,
    name: string,
    isSo: (object: SeenObject | undefined) => boolean,
    timeoutMs?: number,
  ): Promise<SeenObject>;
  /** Creates an OAuthClient and waits until it is Ready. */
  ready(client: SentObject, timeoutMs?: number): Promise<SeenObject>;
}

export interface TenantOptions {
  /** Default: a new one, admitted to cluster servers. */
  readonly namespace?: string;
  /** Labels of the new namespace. Default: `sso: "true"`. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface TargetOptions {
  /** Flags of the operator in addition to those of every test. */
  readonly flags?: readonly string[];
  /** Members of the `spec` of the server object `corporate`. */
  readonly corporate?: object;
  /** The operator to start with. Default: the one of this run. */
  readonly subject?: Subject;
}

/** Initial access token of the server `corporate`. */
export const CORPORATE_TOKEN = 'PLATFORM-INITIAL-ACCESS-TOKEN-1234';

const WAIT_MS = 20_000;
const ROLES_MS = 30_000;

/** A target for one test file: opened before its tests, closed after them. */
export const useTarget = (options: TargetOptions = {}): Target =>
  beforeTests(
    () => openTarget(options),
    (target) => target?.close(),
  );

/** The control plane with `deploy/` applied and the operator running; takes about 6 s. */
export async function openTarget(options: TargetOptions = {}): Promise<Target> {
  const subject = options.subject ?? inject('attacked');
  const controlPlane = await startControlPlane({ controllerManager: 'later', progress: SILENT });
  const agents: Agent[] = [];
  const pods: Pod[] = [];
  try {
    const ca = await readFile(controlPlane.caFile, 'utf8');
    const personOf = async (kubeconfig: string, namespace: string) => {
      const agent = new Agent({ connect: { ca } });
      agents.push(agent);
      return personAt(apiUser(controlPlane.url, await tokenIn(kubeconfig), agent), namespace);
    };
    await apply(controlPlane, subject.deploy);
    await controlPlane.startControllerManager();
    const admin = await personOf(controlPlane.adminKubeconfig, OPERATOR_NAMESPACE);
    const kubeconfig = await controlPlane.kubeconfigFor({
      namespace: OPERATOR_NAMESPACE,
      serviceAccount: 'oauth-registrar',
    });
    const start = async (from: Subject) => {
      const flags = options.flags ?? [];
      const started = await startPod(from, { kubeconfig, namespace: OPERATOR_NAMESPACE, flags });
      pods.push(started);
      await started.working();
      return started;
    };
    const replace = async (to: Subject, manifests: string) => {
      await pods.at(-1)?.stop('SIGTERM');
      await apply(controlPlane, manifests);
      await start(to);
    };
    const corporate = await startStubServer();
    corporate.admits = CORPORATE_TOKEN;
    await admin.createOrFail(
      credential('corporate', { token: CORPORATE_TOKEN }),
      clusterServer('corporate', corporate.issuer, {
        registration: { admission: { initialAccessToken: { secretRef: { name: 'corporate' } } } },
        ...options.corporate,
      }),
    );
    await Promise.all([
      start(subject),
      untilRolesHoldOurs(admin),
      untilGuarded(controlPlane, OPERATOR_NAMESPACE),
    ]);
    return {
      controlPlane,
      admin,
      corporate,
      get pod() {
        return pods.at(-1) as Pod;
      },
      tenant: (role, more) => makeTenant({ controlPlane, admin, personOf }, role, more),
      server: startStubServer,
      upgrade: (to) => replace(to, to.deploy),
      rollBack: (to) => replace(to, join(to.deploy, 'operator')),
      async close() {
        await stop(controlPlane, agents, pods);
        expect(
          pods.flatMap(({ deaths }) => deaths),
          'the operator died',
        ).toEqual([]);
      },
    };
  } catch (error) {
    await stop(controlPlane, agents, pods);
    throw error;
  }
}

async function stop(
  controlPlane: ControlPlane,
  agents: readonly Agent[],
  pods: readonly Pod[],
): Promise<void> {
  await Promise.all(pods.map((pod) => pod.stop()));
  await stopStubServers();
  await Promise.all(agents.map((agent) => agent.destroy()));
  await controlPlane.stop();
}

async function apply(controlPlane: ControlPlane, deploy: string): Promise<void> {
  const must = async (...args: readonly string[]) => {
    const { code, stderr } = await controlPlane.kubectl(args);
    if (code !== 0) {
      throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    }
  };
  await must('apply', '-k', deploy);
  await must('wait', '--for=condition=Established', 'crd', '--all', '--timeout=20s');
}

/** The built-in roles get the rules of `deploy/base/user-roles.yaml` some time after these are applied. */
async function untilRolesHoldOurs(admin: Person): Promise<void> {
  const deadline = performance.now() + ROLES_MS;
  const holdsOurs = async (role: string) =>
    JSON.stringify((await admin.get('ClusterRole', role))?.['rules'] ?? []).includes('oauth-registrar.dev');
  for (const role of ['view', 'edit', 'admin']) {
    while (!(await holdsOurs(role))) {
      if (performance.now() > deadline) {
        throw new Error(`the role ${role} has no rule for OAuthClients`);
      }
      await sleep(50);
    }
  }
}

async function tokenIn(kubeconfig: string): Promise<string> {
  const { users } = parse(await readFile(kubeconfig, 'utf8')) as {
    readonly users: readonly { readonly user: { readonly token: string } }[];
  };
  return users[0]?.user.token ?? '';
}

async function makeTenant(
  {
    controlPlane,
    admin,
    personOf,
  }: {
    readonly controlPlane: ControlPlane;
    readonly admin: Person;
    readonly personOf: (kubeconfig: string, namespace: string) => Promise<Person>;
  },
  role: 'view' | 'edit' | 'admin',
  { namespace = `tenant-${randomBytes(4).toString('hex')}`, labels = { sso: 'true' } }: TenantOptions = {},
): Promise<Tenant> {
  const account = `${role}-${randomBytes(3).toString('hex')}`;
  if ((await admin.get('Namespace', namespace)) === undefined) {
    await admin.createOrFail({ kind: 'Namespace', metadata: { name: namespace, labels } });
  }
  await admin.createOrFail(
    { kind: 'ServiceAccount', metadata: { name: account, namespace } },
    {
      kind: 'RoleBinding',
      metadata: { name: account, namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
    },
  );
  const kubeconfig = await controlPlane.kubeconfigFor({ namespace, serviceAccount: account });
  const person = await personOf(kubeconfig, namespace);
  const until: Tenant['until'] = async (kind, name, isSo, timeoutMs = WAIT_MS) => {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const seen = await person.get(kind, name);
      if (isSo(seen)) {
        return seen ?? {};
      }
      if (performance.now() > deadline) {
        throw new Error(
          `${kind} ${namespace}/${name} is not so after ${timeoutMs} ms: ${JSON.stringify(seen?.['status'] ?? seen)}`,
        );
      }
      await sleep(50);
    }
  };
  return {
    ...person,
    kubeconfig,
    until,
    async ready(client, timeoutMs) {
      await person.createOrFail(client);
      return until(client.kind, client.metadata.name, isReady, timeoutMs);
    },
  };
}
