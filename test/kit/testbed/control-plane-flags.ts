import { join } from 'node:path';

/** Where everything of one control plane is. Paths are absolute. */
export interface Layout {
  readonly folder: string;
  readonly etcdUrl: string;
  readonly etcdPeerUrl: string;
  readonly apiServerPort: number;
  readonly url: string;
  readonly caFile: string;
  readonly auditLog: string;
  readonly auditPolicy: string;
  readonly tokens: string;
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKey: string;
  readonly adminKubeconfig: string;
  readonly controllerManagerKubeconfig: string;
}

export interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly apiServer: number;
}

export function layOut(folder: string, ports: Ports): Layout {
  return {
    folder,
    etcdUrl: `http://127.0.0.1:${ports.etcd}`,
    etcdPeerUrl: `http://127.0.0.1:${ports.etcdPeer}`,
    apiServerPort: ports.apiServer,
    url: `https://127.0.0.1:${ports.apiServer}`,
    caFile: join(folder, 'certificates', 'apiserver.crt'),
    auditLog: join(folder, 'audit.log'),
    auditPolicy: join(folder, 'audit-policy.yaml'),
    tokens: join(folder, 'tokens.csv'),
    serviceAccountKey: join(folder, 'service-account.key'),
    serviceAccountPublicKey: join(folder, 'service-account.pub'),
    adminKubeconfig: join(folder, 'admin.kubeconfig'),
    controllerManagerKubeconfig: join(folder, 'kube-controller-manager.kubeconfig'),
  };
}

export function etcdFlags(layout: Layout, options: { readonly fsync: boolean }): readonly string[] {
  return [
    '--name=default',
    `--data-dir=${join(layout.folder, 'etcd')}`,
    `--listen-client-urls=${layout.etcdUrl}`,
    `--advertise-client-urls=${layout.etcdUrl}`,
    `--listen-peer-urls=${layout.etcdPeerUrl}`,
    `--initial-advertise-peer-urls=${layout.etcdPeerUrl}`,
    `--initial-cluster=default=${layout.etcdPeerUrl}`,
    '--log-level=warn',
    // Some tests write more than the default of 2 GiB before the API server compacts.
    `--quota-backend-bytes=${8 * 2 ** 30}`,
    ...(options.fsync ? [] : ['--unsafe-no-fsync']),
  ];
}

/** As envtest has them, with a token file in place of client certificates and an audit log. */
export function apiServerFlags(layout: Layout): readonly string[] {
  return [
    `--etcd-servers=${layout.etcdUrl}`,
    `--cert-dir=${join(layout.folder, 'certificates')}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${layout.apiServerPort}`,
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--allow-privileged=true',
    '--authorization-mode=RBAC',
    '--disable-admission-plugins=ServiceAccount',
    `--token-auth-file=${layout.tokens}`,
    `--service-account-issuer=${layout.url}`,
    `--service-account-key-file=${layout.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${layout.serviceAccountKey}`,
    `--audit-policy-file=${layout.auditPolicy}`,
    `--audit-log-path=${layout.auditLog}`,
    '--audit-log-mode=blocking',
    // Megabytes before rotation: never within a run.
    '--audit-log-maxsize=100000',
  ];
}

const CONTROLLERS = [
  'garbage-collector',
  'namespace',
  'serviceaccount',
  'serviceaccount-token',
  'clusterrole-aggregation',
];
const WORKLOAD_CONTROLLERS = ['deployment', 'replicaset', 'job', 'disruption'];

export function controllerManagerFlags(
  layout: Layout,
  options: { readonly workloads: boolean },
): readonly string[] {
  const controllers = [...CONTROLLERS, ...(options.workloads ? WORKLOAD_CONTROLLERS : [])];
  return [
    `--kubeconfig=${layout.controllerManagerKubeconfig}`,
    `--controllers=${controllers.map((name) => `${name}-controller`).join(',')}`,
    '--leader-elect=false',
    '--secure-port=0',
    `--service-account-private-key-file=${layout.serviceAccountKey}`,
    `--root-ca-file=${layout.caFile}`,
    // The default of 20 a second would make the collector the slowest part of every test with many objects.
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}
