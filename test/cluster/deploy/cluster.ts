import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { beforeTests } from '../../kit/before-tests.ts';
import { type KubectlResult, runKubectl } from '../../kit/testbed/api-access.ts';
import { ensureBinaries } from '../../kit/testbed/binaries.ts';
import { SILENT } from '../../kit/testbed/progress.ts';

export const DEPLOY = join(import.meta.dirname, '..', '..', '..', 'deploy');
export const OPERATOR_NAMESPACE = 'oauth-registrar-system';

/** The control plane of the test run, through kubectl with all rights. */
export interface Cluster {
  /** A refusal is a result, not an error. */
  kubectl(args: readonly string[], stdin?: string): Promise<KubectlResult>;
  /** The same for commands that must succeed: returns stdout, and throws kubectl's message otherwise. */
  must(args: readonly string[], stdin?: string): Promise<string>;
  /** Creates a namespace for one test; returns its name. */
  namespace(): Promise<string>;
  close(): Promise<void>;
}

/**
 * The cluster for the tests of this file: opened and prepared before them, closed after them. Call it first, so that
 * other preparations can use it.
 */
export const useCluster = (prepare?: (cluster: Cluster) => Promise<unknown>): Cluster =>
  beforeTests(
    async () => {
      const cluster = await openCluster(inject('adminKubeconfig'));
      await prepare?.(cluster);
      return cluster;
    },
    (cluster) => cluster?.close(),
  );

async function openCluster(kubeconfig: string): Promise<Cluster> {
  const { kubectl: path } = await ensureBinaries(SILENT, ['kubectl']);
  const cache = await mkdtemp(join(tmpdir(), 'oauth-registrar-kubectl-'));
  const kubectl: Cluster['kubectl'] = (args, stdin) => runKubectl({ path, kubeconfig, cache }, args, stdin);
  const must: Cluster['must'] = async (args, stdin) => {
    const { code, stdout, stderr } = await kubectl(args, stdin);
    if (code !== 0) {
      throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    }
    return stdout.trim();
  };
  return {
    kubectl,
    must,
    namespace: async () => {
      const name = `deploy-${randomBytes(4).toString('hex')}`;
      await must(['create', 'namespace', name]);
      return name;
    },
    close: () => rm(cache, { recursive: true, force: true }),
  };
}

/** Applies `deploy/` and waits until the API server serves the three kinds. */
export async function install({ must }: Cluster): Promise<void> {
  await must(['apply', '-k', DEPLOY]);
  await must(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
}

/** A valid OAuthClient; the given members of `spec` and `metadata` replace its own. */
export function oauthClient(
  metadata: { readonly name: string; readonly namespace: string; readonly finalizers?: readonly string[] },
  spec: object = {},
): string {
  return JSON.stringify({
    apiVersion: 'oauth-registrar.dev/v1alpha1',
    kind: 'OAuthClient',
    metadata,
    spec: {
      authorizationServerRef: { name: 'corporate' },
      client: { grantTypes: ['client_credentials'], redirectUris: [], responseTypes: [] },
      ...spec,
    },
  });
}

/** A valid AuthorizationServer; the given members of `spec` replace its own. */
export function authorizationServer(
  metadata: { readonly name: string; readonly namespace: string },
  spec: object = {},
): string {
  return JSON.stringify({
    apiVersion: 'oauth-registrar.dev/v1alpha1',
    kind: 'AuthorizationServer',
    metadata,
    spec: { issuer: 'https://sso.example.com', registration: { admission: { open: {} } }, ...spec },
  });
}

/** A ClusterAuthorizationServer that is right, with these members of `spec` in place of its own. */
export function clusterAuthorizationServer(name: string, spec: object = {}): string {
  const ofNamespace = JSON.parse(authorizationServer({ name, namespace: '' }, spec)) as object;
  return JSON.stringify({ ...ofNamespace, kind: 'ClusterAuthorizationServer', metadata: { name } });
}
