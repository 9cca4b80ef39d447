import { beforeAll, describe, expect, test } from 'vitest';
import { OPERATOR_NAMESPACE } from '../../kit/testbed/testbed.ts';
import {
  clusterServer,
  conditionOf,
  machineClient,
  ownRef,
  ownServer,
  pathOf,
  type SeenObject,
} from './kit/objects.ts';
import { type Tenant, useTarget } from './kit/target.ts';

/** Attacks that never succeeded, and must continue to fail. */

let attacker: Tenant;
let victim: Tenant;
let shop: SeenObject;
const target = useTarget();
beforeAll(async () => {
  attacker = await target.tenant('admin');
  victim = await target.tenant('edit');
  shop = await victim.ready(machineClient('shop'));
});

const CLIENTS = () => pathOf('OAuthClient', attacker.namespace);
const isStalled = (object: SeenObject | undefined): boolean =>
  conditionOf(object, 'Stalled')?.['status'] === 'True';

describe('a tenant with the role admin in its own namespace', () => {
  test.each(['Secret', 'ConfigMap', 'OAuthClient', 'AuthorizationServer', 'Lease'])(
    'reads and creates no %s in the namespace of another tenant or of the operator',
    async (kind) => {
      for (const namespace of [victim.namespace, OPERATOR_NAMESPACE]) {
        const object = { ...machineClient('x'), kind, metadata: { name: 'x', namespace } };
        expect((await attacker.request('GET', pathOf(kind, namespace))).status).toBe(403);
        expect((await attacker.create(object)).status).toBe(403);
      }
    },
  );

  test('writes no status, and a reference to another namespace is dropped', async () => {
    const path = `${CLIENTS()}/forged`;
    const status = { clientId: shop['status'].clientId, issuer: target.corporate.issuer };
    const { json } = await attacker.create({
      ...machineClient('forged', { server: { ...ownRef('none'), namespace: victim.namespace } }),
      status,
    });
    expect(json['status']?.clientId).toBeUndefined();
    expect(json['spec'].authorizationServerRef).toEqual({ name: 'none', kind: 'AuthorizationServer' });
    expect((await attacker.request('PATCH', `${path}/status`, { status })).status).toBe(403);
  });

  test("can't refer to a Secret outside of its namespace", async () => {
    const secret = { name: `../${victim.namespace}/shop` };
    expect((await attacker.create(machineClient('path', { secret }))).status).toBe(422);
  });

  test('gains nothing from Secrets that look like those of the operator or of another tenant', async () => {
    const before = await victim.get('Secret', 'shop');
    const { labels, annotations } = before?.['metadata'] ?? {};
    const [record] = (await target.admin.list('Secret')).filter(
      ({ metadata }) => metadata.labels?.['oauth-registrar.dev/registration'] !== undefined,
    );
    const forgeries = [
      { name: 'like-workload', labels, annotations },
      {
        name: 'like-record',
        labels: record?.['metadata'].labels,
        annotations: record?.['metadata'].annotations,
      },
    ];
    for (const metadata of forgeries) {
      await attacker.createOrFail({ kind: 'Secret', metadata, stringData: { client_id: 'forged' } });
    }
    // The operator has seen everything that was created before this one.
    await attacker.ready(machineClient('own'));
    expect(await victim.get('Secret', 'shop')).toEqual(before);
    expect((await attacker.get('Secret', 'like-workload'))?.['data']).toEqual({ client_id: btoa('forged') });
    const changes = target.corporate.requests.filter(({ method }) => method === 'PUT' || method === 'DELETE');
    expect(changes).toEqual([]);
  });

  test.each(['Opaque', 'kubernetes.io/tls', 'helm.sh/release.v1'])(
    "can't overwrite a Secret of type %s by its client",
    async (type) => {
      const name = `taken-${type.replace(/[^a-z]/gi, '').toLowerCase()}`;
      const data = { 'tls.crt': btoa('mine'), 'tls.key': btoa('mine') };
      await attacker.createOrFail({ kind: 'Secret', metadata: { name }, type, data });
      await attacker.createOrFail(machineClient(name));
      await attacker.until('OAuthClient', name, isStalled);
      expect(conditionOf(await attacker.get('OAuthClient', name), 'Ready')?.['reason']).toBe(
        'SecretConflict',
      );
      expect(await attacker.get('Secret', name)).toMatchObject({ type, data });
    },
  );

  test("doesn't learn whether a cluster server exists that doesn't admit its namespace", async () => {
    const closed = { allowedNamespaces: { names: [victim.namespace] } };
    await target.admin.createOrFail(clusterServer('closed', target.corporate.issuer, closed));
    const told = async (name: string): Promise<string> => {
      const server = { kind: 'ClusterAuthorizationServer', name };
      await attacker.createOrFail(machineClient(`at-${name}`, { server }));
      const seen = await attacker.until(
        'OAuthClient',
        `at-${name}`,
        (object) => conditionOf(object, 'Ready') !== undefined,
      );
      await attacker.until(
        'OAuthClient',
        `at-${name}`,
        (object) => object?.['status']?.observedGeneration === 1,
      );
      expect(seen).toBeDefined();
      const now = await attacker.get('OAuthClient', `at-${name}`);
      return String(conditionOf(now, 'Ready')?.['message']).replaceAll(name, 'NAME');
    };
    expect(await told('closed')).toBe(await told('absent'));
  });

  test("can't call a metadata address by a server object", async () => {
    const refused = ['http://169.254.169.254', 'http://[fd00:ec2::254]', 'http://100.100.100.200'];
    for (const [index, issuer] of refused.entries()) {
      await attacker.createOrFail(ownServer(`inside-${index}`, issuer));
      const seen = await attacker.until(
        'AuthorizationServer',
        `inside-${index}`,
        (object) => conditionOf(object, 'Ready')?.['reason'] === 'AddressRefused',
      );
      expect(seen).toBeDefined();
    }
  });
});
