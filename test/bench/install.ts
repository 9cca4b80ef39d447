import { OPERATOR_NAMESPACE } from '../kit/testbed/testbed.ts';
import { NAMESPACES } from './namespaces.ts';
import { credential } from './objects.ts';
import type { Install } from './operator.ts';
import { kubectl, type Stage } from './stage.ts';

/** One of several operators at one API server, each with namespaces of its own. */
export interface TenantInstall extends Install {
  /** What the API server's audit log calls it. */
  readonly user: string;
  /** What it works at. */
  readonly tenants: readonly string[];
}

const ACCOUNT = 'oauth-registrar';
/** In each namespace of tenants: there is no server that two installs share. */
export const SERVER = { kind: 'AuthorizationServer', name: 'own' };

/** The tenants' namespaces are dealt out in turn. */
export async function makeInstalls(stage: Stage, count: number): Promise<readonly TenantInstall[]> {
  const installs: TenantInstall[] = [];
  for (let index = 0; index < count; index++) {
    const tenants = NAMESPACES.filter((_, place) => place % count === index);
    installs.push(await makeInstall(stage, `${OPERATOR_NAMESPACE}-${index}`, tenants));
  }
  return installs;
}

/** It may do everywhere what `deploy/` lets one operator do: that it leaves others alone is its own doing. */
async function makeInstall(
  { controlPlane }: Stage,
  namespace: string,
  tenants: readonly string[],
): Promise<TenantInstall> {
  const ours = { name: ACCOUNT, namespace };
  const role = ['-n', OPERATOR_NAMESPACE, 'get', 'role', ACCOUNT, '-o', 'json'];
  const { stdout } = await controlPlane.kubectl(role);
  const { rules } = JSON.parse(stdout) as { readonly rules: readonly object[] };
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: ours },
    { apiVersion: RBAC, kind: 'Role', metadata: ours, rules },
    { apiVersion: RBAC, kind: 'RoleBinding', metadata: ours, ...binding('Role', namespace) },
    {
      apiVersion: RBAC,
      kind: 'ClusterRoleBinding',
      metadata: { name: namespace },
      ...binding('ClusterRole', namespace),
    },
    ...[namespace, ...tenants].flatMap((read) => mayGetNamespace(read, namespace)),
  ];
  await kubectl(controlPlane, ['apply', '-f', '-'], toLines(objects));
  return {
    kubeconfig: await controlPlane.kubeconfigFor({ namespace, serviceAccount: ACCOUNT }),
    namespace,
    flags: [`--namespaces=${tenants.join(',')}`, '--cluster-id=bench'],
    user: `system:serviceaccount:${namespace}:${ACCOUNT}`,
    tenants,
  };
}

/** As `deploy/overlays/listed-namespaces` grants it. */
function mayGetNamespace(read: string, namespace: string): readonly object[] {
  const metadata = { name: `${ACCOUNT}-namespace`, namespace: read };
  const rules = [{ apiGroups: [''], resources: ['namespaces'], verbs: ['get'] }];
  return [
    { apiVersion: RBAC, kind: 'Role', metadata, rules },
    { apiVersion: RBAC, kind: 'RoleBinding', metadata, ...binding('Role', namespace, metadata.name) },
  ];
}

const RBAC = 'rbac.authorization.k8s.io/v1';

const binding = (kind: 'Role' | 'ClusterRole', namespace: string, name = ACCOUNT): object => ({
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
  subjects: [{ kind: 'ServiceAccount', name: ACCOUNT, namespace }],
});

/**
 * A server object for the authorization server in each namespace. The cluster server is deleted, since every operator
 * that sees it writes its status.
 */
export async function makeServers({ controlPlane, server }: Stage): Promise<void> {
  await kubectl(controlPlane, ['delete', 'clusterauthorizationservers', '--all']);
  const objects = NAMESPACES.map((namespace) => ({
    apiVersion: 'oauth-registrar.dev/v1alpha1',
    kind: SERVER.kind,
    metadata: { name: SERVER.name, namespace },
    spec: { issuer: server.issuer, ...server.spec },
  }));
  const credentials = NAMESPACES.map((namespace) => credential(namespace, server.initialAccessToken));
  await kubectl(controlPlane, ['apply', '-f', '-'], toLines([...credentials, ...objects]));
}

const toLines = (objects: readonly object[]): string =>
  objects.map((object) => JSON.stringify(object)).join('\n');
