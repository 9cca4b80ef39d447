import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OperatorProcess, startOperator } from '../../kit/testbed/operator.ts';
import { eventually, machine, namespace, namespacedServer } from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

/** Two installs of `deploy/overlays/listed-namespaces`, each with its own namespace, at one API server. */

const OVERLAY = join(import.meta.dirname, '..', '..', '..', 'deploy', 'overlays', 'listed-namespaces');
const TENANTS = ['shop', 'billing'] as const;
const ownOf = (tenant: string): string => `oauth-registrar-${tenant}`;
const userOf = (tenant: string): string => `system:serviceaccount:${ownOf(tenant)}:oauth-registrar`;

const operators = new Map<string, OperatorProcess>();

const testbed = useTestbed({ namespaces: [], server: { initialAccessToken: false }, operator: false });
const billing = teamIn(testbed, 'billing');

beforeAll(async () => {
  const manifests = await testbed.kubectl('kustomize', OVERLAY);
  for (const tenant of [...TENANTS, 'nobodys']) {
    await testbed.apply(namespace(tenant));
    await testbed.apply(namespacedServer(testbed.server.issuer, tenant, 'own'));
    await testbed.apply(client(tenant));
  }
  for (const tenant of TENANTS) {
    await testbed.apply(manifests.replaceAll(/\bshop\b/g, tenant));
    operators.set(tenant, await start(tenant));
  }
}, 120_000);

afterAll(async () => {
  await Promise.all([...operators.values()].map((operator) => operator.stop('SIGKILL')));
});

async function start(tenant: string, flags: readonly string[] = []): Promise<OperatorProcess> {
  const own = ownOf(tenant);
  const kubeconfig = await testbed.controlPlane.kubeconfigFor({
    namespace: own,
    serviceAccount: 'oauth-registrar',
  });
  return startOperator({
    kubeconfig,
    namespace: own,
    flags: [`--namespaces=${tenant}`, '--cluster-id=test', ...flags],
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

test('each install registers the clients of its own namespace, records them in its own, and continues after a restart', async () => {
  for (const tenant of TENANTS) {
    await teamIn(testbed, tenant).until('machine', 'Registered');
    const records = await testbed.kubectl('get', 'secrets', '-n', ownOf(tenant), '-o', 'name');
    expect(records.match(/secret\/oac-/g)).toHaveLength(1);
  }
  expect(testbed.server.clients()).toHaveLength(2);

  // Neither gets a refusal, and neither changes objects of the other one or of nobody.
  const events = await testbed.controlPlane.audit();
  for (const tenant of TENANTS) {
    const own = events.filter(({ user }) => user === userOf(tenant));
    const refused = own.filter(({ code }) => code === 403);
    expect(refused.map(({ verb, uri }) => `${verb} ${uri}`)).toEqual([]);
    const namespaces = new Set(own.map(({ namespace: name }) => name).filter(Boolean));
    expect([...namespaces].sort()).toEqual([ownOf(tenant), tenant].sort());
  }
  const { metadata, status } = await teamIn(testbed, 'nobodys').client('machine');
  expect({ finalizers: metadata.finalizers, clientId: status?.clientId }).toEqual({});

  // An install that restarts writes nothing, and removes its client when the object is deleted.
  await operators.get('shop')?.stop();
  operators.set('shop', await start('shop'));
  await testbed.kubectl('delete', 'oac', 'machine', '-n', 'shop', '--timeout=30s');
  expect(testbed.server.clients()).toHaveLength(1);
  await billing.until('machine', 'Registered');
});

test('a client that names a ClusterAuthorizationServer says that no such server is available', async () => {
  await testbed.apply(
    client('billing', 'outside', { kind: 'ClusterAuthorizationServer', name: 'corporate' }),
  );
  await billing.until('outside', 'AuthorizationServerNotAvailable');
});

test('the inventory page asks the API server who reads it, and shows what the reader may list', async () => {
  const reviews = await testbed.kubectl(
    'kustomize',
    join(OVERLAY, '..', '..', 'components', 'access-reviews'),
  );
  await testbed.apply(reviews.replaceAll('oauth-registrar-system', ownOf('shop')));
  const tokenOf = async (tenant: string) => {
    await testbed.kubectl('create', 'serviceaccount', 'reader', '-n', tenant);
    const account = `--serviceaccount=${tenant}:reader`;
    await testbed.kubectl(
      'create',
      'rolebinding',
      'reader',
      '-n',
      tenant,
      '--clusterrole=oauth-registrar-view',
      account,
    );
    return (await testbed.kubectl('create', 'token', 'reader', '-n', tenant)).trim();
  };
  await operators.get('shop')?.stop();
  const operator = await start('shop', ['--inventory', '--inventory-port=0']);
  operators.set('shop', operator);
  const port = operator.lines.find(({ msg }) => msg === 'started')?.['inventoryPort'];
  const ask = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers });
    return { status: response.status, body: await response.text() };
  };
  await testbed.apply(client('shop', 'shown'));
  const token = await tokenOf('shop');
  const { body } = await eventually(
    () => ask(token),
    (answer) => answer.status === 200 && answer.body.includes('clients/shop/shown'),
  );
  expect(body).toContain(
    'system:serviceaccount:shop:reader may not list oauthclients.oauth-registrar.dev in all namespaces. Namespaces that are shown: 1.',
  );
  expect(body).not.toContain('billing');
  expect(await ask(await tokenOf('billing'))).toEqual({
    status: 403,
    body: 'system:serviceaccount:billing:reader may not list oauthclients.oauth-registrar.dev in a namespace that has some.\n',
  });
  expect(await ask('not-a-token')).toEqual({
    status: 401,
    body: 'The API server does not accept the token.\n',
  });
});
