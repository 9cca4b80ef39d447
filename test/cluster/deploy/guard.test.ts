import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { LABELS } from '../../../src/api/names.ts';
import { untilRefused } from '../../kit/testbed/policies.ts';
import { DEPLOY, OPERATOR_NAMESPACE, useCluster } from './cluster.ts';
import { INSTALLS, installAll } from './installs.ts';

/** Objects that nobody can delete, empty or unlabel by mistake. Every way to install, all at one API server. */

const cluster = useCluster(installAll);
let tenant: string;

beforeAll(async () => {
  tenant = await cluster.namespace();
});

const labels = { [LABELS.registration]: 'true', [LABELS.clientUid]: 'uid', team: 'a' };
const stringData = { client_id: 'c', registration_access_token: 't' };

const registrationSecret = (name: string, namespace: string, more: object = {}): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels },
    stringData,
    ...more,
  });

const LEDGER = 'oauth-registrar-ledger';
const SUSPECTS = 'oauth-registrar-suspected-orphans';

const configMap = (name: string, namespace: string, data: object = { epoch: '1', attempt: '{}' }): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });

const plain = (kind: 'Secret' | 'ConfigMap', name: string, namespace: string): string =>
  JSON.stringify({ apiVersion: 'v1', kind, metadata: { name, namespace } });

/** Tries the deletion as a dry run, so that the object stays. */
const remove = (kind: string, name: string, namespace: string, ...more: readonly string[]) =>
  cluster.kubectl(['delete', kind, name, '-n', namespace, '--dry-run=server', ...more]);

const patch = (kind: string, name: string, namespace: string, body: object, ...more: readonly string[]) =>
  cluster.kubectl([
    ...['patch', kind, name, '-n', namespace, '--dry-run=server', '--type=merge', '-p', JSON.stringify(body)],
    ...more,
  ]);

const exists = (object: string) => cluster.must(['apply', '-f', '-'], object);

describe.each(INSTALLS)('The guard of $title', ({ namespace, user }) => {
  beforeAll(async () => {
    await exists(registrationSecret('registration', namespace));
    await exists(configMap(LEDGER, namespace));
    await untilRefused(async () => (await remove('secret', 'registration', namespace)).code !== 0);
  });

  test.each([
    ['crd', 'oauthclients.oauth-registrar.dev', 'kubectl annotate crd oauthclients.oauth-registrar.dev '],
    ['crd', 'clusterauthorizationservers.oauth-registrar.dev', 'Delete the OAuthClients first'],
    ['namespace', namespace, `kubectl annotate namespaces ${namespace} `],
    ['secret', 'registration', `kubectl annotate secrets registration -n ${namespace} `],
    ['configmap', LEDGER, `annotate configmaps ${LEDGER} -n ${namespace}`],
  ])('refuses the deletion of %s %s, and says what to do', async (kind, name, words) => {
    const { code, stderr } = await remove(kind, name, namespace);
    expect(code).not.toBe(0);
    expect(stderr).toContain(words);
    expect(stderr).toContain('oauth-registrar.dev/allow-deletion=true');
  });

  test.each([
    ['empty', 'secret', 'registration', { data: null }, 'some of its data would be gone'],
    [
      'take a value from',
      'secret',
      'registration',
      { data: { client_id: null } },
      'some of its data would be gone',
    ],
    [
      'blank a value of',
      'secret',
      'registration',
      { data: { client_id: '' } },
      'some of its data would be gone',
    ],
    [
      'take the label off',
      'secret',
      'registration',
      { metadata: { labels: { [LABELS.registration]: null } } },
      'knows this by its labels',
    ],
    [
      'change the label of',
      'secret',
      'registration',
      { metadata: { labels: { [LABELS.registration]: 'false' } } },
      'knows this by its labels',
    ],
    [
      "take the client's label off",
      'secret',
      'registration',
      { metadata: { labels: { [LABELS.clientUid]: null } } },
      'knows this by its labels',
    ],
    ['empty', 'configmap', LEDGER, { data: null }, 'some of its data would be gone'],
    [
      'take an entry from',
      'configmap',
      LEDGER,
      { data: { attempt: null } },
      'some of its data would be gone',
    ],
  ])('refuses to %s %s %s', async (_, kind, name, body, words) => {
    const { code, stderr } = await patch(kind, name, namespace, body);
    expect(stderr).toContain(words);
    expect(stderr).toContain('oauth-registrar.dev/allow-deletion=true');
    expect(code).not.toBe(0);
  });

  test.each([
    ['another value', { stringData: { registration_access_token: 'present' } }],
    ['another key', { stringData: { client_secret: 's' } }],
    ['another annotation', { metadata: { annotations: { 'oauth-registrar.dev/namespace-uid': 'other' } } }],
    ['a label of others taken off', { metadata: { labels: { team: null } } }],
    ['a role as it was', { metadata: { labels: { [LABELS.role]: 'current' } } }],
  ])('permits a person to give a registration Secret %s', async (_, body) => {
    expect(await patch('secret', 'registration', namespace, body)).toMatchObject({ code: 0 });
  });

  test('permits a person to shorten the list of suspected orphans, but not to empty it at once', async () => {
    await exists(configMap(SUSPECTS, namespace, { a: '{}', b: '{}' }));
    expect(await patch('configmap', SUSPECTS, namespace, { data: { a: null } })).toMatchObject({ code: 0 });
    const { stderr } = await patch('configmap', SUSPECTS, namespace, { data: null });
    expect(stderr).toContain('some of its data would be gone');
    await cluster.must([
      ...['patch', 'configmap', SUSPECTS, '-n', namespace, '--type=merge', '-p', '{"data":{"a":null}}'],
    ]);
    expect(await patch('configmap', SUSPECTS, namespace, { data: { b: null } })).toMatchObject({ code: 0 });
  });

  test('permits everything after a person asked for it by annotation', async () => {
    await exists(registrationSecret('agreed', namespace));
    const annotation = 'oauth-registrar.dev/allow-deletion=true';
    await cluster.must(['annotate', 'secret', 'agreed', '-n', namespace, annotation]);
    expect(await patch('secret', 'agreed', namespace, { data: null })).toMatchObject({ code: 0 });
    expect(await remove('secret', 'agreed', namespace)).toMatchObject({ code: 0 });
  });

  test('permits everything to the operator', async () => {
    expect(await remove('secret', 'registration', namespace, `--as=${user}`)).toMatchObject({ code: 0 });
  });

  test.each([
    'system:serviceaccount:kube-system:namespace-controller',
    'system:serviceaccount:kube-system:generic-garbage-collector',
    'system:kube-controller-manager',
  ])('permits everything to %s, which deletes objects without an owner or namespace', async (controller) => {
    const as = [`--as=${controller}`, '--as-group=system:masters'];
    expect(await remove('secret', 'registration', namespace, ...as)).toMatchObject({ code: 0 });
    expect(await remove('configmap', LEDGER, namespace, ...as)).toMatchObject({ code: 0 });
  });

  test.each([
    'system:serviceaccount:another:oauth-registrar',
    'system:serviceaccount:kube-system:default',
    `${user}x`,
  ])('permits nothing to %s', async (other) => {
    const as = [`--as=${other}`, '--as-group=system:masters'];
    expect((await remove('secret', 'registration', namespace, ...as)).stderr).toContain('denied request');
  });

  test('does not guard other Secrets and ConfigMaps', async () => {
    await exists(plain('Secret', 'other', namespace));
    await exists(plain('ConfigMap', 'other', namespace));
    expect(await remove('secret', 'other', namespace)).toMatchObject({ code: 0 });
    expect(await remove('configmap', 'other', namespace)).toMatchObject({ code: 0 });
  });
});

describe('The guard of documents', () => {
  const DOCUMENTS = 'oauth-registrar-documents';
  const OPERATOR = `system:serviceaccount:${OPERATOR_NAMESPACE}:oauth-registrar`;
  const asked = (code: number, words: string) => ({ code, stderr: expect.stringContaining(words) });

  beforeAll(async () => {
    const files = ['namespace', 'role', 'guard'].map((name) =>
      join(DEPLOY, 'components', 'documents', `${name}.yaml`),
    );
    await cluster.must(['apply', ...files.flatMap((file) => ['-f', file])]);
    const document = JSON.parse(configMap('served', DOCUMENTS, { url: 'https://a', 'client.json': '{}' }));
    await exists(
      JSON.stringify({
        ...document,
        metadata: { ...document.metadata, labels: { [LABELS.document]: 'true' } },
      }),
    );
    await untilRefused(async () => (await remove('configmap', 'served', DOCUMENTS)).code !== 0);
  });

  test('refuses to delete, empty or unlabel one, and to delete their namespace, and says what to do', async () => {
    const cure = 'oauth-registrar.dev/allow-deletion=true';
    expect(await remove('configmap', 'served', DOCUMENTS)).toEqual(
      expect.objectContaining(asked(1, `kubectl annotate configmaps served -n ${DOCUMENTS} ${cure}`)),
    );
    expect((await patch('configmap', 'served', DOCUMENTS, { data: { url: null } })).stderr).toContain(cure);
    const unlabelled = { metadata: { labels: { [LABELS.document]: null } } };
    expect((await patch('configmap', 'served', DOCUMENTS, unlabelled)).stderr).toContain('by its labels');
    expect(await remove('namespace', DOCUMENTS, DOCUMENTS)).toEqual(
      expect.objectContaining(asked(1, `kubectl annotate namespaces ${DOCUMENTS} ${cure}`)),
    );
  });

  test('permits all of that to the operator, which is in another namespace, and to the controllers of Kubernetes', async () => {
    expect(await remove('configmap', 'served', DOCUMENTS, `--as=${OPERATOR}`)).toMatchObject({ code: 0 });
    for (const controller of ['namespace-controller', 'generic-garbage-collector']) {
      const as = [`--as=system:serviceaccount:kube-system:${controller}`, '--as-group=system:masters'];
      expect(await remove('configmap', 'served', DOCUMENTS, ...as), controller).toMatchObject({ code: 0 });
    }
    const others = ['--as=system:serviceaccount:kube-system:default', '--as-group=system:masters'];
    expect((await remove('configmap', 'served', DOCUMENTS, ...others)).stderr).toContain('denied request');
  });
});

describe('M8: In a namespace of tenants', () => {
  test('a Secret with our label and a ConfigMap of our name can be deleted and emptied by all who have the right', async () => {
    await exists(registrationSecret('mine', tenant));
    await exists(configMap(LEDGER, tenant));
    for (const [kind, name] of [
      ['secret', 'mine'],
      ['configmap', LEDGER],
    ] as const) {
      expect(await patch(kind, name, tenant, { data: null })).toMatchObject({ code: 0 });
      expect(await remove(kind, name, tenant)).toMatchObject({ code: 0 });
    }
    expect(await remove('namespace', tenant, tenant)).toMatchObject({ code: 0 });
  });

  test('a label of the operator on the namespace guards nothing', async () => {
    await cluster.must(['label', 'namespace', tenant, 'app.kubernetes.io/name=oauth-registrar']);
    expect(await remove('namespace', tenant, tenant)).toMatchObject({ code: 0 });
  });
});
