import { copyFile, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { RESOURCES } from '../../../src/api/kubernetes.ts';
import { DEPLOY, install, OPERATOR_NAMESPACE, useCluster } from './cluster.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: { readonly names?: { readonly kind: string } };
}

const cluster = useCluster();

const render = async (folder: string): Promise<readonly Manifest[]> =>
  parseAllDocuments(await cluster.must(['kustomize', join(DEPLOY, folder)])).map(
    (document) => document.toJS() as Manifest,
  );
const kindsOf = (manifests: readonly Manifest[]) => [...new Set(manifests.map(({ kind }) => kind))].sort();

describe('deploy, as kustomize renders it', () => {
  test('without-policies leaves out the admission policies and their bindings, and nothing else', async () => {
    const named = (all: readonly Manifest[]) =>
      all.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted();
    const whole = named(await render('.'));
    const without = named(await render('overlays/without-policies'));
    expect(whole.filter((name) => !without.includes(name))).toEqual([
      'ValidatingAdmissionPolicy oauth-registrar-account',
      'ValidatingAdmissionPolicy oauth-registrar-guard',
      'ValidatingAdmissionPolicyBinding oauth-registrar-account',
      'ValidatingAdmissionPolicyBinding oauth-registrar-guard',
    ]);
    expect(without.filter((name) => !whole.includes(name))).toEqual([]);
  });

  test('contains the namespace, all kinds and the operator', async () => {
    const all = await render('.');
    const served = all.filter(({ kind }) => kind === 'CustomResourceDefinition');
    const own = Object.values(RESOURCES).filter(({ group }) => group === 'oauth-registrar.dev');
    expect(served.map(({ spec }) => spec?.names?.kind).sort()).toEqual(own.map(({ kind }) => kind).sort());
    expect(kindsOf(all)).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      'CustomResourceDefinition',
      'Deployment',
      'Namespace',
      'Role',
      'RoleBinding',
      'ServiceAccount',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
    ]);
  });

  test("keeps kinds and data out of the operator's part, so that deleting that part deletes no client", async () => {
    const operator = kindsOf(await render('operator'));
    expect(operator).not.toContain('Namespace');
    expect(operator).not.toContain('CustomResourceDefinition');
  });

  test("puts every namespaced object into the operator's namespace", async () => {
    const namespaces = (await render('.')).map(({ metadata }) => metadata.namespace).filter(Boolean);
    expect(new Set(namespaces)).toEqual(new Set([OPERATOR_NAMESPACE]));
  });

  test('takes another image from an overlay', async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'oauth-registrar-overlay-')));
    const images = [{ name: 'oauth-registrar', newName: 'registry.example.com/registrar', newTag: '1.2.3' }];
    const overlay = { resources: [relative(folder, DEPLOY)], images };
    await writeFile(join(folder, 'kustomization.yaml'), stringify(overlay));
    const rendered = await cluster.must(['kustomize', folder]);
    await rm(folder, { recursive: true });
    expect(rendered.match(/image: .*/g)).toEqual(['image: registry.example.com/registrar:1.2.3']);
  });
});

describe('A kustomization with a prefix and generated names', () => {
  const credential = {
    options: { labels: { 'oauth-registrar.dev/credential': 'true' } },
    literals: ['token=t'],
  };
  const server = {
    apiVersion: 'oauth-registrar.dev/v1alpha1',
    kind: 'AuthorizationServer',
    metadata: { name: 'as' },
    spec: {
      issuer: 'https://sso.example.com',
      registration: { admission: { initialAccessToken: { secretRef: { name: 'iat' } } } },
      management: { credential: { token: { secretRef: { name: 'iat' } } } },
      connection: { caRef: { name: 'ca' } },
    },
  };
  const client = {
    apiVersion: 'oauth-registrar.dev/v1alpha1',
    kind: 'OAuthClient',
    metadata: { name: 'a' },
    spec: { authorizationServerRef: { kind: 'AuthorizationServer', name: 'as' }, client: {} },
  };
  const references = (configurations: readonly string[]) =>
    renderOwn({
      namePrefix: 'staging-',
      secretGenerator: [{ name: 'iat', ...credential }],
      configMapGenerator: [{ name: 'ca', literals: ['ca.crt=PEM'] }],
      resources: ['server.yaml', 'client.yaml'],
      configurations,
    });
  const renderOwn = async (kustomization: object): Promise<string> => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'oauth-registrar-references-')));
    await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization));
    await writeFile(join(folder, 'server.yaml'), stringify(server));
    await writeFile(join(folder, 'client.yaml'), stringify(client));
    await copyFile(join(DEPLOY, 'samples', 'name-references.yaml'), join(folder, 'name-references.yaml'));
    const rendered = await cluster.must(['kustomize', folder]);
    await rm(folder, { recursive: true });
    const named = /^ +(?:name: (?:staging-)?(?:as|iat|ca)\b.*)$/gm;
    return [...new Set((rendered.match(named) ?? []).map((line) => line.trim()))].toSorted().join(' ');
  };

  test('keeps its references with deploy/samples/name-references.yaml, and not without', async () => {
    expect(await references(['name-references.yaml'])).toMatch(
      /^name: staging-as name: staging-ca-\w{10} name: staging-iat-\w{10}$/,
    );
    expect(await references([])).toMatch(/name: as name: ca name: iat/);
  });
});

describe('deploy, applied', () => {
  beforeAll(() => install(cluster));

  test.for(['.', 'samples'])('%s is accepted in full and without a warning', async (folder) => {
    // Unchanged objects are not checked again, and a dry run creates no namespace for the objects in it.
    await cluster.must(['delete', 'deployment', '-n', OPERATOR_NAMESPACE, '--all']);
    await cluster.must(['apply', '-f', join(DEPLOY, 'samples', 'namespace.yaml')]);
    const args = ['apply', '--dry-run=server', '--warnings-as-errors', '-k', join(DEPLOY, folder)];
    const { code, stdout, stderr } = await cluster.kubectl(args);
    expect(stderr, stdout).toBe('');
    expect(code).toBe(0);
  });

  test.for([
    'authorization-server-documents',
    'authorization-server-keyless',
    'oauth-client-document',
    'open-banking',
    'spiffe',
    'verification',
    'migration',
    'rollout-restarts',
    'secret-template',
  ])('samples/%s.yaml is accepted in full and without a warning', async (name) => {
    await cluster.must(['apply', '-f', join(DEPLOY, 'samples', 'namespace.yaml')]);
    const file = join(DEPLOY, 'samples', `${name}.yaml`);
    const args = ['apply', '--dry-run=server', '--validate=strict', '--warnings-as-errors', '-f', file];
    const { code, stdout, stderr } = await cluster.kubectl(args);
    expect([code, stderr], stdout).toEqual([0, '']);
  });

  test('limits the objects of a namespace by the sample quota', async () => {
    await cluster.must(['create', 'namespace', 'bounded']);
    await cluster.must(['apply', '-n', 'bounded', '-f', join(DEPLOY, 'samples', 'resource-quota.yaml')]);
    const counted = async () => {
      const quota = await cluster.must([
        'get',
        'resourcequota',
        'oauth-clients',
        '-n',
        'bounded',
        '-o',
        'json',
      ]);
      return (JSON.parse(quota) as { spec: { hard: Record<string, string> } }).spec.hard;
    };
    expect(await counted()).toEqual({
      'count/oauthclients.oauth-registrar.dev': '200',
      'count/authorizationservers.oauth-registrar.dev': '10',
      'count/secrets': '500',
    });
  });

  test('a second time changes nothing', async () => {
    await install(cluster);
    const { code, stdout } = await cluster.kubectl(['diff', '-k', DEPLOY]);
    expect(stdout).toBe('');
    expect(code).toBe(0);
  });

  test('shows that a new client has not been seen yet', async () => {
    await cluster.must(['apply', '-k', join(DEPLOY, 'samples')]);
    const columns = (await cluster.must(['get', 'oac', '-n', 'shop', 'storefront', '--no-headers'])).split(
      /\s+/,
    );
    expect(columns.slice(0, 3)).toEqual(['storefront', 'Unknown', 'Queued']);
    expect(await cluster.must(['get', 'oauth', '-n', 'shop', '-o', 'name'])).toContain('storefront');
  });

  test("refuses a pod in the operator's namespace that asks for more than it needs", async () => {
    const pod = ['run', 'greedy', '-n', OPERATOR_NAMESPACE, '--image=oauth-registrar:dev', '--privileged'];
    const { code, stderr } = await cluster.kubectl([...pod, '--dry-run=server']);
    expect(code).toBe(1);
    expect(stderr).toContain('violates PodSecurity "restricted:latest"');
  });
});
