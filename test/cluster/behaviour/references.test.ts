import { beforeAll, describe, expect, it } from 'vitest';
import { type StubServer, startStubServer } from '../../kit/stub-server.ts';
import { untilClusterServer } from './looks.ts';
import {
  all,
  clusterServer,
  conditionOf,
  credential,
  namespace,
  namespacedServer,
  oauthClient,
} from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

/** A watch wakes the client within seconds, whatever its retry delay is. */
const WOKEN_MS = 10_000;
const RIGHT_TOKEN = 'references-right-token';

let stub: StubServer;

const testbed = useTestbed({ namespaces: [] });
const look = teamIn(testbed, 'look');

beforeAll(async () => {
  stub = await startStubServer();
  stub.admits = RIGHT_TOKEN;
});

const cluster = (name: string) => ({ kind: 'ClusterAuthorizationServer', name });
const own = (name: string) => ({ kind: 'AuthorizationServer', name });
const iat = (name: string) => ({
  registration: { admission: { initialAccessToken: { secretRef: { name } } } },
});
const until = (space: string, name: string, reason: string) =>
  teamIn(testbed, space).until(name, reason, WOKEN_MS);
const expectNotAvailable = async (space: string, name: string) => {
  const client = await until(space, name, 'AuthorizationServerNotAvailable');
  expect(conditionOf(client, 'Ready')?.message).toMatch(
    /is not available to this namespace: it doesn't exist, or it doesn't admit the namespace\./,
  );
  expect(conditionOf(client, 'Reconciling')?.status).toBe('True');
  expect(conditionOf(client, 'Stalled')).toBeUndefined();
};

describe('A client continues when what it waits for appears', () => {
  it('a server that is created later, a credential that is created later, a credential that is corrected', async () => {
    await testbed.apply(all(namespace('wake'), oauthClient('wake', 'first', { server: cluster('late') })));
    await expectNotAvailable('wake', 'first');

    await testbed.apply(clusterServer(stub.issuer, 'late', iat('late-iat')));
    const waiting = await until('wake', 'first', 'CredentialNotFound');
    expect(conditionOf(waiting, 'Ready')?.message).toBe(
      'ClusterAuthorizationServer late is not ready (CredentialNotFound); its status says more to the platform team.',
    );
    const missing = await untilClusterServer(testbed, 'late', { reason: 'CredentialNotFound' });
    expect(missing.condition.message).toBe(
      "Secret oauth-registrar-system/late-iat doesn't exist. Create it with the label oauth-registrar.dev/credential=true.",
    );

    await testbed.apply(credential('not-the-right-token', { name: 'late-iat' }));
    const refused = await until('wake', 'first', 'AdmissionRefused');
    expect(conditionOf(refused, 'Ready')?.message).toMatch(
      /^ClusterAuthorizationServer late: The admission credential was refused: The server answered 401 invalid_token.*\. Put a valid credential/,
    );
    await untilClusterServer(testbed, 'late', { type: 'AdmissionAccepted', reason: 'AdmissionRefused' });

    await testbed.apply(credential(RIGHT_TOKEN, { name: 'late-iat' }));
    await until('wake', 'first', 'Registered');
    await untilClusterServer(testbed, 'late', { type: 'AdmissionAccepted', reason: 'AdmissionAccepted' });
  });
});

describe('A cluster server serves the namespaces that it allows', () => {
  beforeAll(() => testbed.apply(credential(RIGHT_TOKEN)));

  it.each([
    ['by-names', { names: ['by-names-in'] }, {}, {}],
    [
      'by-labels',
      { selector: { matchLabels: { team: 'a', tier: '1' } } },
      { team: 'a', tier: '1' },
      { team: 'a' },
    ],
    [
      'by-expressions',
      {
        selector: {
          matchExpressions: [
            { key: 'team', operator: 'In', values: ['a', 'b'] },
            { key: 'frozen', operator: 'DoesNotExist' },
            { key: 'tier', operator: 'NotIn', values: ['0'] },
            { key: 'owner', operator: 'Exists' },
          ],
        },
      },
      { team: 'b', tier: '1', owner: 'x' },
      { team: 'b', tier: '0', owner: 'x' },
    ],
    ['either', { names: ['nobody'], selector: { matchLabels: { team: 'z' } } }, { team: 'z' }, { team: 'y' }],
  ] as const)('and no other (%s)', async (name, allowedNamespaces, inside, outside) => {
    await testbed.apply(
      all(
        clusterServer(stub.issuer, name, { allowedNamespaces }),
        namespace(`${name}-in`, inside),
        namespace(`${name}-out`, outside),
        oauthClient(`${name}-in`, 'app', { server: cluster(name) }),
        oauthClient(`${name}-out`, 'app', { server: cluster(name) }),
      ),
    );
    await until(`${name}-in`, 'app', 'Registered');
    await expectNotAvailable(`${name}-out`, 'app');
  });

  it('all with an empty selector, none by default, and one that is allowed later at once', async () => {
    await testbed.apply(
      all(
        clusterServer(stub.issuer, 'everyone', { allowedNamespaces: { selector: {} } }),
        clusterServer(stub.issuer, 'nobody', { allowedNamespaces: undefined }),
        namespace('plain', {}),
        oauthClient('plain', 'welcome', { server: cluster('everyone') }),
        oauthClient('plain', 'refused', { server: cluster('nobody') }),
      ),
    );
    await until('plain', 'welcome', 'Registered');
    await expectNotAvailable('plain', 'refused');
    await testbed.kubectl(
      'patch',
      'coas',
      'nobody',
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { allowedNamespaces: { names: ['plain'] } } }),
    );
    await until('plain', 'refused', 'Registered');
  });

  it('one that gets the label later', async () => {
    await testbed.apply(
      all(
        clusterServer(stub.issuer),
        namespace('later', {}),
        oauthClient('later', 'app', { server: cluster('corporate') }),
      ),
    );
    await expectNotAvailable('later', 'app');
    await testbed.kubectl('label', 'namespace', 'later', 'sso=true');
    await until('later', 'app', 'Registered');

    // A registered client stays Ready when its namespace is no longer allowed.
    await testbed.kubectl('label', 'namespace', 'later', 'sso-');
    await testbed.apply(oauthClient('later', 'newcomer', { server: cluster('corporate') }));
    await expectNotAvailable('later', 'newcomer');
    await until('later', 'app', 'Registered');
  });
});

describe('A namespaced server', () => {
  it('uses the credential of its own namespace, and serves only that namespace', async () => {
    await testbed.apply(
      all(
        namespace('team', {}),
        namespace('neighbour', {}),
        credential(RIGHT_TOKEN, { namespace: 'team', name: 'team-iat' }),
        namespacedServer(stub.issuer, 'team', 'mine', iat('team-iat')),
        oauthClient('team', 'app', { server: own('mine') }),
        oauthClient('neighbour', 'app', { server: own('mine') }),
      ),
    );
    await until('team', 'app', 'Registered');
    await expectNotAvailable('neighbour', 'app');
  });

  it("does not get a Secret of the operator's namespace", async () => {
    const name = 'only-the-operators';
    const posts = stub.count('register');
    await testbed.apply(
      all(
        namespace('neighbour', {}),
        credential(RIGHT_TOKEN, { name }),
        namespacedServer(stub.issuer, 'neighbour', 'thief', iat(name)),
        oauthClient('neighbour', 'thief', { server: own('thief') }),
      ),
    );
    const client = await until('neighbour', 'thief', 'CredentialNotFound');
    expect(conditionOf(client, 'Ready')?.message).toBe(
      `AuthorizationServer thief: Secret neighbour/${name} doesn't exist. Create it with the label oauth-registrar.dev/credential=true.`,
    );
    expect(stub.count('register')).toBe(posts);
  });
});

describe('The status of a server object', () => {
  it('shows endpoints, and facts that only the first answer can show', async () => {
    const fresh = await startStubServer();
    await testbed.apply(all(namespace('look', {}), namespacedServer(fresh.issuer, 'look', 'fresh')));
    const ready = await look.untilServer('fresh', { reason: 'Available' });
    expect(ready.condition).toMatchObject({
      status: 'True',
      message: `Clients are registered at ${fresh.issuer}/reg.`,
      observedGeneration: 1,
    });
    expect(ready.status).toMatchObject({
      observedGeneration: 1,
      management: 'Unknown',
      endpoints: { registration: `${fresh.issuer}/reg`, token: `${fresh.issuer}/token` },
    });
    const before = await look.untilServer('fresh', { type: 'AdmissionAccepted', reason: 'Queued' });
    expect(before.condition).toMatchObject({ status: 'Unknown', message: 'No registration was tried yet.' });

    await testbed.apply(oauthClient('look', 'app', { server: own('fresh') }));
    await until('look', 'app', 'Registered');
    const after = await look.untilServer('fresh', { type: 'AdmissionAccepted', reason: 'AdmissionAccepted' });
    expect(after.condition).toMatchObject({ status: 'True', message: 'The server accepted a registration.' });
    expect(after.status?.management).toBe('RegistrationAccessToken');

    // It keeps its last transition time while nothing changes.
    const { resourceVersion } = (await look.server('fresh')).metadata;
    await testbed.apply(oauthClient('look', 'another', { server: own('fresh') }));
    await until('look', 'another', 'Registered');
    expect((await look.server('fresh')).metadata.resourceVersion).toBe(resourceVersion);
  });
});
