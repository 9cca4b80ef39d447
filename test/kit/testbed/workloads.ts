import type { Testbed } from './testbed.ts';

/** Workloads of applications. Nothing runs them: no kubelet is there. */

const container = { name: 'app', image: 'registry.example.com/app:1.0' };

/** A Deployment without Pods. */
export function toDeployment(namespace: string, name: string): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  };
}

/** Creates a Pod that has used the Secret since before everything. */
export async function runOldPod(
  { apply, kubectl }: Pick<Testbed, 'apply' | 'kubectl'>,
  { namespace, name, secret }: { readonly namespace: string; readonly name: string; readonly secret: string },
): Promise<void> {
  const spec = { containers: [{ ...container, envFrom: [{ secretRef: { name: secret } }] }] };
  await apply(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec }));
  const status = { phase: 'Running', startTime: '2020-01-01T00:00:00Z' };
  await kubectl(
    ...['patch', 'pod', name, '-n', namespace, '--subresource=status', '--type=merge', '-p'],
    JSON.stringify({ status }),
  );
}
