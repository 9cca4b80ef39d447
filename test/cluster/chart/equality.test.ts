import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import manifest from '../../../package.json' with { type: 'json' };
import { HELM_VERSIONS } from '../../kit/testbed/helm.ts';
import { differences } from './differences.ts';
import { isHook, kustomized, type Manifest, only, ROOT, useRendering, valueAt } from './rendered.ts';

/** The chart and the kustomize folders give the same objects, but for what these lists name. */

/** Labels that Helm's conventions ask of every object; chart and operator have one version. The test holds each object to them, and then ignores them. */
const LABELS = {
  'app.kubernetes.io/instance': 'oauth-registrar',
  'app.kubernetes.io/managed-by': 'Helm',
  'app.kubernetes.io/name': 'oauth-registrar',
  'app.kubernetes.io/version': manifest.version,
  'helm.sh/chart': `oauth-registrar-${manifest.version}`,
};
/** What `helm uninstall` leaves. With kustomize, the guard and its finalizer keep the same objects. */
const KEPT = 'metadata.annotations: none → {"helm.sh/resource-policy":"keep"}';
const keptDocuments = (namespace: string) => [
  `Namespace ${namespace}: ${KEPT}`,
  `ValidatingAdmissionPolicyBinding ${namespace}-guard: ${KEPT}`,
];
/** A release is available by default; the kustomize folder leaves that to an overlay. */
const AVAILABLE = (namespace: string) => [
  `+ PodDisruptionBudget ${namespace}/oauth-registrar`,
  `Deployment ${namespace}/oauth-registrar: spec.replicas: 1 → 2`,
  `Deployment ${namespace}/oauth-registrar: spec.template.spec.topologySpreadConstraints: none → ${JSON.stringify(
    ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'oauth-registrar' } },
    })),
  )}`,
];

const withoutLabels = (object: Manifest): Manifest => {
  const labels = Object.fromEntries(
    Object.entries(object.metadata.labels ?? {}).filter(([name]) => !Object.hasOwn(LABELS, name)),
  );
  return { ...object, metadata: { ...object.metadata, labels } };
};

describe.each(HELM_VERSIONS)('%s renders what kustomize renders', (version) => {
  const chart = useRendering(version);

  const compare = async (folder: string, values: object, namespace: string) => {
    const objects = (await chart.objects(values, namespace)).filter((object) => !isHook(object));
    for (const { kind, metadata } of objects) {
      expect(metadata.labels, `${kind} ${metadata.name}`).toMatchObject(LABELS);
    }
    const before = (await kustomized(folder)).map(withoutLabels);
    return differences(before, objects.map(withoutLabels));
  };

  test('for a whole cluster, but for this list', async () => {
    expect(await compare('deploy', {}, 'oauth-registrar-system')).toEqual(
      [
        ...AVAILABLE('oauth-registrar-system'),
        // `helm install --create-namespace` makes it; NOTES print the command that labels it.
        '- Namespace oauth-registrar-system',
        ...['authorizationservers', 'clusterauthorizationservers', 'oauthclients'].map(
          (plural) => `CustomResourceDefinition ${plural}.oauth-registrar.dev: ${KEPT}`,
        ),
        `ValidatingAdmissionPolicy oauth-registrar-guard: ${KEPT}`,
        `ValidatingAdmissionPolicyBinding oauth-registrar-guard: ${KEPT}`,
      ].toSorted(byObject),
    );
  });

  test('for a whole cluster with the finalizer policy, but for the same list', async () => {
    const values = { finalizerPolicy: { enabled: true } };
    const plain = await compare('deploy', {}, 'oauth-registrar-system');
    expect(await compare('deploy/overlays/finalizer-policy', values, 'oauth-registrar-system')).toEqual(
      plain,
    );
  });

  test("for a whole cluster with the tenants' policies, but for the same list", async () => {
    const plain = await compare('deploy', {}, 'oauth-registrar-system');
    const values = { tenantPolicies: { enabled: true } };
    expect(await compare('deploy/overlays/tenant-policies', values, 'oauth-registrar-system')).toEqual(plain);
  });

  test('with metrics behind authentication, but for the same list', async () => {
    const folder = await overlayOf(['deploy'], ['deploy/components/metrics-authentication']);
    const plain = await compare('deploy', {}, 'oauth-registrar-system');
    const values = { metrics: { authentication: true } };
    expect(await compare(relative(ROOT, folder), values, 'oauth-registrar-system')).toEqual(plain);
    await rm(folder, { recursive: true });
  });

  test('with the inventory page, but for the same list', async () => {
    const components = ['access-reviews', 'inventory'].map((name) => `deploy/components/${name}`);
    const folder = await overlayOf(['deploy'], components);
    const plain = await compare('deploy', {}, 'oauth-registrar-system');
    const values = { inventory: { enabled: true } };
    expect(await compare(relative(ROOT, folder), values, 'oauth-registrar-system')).toEqual(plain);
    await rm(folder, { recursive: true });
  });

  test('with kinds to bind to, but for the same list', async () => {
    const folder = await overlayOf(['deploy'], ['deploy/components/agent-sandbox']);
    const plain = await compare('deploy', {}, 'oauth-registrar-system');
    const boundToKinds = [
      { group: 'agents.x-k8s.io', version: 'v1alpha1', kind: 'Sandbox', resource: 'sandboxes' },
      {
        group: 'extensions.agents.x-k8s.io',
        version: 'v1alpha1',
        kind: 'SandboxClaim',
        resource: 'sandboxclaims',
      },
    ];
    expect(await compare(relative(ROOT, folder), { boundToKinds }, 'oauth-registrar-system')).toEqual(plain);
    await rm(folder, { recursive: true });
  });

  test('with restarts of workloads, but for the same list', async () => {
    const folder = await overlayOf(['deploy'], ['deploy/components/rollout-restarts']);
    const plain = await compare('deploy', {}, 'oauth-registrar-system');
    const values = { rolloutRestarts: { enabled: true } };
    expect(await compare(relative(ROOT, folder), values, 'oauth-registrar-system')).toEqual(plain);
    await rm(folder, { recursive: true });
  });

  test('with documents of clients, but for the same list', async () => {
    const folder = await overlayOf(['deploy'], ['deploy/components/documents']);
    const plain = await compare('deploy', {}, 'oauth-registrar-system');
    const baseUrl = 'https://clients.example.com';
    const values = { documents: { enabled: true, baseUrls: [baseUrl] } };
    const flag = `--document-base-urls=${baseUrl}`;
    const found = await compare(relative(ROOT, folder), values, 'oauth-registrar-system');
    // An overlay says which base URLs there are.
    expect(found.filter((line) => line.endsWith(`none → "${flag}"`))).toHaveLength(1);
    expect(found.filter((line) => !line.includes(flag))).toEqual(
      [...plain, ...keptDocuments('oauth-registrar-documents')].toSorted(byObject),
    );
    await rm(folder, { recursive: true });
  });

  test('with documents for listed namespaces, in a namespace of documents of their own', async () => {
    const folder = await overlayOf(
      ['operator', 'tenant'].map((name) => `deploy/overlays/listed-namespaces/${name}`),
      ['deploy/overlays/listed-namespaces/documents'],
    );
    const values = { namespaces: ['shop'], clusterId: 'uid-of-kube-system', crds: { enabled: false } };
    const listed = { ...values, shared: { enabled: false } };
    const own = 'oauth-registrar-shop';
    const plain = await compare('deploy/overlays/listed-namespaces', listed, own);
    const documents = { enabled: true, namespacedBaseUrls: ['https://clients.example.com'] };
    const flags = '"--documents-namespace=oauth-registrar-shop-documents"';
    expect(await compare(relative(ROOT, folder), { ...listed, documents }, own)).toEqual(
      [...plain, ...keptDocuments('oauth-registrar-shop-documents')].toSorted(byObject),
    );
    const objects = await chart.objects({ ...listed, documents }, own);
    expect(JSON.stringify(only(objects, 'Deployment', 'oauth-registrar'))).toContain(flags);
    const documentsObjects = objects.filter(({ metadata }) => metadata.name.includes('-documents'));
    expect(new Set(documentsObjects.map(({ metadata }) => metadata.namespace ?? metadata.name))).toEqual(
      new Set(['oauth-registrar-shop-documents', 'oauth-registrar-shop-documents-guard']),
    );
    const writer = only(objects, 'RoleBinding', 'oauth-registrar-documents-writer');
    expect(writer['subjects']).toEqual([{ kind: 'ServiceAccount', name: 'oauth-registrar', namespace: own }]);
    await rm(folder, { recursive: true });
  });

  test('and has the metrics of documents scraped as those of the operator', async () => {
    const documents = { enabled: true, baseUrls: ['https://clients.example.com'] };
    const labels = { team: 'sso' };
    const monitor = async (values: object, kind: string) => {
      const objects = await chart.objects({ documents, ...values }, 'oauth-registrar-system');
      return { objects, monitor: only(objects, kind, 'oauth-registrar-documents') };
    };
    const pods = await monitor({ podMonitor: { enabled: true, labels } }, 'PodMonitor');
    expect(pods.monitor.metadata).toMatchObject({ namespace: 'oauth-registrar-documents', labels });
    expect(pods.monitor['spec']).toMatchObject({
      selector: { matchLabels: { 'app.kubernetes.io/name': 'oauth-registrar-documents' } },
      podMetricsEndpoints: [{ port: 'http', path: '/metrics' }],
    });
    const { objects, monitor: services } = await monitor(
      { serviceMonitor: { enabled: true } },
      'ServiceMonitor',
    );
    const selected = valueAt<Record<string, string>>(services, 'spec.selector.matchLabels');
    const found = objects.filter(
      ({ kind, metadata }) =>
        kind === 'Service' &&
        metadata.namespace === 'oauth-registrar-documents' &&
        Object.entries(selected).every(([name, value]) => metadata.labels?.[name] === value),
    );
    expect(found.flatMap((service) => valueAt<{ name: string }[]>(service, 'spec.ports'))).toContainEqual(
      expect.objectContaining({ name: 'http', targetPort: 'http' }),
    );
  });

  test('and leads base URLs to documents, by a Gateway or an Ingress', async () => {
    const objects = await chart.objects(
      {
        documents: {
          enabled: true,
          baseUrls: ['https://clients.example.com', 'https://apps.example.com/clients'],
          httpRoute: { enabled: true, parentRefs: [{ name: 'public', namespace: 'gateways' }] },
          ingress: { enabled: true, className: 'nginx', tlsSecret: 'tls' },
        },
      },
      'oauth-registrar-system',
    );
    const routes = objects.filter(({ kind }) => kind === 'HTTPRoute');
    expect(routes.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([
      'oauth-registrar-documents/oauth-registrar-documents-apps.example.com',
      'oauth-registrar-documents/oauth-registrar-documents-clients.example.com',
    ]);
    expect(routes.map((route) => route['spec'])).toMatchObject([
      {
        hostnames: ['apps.example.com'],
        rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/clients' } }] }],
      },
      { hostnames: ['clients.example.com'], rules: [{ matches: [{ path: { value: '/' } }] }] },
    ]);
    expect(objects.find(({ kind }) => kind === 'Ingress')?.['spec']).toMatchObject({
      ingressClassName: 'nginx',
      tls: [{ secretName: 'tls', hosts: ['apps.example.com', 'clients.example.com'] }],
      rules: [
        { host: 'apps.example.com', http: { paths: [{ path: '/clients', pathType: 'Prefix' }] } },
        { host: 'clients.example.com', http: { paths: [{ path: '/' }] } },
      ],
    });
  });

  test('of alerts and dashboard', async () => {
    const values = { prometheusRule: { enabled: true }, dashboard: { enabled: true } };
    const objects = await chart.objects(values, 'oauth-registrar-system');
    const monitoring = objects.filter(({ kind }) => kind === 'PrometheusRule' || kind === 'ConfigMap');
    expect(monitoring.map(withoutLabels)).toEqual(
      expect.arrayContaining((await kustomized('deploy/monitoring')).map(withoutLabels)),
    );
    expect(monitoring).toHaveLength(2);
  });

  test('for listed namespaces, but for this list', async () => {
    const values = {
      namespaces: ['shop'],
      clusterId: 'uid-of-kube-system',
      crds: { enabled: false },
      shared: { enabled: false },
    };
    const role = 'roleRef.name: "oauth-registrar" → "oauth-registrar-shop-operator"';
    expect(await compare('deploy/overlays/listed-namespaces', values, 'oauth-registrar-shop')).toEqual(
      [
        ...AVAILABLE('oauth-registrar-shop'),
        '- Namespace oauth-registrar-shop',
        // A release owns its objects: none of two installs may take the role of the other along. Its rules are compared
        // below.
        '- ClusterRole oauth-registrar',
        '+ ClusterRole oauth-registrar-shop-operator',
        `RoleBinding oauth-registrar-shop/oauth-registrar-own: ${role}`,
        `RoleBinding shop/oauth-registrar: ${role}`,
        // The folder has it for installs of a whole cluster, and binds it to nobody.
        '- ClusterRole oauth-registrar-api-server',
        `ValidatingAdmissionPolicyBinding oauth-registrar-shop-guard: ${KEPT}`,
      ].toSorted(byObject),
    );
    const rules = (objects: readonly Manifest[], name: string) =>
      objects.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === name)?.['rules'];
    const own = rules(await chart.objects(values, 'oauth-registrar-shop'), 'oauth-registrar-shop-operator');
    expect(own).toBeDefined();
    expect(own).toEqual(rules(await kustomized('deploy'), 'oauth-registrar'));
  });

  test('for two listed namespaces, with the same rights in each', async () => {
    const values = { namespaces: ['shop', 'billing'], clusterId: 'uid' };
    const objects = await chart.objects(values, 'sso');
    const inTenant = (tenant: string) =>
      objects
        .filter(({ metadata }) => metadata.namespace === tenant)
        .map(({ metadata: { namespace, ...metadata }, ...object }) => ({ ...object, metadata }));
    expect(inTenant('billing')).toHaveLength(3);
    expect(inTenant('billing')).toEqual(inTenant('shop'));
    const namespaces = objects.map(({ metadata }) => metadata.namespace).filter(Boolean);
    expect(new Set(namespaces)).toEqual(new Set(['sso', 'shop', 'billing']));
    expect(JSON.stringify(objects)).not.toMatch(/oauth-registrar-(system|shop)/);
  });
});

test("an overlay's namespace and prefix reach the tenants' policies", async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'oauth-registrar-overlay-')));
  const base = relative(folder, join(ROOT, 'deploy', 'overlays', 'tenant-policies'));
  const overlay = { namespace: 'second-system', namePrefix: 'second-', resources: [base] };
  await writeFile(join(folder, 'kustomization.yaml'), stringify(overlay));
  const objects = await kustomized(relative(ROOT, folder));
  await rm(folder, { recursive: true });
  const binding = (name: string) =>
    only(objects, 'ValidatingAdmissionPolicyBinding', `second-${name}`)['spec'];
  const own = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'second-system' } } };
  expect(binding('configmap-oauth-registrar-tenants')).toMatchObject({
    policyName: 'second-oauth-registrar-tenants',
    paramRef: { name: 'second-oauth-registrar-tenants', namespace: 'second-system' },
  });
  expect(binding('oauth-registrar-tenants-form')).toMatchObject({ matchResources: own });
  const account = { name: 'second-oauth-registrar', namespace: 'second-system' };
  expect(binding('oauth-registrar-writers-records')).toMatchObject({
    paramRef: account,
    matchResources: own,
  });
  expect(binding('oauth-registrar-writers-status')).toMatchObject({ paramRef: account });
});

/** A folder with an overlay of these folders of the repository. */
async function overlayOf(resources: readonly string[], components: readonly string[]): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'oauth-registrar-overlay-')));
  const from = (paths: readonly string[]) => paths.map((path) => relative(folder, join(ROOT, path)));
  const overlay = { resources: from(resources), components: from(components) };
  await writeFile(join(folder, 'kustomization.yaml'), stringify(overlay));
  return folder;
}

/** The order of `differences`: by object. */
function byObject(left: string, right: string): number {
  const [a, b] = [left, right].map((line) => line.replace(/^[+-] /, ''));
  return (a ?? '') < (b ?? '') ? -1 : 1;
}
