import { beforeAll, describe, expect, test } from 'vitest';
import { untilRefused } from '../../kit/testbed/policies.ts';
import { startBystander } from './kit/bystander.ts';
import { machineClient } from './kit/objects.ts';
import { type Tenant, useTarget } from './kit/target.ts';

/** The attacker has taken over the operator: everything here is done with its own account. */

let kubeconfig: string;
let tenant: Tenant;

const target = useTarget();
beforeAll(async () => {
  kubeconfig = await target.controlPlane.kubeconfigFor({
    namespace: target.admin.namespace,
    serviceAccount: 'oauth-registrar',
  });
  tenant = await target.tenant('edit');
  const probe = { kind: 'Secret', metadata: { name: 'probe', namespace: tenant.namespace } };
  await untilRefused(
    async () => (await kubectl(['create', '--dry-run=server', '-f', '-'], probe)).code !== 0,
  );
});

const kubectl = (args: readonly string[], object?: object) =>
  target.controlPlane.kubectl(args, {
    kubeconfig,
    ...(object && { stdin: JSON.stringify({ apiVersion: 'v1', ...object }) }),
  });

const tokenOf = (account: string, labels: object) => ({
  kind: 'Secret',
  type: 'kubernetes.io/service-account-token',
  metadata: {
    name: 'stolen',
    namespace: 'kube-system',
    labels,
    annotations: { 'kubernetes.io/service-account.name': account },
  },
});

const DENIED = /ValidatingAdmissionPolicy 'oauth-registrar-account'.* denied request/;

describe("M7: with the operator's account", () => {
  test('nobody gets a token of an account that may change every role', async () => {
    const bystander = await startBystander(target);
    await bystander.during(async () => {
      for (const labels of [{}, { 'oauth-registrar.dev/workload': 'true' }]) {
        const { code, stderr } = await kubectl(
          ['create', '-f', '-'],
          tokenOf('clusterrole-aggregation-controller', labels),
        );
        expect(stderr).toMatch(DENIED);
        expect(code).toBe(1);
      }
    });
    await bystander.judge();
  });

  test("nobody overwrites or deletes a Secret of others, or labels it as the operator's", async () => {
    const { namespace } = tenant;
    const secret = { kind: 'Secret', metadata: { name: 'theirs', namespace }, stringData: { key: 'value' } };
    await tenant.createOrFail(secret);
    const labels = { 'oauth-registrar.dev/workload': 'true' };
    for (const stolen of [secret, { ...secret, metadata: { ...secret.metadata, labels } }]) {
      const { stderr } = await kubectl(['replace', '-f', '-'], { ...stolen, stringData: { key: 'evil' } });
      expect(stderr).toMatch(DENIED);
    }
    expect((await kubectl(['delete', 'secret', 'theirs', '-n', namespace])).stderr).toMatch(DENIED);
    expect((await tenant.get('Secret', 'theirs'))?.['data']).toEqual({
      key: Buffer.from('value').toString('base64'),
    });
  });

  test('nobody changes the spec of an OAuthClient, or deletes it', async () => {
    const { metadata } = await tenant.ready(machineClient('mine'));
    const patch = ['patch', 'oac', 'mine', '-n', tenant.namespace, '--type=merge', '-p'];
    for (const change of [
      { spec: { client: { redirectUris: ['https://evil.attacker.test/cb'] } } },
      { metadata: { annotations: { 'oauth-registrar.dev/rotate-requested-at': 'now' } } },
    ]) {
      expect((await kubectl([...patch, JSON.stringify(change)])).stderr).toMatch(DENIED);
    }
    expect((await kubectl(['delete', 'oac', 'mine', '-n', tenant.namespace])).stderr).toMatch(DENIED);
    expect((await tenant.get('OAuthClient', 'mine'))?.['metadata'].generation).toBe(metadata.generation);
  });
});
