import { describe, expect, test } from 'vitest';
import type { StubServer } from '../../kit/stub-server.ts';
import { startBystander } from './kit/bystander.ts';
import {
  clusterServer,
  conditionOf,
  credential,
  machineClient,
  ownRef,
  ownServer,
  type SeenObject,
} from './kit/objects.ts';
import { strayed } from './kit/strayed.ts';
import { type Tenant, useTarget } from './kit/target.ts';

const target = useTarget();

const CORPORATE = { kind: 'ClusterAuthorizationServer', name: 'corporate' };

/** Whether the operator has seen the current version of the object. */
const isSeen = (object: SeenObject | undefined): boolean =>
  conditionOf(object, 'Ready')?.['observedGeneration'] === object?.['metadata'].generation;

const nameOf = (server: StubServer, clientId: string): unknown =>
  server.clients.get(clientId)?.['client_name'];

const switchTo = async (tenant: Tenant, name: string, server: object): Promise<string> => {
  const before = (await tenant.get('OAuthClient', name))?.['status'].clientId;
  await tenant.patchOrFail('OAuthClient', name, { spec: { authorizationServerRef: server } });
  const switched = await tenant.until(
    'OAuthClient',
    name,
    (object) => object?.['status'].clientId !== before,
  );
  return switched['status'].clientId as string;
};

const unset = (tenant: Tenant, name: string, client: object) =>
  tenant.patchOrFail('OAuthClient', name, { spec: { authorizationServerRef: null, client } });

const updatesAt = (server: StubServer): number =>
  server.requests.filter(({ method }) => method === 'PUT').length;

describe('C1: a client with records at two servers, whose spec no longer names a server', () => {
  test("A: the registration access token of the cluster server never goes to the tenant's own", async () => {
    const bystander = await startBystander(target);
    const tenant = await target.tenant('admin');
    const evil = await target.server();
    await bystander.during(async () => {
      const management = { configurationUrl: `${evil.issuer}/steal/{client_id}` };
      await tenant.createOrFail(ownServer('evil', evil.issuer, { management }));
      await tenant.ready(machineClient('a', { server: ownRef('evil') }));
      const clientId = await switchTo(tenant, 'a', CORPORATE);
      await unset(tenant, 'a', { clientName: 'edited' });
      const isEdited = () => nameOf(target.corporate, clientId) === 'edited';
      await expect.poll(() => isEdited() || updatesAt(evil) > 0, { timeout: 10_000 }).toBe(true);
      expect(strayed(evil, target.corporate)).toEqual([]);
      expect(isEdited()).toBe(true);
    });
    await bystander.judge();
  });

  test("B: metadata that the policy of the cluster server refuses isn't sent there over another connection", async () => {
    const [dev, prod] = [await target.server(), await target.server()];
    await target.admin.createOrFail(
      clusterServer('dev', dev.issuer),
      clusterServer('prod', prod.issuer, { policy: { scopes: ['read'], uriHosts: ['*.example.com'] } }),
    );
    const tenant = await target.tenant('edit');
    await tenant.ready(
      machineClient('b', {
        server: { kind: 'ClusterAuthorizationServer', name: 'dev' },
        client: { scopes: ['read'] },
      }),
    );
    await switchTo(tenant, 'b', { kind: 'ClusterAuthorizationServer', name: 'prod' });
    await unset(tenant, 'b', { scopes: ['admin'], redirectUris: ['https://evil.attacker.test/cb'] });
    await tenant.until('OAuthClient', 'b', isSeen);
    expect(updatesAt(prod)).toBe(0);
    expect(conditionOf(await tenant.get('OAuthClient', 'b'), 'Ready')?.['reason']).toBe('PolicyRefused');
  });

  test("C: the platform's management credential and software statement never go to the tenant's own server", async () => {
    const platform = await target.server();
    const evil = await target.server();
    evil.present = ({ registration_access_token: _, ...rest }) => rest;
    const [adminToken, statement] = ['PLATFORM-ADMIN-TOKEN-5678', 'eyJhbGciOiJub25lIn0.e30.PLATFORM'];
    await target.admin.createOrFail(
      credential('management', { token: adminToken }),
      credential('statement', { software_statement: statement }),
      clusterServer('platform', platform.issuer, {
        registration: {
          admission: { open: {} },
          softwareStatement: { secretRef: { name: 'statement' } },
        },
        management: { credential: { token: { secretRef: { name: 'management' } } } },
      }),
    );
    const tenant = await target.tenant('admin');
    await tenant.createOrFail(ownServer('evil', evil.issuer));
    await tenant.ready(
      machineClient('c', { server: { kind: 'ClusterAuthorizationServer', name: 'platform' } }),
    );
    expect(JSON.stringify(platform.requests.map(({ body }) => body))).toContain(statement);
    await switchTo(tenant, 'c', { kind: 'AuthorizationServer', name: 'evil' });
    await unset(tenant, 'c', { clientName: 'edited' });
    await tenant.until('OAuthClient', 'c', isSeen);
    const received = JSON.stringify(evil.requests);
    expect(received).not.toContain(adminToken);
    expect(received).not.toContain(statement);
  });
});
