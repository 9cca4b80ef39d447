import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ALERTS } from '../../../tools/alerts.ts';
import type { ChartValues } from '../../../tools/chart-values.ts';
import { dashboardJson } from '../../../tools/dashboard.ts';
import { HELM_VERSIONS } from '../../kit/testbed/helm.ts';
import { CHART, isHook, type Manifest, only, useRendering, valueAt } from './rendered.ts';

/** What values do, and which are refused, with which sentence. */

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const NETWORK = { enabled: true, apiServer: { cidrs: ['10.96.0.1/32'] } };

const bounds = (of: object) => ({ tenantPolicies: { enabled: true, bounds: of } });

type Refusal = readonly [what: string, values: object, sentence: string];
const REFUSED: readonly Refusal[] = [
  ['an unknown value', { replicaCount: 3 }, "additional properties 'replicaCount' not allowed"],
  [
    'an unknown value below another',
    { crds: { install: true } },
    "at '/crds': additional properties 'install' not allowed",
  ],
  ['a value of another type', { replicas: 'two' }, "at '/replicas': got string, want integer"],
  ['a number that is too large', { replicas: 11 }, "at '/replicas': maximum: got 11, want 10"],
  [
    'a word that is none of the choices',
    { logLevel: 'loud' },
    "value must be one of 'debug', 'info', 'warn', 'error'",
  ],
  [
    'a server without a range',
    { egress: { authorizationServers: [{ ports: [443] }] } },
    "missing property 'cidr'",
  ],
  [
    'a digest that is none',
    { image: { digest: 'sha256:abc' } },
    'image.digest is "sha256:abc", and no digest: write sha256: and 64',
  ],
  [
    'a digest in the repository',
    { image: { repository: `a/b@${DIGEST}` } },
    'write what follows it into image.digest',
  ],
  [
    'neither tag nor digest',
    { image: { tag: '' } },
    'image has neither tag nor digest: set image.digest, or image.tag',
  ],
  [
    'an address that is no range',
    { egress: { refuseAddresses: ['10.0.0.1'] } },
    '"10.0.0.1" is not a range of addresses: write a CIDR',
  ],
  [
    'a server that is no range',
    { egress: { authorizationServers: [{ cidr: 'sso.example.com' }] } },
    '"sso.example.com" is not a range of addresses',
  ],
  [
    'namespaces without the uid',
    { namespaces: ['shop'] },
    "namespaces needs clusterId, because the operator then can't read it. Set clusterId to what this prints: kubectl get namespace kube-system",
  ],
  [
    'a pattern of namespaces',
    { namespaces: ['team-*'], clusterId: 'uid' },
    'Patterns are not supported: name each namespace',
  ],
  [
    'a namespace twice',
    { namespaces: ['shop', 'shop'], clusterId: 'uid' },
    'namespaces has a namespace twice: shop, shop',
  ],
  [
    "the operator's own namespace",
    { namespaces: ['oauth-registrar-system'], clusterId: 'uid' },
    'choose another namespace for the release',
  ],
  [
    'a policy without the API server',
    { networkPolicy: { enabled: true } },
    "networkPolicy needs the API server's addresses",
  ],
  [
    'a PodMonitor without the token that is asked for',
    { podMonitor: { enabled: true }, metrics: { authentication: true } },
    "podMonitor can't send the token that metrics.authentication asks for: name its Secret in metrics.tokenSecret.name, or use serviceMonitor",
  ],
  [
    'a token that nobody asks for',
    { metrics: { tokenSecret: { name: 'prometheus' } } },
    'metrics.tokenSecret is set, and metrics.authentication is false, so nobody would ask for the token: set metrics.authentication=true',
  ],
  [
    'both monitors',
    { serviceMonitor: { enabled: true }, podMonitor: { enabled: true } },
    'everything would be counted twice: disable one',
  ],
  [
    'bounds that no policy would enforce',
    { tenantPolicies: { bounds: { shop: { scopes: [] } } } },
    'tenantPolicies.bounds is set, and tenantPolicies.enabled is false, so nothing would be bounded: set tenantPolicies.enabled=true',
  ],
  [
    'a bound that does not exist',
    bounds({ shop: { scope: ['a'] } }),
    "additional properties 'scope' not allowed",
  ],
  [
    'bounds of a pattern of namespaces',
    bounds({ 'team-*': { scopes: [] } }),
    'tenantPolicies.bounds has "team-*", and no namespace can have that name: name a namespace, or _default for all others',
  ],
  [
    'several words in one',
    bounds({ shop: { scopes: ['openid profile'] } }),
    'tenantPolicies.bounds.shop.scopes has "openid profile", which is empty or has white space: list each word by itself',
  ],
  [
    'a server without its kind',
    bounds({ shop: { servers: ['corporate'] } }),
    'tenantPolicies.bounds.shop.servers has "corporate", which is no server: write ClusterAuthorizationServer/NAME or AuthorizationServer/NAME',
  ],
  [
    'a URL as host',
    bounds({ _default: { redirectHosts: ['https://shop.example.com'] } }),
    'tenantPolicies.bounds._default.redirectHosts has "https://shop.example.com", which is no host: write shop.example.com, or *.example.com',
  ],
];

describe.each(HELM_VERSIONS)('%s refuses', (version) => {
  const chart = useRendering(version);

  test.for(REFUSED)('%s', async ([, values, sentence]) => {
    expect(await chart.refusal(values)).toContain(sentence);
  });

  test('an old Kubernetes', async () => {
    expect(await chart.refusal({}, { kubernetes: '1.33.9' })).toContain(
      'chart requires kubeVersion: >=1.34.0-0 which is incompatible with Kubernetes v1.33.9',
    );
  });

  test('the finalizer policy on a Kubernetes without its kind', async () => {
    const values = { finalizerPolicy: { enabled: true } };
    expect(await chart.refusal(values, { kubernetes: '1.35.4' })).toContain(
      'finalizerPolicy needs Kubernetes 1.36, and this is v1.35.4: set finalizerPolicy.enabled=false',
    );
  });
});

const chart = useRendering('helm4');
const deployment = async (values: ChartValues) => only(await chart.objects(values), 'Deployment');
const container = 'spec.template.spec.containers.0';

describe('values', () => {
  test('name the image by digest, which wins over the tag', async () => {
    const image = { repository: 'registry.example.com/sso/oauth-registrar', digest: DIGEST };
    expect(valueAt(await deployment({ image }), `${container}.image`)).toBe(
      `registry.example.com/sso/oauth-registrar@${DIGEST}`,
    );
    const [check] = (await chart.objects({ image })).filter(({ kind }) => kind === 'Pod');
    expect(valueAt(check as Manifest, 'spec.containers.0.image')).toContain(DIGEST);
  });

  test('become flags of the operator, which has no other by default', async () => {
    const OWN = [
      '--leader-elect',
      '--namespace=$(POD_NAMESPACE)',
      '--identity=$(POD_NAME)',
      '--journal-dir=/var/run/oauth-registrar',
      '--assertion-account',
      'oauth-registrar-assertion',
    ];
    expect(valueAt(await deployment({}), `${container}.args`)).toEqual(OWN);
    const values: ChartValues = {
      namespaces: ['shop', 'billing'],
      clusterId: 'uid',
      logLevel: 'debug',
      installation: 'one',
      clusterName: 'blue',
      egress: {
        allowHttp: true,
        allowAddresses: ['127.0.0.0/8'],
        refuseAddresses: ['10.96.0.0/12', '10.244.0.0/16'],
        namespacedServerHosts: ['*.example.com'],
      },
      extraArgs: ['--namespace-memory=64'],
    };
    expect(valueAt(await deployment(values), `${container}.args`)).toEqual([
      ...OWN,
      '--namespaces=shop,billing',
      '--cluster-id=uid',
      '--log-level=debug',
      '--installation=one',
      '--cluster-name=blue',
      '--allow-http',
      '--allow-addresses=127.0.0.0/8',
      '--namespaced-server-hosts=*.example.com',
      '--refuse-addresses=10.96.0.0/12,10.244.0.0/16',
      '--namespace-memory=64',
    ]);
  });

  test('shape the Pods', async () => {
    const values: ChartValues = {
      replicas: 3,
      priorityClassName: 'system-cluster-critical',
      nodeSelector: { pool: 'infra' },
      tolerations: [{ key: 'infra', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      podAnnotations: { note: 'x' },
      image: { pullPolicy: 'Always', pullSecrets: ['registry'] },
      env: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example.com:3128' }],
      journal: { sizeLimit: '8Mi' },
      resources: { limits: { memory: '640Mi' } },
      topologySpread: { enabled: false },
    };
    const made = await deployment(values);
    expect(valueAt(made, 'spec')).toMatchObject({
      replicas: 3,
      template: {
        metadata: { annotations: { note: 'x' } },
        spec: {
          priorityClassName: 'system-cluster-critical',
          nodeSelector: { pool: 'infra' },
          tolerations: [{ key: 'infra', operator: 'Exists' }],
          affinity: { nodeAffinity: {} },
          imagePullSecrets: [{ name: 'registry' }],
          volumes: [{ name: 'journal', emptyDir: { medium: 'Memory', sizeLimit: '8Mi' } }],
        },
      },
    });
    expect(valueAt(made, container)).toMatchObject({
      imagePullPolicy: 'Always',
      resources: { limits: { memory: '640Mi' } },
    });
    expect(valueAt(made, `${container}.env`)).toContainEqual({
      name: 'HTTPS_PROXY',
      value: 'http://proxy.example.com:3128',
    });
    expect(valueAt(made, 'spec.template.spec')).not.toHaveProperty('topologySpreadConstraints');
  });

  test('keep the definitions by default, and the guard in any case', async () => {
    const kept = async (values: ChartValues) =>
      (await chart.objects(values))
        .filter(({ metadata }) => metadata.annotations?.['helm.sh/resource-policy'] === 'keep')
        .map(({ kind }) => kind);
    const guard = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];
    expect(await kept({})).toEqual([...Array(3).fill('CustomResourceDefinition'), ...guard]);
    expect(await kept({ crds: { keep: false } })).toEqual(guard);
    expect(await kept({ crds: { enabled: false } })).toEqual(guard);
    expect(await kept({ shared: { enabled: false } })).toContain('ValidatingAdmissionPolicyBinding');
  });

  test('make no disruption budget for one replica, with which no node could be drained', async () => {
    const budgets = async (values: ChartValues) =>
      (await chart.objects(values)).filter(({ kind }) => kind === 'PodDisruptionBudget').length;
    expect([
      await budgets({}),
      await budgets({ replicas: 1 }),
      await budgets({ podDisruptionBudget: { enabled: false } }),
    ]).toEqual([1, 0, 0]);
  });

  test('give every object the common labels, and leave the selector', async () => {
    const values: ChartValues = {
      commonLabels: { team: 'sso' },
      networkPolicy: NETWORK,
      flowControl: { enabled: true },
      finalizerPolicy: { enabled: true },
      serviceMonitor: { enabled: true },
      prometheusRule: { enabled: true, groups: [{ name: 'x', rules: [] }] },
      dashboard: { enabled: true, dashboards: { 'one.json': '{}' } },
      extraObjects: [
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'more', labels: { own: 'label' } } },
      ],
    };
    const objects = await chart.objects(values);
    expect(objects.filter(({ metadata }) => metadata.labels?.['team'] !== 'sso')).toEqual([]);
    const made = only(objects, 'Deployment');
    expect(valueAt(made, 'spec.template.metadata.labels')).toEqual({
      team: 'sso',
      'app.kubernetes.io/name': 'oauth-registrar',
    });
    expect(valueAt(made, 'spec.selector.matchLabels')).toEqual({
      'app.kubernetes.io/name': 'oauth-registrar',
    });
    expect(only(objects, 'ConfigMap', 'more').metadata.labels).toMatchObject({ own: 'label', team: 'sso' });
  });

  test("make the tenants' bounds of an install for listed namespaces its own", async () => {
    const objects = await chart.objects(
      {
        namespaces: ['shop', 'billing'],
        clusterId: 'uid',
        shared: { enabled: false },
        tenantPolicies: {
          enabled: true,
          bounds: {
            shop: { scopes: ['openid', 'profile'], servers: [] },
            _default: { servers: ['AuthorizationServer/*'] },
          },
        },
      },
      'sso',
    );
    expect(valueAt(only(objects, 'ConfigMap', 'oauth-registrar-tenants'), 'data')).toEqual({
      'shop.scopes': 'openid profile',
      'shop.servers': '',
      '_default.servers': 'AuthorizationServer/*',
    });
    expect(objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')).toEqual([]);
    const listed = {
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['shop', 'billing'] }],
    };
    const own = { matchLabels: { 'kubernetes.io/metadata.name': 'sso' } };
    const selectorOf = (name: string) =>
      valueAt(
        only(objects, 'ValidatingAdmissionPolicyBinding', `oauth-registrar-sso-${name}`),
        'spec.matchResources.namespaceSelector',
      );
    expect(selectorOf('configmap-oauth-registrar-tenants')).toEqual(listed);
    expect(selectorOf('writers-status')).toEqual(listed);
    expect(selectorOf('writers-records')).toEqual(own);
    expect(selectorOf('tenants-form')).toEqual(own);
  });

  test('serve metrics over TLS to callers who are known, and tell Prometheus how to ask', async () => {
    const metrics = { authentication: true, tlsSecret: 'metrics-tls' };
    const objects = await chart.objects({ metrics, serviceMonitor: { enabled: true } }, 'sso');
    const container = valueAt<{ readonly args: readonly string[] }>(
      only(objects, 'Deployment'),
      'spec.template.spec.containers.0',
    );
    expect(container.args.slice(-3)).toEqual([
      '--metrics-authentication',
      '--tls-cert-file=/etc/oauth-registrar/tls/tls.crt',
      '--tls-private-key-file=/etc/oauth-registrar/tls/tls.key',
    ]);
    expect(container).toMatchObject({
      livenessProbe: { httpGet: { path: '/livez', scheme: 'HTTPS' } },
      readinessProbe: { httpGet: { path: '/readyz', scheme: 'HTTPS' } },
    });
    expect(valueAt(only(objects, 'Deployment'), 'spec.template.spec.volumes.1')).toEqual({
      name: 'tls',
      secret: { secretName: 'metrics-tls' },
    });
    const tlsConfig = {
      serverName: 'oauth-registrar-metrics.sso.svc',
      ca: { secret: { name: 'metrics-tls', key: 'ca.crt' } },
    };
    expect(valueAt(only(objects, 'ServiceMonitor'), 'spec.endpoints.0')).toEqual({
      port: 'http',
      path: '/metrics',
      bearerTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
      scheme: 'https',
      tlsConfig,
    });
    const tokenSecret = { name: 'prometheus' };
    const byPod = await chart.objects({
      metrics: { authentication: true, tokenSecret },
      podMonitor: { enabled: true },
    });
    expect(valueAt(only(byPod, 'PodMonitor'), 'spec.podMetricsEndpoints.0')).toEqual({
      port: 'http',
      path: '/metrics',
      authorization: { credentials: { name: 'prometheus', key: 'token' } },
    });
  });

  test('give installs for listed namespaces roles of their own for the reviews', async () => {
    const values = { namespaces: ['shop'], clusterId: 'uid', metrics: { authentication: true } };
    const objects = await chart.objects(values, 'sso');
    const name = 'oauth-registrar-sso-access-reviews';
    expect(valueAt(only(objects, 'ClusterRoleBinding', name), 'roleRef.name')).toBe(name);
    only(objects, 'ClusterRole', name);
    only(objects, 'ClusterRole', 'oauth-registrar-sso-metrics-reader');
  });

  test('fill the slots of the Prometheus operator and Grafana', async () => {
    const rule = { alert: 'NoLeader', expr: 'absent(oauth_registrar_leader == 1)' };
    const objects = await chart.objects({
      serviceMonitor: { enabled: true, interval: '30s', labels: { release: 'prometheus' } },
      prometheusRule: {
        enabled: true,
        labels: { release: 'prometheus' },
        runbooks: 'https://docs.example.com/alerts',
        groups: [{ name: 'more', rules: [rule] }],
      },
      dashboard: { enabled: true, dashboards: { 'one.json': '{"title":"One"}' } },
    });
    const monitor = only(objects, 'ServiceMonitor');
    expect(monitor.metadata.labels).toMatchObject({ release: 'prometheus' });
    expect(valueAt(monitor, 'spec.endpoints')).toEqual([{ port: 'http', path: '/metrics', interval: '30s' }]);
    const service = only(objects, 'Service');
    expect(service.metadata.labels).toMatchObject(valueAt<object>(monitor, 'spec.selector.matchLabels'));
    expect(valueAt(service, 'spec.ports.0.name')).toBe('http');
    const rules = only(objects, 'PrometheusRule');
    expect(rules.metadata.labels).toMatchObject({ release: 'prometheus' });
    expect(valueAt(rules, 'spec.groups.1.rules')).toEqual([rule]);
    expect(valueAt(rules, 'spec.groups.0.rules')).toHaveLength(ALERTS.length);
    expect(valueAt(rules, 'spec.groups.0.rules.0.annotations.runbook_url')).toBe(
      'https://docs.example.com/alerts#oauthregistrardown',
    );
    const dashboards = only(objects, 'ConfigMap');
    expect(dashboards.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
    expect(valueAt(dashboards, 'data')).toEqual({
      'one.json': '{"title":"One"}',
      'oauth-registrar.json': dashboardJson(),
    });

    const alone = await chart.objects({ podMonitor: { enabled: true } });
    expect(valueAt(only(alone, 'PodMonitor'), 'spec.podMetricsEndpoints')).toEqual([
      { port: 'http', path: '/metrics' },
    ]);
    expect(alone.filter(({ kind }) => kind === 'Service')).toEqual([]);
  });

  test('have no hook but those of `helm test`, so none can stop an install or an uninstall', async () => {
    const hooks = (await chart.objects())
      .filter(isHook)
      .map(({ metadata }) => metadata.annotations?.['helm.sh/hook']);
    expect(new Set(hooks)).toEqual(new Set(['test']));
  });

  test('are all explained', async () => {
    const lines = (await readFile(join(CHART, 'values.yaml'), 'utf8')).split('\n');
    const bare = lines.filter(
      (line, index) => /^\s*[a-zA-Z]+:/.test(line) && !/^\s*#/.test(lines[index - 1] ?? ''),
    );
    // Members of defaults, which Kubernetes explains.
    expect(bare.map((line) => line.trim())).toEqual([
      ...['requests:', 'cpu: 50m', 'memory: 96Mi', 'limits:', 'memory: 256Mi'],
      ...['requests:', 'cpu: 20m', 'memory: 64Mi', 'limits:', 'memory: 192Mi'],
    ]);
  });

  test('hold no expression that Kubernetes would replace in the check', async () => {
    expect(await readFile(join(CHART, 'files', 'check.mjs'), 'utf8')).not.toContain('$(');
  });
});
