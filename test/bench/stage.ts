import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent } from 'undici';
import { parse } from 'yaml';
import { type ControlPlane, startControlPlane } from '../kit/testbed/control-plane.ts';
import { OPERATOR_NAMESPACE } from '../kit/testbed/testbed.ts';
import { type Caller, createCaller } from './caller.ts';
import { type ClientWatch, type WatchedKind, watchClients } from './client-watch.ts';
import { NAMESPACES } from './namespaces.ts';
import { clientsPath, oauthClient, surroundings } from './objects.ts';
import { type BenchOperator, type Install, startBundled } from './operator.ts';
import { until } from './pace.ts';
import { type BenchServer, startServer } from './server.ts';

/** A control plane with `deploy/` applied and an authorization server, each a process of its own; no operator yet. */
export interface Stage {
  readonly controlPlane: ControlPlane;
  readonly server: BenchServer;
  /** Calls to the API server as the operator's account: what is authorized costs as much as the operator's. */
  readonly asOperator: Caller;
  /** Calls to the authorization server with the initial access token. */
  readonly register: Caller;
  /** The same with the registration access token of one client. */
  readonly manageWith: (token: string) => Caller;
  /** Default: the one that `deploy/` installs, for all namespaces. */
  startOperator(install?: Install): Promise<BenchOperator>;
  /** Default: of OAuthClients. */
  watch(kind?: WatchedKind): Promise<ClientWatch>;
  stop(): Promise<void>;
}

/** As many as the operator keeps. */
const CONNECTIONS = 64;
const KEPT_MS = 2_000;
/** 50,000 clients in four namespaces take more memory than these have by default. */
const ROOMY = ['--namespace-memory=128'];
const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy', 'overlays', 'finalizer-policy');

export interface StageOptions {
  /** Whether the garbage collector of Kubernetes runs. Default false: it would share the cores. */
  readonly collectsGarbage?: boolean;
}

/** @param entry the bundled operator */
export async function startStage(entry: string, options: StageOptions = {}): Promise<Stage> {
  return startStageWith(entry, await startServer(), options);
}

/** @param server stopped with the stage */
export async function startStageWith<S extends BenchServer>(
  entry: string,
  server: S,
  { collectsGarbage = false }: StageOptions = {},
): Promise<Stage & { readonly server: S }> {
  const controlPlane = await startControlPlane({
    fsync: true,
    controllerManager: collectsGarbage && 'later',
  });
  await kubectl(controlPlane, ['apply', '-k', DEPLOY]);
  await kubectl(controlPlane, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  if (collectsGarbage) {
    // After the definitions: it learns of new kinds only every half a minute.
    await controlPlane.startControllerManager();
  }
  await kubectl(controlPlane, ['apply', '-f', '-'], surroundings(server));
  await until('the admission policy adds finalizers', () => addsFinalizers(controlPlane));
  const kubeconfig = await controlPlane.kubeconfigFor({
    namespace: OPERATOR_NAMESPACE,
    serviceAccount: 'oauth-registrar',
  });
  const [operatorToken, adminToken] = [
    await tokenIn(kubeconfig),
    await tokenIn(controlPlane.adminKubeconfig),
  ];
  const ca = await readFile(controlPlane.caFile, 'utf8');
  const agent = new Agent({
    connections: CONNECTIONS,
    pipelining: 1,
    allowH2: false,
    connect: { ca },
    // Well before a server ends an idle connection: where others use the cores, too, a request could meet its end.
    keepAliveTimeout: KEPT_MS,
    keepAliveMaxTimeout: KEPT_MS,
  });
  const { origin } = new URL(server.issuer);
  return {
    controlPlane,
    server,
    asOperator: createCaller(agent, controlPlane.url, operatorToken),
    register: createCaller(agent, origin, server.initialAccessToken ?? ''),
    manageWith: (token) => createCaller(agent, origin, token),
    startOperator: (install = { kubeconfig, namespace: OPERATOR_NAMESPACE, flags: ROOMY }) =>
      startBundled(entry, install),
    watch: (kind) => watchClients(agent, controlPlane.url, adminToken, kind),
    stop: async () => {
      await agent.destroy();
      await server.stop();
      await controlPlane.stop();
    },
  };
}

/** As the admin; throws where it fails. */
export async function kubectl(
  controlPlane: ControlPlane,
  args: readonly string[],
  stdin = '',
): Promise<void> {
  const { code, stderr } = await controlPlane.kubectl(args, { stdin });
  if (code !== 0) {
    throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  }
}

/** The policy takes effect some seconds after it was created; until then each client costs the operator a write more. */
async function addsFinalizers({ admin }: ControlPlane): Promise<boolean> {
  const [namespace] = NAMESPACES;
  const path = `${clientsPath(namespace)}?dryRun=All`;
  const { json } = await admin.request<{ readonly metadata?: { readonly finalizers?: readonly string[] } }>(
    'POST',
    path,
    oauthClient(namespace, 'probe'),
  );
  return json.metadata?.finalizers !== undefined;
}

async function tokenIn(kubeconfig: string): Promise<string> {
  const { users } = parse(await readFile(kubeconfig, 'utf8')) as {
    readonly users: readonly { readonly user: { readonly token: string } }[];
  };
  return users[0]?.user.token ?? '';
}
