import { describe, expect, test } from 'vitest';
import { kustomized, type Manifest, only, useRendering, valueAt } from './rendered.ts';
import { brokenRules, type PodSpec } from './restricted-v2.ts';

/** The Pods keep the rules of OpenShift's `restricted-v2`: emulated, from a table of the rules. */

const IDS = { first: 1_000_680_000, last: 1_000_689_999 };
const chart = useRendering('helm4');

const PODS: readonly (readonly [string, () => Promise<PodSpec>])[] = [
  ['the operator, by the chart', async () => podOf(only(await chart.objects(), 'Deployment'))],
  ['the operator, by kustomize', async () => podOf(only(await kustomized('deploy'), 'Deployment'))],
  [
    'the check of `helm test`',
    async () => {
      const [check] = (await chart.objects()).filter(({ kind }) => kind === 'Pod');
      return valueAt(check as Manifest, 'spec');
    },
  ],
];
const podOf = (deployment: Manifest): PodSpec => valueAt(deployment, 'spec.template.spec');

describe.each(PODS)('%s', (_, pod) => {
  test('keeps every rule', async () => {
    expect(brokenRules(await pod(), IDS)).toEqual([]);
  });

  test('fixes no user and no group, which the platform chooses', async () => {
    expect(JSON.stringify(await pod())).not.toMatch(/runAsUser|runAsGroup|fsGroup|supplementalGroups/);
  });
});

type Change = readonly [rule: string, change: (pod: PodSpec) => PodSpec];
const inContainer =
  (securityContext: object) =>
  (pod: PodSpec): PodSpec => ({
    ...pod,
    containers: pod.containers.map((container) => ({
      ...container,
      securityContext: { ...container.securityContext, ...securityContext },
    })),
  });
const CHANGES: readonly Change[] = [
  ['allowHostNetwork: false', (pod) => ({ ...pod, hostNetwork: true })],
  ['allowHostPID: false', (pod) => ({ ...pod, hostPID: true })],
  ['allowHostIPC: false', (pod) => ({ ...pod, hostIPC: true })],
  [
    'allowHostPorts: false',
    (pod) => ({
      ...pod,
      containers: pod.containers.map((container) => ({ ...container, ports: [{ hostPort: 80 }] })),
    }),
  ],
  ['allowPrivilegedContainer: false', inContainer({ privileged: true })],
  ['allowPrivilegeEscalation: false', inContainer({ allowPrivilegeEscalation: true })],
  ['requiredDropCapabilities: ALL', inContainer({ capabilities: { drop: ['NET_RAW'] } })],
  [
    'allowedCapabilities: NET_BIND_SERVICE',
    inContainer({ capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } }),
  ],
  ['runAsUser: MustRunAsRange', inContainer({ runAsUser: 65_532 })],
  ['fsGroup: MustRunAs', (pod) => ({ ...pod, securityContext: { ...pod.securityContext, fsGroup: 65_532 } })],
  ['seLinuxContext: MustRunAs', inContainer({ seLinuxOptions: { level: 's0' } })],
  ['seccompProfiles: runtime/default', inContainer({ seccompProfile: { type: 'Unconfined' } })],
  ['volumes', (pod) => ({ ...pod, volumes: [{ name: 'host', hostPath: { path: '/' } }] })],
];

describe('the table of rules finds', () => {
  test.for(CHANGES)('%s', async ([rule, change]) => {
    const pod = podOf(only(await chart.objects(), 'Deployment'));
    expect(brokenRules(change(pod), IDS)).toEqual([rule]);
  });
});
