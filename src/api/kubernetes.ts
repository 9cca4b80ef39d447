/** The few shapes of the Kubernetes API that the operator reads and writes. */

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

export interface Secret extends KubernetesObject {
  readonly type?: string;
  /** Values in base64, as the API has them. */
  readonly data?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

export interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** Where objects of one kind live in the API: `/apis/{group}/{version}/namespaces/{namespace}/{plural}`. */
export interface Resource {
  /** Empty for the core group, which is served below `/api`. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

const group = 'oauth-registrar.dev';
const version = 'v1alpha1';
export const API_VERSION = `${group}/${version}`;

export const RESOURCES = {
  oauthClient: { group, version, kind: 'OAuthClient', plural: 'oauthclients', namespaced: true },
  authorizationServer: {
    group,
    version,
    kind: 'AuthorizationServer',
    plural: 'authorizationservers',
    namespaced: true,
  },
  clusterAuthorizationServer: {
    group,
    version,
    kind: 'ClusterAuthorizationServer',
    plural: 'clusterauthorizationservers',
    namespaced: false,
  },
  secret: { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true },
  configMap: { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true },
  namespace: { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false },
  serviceAccount: {
    group: '',
    version: 'v1',
    kind: 'ServiceAccount',
    plural: 'serviceaccounts',
    namespaced: true,
  },
  pod: { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true },
  job: { group: 'batch', version: 'v1', kind: 'Job', plural: 'jobs', namespaced: true },
  deployment: { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true },
  statefulSet: {
    group: 'apps',
    version: 'v1',
    kind: 'StatefulSet',
    plural: 'statefulsets',
    namespaced: true,
  },
  daemonSet: { group: 'apps', version: 'v1', kind: 'DaemonSet', plural: 'daemonsets', namespaced: true },
  lease: { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true },
  endpointSlice: {
    group: 'discovery.k8s.io',
    version: 'v1',
    kind: 'EndpointSlice',
    plural: 'endpointslices',
    namespaced: true,
  },
  event: { group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events', namespaced: true },
  tokenReview: {
    group: 'authentication.k8s.io',
    version: 'v1',
    kind: 'TokenReview',
    plural: 'tokenreviews',
    namespaced: false,
  },
  /** A `create` with the name of a ServiceAccount: a token for it. */
  tokenRequest: {
    group: 'authentication.k8s.io',
    version: 'v1',
    kind: 'TokenRequest',
    plural: 'serviceaccounts/token',
    namespaced: true,
  },
  subjectAccessReview: {
    group: 'authorization.k8s.io',
    version: 'v1',
    kind: 'SubjectAccessReview',
    plural: 'subjectaccessreviews',
    namespaced: false,
  },
} as const satisfies Record<string, Resource>;

/** The group of an `apiVersion`; empty for the core group. */
export const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';

/** As objects of a kind have it: `group/version`, or the version alone for the core group. */
export const apiVersionOf = ({ group, version }: Pick<Resource, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

/** A reference to an object of the same namespace; the group is empty for the core group. */
interface ObjectReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/** `Kind.group/name`, or `Kind/name` for the core group, as kubectl writes it. */
export const referenceText = ({ group, kind, name }: ObjectReference): string =>
  `${group === '' ? kind : `${kind}.${group}`}/${name}`;

/** `namespace/name`, or the name alone for an object without a namespace. */
export function keyOf(meta: Pick<ObjectMeta, 'name' | 'namespace'>): string {
  return meta.namespace === undefined ? meta.name : `${meta.namespace}/${meta.name}`;
}

/** The second part of a key `namespace/name`. */
export function nameOfKey(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}

/** The first part of a key `namespace/name`. */
export function namespaceOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}
