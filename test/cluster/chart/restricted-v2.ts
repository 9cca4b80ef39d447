/**
 * The rules of OpenShift's SecurityContextConstraints `restricted-v2`, as its manifest states them, applied to a Pod. They
 * are emulated: no OpenShift takes part.
 */
export interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly securityContext?: SecurityContext & {
    readonly fsGroup?: number;
    readonly supplementalGroups?: readonly number[];
  };
  readonly containers: readonly Container[];
  readonly volumes?: readonly object[];
}

interface SecurityContext {
  readonly runAsUser?: number;
  readonly runAsNonRoot?: boolean;
  readonly seLinuxOptions?: object;
  readonly seccompProfile?: { readonly type: string };
}

interface Container {
  readonly name: string;
  readonly ports?: readonly { readonly hostPort?: number }[];
  readonly securityContext?: SecurityContext & {
    readonly privileged?: boolean;
    readonly allowPrivilegeEscalation?: boolean;
    readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  };
}

/** First and last id that a namespace has: its annotation `openshift.io/sa.scc.uid-range` as `1000680000/10000`. */
export interface IdRange {
  readonly first: number;
  readonly last: number;
}

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];
const CAPABILITIES = ['NET_BIND_SERVICE'];

type Rule = readonly [field: string, isKept: (pod: PodSpec, container: Container, ids: IdRange) => boolean];
const isIn = (id: number | undefined, { first, last }: IdRange): boolean =>
  id === undefined || (id >= first && id <= last);

const RULES: readonly Rule[] = [
  ['allowHostNetwork: false', ({ hostNetwork }) => !hostNetwork],
  ['allowHostPID: false', ({ hostPID }) => !hostPID],
  ['allowHostIPC: false', ({ hostIPC }) => !hostIPC],
  ['allowHostPorts: false', (_, { ports = [] }) => ports.every(({ hostPort }) => hostPort === undefined)],
  ['allowPrivilegedContainer: false', (_, { securityContext }) => !securityContext?.privileged],
  [
    'allowPrivilegeEscalation: false',
    (_, { securityContext }) => securityContext?.allowPrivilegeEscalation !== true,
  ],
  [
    'requiredDropCapabilities: ALL',
    (_, { securityContext }) => securityContext?.capabilities?.drop?.includes('ALL') ?? true,
  ],
  [
    'allowedCapabilities: NET_BIND_SERVICE',
    (_, { securityContext }) =>
      (securityContext?.capabilities?.add ?? []).every((name) => CAPABILITIES.includes(name)),
  ],
  [
    'runAsUser: MustRunAsRange',
    (pod, { securityContext }, ids) =>
      isIn(securityContext?.runAsUser, ids) && isIn(pod.securityContext?.runAsUser, ids),
  ],
  ['fsGroup: MustRunAs', (pod, _, ids) => isIn(pod.securityContext?.fsGroup, ids)],
  [
    'seLinuxContext: MustRunAs',
    (pod, { securityContext }) =>
      pod.securityContext?.seLinuxOptions === undefined && securityContext?.seLinuxOptions === undefined,
  ],
  [
    'seccompProfiles: runtime/default',
    (pod, { securityContext }) =>
      [pod.securityContext, securityContext].every(
        (context) => (context?.seccompProfile?.type ?? 'RuntimeDefault') === 'RuntimeDefault',
      ),
  ],
  [
    'volumes',
    ({ volumes = [] }) =>
      volumes.every((volume) => Object.keys(volume).every((key) => key === 'name' || VOLUMES.includes(key))),
  ],
];

/** The rules that the Pod breaks in a namespace with these ids. */
export const brokenRules = (pod: PodSpec, ids: IdRange): readonly string[] =>
  RULES.filter(([, isKept]) => !pod.containers.every((container) => isKept(pod, container, ids))).map(
    ([field]) => field,
  );
