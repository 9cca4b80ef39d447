import { join } from 'node:path';
import {
  type AuthorizationServerOptions,
  type EmbeddedAuthorizationServer,
  startAuthorizationServer,
} from './authorization-server.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type OperatorProcess, startOperator } from './operator.ts';
import { untilGuarded } from './policies.ts';
import { type Progress, SILENT } from './progress.ts';

/** Everything that a test of behaviour needs: a control plane with `deploy/` applied, a server, the operator. */
export interface Testbed {
  readonly controlPlane: ControlPlane;
  readonly server: EmbeddedAuthorizationServer;
  /** The one that runs now. */
  readonly operator: OperatorProcess;
  /** Path of a kubeconfig for the operator's own account. */
  readonly operatorKubeconfig: string;
  /** Runs kubectl as the admin; throws where it fails. Returns what it prints. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** Applies objects given as YAML, as the admin; throws where it is refused. */
  apply(yaml: string): Promise<void>;
  /** Starts the operator (again), with these flags. */
  startOperator(flags?: readonly string[]): Promise<OperatorProcess>;
  stop(): Promise<void>;
}

export interface TestbedOptions {
  readonly controllerManager?: boolean;
  /** The overlay that puts the finalizer on at creation. Default false. */
  readonly finalizerPolicy?: boolean;
  readonly server?: AuthorizationServerOptions;
  readonly flags?: readonly string[];
  /** Whether an operator is started, too. Default true; without it `operator` throws until one is. */
  readonly operator?: boolean;
  readonly progress?: Progress;
}

export const OPERATOR_NAMESPACE = 'oauth-registrar-system';
export const OPERATOR_USER = `system:serviceaccount:${OPERATOR_NAMESPACE}:oauth-registrar`;

const DEPLOY = join(import.meta.dirname, '..', '..', '..', 'deploy');

export async function startTestbed(options: TestbedOptions = {}): Promise<Testbed> {
  const { progress = SILENT, controllerManager = false } = options;
  const controlPlane = await startControlPlane({ controllerManager: controllerManager && 'later', progress });
  const server = await startAuthorizationServer(options.server);
  const kubectl = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await controlPlane.kubectl(args);
    if (code !== 0) {
      throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    }
    return stdout;
  };
  const overlay = options.finalizerPolicy ? join(DEPLOY, 'overlays', 'finalizer-policy') : DEPLOY;
  await kubectl('apply', '-k', overlay);
  await kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=20s');
  if (controllerManager) {
    await controlPlane.startControllerManager();
  }
  const operatorKubeconfig = await controlPlane.kubeconfigFor({
    namespace: OPERATOR_NAMESPACE,
    serviceAccount: 'oauth-registrar',
  });
  const start = (flags: readonly string[] = []) =>
    startOperator({ kubeconfig: operatorKubeconfig, namespace: OPERATOR_NAMESPACE, flags });
  let operator = options.operator === false ? undefined : await start(options.flags);
  await untilGuarded(controlPlane, OPERATOR_NAMESPACE);
  return {
    controlPlane,
    server,
    operatorKubeconfig,
    get operator() {
      if (operator === undefined) {
        throw new Error('no operator was started');
      }
      return operator;
    },
    kubectl,
    async apply(yaml) {
      const { code, stderr } = await controlPlane.kubectl(['apply', '-f', '-'], { stdin: yaml });
      if (code !== 0) {
        throw new Error(stderr);
      }
    },
    async startOperator(flags) {
      operator = await start(flags ?? options.flags);
      return operator;
    },
    async stop() {
      await operator?.stop('SIGKILL');
      await server.stop();
      await controlPlane.stop();
    },
  };
}
