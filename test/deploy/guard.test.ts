import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { type Cluster, install, OPERATOR_NAMESPACE, openCluster } from './cluster.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await openCluster(inject('adminKubeconfig'));
  await install(cluster);
  await cluster.must(['apply', '-f', '-'], registrationSecret('probe'));
  // The API server takes a policy up a moment after it accepted it.
  await vi.waitFor(async () => expect((await remove('secret', 'probe')).code).not.toBe(0), {
    timeout: 20_000,
    interval: 200,
  });
});
afterAll(() => cluster.close());

const registrationSecret = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: OPERATOR_NAMESPACE, labels: { 'oauth-registrar.dev/registration': 'true' } },
  });

const plain = (kind: 'Secret' | 'ConfigMap', name: string): string =>
  JSON.stringify({ apiVersion: 'v1', kind, metadata: { name, namespace: OPERATOR_NAMESPACE } });

/** Tries the deletion; of a probe, for a second time it would not be there. */
const remove = (kind: string, name: string, ...more: readonly string[]) =>
  cluster.kubectl(['delete', kind, name, '-n', OPERATOR_NAMESPACE, '--dry-run=server', ...more]);

const OPERATOR = `--as=system:serviceaccount:${OPERATOR_NAMESPACE}:oauth-registrar`;

describe('the guard', () => {
  test.each([
    ['crd', 'oauthclients.oauth-registrar.dev', 'kubectl annotate crd oauthclients.oauth-registrar.dev '],
    ['crd', 'clusterauthorizationservers.oauth-registrar.dev', 'Delete the OAuthClients first'],
    ['namespace', OPERATOR_NAMESPACE, `kubectl annotate namespaces ${OPERATOR_NAMESPACE} `],
    ['secret', 'registration', `kubectl annotate secrets registration -n ${OPERATOR_NAMESPACE} `],
    [
      'configmap',
      'oauth-registrar-ledger',
      `annotate configmaps oauth-registrar-ledger -n ${OPERATOR_NAMESPACE}`,
    ],
  ])('refuses the deletion of %s %s, and says what to do', async (kind, name, words) => {
    await cluster.must(['apply', '-f', '-'], registrationSecret('registration'));
    await cluster.must(['apply', '-f', '-'], plain('ConfigMap', 'oauth-registrar-ledger'));
    const { code, stderr } = await remove(kind, name);
    expect(code).not.toBe(0);
    expect(stderr).toContain(words);
    expect(stderr).toContain('oauth-registrar.dev/allow-deletion=true');
  });

  test('permits it to whoever says so', async () => {
    await cluster.must(['apply', '-f', '-'], registrationSecret('agreed'));
    const annotation = 'oauth-registrar.dev/allow-deletion=true';
    await cluster.must(['annotate', 'secret', 'agreed', '-n', OPERATOR_NAMESPACE, annotation]);
    expect(await remove('secret', 'agreed')).toMatchObject({ code: 0 });
  });

  test('permits it to the operator', async () => {
    await cluster.must(['apply', '-f', '-'], registrationSecret('served'));
    expect(await remove('secret', 'served', OPERATOR)).toMatchObject({ code: 0 });
  });

  test('leaves other Secrets and ConfigMaps alone', async () => {
    await cluster.must(['apply', '-f', '-'], plain('Secret', 'other'));
    await cluster.must(['apply', '-f', '-'], plain('ConfigMap', 'other'));
    expect(await remove('secret', 'other')).toMatchObject({ code: 0 });
    expect(await remove('configmap', 'other')).toMatchObject({ code: 0 });
  });
});
