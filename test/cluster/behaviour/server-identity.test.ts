import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StubServer, startStubServer, stopStubServers } from '../../kit/stub-server.ts';
import { startWorld, type World } from '../../kit/testbed/world.ts';
import { editClient } from './looks.ts';
import {
  all,
  clusterServer,
  conditionOf,
  eventually,
  getClient,
  namespace,
  namespacedServer,
  OPERATOR_NAMESPACE,
  oauthClient,
  secretData,
  untilReason,
} from './objects.ts';

/** A name is given to another server object: nothing of the clients of the first one reaches it. */

let world: World;
let theirs: StubServer;

const open = { registration: { admission: { open: {} } } };
const near = (name: string) => ({ kind: 'AuthorizationServer', name });

beforeAll(async () => {
  world = await startWorld({ controllerManager: true, server: { initialAccessToken: false } });
  theirs = await startStubServer();
}, 120_000);

afterAll(async () => {
  await stopStubServers();
  await world?.stop();
});

/** What came to the other server and was not its own documents. */
const callsAtTheirs = () => theirs.requests.filter(({ call }) => call !== 'discovery');
const steal = () => ({ management: { configurationUrl: `${theirs.issuer}/steal/{client_id}` } });

const tokenOf = async (home: string, name: string): Promise<string> => {
  const { uid } = (await getClient(world, home, name)).metadata;
  const list = await world.kubectl(
    ...['-n', OPERATOR_NAMESPACE, 'get', 'secrets', '-o', 'json'],
    ...['-l', `oauth-registrar.dev/client-uid=${uid}`],
  );
  const { items } = JSON.parse(list) as { items: { data: Record<string, string> }[] };
  return Buffer.from(items[0]?.data['registration_access_token'] ?? '', 'base64').toString();
};

test('a cluster server that is created again with another issuer gets nothing of its clients', async () => {
  await world.apply(
    all(namespace('shop'), clusterServer(world.server.issuer, 'corporate', open), oauthClient('shop', 'a')),
  );
  const { clientId = '' } = (await untilReason(world, 'shop', 'a', 'Registered')).status ?? {};
  const token = await tokenOf('shop', 'a');
  const credentials = await secretData(world, 'shop', 'a');
  await world.kubectl('delete', 'coas', 'corporate');
  await world.apply(clusterServer(theirs.issuer, 'corporate', { ...open, ...steal() }));
  const waiting = await untilReason(world, 'shop', 'a', 'ReplacementPending');
  expect(conditionOf(waiting, 'Ready')?.message).toContain(
    `Client ${clientId} is registered at the server that`,
  );
  await editClient(world, 'shop', 'a', { clientName: 'Edited' });
  await untilReason(world, 'shop', 'a', 'ReplacementPending');
  expect(callsAtTheirs()).toEqual([]);
  expect(await secretData(world, 'shop', 'a')).toEqual(credentials);

  await world.kubectl('-n', 'shop', 'delete', 'oac', 'a', '--timeout=30s');
  expect(world.server.client(clientId)).toBeUndefined();
  expect(JSON.stringify(theirs.requests)).not.toContain(token);
  await world.kubectl('delete', 'coas', 'corporate');
});

test('a cluster server that is created again as it was goes on with its clients, without a call', async () => {
  await world.apply(all(namespace('shop'), clusterServer(world.server.issuer, 'same', open)));
  await world.apply(
    oauthClient('shop', 'b', { server: { kind: 'ClusterAuthorizationServer', name: 'same' } }),
  );
  const { clientId = '' } = (await untilReason(world, 'shop', 'b', 'Registered')).status ?? {};
  const calls = () => world.server.log.filter(({ path }) => path.startsWith('/reg')).length;
  const before = calls();
  await world.kubectl('delete', 'coas', 'same');
  await world.apply(clusterServer(world.server.issuer, 'same', open));
  await eventually(
    async () =>
      await world.kubectl(
        'get',
        'coas',
        'same',
        '-o',
        'jsonpath={.status.conditions[?(@.type=="Ready")].status}',
      ),
    (status) => status === 'True',
  );
  expect((await untilReason(world, 'shop', 'b', 'Registered')).status).toMatchObject({ clientId });
  expect(calls()).toBe(before);
  await editClient(world, 'shop', 'b', { clientName: 'Edited' });
  await eventually(
    () => world.server.client(clientId)?.['client_name'],
    (name) => name === 'Edited',
  );
});

test('a namespace that is created again has no hold on the clients of the one before', async () => {
  await world.apply(all(namespace('tenant'), namespacedServer(world.server.issuer, 'tenant', 'keycloak')));
  await world.apply(oauthClient('tenant', 'c', { server: near('keycloak') }));
  const { clientId = '' } = (await untilReason(world, 'tenant', 'c', 'Registered')).status ?? {};
  const token = await tokenOf('tenant', 'c');
  let isAway = true;
  const back = world.server.intercept((request, response) => {
    if (!isAway || request.method !== 'DELETE') {
      return false;
    }
    response.writeHead(503).end();
    return true;
  });
  await world.kubectl('delete', 'namespace', 'tenant', '--timeout=60s');
  await world.apply(all(namespace('tenant'), namespacedServer(theirs.issuer, 'tenant', 'keycloak', steal())));
  await world.apply(oauthClient('tenant', 'd', { server: near('keycloak') }));
  await untilReason(world, 'tenant', 'd', 'Registered');
  isAway = false;
  await eventually(
    () => world.server.client(clientId),
    (client) => client === undefined,
    90_000,
  );
  back();
  expect(JSON.stringify(theirs.requests)).not.toContain(token);
  expect(theirs.requests.filter(({ method }) => method === 'DELETE')).toEqual([]);
}, 180_000);
