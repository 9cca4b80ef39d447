import { expect, test } from 'vitest';
import { type StubServer, startStubServer } from '../../kit/stub-server.ts';
import {
  all,
  clusterServer,
  conditionOf,
  eventually,
  namespace,
  namespacedServer,
  OPERATOR_NAMESPACE,
  oauthClient,
} from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

/** When another server object gets the same name, it receives nothing about the clients of the first one. */

const open = { registration: { admission: { open: {} } } };
const near = (name: string) => ({ kind: 'AuthorizationServer', name });

const testbed = useTestbed({
  namespaces: [],
  controllerManager: true,
  server: { initialAccessToken: false },
});
const shop = teamIn(testbed, 'shop');
const tenantTeam = teamIn(testbed, 'tenant');

/** A server object that would have tokens sent to this server. */
const stealing = ({ issuer }: StubServer) => ({
  management: { configurationUrl: `${issuer}/steal/{client_id}` },
});

const tokenOf = async (home: string, name: string): Promise<string> => {
  const { uid } = (await teamIn(testbed, home).client(name)).metadata;
  const list = await testbed.kubectl(
    ...['-n', OPERATOR_NAMESPACE, 'get', 'secrets', '-o', 'json'],
    ...['-l', `oauth-registrar.dev/client-uid=${uid}`],
  );
  const { items } = JSON.parse(list) as { items: { data: Record<string, string> }[] };
  return Buffer.from(items[0]?.data['registration_access_token'] ?? '', 'base64').toString();
};

test('a cluster server that is created again with another issuer gets nothing of its clients', async () => {
  const theirs = await startStubServer();
  await testbed.apply(
    all(namespace('shop'), clusterServer(testbed.server.issuer, 'corporate', open), oauthClient('shop', 'a')),
  );
  const { clientId = '' } = (await shop.until('a', 'Registered')).status ?? {};
  const token = await tokenOf('shop', 'a');
  const credentials = await shop.secret('a');
  await testbed.kubectl('delete', 'coas', 'corporate');
  await testbed.apply(clusterServer(theirs.issuer, 'corporate', { ...open, ...stealing(theirs) }));
  const waiting = await shop.until('a', 'ReplacementPending');
  expect(conditionOf(waiting, 'Ready')?.message).toContain(
    `Client ${clientId} is registered at the server that`,
  );
  await shop.edit('a', { clientName: 'Edited' });
  await shop.until('a', 'ReplacementPending');
  expect(theirs.requests.filter(({ call }) => call !== 'discovery')).toEqual([]);
  expect(await shop.secret('a')).toEqual(credentials);

  await shop.kubectl('delete', 'oac', 'a', '--timeout=30s');
  expect(testbed.server.client(clientId)).toBeUndefined();
  expect(JSON.stringify(theirs.requests)).not.toContain(token);
  await testbed.kubectl('delete', 'coas', 'corporate');
});

test('a cluster server that is created again unchanged keeps its clients, without a call', async () => {
  await testbed.apply(all(namespace('shop'), clusterServer(testbed.server.issuer, 'same', open)));
  await testbed.apply(
    oauthClient('shop', 'b', { server: { kind: 'ClusterAuthorizationServer', name: 'same' } }),
  );
  const { clientId = '' } = (await shop.until('b', 'Registered')).status ?? {};
  const calls = () => testbed.server.log.filter(({ path }) => path.startsWith('/reg')).length;
  const before = calls();
  await testbed.kubectl('delete', 'coas', 'same');
  await testbed.apply(clusterServer(testbed.server.issuer, 'same', open));
  await eventually(
    async () =>
      await testbed.kubectl(
        'get',
        'coas',
        'same',
        '-o',
        'jsonpath={.status.conditions[?(@.type=="Ready")].status}',
      ),
    (status) => status === 'True',
  );
  expect((await shop.until('b', 'Registered')).status).toMatchObject({ clientId });
  expect(calls()).toBe(before);
  await shop.edit('b', { clientName: 'Edited' });
  await eventually(
    () => testbed.server.client(clientId)?.['client_name'],
    (name) => name === 'Edited',
  );
});

test('a namespace that is created again has no access to the clients of the former one', async () => {
  const theirs = await startStubServer();
  await testbed.apply(
    all(namespace('tenant'), namespacedServer(testbed.server.issuer, 'tenant', 'keycloak')),
  );
  await testbed.apply(oauthClient('tenant', 'c', { server: near('keycloak') }));
  const { clientId = '' } = (await tenantTeam.until('c', 'Registered')).status ?? {};
  const token = await tokenOf('tenant', 'c');
  let isAway = true;
  const back = testbed.server.intercept((request, response) => {
    if (!isAway || request.method !== 'DELETE') {
      return false;
    }
    response.writeHead(503).end();
    return true;
  });
  await testbed.kubectl('delete', 'namespace', 'tenant', '--timeout=60s');
  await testbed.apply(
    all(namespace('tenant'), namespacedServer(theirs.issuer, 'tenant', 'keycloak', stealing(theirs))),
  );
  await testbed.apply(oauthClient('tenant', 'd', { server: near('keycloak') }));
  await tenantTeam.until('d', 'Registered');
  isAway = false;
  await eventually(
    () => testbed.server.client(clientId),
    (client) => client === undefined,
    90_000,
  );
  back();
  expect(JSON.stringify(theirs.requests)).not.toContain(token);
  expect(theirs.requests.filter(({ method }) => method === 'DELETE')).toEqual([]);
}, 180_000);
