import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Flow, isPermitted, type NetworkPolicySpec } from './flows.ts';
import { CHART, only, useRendering, valueAt } from './rendered.ts';

/** What the NetworkPolicy of the chart permits: evaluated by a table of flows, not tried on a network. */

const chart = useRendering('helm4');
const API_SERVER = { apiServer: { cidrs: ['10.96.0.1/32', '10.0.0.5/32', 'fd00::5/128'] } };
const monitoring = { 'kubernetes.io/metadata.name': 'monitoring' };

const policyOf = async (values: object): Promise<NetworkPolicySpec> =>
  valueAt(only(await chart.objects(values), 'NetworkPolicy'), 'spec');

type Row = readonly [what: string, flow: Flow, permitted: boolean];
const to = (address: string, port = 443, protocol: 'TCP' | 'UDP' = 'TCP'): Flow => ({
  direction: 'out',
  address,
  port,
  protocol,
});
const from = (port: number, namespace?: Readonly<Record<string, string>>): Flow => ({
  direction: 'in',
  address: '10.244.0.9',
  port,
  ...(namespace && { namespace }),
});

const SHIPPED: readonly Row[] = [
  ['names over UDP', to('10.96.0.10', 53, 'UDP'), true],
  ['names over TCP', to('10.96.0.10', 53), true],
  ['the API server, by its Service', to('10.96.0.1'), true],
  ['the API server, behind its Service', to('10.0.0.5', 6443), true],
  ['the API server over IPv6', to('fd00::5', 6443), true],
  ['another port of the API server', to('10.0.0.5', 10250), false],
  ['a neighbour of the API server', to('10.0.0.6', 6443), false],
  ['a public authorization server', to('203.0.114.7'), true],
  ['a public authorization server over IPv6', to('2a00:1450::1'), true],
  ['http to a public address', to('203.0.114.7', 80), false],
  ['UDP to a public address', to('203.0.114.7', 443, 'UDP'), false],
  ['this network', to('0.0.0.1'), false],
  ['private 10/8', to('10.1.2.3'), false],
  ['private 172.16/12, first', to('172.16.0.1'), false],
  ['private 172.16/12, last', to('172.31.255.254'), false],
  ['public, after 172.16/12', to('172.32.0.1'), true],
  ['private 192.168/16', to('192.168.1.1'), false],
  ['shared 100.64/10, first', to('100.64.0.1'), false],
  ['shared 100.64/10, last', to('100.127.255.254'), false],
  ['public, after 100.64/10', to('100.128.0.1'), true],
  ['loopback', to('127.0.0.1'), false],
  ['metadata of a cloud', to('169.254.169.254'), false],
  ['benchmarks', to('198.19.0.1'), false],
  ['multicast', to('224.0.0.1'), false],
  ['reserved', to('255.255.255.255'), false],
  ['private over IPv6', to('fd12::1'), false],
  ['link-local over IPv6', to('fe80::1'), false],
  ['loopback over IPv6', to('::1'), false],
  ['multicast over IPv6', to('ff02::1'), false],
  ['IPv4 in IPv6', to('64:ff9b::a00:1'), false],
  ['metrics, for everybody', from(8080, { team: 'shop' }), true],
  ['another port of the Pod', from(9229, monitoring), false],
];

describe('the NetworkPolicy with default values', () => {
  test.for(SHIPPED)('%s', async ([, flow, permitted]) => {
    const policy = await policyOf({ networkPolicy: { enabled: true, ...API_SERVER } });
    expect(isPermitted(policy, flow)).toBe(permitted);
  });

  test('binds the operator and the check of `helm test`', async () => {
    const objects = await chart.objects({ networkPolicy: { enabled: true, ...API_SERVER } });
    const [selected] = valueAt<readonly { readonly values: readonly string[] }[]>(
      only(objects, 'NetworkPolicy'),
      'spec.podSelector.matchExpressions',
    );
    const pods = objects.flatMap((object) => {
      const labels =
        object.kind === 'Deployment'
          ? valueAt<Record<string, string>>(object, 'spec.template.metadata.labels')
          : object.kind === 'Pod'
            ? object.metadata.labels
            : undefined;
      return labels?.['app.kubernetes.io/name'] ?? [];
    });
    expect(pods.toSorted()).toEqual(['oauth-registrar', 'oauth-registrar-check']);
    expect(selected?.values.toSorted()).toEqual(pods.toSorted());
  });
});

const CHOSEN: readonly Row[] = [
  ['a private authorization server that is named', to('10.20.0.9', 8443), true],
  ['another port of it', to('10.20.0.9', 443), false],
  ['a named one with the default port', to('192.168.7.7'), true],
  ['a private one that is not named', to('10.20.1.9', 8443), false],
  ['DNS in its namespace', { ...to('10.96.0.10', 53, 'UDP'), namespace: { dns: 'here' } }, true],
  ['DNS elsewhere', to('8.8.8.8', 53, 'UDP'), false],
  ['metrics, for monitoring', from(8080, monitoring), true],
  ['metrics, for others', from(8080, { team: 'shop' }), false],
  ['a public authorization server', to('203.0.114.7'), true],
];

describe('the NetworkPolicy with chosen peers', () => {
  test.for(CHOSEN)('%s', async ([, flow, permitted]) => {
    const policy = await policyOf({
      networkPolicy: {
        enabled: true,
        ...API_SERVER,
        metricsFrom: [{ namespaceSelector: { matchLabels: monitoring } }],
        dnsTo: [{ namespaceSelector: { matchLabels: { dns: 'here' } } }],
      },
      egress: { authorizationServers: [{ cidr: '10.20.0.0/24', ports: [8443] }, { cidr: '192.168.7.7/32' }] },
    });
    expect(isPermitted(policy, flow)).toBe(permitted);
  });
});

describe('the NetworkPolicy beside the inventory page', () => {
  const team = { team: 'shop' };
  test.each<[string, object, Flow, boolean]>([
    ['keeps its port closed where it is not served', {}, from(8081, team), false],
    ['permits its port for everybody', { inventory: { enabled: true } }, from(8081, team), true],
    [
      'permits it for chosen peers',
      { inventory: { enabled: true }, only: monitoring },
      from(8081, monitoring),
      true,
    ],
    ['refuses it for others', { inventory: { enabled: true }, only: monitoring }, from(8081, team), false],
    [
      'still permits metrics for everybody',
      { inventory: { enabled: true }, only: monitoring },
      from(8080, team),
      true,
    ],
  ])('%s', async (_, given, flow, permitted) => {
    const { only: labels, ...values } = given as { readonly only?: object };
    const inventoryFrom = labels === undefined ? [] : [{ namespaceSelector: { matchLabels: labels } }];
    const policy = await policyOf({
      ...values,
      networkPolicy: { enabled: true, ...API_SERVER, inventoryFrom },
    });
    expect(isPermitted(policy, flow)).toBe(permitted);
  });
});

describe('the NetworkPolicy of documents', () => {
  const documents = { enabled: true, baseUrls: ['https://clients.example.com'] };
  const policyWith = async (values: object): Promise<NetworkPolicySpec> => {
    const objects = await chart.objects({ documents, ...values });
    const [container] = valueAt<
      readonly { readonly ports: readonly { name: string; containerPort: number }[] }[]
    >(only(objects, 'Deployment', 'oauth-registrar-documents'), 'spec.template.spec.containers');
    const ports = new Map(container?.ports.map(({ name, containerPort }) => [name, containerPort]));
    const { ingress, ...spec }: NetworkPolicySpec = valueAt(
      only(objects, 'NetworkPolicy', 'oauth-registrar-documents'),
      'spec',
    );
    const named = JSON.stringify(ingress).replaceAll(
      /"port":"(\w+)"/g,
      (_, name) => `"port":${ports.get(name)}`,
    );
    return { ...spec, ingress: JSON.parse(named) };
  };
  const team = { team: 'shop' };
  const always: readonly Row[] = [
    ['documents, for everybody', from(8082, team), true],
    ['another port of the Pod', from(9229, monitoring), false],
    ['names', to('10.96.0.10', 53, 'UDP'), false],
    ['http', to('203.0.114.7', 80), false],
  ];
  test.for<Row>([
    ...always,
    ['metrics, for everybody', from(8080, team), true],
    ['any address at the usual ports of an API server', to('203.0.114.7'), true],
  ])('without addresses of the API server: %s', async ([, flow, permitted]) => {
    expect(isPermitted(await policyWith({}), flow)).toBe(permitted);
  });

  test.for<Row>([
    ...always,
    ['metrics, for monitoring', from(8080, monitoring), true],
    ['metrics, for others', from(8080, team), false],
    ['the API server', to('10.0.0.5', 6443), true],
    ['another port of it', to('10.0.0.5', 443), false],
    ['a neighbour of the API server', to('10.0.0.6', 6443), false],
    ['a public address', to('203.0.114.7', 6443), false],
  ])('with them: %s', async ([, flow, permitted]) => {
    const networkPolicy = {
      enabled: true,
      apiServer: { ...API_SERVER.apiServer, ports: [6443] },
      metricsFrom: [{ namespaceSelector: { matchLabels: monitoring } }],
    };
    expect(isPermitted(await policyWith({ networkPolicy }), flow)).toBe(permitted);
  });
});

test('the sample for Cilium is a value of the chart, and names hosts', async () => {
  const sample = parse(
    await readFile(join(CHART, 'samples', 'cilium-network-policy.yaml'), 'utf8'),
  ) as object;
  const policy = only(await chart.objects(sample), 'CiliumNetworkPolicy');
  const egress = valueAt<readonly object[]>(policy, 'spec.egress');
  expect(egress).toContainEqual(
    expect.objectContaining({
      toFQDNs: [{ matchName: 'sso.example.com' }, { matchPattern: '*.sso.example.com' }],
    }),
  );
  expect(egress).toContainEqual({ toEntities: ['kube-apiserver'] });
  expect(valueAt(policy, 'spec.endpointSelector.matchLabels')).toEqual({
    'app.kubernetes.io/name': 'oauth-registrar',
  });
});
