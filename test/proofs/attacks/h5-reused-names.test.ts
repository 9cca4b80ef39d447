import { describe, expect, test } from 'vitest';
import { reply, type StubServer } from '../../kit/stub-server.ts';
import { startBystander } from './kit/bystander.ts';
import { clusterServer, isReady, machineClient, ownRef, ownServer } from './kit/objects.ts';
import { strayed } from './kit/strayed.ts';
import { type Tenant, useTarget } from './kit/target.ts';

const target = useTarget();

/** Deletes the client without waiting for its server, and then its namespace. */
async function deleteAll(tenant: Tenant, client: string): Promise<void> {
  await tenant.remove('OAuthClient', client);
  await tenant.patch('OAuthClient', client, { metadata: { finalizers: null } });
  const path = `/api/v1/namespaces/${tenant.namespace}`;
  await target.admin.request('DELETE', path);
  const isGone = async () => (await target.admin.request('GET', path)).status === 404;
  await expect.poll(isGone, { timeout: 60_000, interval: 100 }).toBe(true);
}

/** @param claims the issuer of the server object that later has the same name */
async function reuse(claims: (old: StubServer, evil: StubServer) => string): Promise<void> {
  const [old, evil] = [await target.server({ remove: reply(500) }), await target.server()];
  const former = await target.tenant('admin');
  await former.createOrFail(ownServer('keycloak', old.issuer));
  await former.ready(machineClient('web', { server: ownRef('keycloak') }));
  await deleteAll(former, 'web');

  const tenant = await target.tenant('admin', { namespace: former.namespace });
  await tenant.createOrFail(
    ownServer('keycloak', claims(old, evil), {
      discovery: { mode: 'None' },
      registration: { endpoint: `${evil.issuer}/reg`, admission: { open: {} } },
      management: { configurationUrl: `${evil.issuer}/steal/{client_id}` },
    }),
  );
  await tenant.until('AuthorizationServer', 'keycloak', isReady);
  delete old.behave.remove;
  const isOver = () => old.clients.size === 0 || removals(evil) > 0;
  await expect.poll(isOver, { timeout: 120_000, interval: 200 }).toBe(true);
  expect(strayed(evil, old)).toEqual([]);
  expect(old.clients.size, 'clients of the former tenant at its server').toBe(0);
  await tenant.ready(machineClient('own', { server: ownRef('keycloak') }));
}

const removals = (server: StubServer): number =>
  server.requests.filter(({ method }) => method === 'DELETE').length;

describe('H5: a name that another object had before', () => {
  test('a namespace and a server object with reused names get no token of the former tenant', async () => {
    const bystander = await startBystander(target);
    // In parallel: the record of a vanished object is handled after a minute.
    await bystander.during(() => Promise.all([reuse((_, evil) => evil.issuer), reuse((old) => old.issuer)]));
    await bystander.judge();
  });

  test('a server object of the platform that is created again with another issuer gets no token of the former one', async () => {
    const [old, other] = [await target.server(), await target.server()];
    await target.admin.createOrFail(clusterServer('moved', old.issuer));
    const tenant = await target.tenant('edit');
    await tenant.ready(
      machineClient('web', { server: { kind: 'ClusterAuthorizationServer', name: 'moved' } }),
    );
    await target.admin.remove('ClusterAuthorizationServer', 'moved');
    const management = { configurationUrl: `${other.issuer}/reg/{client_id}` };
    await target.admin.createOrFail(clusterServer('moved', other.issuer, { management }));
    await tenant.patchOrFail('OAuthClient', 'web', { spec: { client: { clientName: 'edited' } } });
    // The present user of the server object registers this one there.
    await tenant.ready(
      machineClient('new', { server: { kind: 'ClusterAuthorizationServer', name: 'moved' } }),
    );
    await tenant.remove('OAuthClient', 'web');
    const isGone = async () => (await tenant.get('OAuthClient', 'web')) === undefined;
    await expect
      .poll(async () => (await isGone()) || strayed(other, old).length > 0, { timeout: 80_000 })
      .toBe(true);
    expect(strayed(other, old)).toEqual([]);
  });
});
