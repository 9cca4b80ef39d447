import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AuthorizationServer } from '../../../src/api/authorization-server.ts';
import type { Condition } from '../../../src/api/conditions.ts';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import { asKeycloak } from '../../kit/as-keycloak.ts';
import { keepSample } from '../../kit/gitops/samples.ts';
import { kstatusOf } from '../../kit/kstatus.ts';
import { tableOf } from '../../kit/pages/tables.ts';
import { discoveryDocument, hang, reply, type StubServer, startStubServer } from '../../kit/stub-server.ts';
import { documentFlags } from '../../kit/testbed/document-objects.ts';
import { applyDocumentsComponent } from '../../kit/testbed/documents.ts';
import { freePort } from '../../kit/testbed/free-port.ts';
import { runOldPod } from '../../kit/testbed/workloads.ts';
import {
  all,
  clusterServer,
  credential,
  eventually,
  machine,
  namespacedServer,
  OPERATOR_NAMESPACE,
  oauthClient,
  serverRef,
} from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

/** The tables of docs/lifecycle.md about status: each row is a situation that is made here. */

const LIFETIME_MS = 60_000;

const testbed = useTestbed({ operator: false });
const shop = teamIn(testbed, 'shop', { waitMs: 30_000 });

const open = { registration: { admission: { open: {} } }, allowedNamespaces: { names: ['shop'] } };
const iat = (name: string) => ({
  registration: { admission: { initialAccessToken: { secretRef: { name } } } },
});
const cluster = (name: string) => ({ server: { kind: 'ClusterAuthorizationServer', name } });
const named = (clientName: string) => ({ ...machine, clientName });
const bad = named('Bad');
const badMetadata = reply(400, { error: 'invalid_client_metadata' });
/** Needs a redirect URI, which the defaults of the server object might have. */
const unusable = { clientName: 'Web', grantTypes: ['authorization_code'] };

/** Servers want a redirect URI in every document. */
const published = { clientName: 'Web', redirectUris: ['https://shop.example.com/cb'] };

const own = (name: string, server: string, spec: object = {}) =>
  oauthClient('shop', name, { server: serverRef(server), ...spec });

/** Without a secret, at a server that answers as Keycloak does. */
const ofAccount = (name: string, account: string, more: object = {}) =>
  oauthClient('shop', name, {
    ...cluster('accounts'),
    ...more,
    client: { ...machine, tokenEndpointAuthMethod: undefined },
    credential: { serviceAccount: { name: account } },
  });

/** Situation → name of the OAuthClient in it. */
const CLIENTS: Readonly<Record<string, string>> = {
  'is not yet seen, waits for its turn, or is being registered': 'slow',
  'is registered': 'ready',
  'is registered, and the server gives no way to change it': 'unmanaged',
  'replaced another one, which still exists': 'replaced',
  'replaced another one, which a Pod still uses (retire: WhenUnused)': 'used',
  'replaced another one, and a workload to restart does not exist': 'unrestarted',
  'moved to another server object, and its former client still exists': 'moved',
  'is to move to another server object, which would refuse it': 'held',
  'is registered, and has no Secret (secret.mode: None)': 'account-holder',
  'is registered, and its server object was deleted': 'removed',
  'was suspended': 'suspended',
  'was edited, and the server does not answer': 'down-edited',
  'was edited, and the spec can not be used': 'edited-unusable',
  'was edited, and the policy refuses it': 'edited-outside',
  'was edited, and the server refuses it': 'edited-refused',
  'was edited, and needs another client (onEdit: Manual)': 'edited-unmanaged',
  'was edited, and the new name of its Secret is taken': 'edited-taken',
  'was edited, and the API server refuses its Secret': 'edited-unwritable',
  'was edited, and its Secret can not be made of its values': 'edited-unfit',
  'was edited, and its new ServiceAccount does not exist': 'edited-unaccounted',
  'was edited, and its registration access token is refused': 'token-lost',
  'was edited, and the server does not know it any more': 'forgotten',
  'was tried, and the server refuses its credential (verification.mode: Gate)': 'tried-refused',
  'was not tried yet, and the token endpoint does not answer (verification.mode: Gate)': 'untried',
  'has expired at the server (onExpiry: Never)': 'expired',
  'has lost its registration Secret': 'record-lost',
  'was suspended before it was registered': 'suspended-first',
  'is not registered, and its server object is suspended': 'server-suspended',
  'names a server that is not available to its namespace': 'nowhere',
  'is not registered, and the server does not answer': 'down-first',
  'is over the quota': 'over-quota',
  'is refused by the policy': 'outside',
  'is not registered, and its ServiceAccount does not exist': 'unaccounted',
  'asks for a ServiceAccount, and its server object does not offer that': 'unoffered',
  'names the ServiceAccount of another client': 'account-taken',
  'is published, and its document can not be fetched': 'unfetched',
  'has a spec that can not be used': 'unusable',
  'is refused by the server': 'refused',
  'is not registered, and the name of its Secret is taken': 'taken',
  'is being deleted, and its deregistration waits': 'down-deleted',
  'is over (lifetime.onExpiry: Deregister)': 'over',
};

/** Situation → name of the AuthorizationServer in it. */
const SERVERS: Readonly<Record<string, string>> = {
  'is found, and nothing was registered yet': 'idle',
  'has a client': 'plain',
  'has clients to move, of which one would be refused': 'held',
  'is suspended': 'paused',
  'asked for a pause': 'throttled',
  'does not answer': 'dead',
  'has no discovery document': 'empty',
  'is another issuer than spec.issuer': 'mismatch',
  'needs a credential that does not exist': 'no-credential',
  'refuses the credential': 'refusing',
  'identifies clients by documents, and the installation does not serve its base URL': 'unserved',
};

const stubs = new Map<string, StubServer>();

async function stub(name: string, prepare: (stub: StubServer) => void = () => undefined): Promise<string> {
  const started = await startStubServer();
  prepare(started);
  stubs.set(name, started);
  return started.issuer;
}

const strict: StubServer['behave'] = {
  register: (exchange) => (exchange.body['client_name'] === 'Bad' ? badMetadata : properly)(exchange),
  update: (exchange) => (exchange.body['client_name'] === 'Bad' ? badMetadata : properly)(exchange),
};
const properly = ({ properly: answer }: Parameters<typeof badMetadata>[0]) => answer();

const gate = { verification: { mode: 'Gate' } };

const RESTARTS = join(import.meta.dirname, '../../../deploy/components/rollout-restarts/cluster-role.yaml');

/** Serves documents under an address where nothing answers. */
async function startOperator(): Promise<string> {
  await applyDocumentsComponent(testbed.controlPlane);
  await testbed.kubectl('apply', '-f', RESTARTS);
  const baseUrl = `https://127.0.0.1:${await freePort()}`;
  await testbed.startOperator([...documentFlags(baseUrl), '--rollout-restarts']);
  return baseUrl;
}

const documents = (baseUrl: string) => ({ identification: { mode: 'Document', document: { baseUrl } } });

async function makeServers(baseUrl: string): Promise<void> {
  const server = async (name: string, spec: object = {}, prepare?: (made: StubServer) => void) =>
    namespacedServer(await stub(name, prepare), 'shop', name, spec);
  const closed = `http://127.0.0.1:${await freePort()}`;
  await testbed.apply(
    all(
      credential('canary-wrong-token', { namespace: 'shop', name: 'refused' }),
      await server('plain'),
      await server('slow', {}, (made) => void Object.assign(made.behave, { register: hang })),
      await server('unmanaged', { management: { mode: 'None' } }),
      await server('removed'),
      await server('held'),
      await server('down', { deletion: { unconfirmed: 'Hold' } }),
      await server('strict', {}, (made) => void Object.assign(made.behave, strict)),
      await server('tokens', {}, (made) => {
        made.behave = { update: reply(401, { error: 'invalid_token' }) };
      }),
      await server('forgetful', {}, (made) => {
        const gone = reply(401, { error: 'invalid_client', error_description: 'No such client' });
        made.behave = { update: gone, read: gone };
      }),
      await server('gate-refusing', gate, (made) => {
        made.behave = { other: reply(401, { error: 'invalid_client' }) };
      }),
      await server('gate-silent', { ...gate, connection: { timeout: '5s' } }, (made) => {
        made.behave = { other: hang };
      }),
      await server('expiring', {}, (made) => {
        made.present = (given) => ({
          ...given,
          client_secret_expires_at: Math.floor(Date.now() / 1_000) + 4,
        });
      }),
      await server('paused', { suspend: true }),
      await server('idle'),
      await server('throttled'),
      await server('empty', {}, (made) => {
        made.behave = { discovery: reply(404) };
      }),
      await server('mismatch', {}, (made) => {
        const document = { ...discoveryDocument(made.issuer), issuer: 'https://other.example.com' };
        made.behave = { discovery: reply(200, document) };
      }),
      await server('no-credential', iat('absent')),
      await server('refusing', iat('refused'), (made) => {
        made.admits = 'canary-right-token';
      }),
      namespacedServer(closed, 'shop', 'dead'),
      clusterServer(closed, 'dead-cluster', open),
      clusterServer(await stub('old-home'), 'old-home', open),
      clusterServer(
        await stub('accounts', (made) => {
          made.present = asKeycloak;
        }),
        'accounts',
        {
          ...open,
          dialect: 'keycloak-native',
          workloadIdentity: { mode: 'Allow', identityProvider: 'cluster' },
          policy: { workloadIdentity: 'Allow' },
        },
      ),
      clusterServer(await stub('documents'), 'documents', {
        ...open,
        registration: {},
        ...documents(baseUrl),
      }),
      clusterServer(await stub('bounded'), 'bounded', { ...open, policy: { scopes: ['read'] } }),
      clusterServer(await stub('crowded'), 'crowded', { ...open, policy: { maxClientsPerNamespace: 1 } }),
    ),
  );
}

async function makeRegistered(): Promise<void> {
  const never = { replacement: { onExpiry: 'Never' } };
  const manual = { replacement: { onEdit: 'Manual' } };
  const registered: Readonly<Record<string, string>> = {
    ready: own('ready', 'plain'),
    unmanaged: own('unmanaged', 'unmanaged'),
    replaced: own('replaced', 'plain'),
    used: own('used', 'plain', { replacement: { retire: 'WhenUnused', overlap: '1s' } }),
    unrestarted: own('unrestarted', 'plain', {
      rolloutRestartTargets: [{ kind: 'Deployment', name: 'absent' }],
    }),
    removed: own('removed', 'removed'),
    moved: oauthClient('shop', 'moved', cluster('old-home')),
    held: own('held', 'held', { client: { ...machine, scopes: ['write'] } }),
    suspended: own('suspended', 'plain'),
    'down-edited': own('down-edited', 'down'),
    'down-deleted': own('down-deleted', 'down'),
    'edited-unusable': own('edited-unusable', 'plain'),
    'edited-outside': oauthClient('shop', 'edited-outside', cluster('bounded')),
    'edited-refused': own('edited-refused', 'strict'),
    'edited-unmanaged': own('edited-unmanaged', 'unmanaged', manual),
    'edited-taken': own('edited-taken', 'plain'),
    'edited-unfit': own('edited-unfit', 'plain'),
    'edited-unwritable': own('edited-unwritable', 'plain'),
    'edited-unaccounted': ofAccount('edited-unaccounted', 'agent'),
    'account-holder': ofAccount('account-holder', 'shared', { secret: { mode: 'None' } }),
    'token-lost': own('token-lost', 'tokens'),
    forgotten: own('forgotten', 'forgetful'),
    'record-lost': own('record-lost', 'plain'),
    'within-quota': oauthClient('shop', 'within-quota', cluster('crowded')),
    throttled: own('throttled', 'throttled'),
  };
  const over = { lifetime: { expiresAfter: '1m', onExpiry: 'Deregister' } };
  await testbed.apply(all(own('over', 'plain', over), own('expired', 'expiring', never)));
  await shop.kubectl('create', 'serviceaccount', 'agent');
  await shop.kubectl('create', 'serviceaccount', 'shared');
  await testbed.apply(all(...Object.values(registered)));
  for (const name of Object.keys(registered)) {
    await shop.until(name, 'Registered');
  }
}

async function edit(): Promise<void> {
  await shop.kubectl('create', 'secret', 'generic', 'mine', '--from-literal=mine=1');
  await stubs.get('down')?.stop();
  await runOldPod(testbed, { namespace: 'shop', name: 'used', secret: 'used' });
  const throttled = stubs.get('throttled');
  Object.assign(throttled?.behave ?? {}, { register: reply(429, '', { 'retry-after': '600' }) });
  const [record] = await shop.registrations('record-lost');
  const secret = ['-n', OPERATOR_NAMESPACE, 'secret', record?.name ?? ''];
  await testbed.kubectl('annotate', ...secret, 'oauth-registrar.dev/allow-deletion=true');
  await Promise.all([
    ...['replaced', 'used', 'unrestarted'].map((name) => shop.annotate(name, 'rotate-requested-at', '1')),
    shop.kubectl('delete', 'oas', 'removed'),
    testbed.kubectl(
      'patch',
      'coas',
      'old-home',
      '--type=merge',
      '-p',
      JSON.stringify({
        spec: { migration: { to: { kind: 'ClusterAuthorizationServer', name: 'bounded' } } },
      }),
    ),
    shop.patch('oas', 'held', {
      spec: { migration: { to: { kind: 'ClusterAuthorizationServer', name: 'bounded' } } },
    }),
    shop.patch('oac', 'suspended', { spec: { suspend: true } }),
    shop.edit('down-edited', named('Edited')),
    shop.remove('down-deleted'),
    shop.edit('edited-unusable', { ...unusable, redirectUris: null, responseTypes: null }),
    shop.edit('edited-outside', { scopes: ['write'] }),
    shop.edit('edited-refused', bad),
    shop.edit('edited-unmanaged', named('Edited')),
    shop.patch('oac', 'edited-taken', { spec: { secret: { name: 'mine' } } }),
    shop.patch('oac', 'edited-unfit', { spec: { secret: { template: { data: { key: '{{ kid }}' } } } } }),
    shop.patch('oac', 'edited-unaccounted', { spec: { credential: { serviceAccount: { name: 'absent' } } } }),
    shop.edit('token-lost', named('Edited')),
    shop.edit('forgotten', named('Edited')),
    testbed.kubectl('delete', ...secret),
    testbed.apply(
      all(
        own('slow', 'slow'),
        own('tried-refused', 'gate-refusing'),
        own('untried', 'gate-silent'),
        own('suspended-first', 'plain', { suspend: true }),
        own('server-suspended', 'paused'),
        own('nowhere', 'nowhere'),
        own('down-first', 'down'),
        own('unusable', 'plain', { client: unusable }),
        own('refused', 'strict', { client: bad }),
        own('taken', 'plain', { secret: { name: 'ready' } }),
        own('throttled-later', 'throttled'),
        own('refusing', 'refusing'),
        ofAccount('unaccounted', 'missing'),
        ofAccount('unoffered', 'shared', cluster('bounded')),
        oauthClient('shop', 'unfetched', { ...cluster('documents'), client: published }),
        namespacedServer(
          await stub('unserved'),
          'shop',
          'unserved',
          documents('https://clients.example.com'),
        ),
        ofAccount('account-taken', 'shared'),
        oauthClient('shop', 'over-quota', cluster('crowded')),
        oauthClient('shop', 'outside', { ...cluster('bounded'), client: { ...machine, scopes: ['write'] } }),
      ),
    ),
  ]);
  // Last: after a refused Secret, registrations in the namespace wait for a dry run.
  const slow = stubs.get('slow');
  await eventually(
    () => slow?.count('register'),
    (count) => count === 1,
  );
  await shop.patch('secret', 'edited-unwritable', { immutable: true });
  await shop.patch('oac', 'edited-unwritable', { spec: { secret: { keys: { client_id: 'id' } } } });
}

beforeAll(async () => {
  await makeServers(await startOperator());
  await makeRegistered();
  await edit();
}, 120_000);

type Shown = Pick<OAuthClient | AuthorizationServer, 'metadata' | 'status'>;

/** The cells of a row, beside the first. */
function cellsOf(object: Shown, always: readonly string[]): readonly string[] {
  const conditions: readonly Condition[] = object.status?.conditions ?? [];
  const cells = always.map((type) => {
    const found = conditions.find((condition) => condition.type === type);
    return found === undefined ? '—' : `${found.status} ${found.reason}`;
  });
  const others = conditions.filter(({ type, status }) => !always.includes(type) && status === 'True');
  return [...cells, others.map(({ type }) => type).join(', ') || '—', kstatusOf(object)];
}

/** @param row of the page: the situation, and the cells beside it */
async function expectRow(
  read: () => Promise<Shown>,
  always: readonly string[],
  [situation = '', ...cells]: readonly string[],
): Promise<void> {
  const object = await eventually(read, (seen) => cellsOf(seen, always).join() === cells.join(), 30_000);
  keepSample(situation, object);
}

describe('status shows of an OAuthClient', () => {
  const rows = tableOf('docs/lifecycle.md', 'The client …');

  it('every situation of the page', () => {
    expect(rows.map(([situation]) => situation)).toEqual(Object.keys(CLIENTS));
  });

  it.each(rows.map(([situation = '', ...cells]) => [situation, cells] as const))(
    'that it %s',
    async (situation, cells) => {
      const name = CLIENTS[situation] ?? '';
      if (name === 'over') {
        const { creationTimestamp = '' } = (await shop.client(name)).metadata as {
          creationTimestamp?: string;
        };
        const leftMs = Date.parse(creationTimestamp) + LIFETIME_MS - Date.now();
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, leftMs)));
      }
      await expectRow(
        () => shop.client(name),
        ['Ready', 'Registered', 'SecretSynced'],
        [situation, ...cells],
      );
    },
    120_000,
  );
});

describe('status shows of a server object', () => {
  const rows = tableOf('docs/lifecycle.md', 'The server object …');

  it('every situation of the page', () => {
    expect(rows.map(([situation]) => situation)).toEqual(Object.keys(SERVERS));
  });

  it.each(rows.map(([situation = '', ...cells]) => [situation, cells] as const))(
    'that it %s',
    async (situation, cells) => {
      await expectRow(
        () => shop.server(SERVERS[situation] ?? ''),
        ['Ready', 'AdmissionAccepted'],
        [situation, ...cells],
      );
    },
  );

  it('in one Event when it is not ready, and in one when it is ready again; its clients have none for that', async () => {
    const summary = async () =>
      (await shop.events('empty')).map(({ type, reason, action }) => `${type} ${reason} ${action}`);
    await eventually(summary, (events) => events.length > 0);
    const empty = stubs.get('empty');
    Object.assign(empty ?? {}, { behave: {} });
    await shop.patch('oas', 'empty', { spec: { connection: { timeout: '20s' } } });
    await shop.untilServer('empty', { reason: 'Available' });
    const events = await eventually(summary, ({ length }) => length > 1);
    expect(events).toEqual(['Warning DiscoveryFailed Reconcile', 'Normal Available Reconcile']);
  });

  it('of the cluster in an Event in namespace default, which refers to its status', async () => {
    const inDefault = teamIn(testbed, 'default');
    const { note, type } = await inDefault.untilEvent('dead-cluster', () => true);
    expect(`${type}: ${note}`).toBe(
      'Warning: ClusterAuthorizationServer dead-cluster is not ready: kubectl get coas dead-cluster -o wide',
    );
    expect(await testbed.kubectl('describe', 'coas', 'dead-cluster')).toContain(
      'is not ready: kubectl get coas',
    );
    const situations = { 'does not answer': 'dead-cluster', 'has a client': 'crowded' };
    for (const [situation, server] of Object.entries(situations)) {
      keepSample(situation, JSON.parse(await testbed.kubectl('get', 'coas', server, '-o', 'json')) as Shown);
    }
  });
});
