import { createProcessGroup } from '../../kit/testbed/process-group.ts';
import type { WatchedKind } from '../client-watch.ts';
import { until } from '../pace.ts';
import { kubectl, type Stage } from '../stage.ts';
import type { PeerHydra } from './hydra.ts';
import type { Maester } from './maester-build.ts';
import type { Subject, SubjectProcess } from './subject.ts';

const NAMESPACE = 'hydra-maester-system';
const ACCOUNT = 'hydra-maester';
const GROUP_PATH = '/apis/hydra.ory.sh/v1alpha1';

/** Ready is what its status says: the condition, and the generation that it has seen. */
const KIND: WatchedKind = {
  path: `${GROUP_PATH}/oauth2clients`,
  isReady: ({ metadata: { generation }, status }) =>
    status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ===
      true && status.observedGeneration === generation,
};

/** hydra-maester with its own CRD and role, at Hydra's admin API. */
export async function maester(
  { controlPlane, server }: Stage & { readonly server: PeerHydra },
  binaries: Maester,
): Promise<Subject> {
  await kubectl(controlPlane, ['apply', '-f', binaries.crd, '-f', binaries.role]);
  await kubectl(controlPlane, ['apply', '-f', '-'], account());
  await kubectl(controlPlane, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  // Established is said before it is so.
  await until('OAuth2Client is served', async () => {
    const { status } = await controlPlane.admin.request('GET', KIND.path);
    return status === 200;
  });
  const kubeconfig = await controlPlane.kubeconfigFor({ namespace: NAMESPACE, serviceAccount: ACCOUNT });
  const flags = [
    `--kubeconfig=${kubeconfig}`,
    '--hydra-url=http://127.0.0.1',
    `--hydra-port=${server.adminPort}`,
    '--endpoint=/admin/clients',
    '--metrics-addr=0',
  ];
  return {
    name: 'hydra-maester',
    requester: { user: `system:serviceaccount:${NAMESPACE}:${ACCOUNT}` },
    kind: KIND,
    path: (namespace) => `${GROUP_PATH}/namespaces/${namespace}/oauth2clients`,
    object: oauth2Client,
    start: () => start(binaries.program, flags),
  };
}

/** Its output goes to a file, as in a cluster; a group of its own, so that it never outlives the benchmark. */
async function start(program: string, flags: readonly string[]): Promise<SubjectProcess> {
  const group = await createProcessGroup('oauth-registrar-bench-');
  const startedAt = performance.now();
  const { pid, stop } = await group.start('hydra-maester', program, flags);
  return {
    pid,
    startedAt,
    stop: async () => {
      await stop();
      await group.stop();
    },
  };
}

function account(): string {
  const metadata = { name: ACCOUNT, namespace: NAMESPACE };
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: ACCOUNT },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'manager-role' },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
  ];
  return objects.map((object) => JSON.stringify(object)).join('\n');
}

/** What `oauthClient` of objects.ts asks for. */
const oauth2Client = (namespace: string, name: string): object => ({
  apiVersion: 'hydra.ory.sh/v1alpha1',
  kind: 'OAuth2Client',
  metadata: { namespace, name },
  spec: {
    clientName: 'Storefront',
    redirectUris: ['https://shop.example.com/callback'],
    grantTypes: ['authorization_code', 'refresh_token'],
    responseTypes: ['code'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    scopeArray: ['openid', 'profile'],
    secretName: `${name}-oauth`,
  },
});
