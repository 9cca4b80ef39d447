import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OperatorProcess, startOperator } from '../../kit/testbed/operator.ts';
import { startWorld, type World } from '../../kit/testbed/world.ts';
import { getClient, machine, namespace, namespacedServer, untilReason } from './objects.ts';

/** Two installs as `deploy/overlays/listed-namespaces` has them, each with a namespace, at one API server. */

const OVERLAY = join(import.meta.dirname, '..', '..', '..', 'deploy', 'overlays', 'listed-namespaces');
const TENANTS = ['shop', 'billing'] as const;
const ownOf = (tenant: string): string => `oauth-registrar-${tenant}`;
const userOf = (tenant: string): string => `system:serviceaccount:${ownOf(tenant)}:oauth-registrar`;

let world: World;
const operators = new Map<string, OperatorProcess>();

beforeAll(async () => {
  world = await startWorld({ server: { initialAccessToken: false }, operator: false });
  const manifests = await world.kubectl('kustomize', OVERLAY);
  for (const tenant of [...TENANTS, 'nobodys']) {
    await world.apply(namespace(tenant));
    await world.apply(namespacedServer(world.server.issuer, tenant, 'own'));
    await world.apply(client(tenant));
  }
  for (const tenant of TENANTS) {
    await world.apply(manifests.replaceAll(/\bshop\b/g, tenant));
    operators.set(tenant, await start(tenant));
  }
}, 120_000);

afterAll(async () => {
  await Promise.all([...operators.values()].map((operator) => operator.stop('SIGKILL')));
  await world?.stop();
});

async function start(tenant: string): Promise<OperatorProcess> {
  const own = ownOf(tenant);
  const kubeconfig = await world.controlPlane.kubeconfigFor({
    namespace: own,
    serviceAccount: 'oauth-registrar',
  });
  return startOperator({
    kubeconfig,
    namespace: own,
    flags: [`--namespaces=${tenant}`, '--cluster-id=test'],
  });
}

const client = (
  tenant: string,
  name = 'machine',
  ref = { kind: 'AuthorizationServer', name: 'own' },
): string =>
  JSON.stringify({
    apiVersion: 'oauth-registrar.dev/v1alpha1',
    kind: 'OAuthClient',
    metadata: { name, namespace: tenant },
    spec: { authorizationServerRef: ref, client: machine },
  });

test('each install registers the clients of its own namespace, and records them in its own', async () => {
  for (const tenant of TENANTS) {
    await untilReason(world, tenant, 'machine', 'Registered');
    const records = await world.kubectl('get', 'secrets', '-n', ownOf(tenant), '-o', 'name');
    expect(records.match(/secret\/oac-/g)).toHaveLength(1);
  }
  expect(world.server.clients()).toHaveLength(2);
});

test('neither has anything refused, and neither touches what is the other’s or nobody’s', async () => {
  const events = await world.controlPlane.audit();
  for (const tenant of TENANTS) {
    const own = events.filter(({ user }) => user === userOf(tenant));
    const refused = own.filter(({ code }) => code === 403);
    expect(refused.map(({ verb, uri }) => `${verb} ${uri}`)).toEqual([]);
    const namespaces = new Set(own.map(({ namespace: name }) => name).filter(Boolean));
    expect([...namespaces].sort()).toEqual([ownOf(tenant), tenant].sort());
  }
  const { metadata, status } = await getClient(world, 'nobodys', 'machine');
  expect({ finalizers: metadata.finalizers, clientId: status?.clientId }).toEqual({});
});

test('an install that starts again writes nothing, and removes its client when the object goes', async () => {
  await operators.get('shop')?.stop();
  operators.set('shop', await start('shop'));
  await world.kubectl('delete', 'oac', 'machine', '-n', 'shop', '--timeout=30s');
  expect(world.server.clients()).toHaveLength(1);
  await untilReason(world, 'billing', 'machine', 'Registered');
});

test('a client that names a ClusterAuthorizationServer is told that there is none for it', async () => {
  await world.apply(client('billing', 'outside', { kind: 'ClusterAuthorizationServer', name: 'corporate' }));
  await untilReason(world, 'billing', 'outside', 'AuthorizationServerNotAvailable');
});
