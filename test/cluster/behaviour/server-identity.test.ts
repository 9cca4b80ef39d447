import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StubServer, startStubServer, stopStubServers } from '../../kit/stub-server.ts';
import { startTestbed, type Testbed } from '../../kit/testbed/testbed.ts';
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

let testbed: Testbed;
let theirs: StubServer;

const open = { registration: { admission: { open: {} } } };
const near = (name: string) => ({ kind: 'AuthorizationServer', name });

beforeAll(async () => {
  testbed = await startTestbed({ controllerManager: true, server: { initialAccessToken: false } });
  theirs = await startStubServer();
}, 120_000);

afterAll(async () => {
  await stopStubServers();
  await testbed?.stop();
});

/** What came to the other server and was not its own documents. */
const callsAtTheirs = () => theirs.requests.filter(({ call }) => call !== 'discovery');
const steal = () => ({ management: { configurationUrl: `${theirs.issuer}/steal/{client_id}` } });

const tokenOf = async (home: string, name: string): Promise<string> => {
  const { uid } = (await getClient(testbed, home, name)).metadata;
  const list = await testbed.kubectl(
    ...['-n', OPERATOR_NAMESPACE, 'get', 'secrets', '-o', 'json'],
    ...['-l', `oauth-registrar.dev/client-uid=${uid}`],
  );
  const { items } = JSON.parse(list) as { items: { data: Record<string, string> }[] };
  return Buffer.from(items[0]?.data['registration_access_token'] ?? '', 'base64').toString();
};

test('a cluster server that is created again with another issuer gets nothing of its clients', async () => {
  await testbed.apply(
    all(namespace('shop'), clusterServer(testbed.server.issuer, 'corporate', open), oauthClient('shop', 'a')),
  );
  const { clientId = '' } = (await untilReason(testbed, 'shop', 'a', 'Registered')).status ?? {};
  const token = await tokenOf('shop', 'a');
  const credentials = await secretData(testbed, 'shop', 'a');
  await testbed.kubectl('delete', 'coas', 'corporate');
  await testbed.apply(clusterServer(theirs.issuer, 'corporate', { ...open, ...steal() }));
  const waiting = await untilReason(testbed, 'shop', 'a', 'ReplacementPending');
  expect(conditionOf(waiting, 'Ready')?.message).toContain(
    `Client ${clientId} is registered at the server that`,
  );
  await editClient(testbed, 'shop', 'a', { clientName: 'Edited' });
  await untilReason(testbed, 'shop', 'a', 'ReplacementPending');
  expect(callsAtTheirs()).toEqual([]);
  expect(await secretData(testbed, 'shop', 'a')).toEqual(credentials);

  await testbed.kubectl('-n', 'shop', 'delete', 'oac', 'a', '--timeout=30s');
  expect(testbed.server.client(clientId)).toBeUndefined();
  expect(JSON.stringify(theirs.requests)).not.toContain(token);
  await testbed.kubectl('delete', 'coas', 'corporate');
});

test('a cluster server that is created again as it was goes on with its clients, without a call', async () => {
  await testbed.apply(all(namespace('shop'), clusterServer(testbed.server.issuer, 'same', open)));
  await testbed.apply(
    oauthClient('shop', 'b', { server: { kind: 'ClusterAuthorizationServer', name: 'same' } }),
  );
  const { clientId = '' } = (await untilReason(testbed, 'shop', 'b', 'Registered')).status ?? {};
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
  expect((await untilReason(testbed, 'shop', 'b', 'Registered')).status).toMatchObject({ clientId });
  expect(calls()).toBe(before);
  await editClient(testbed, 'shop', 'b', { clientName: 'Edited' });
  await eventually(
    () => testbed.server.client(clientId)?.['client_name'],
    (name) => name === 'Edited',
  );
});

test('a namespace that is created again has no hold on the clients of the one before', async () => {
  await testbed.apply(
    all(namespace('tenant'), namespacedServer(testbed.server.issuer, 'tenant', 'keycloak')),
  );
  await testbed.apply(oauthClient('tenant', 'c', { server: near('keycloak') }));
  const { clientId = '' } = (await untilReason(testbed, 'tenant', 'c', 'Registered')).status ?? {};
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
    all(namespace('tenant'), namespacedServer(theirs.issuer, 'tenant', 'keycloak', steal())),
  );
  await testbed.apply(oauthClient('tenant', 'd', { server: near('keycloak') }));
  await untilReason(testbed, 'tenant', 'd', 'Registered');
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
