import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { auditLine } from '../../../src/core/audit-line.ts';
import { OPERATOR_USER } from '../../kit/testbed/testbed.ts';
import {
  all,
  clusterServer,
  conditionOf,
  credential,
  eventually,
  machine,
  namespace,
  namespacedServer,
  OPERATOR_NAMESPACE,
  oauthClient,
} from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

const testbed = useTestbed({ namespaces: [], controllerManager: true });
const shop = teamIn(testbed, 'shop', { waitMs: 10_000 });

beforeAll(async () => {
  const { server } = testbed;
  await testbed.apply(
    all(
      namespace('shop'),
      credential(server.initialAccessToken ?? ''),
      clusterServer(server.issuer, 'corporate', {
        policy: { additionalMetadata: { allowed: ['vendor_flag'] } },
      }),
    ),
  );
});

/** The garbage collector notices kinds that are younger than itself every 30 s. */
const GARBAGE_COLLECTION_MS = 60_000;

const registrations = () =>
  testbed.server.log.filter(({ method, path }) => method === 'POST' && path === '/reg').length;

/** A client for one test, ready, with its Secret `NAME-oauth`. */
async function ready(name: string): Promise<Readonly<Record<string, string>>> {
  await testbed.apply(oauthClient('shop', name, { secret: { name: `${name}-oauth` } }));
  await shop.kubectl('wait', '--for=condition=Ready', `oac/${name}`, '--timeout=10s');
  return (await shop.secret(`${name}-oauth`)) ?? {};
}

const patch = (name: string, change: object) =>
  shop.kubectl('patch', 'oac', name, '--type=merge', '-p', JSON.stringify(change));

describe('An OAuthClient becomes a registered client and a Secret', () => {
  it('becomes ready, with a Secret whose credentials get a token at the server', async () => {
    const data = await ready('storefront');
    expect(data).toMatchObject({
      issuer: testbed.server.issuer,
      token_endpoint: `${testbed.server.issuer}/token`,
      token_endpoint_auth_method: 'client_secret_basic',
      scope: 'read',
    });
    expect(Object.keys(data)).not.toContain('registration_access_token');
    const { client_id: clientId = '', client_secret: clientSecret = '' } = data;
    expect(testbed.server.client(clientId)).toMatchObject({ client_name: 'Machine' });
    const token = await testbed.server.requestToken({ clientId, clientSecret, scope: 'read' });
    expect(token).toMatchObject({ status: 200, body: { token_type: 'Bearer', scope: 'read' } });
  });

  it('shows what people need in its status and columns', async () => {
    const data = await ready('shown');
    const { status } = await shop.client('shown');
    expect(status).toMatchObject({
      clientId: data['client_id'],
      issuer: testbed.server.issuer,
      installation: expect.stringMatching(new RegExp(`^${OPERATOR_NAMESPACE}@[0-9a-f-]{36}$`)),
      secretName: 'shown-oauth',
      binding: { name: 'shown-oauth' },
      observedGeneration: 1,
    });
    expect(status?.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`)).toEqual([
      'Ready=True Registered',
      'Registered=True Registered',
      'SecretSynced=True SecretSynced',
    ]);
    const table = await shop.kubectl('get', 'oac', 'shown', '-o', 'wide');
    expect(table).toMatch(/READY +REASON +SERVER +CLIENT ID +SECRET +ENDS +SECRET EXPIRES +MESSAGE +AGE/);
    expect(table).toMatch(/True +Registered +corporate .*shown-oauth/);
    const selected = async (server: string) =>
      testbed.kubectl(
        'get',
        'oac',
        '-A',
        '-o',
        'name',
        '--field-selector',
        `status.authorizationServerRef.name=${server}`,
      );
    expect(await selected('corporate')).toContain('/shown');
    expect(await selected('another')).toBe('');
    expect(await testbed.kubectl('get', 'oauth', '-A')).toContain(
      'clusterauthorizationserver.oauth-registrar.dev/corporate',
    );
  });

  it('sends an edit to the server with the stored token, and stores the rotated one', async () => {
    const before = await ready('edited');
    for (const clientName of ['Second name', 'Third name']) {
      await patch('edited', { spec: { client: { clientName } } });
      await shop.until('edited', 'Registered');
      expect(testbed.server.client(before['client_id'] ?? '')).toMatchObject({ client_name: clientName });
    }
    expect(await shop.secret('edited-oauth')).toEqual(before);
  });

  it.each([
    ['deleted', (secret: string) => ['delete', 'secret', secret]],
    ['edited', (secret: string) => ['patch', 'secret', secret, '-p', '{"stringData":{"client_id":"other"}}']],
    [
      'given another key',
      (secret: string) => ['patch', 'secret', secret, '-p', '{"stringData":{"extra":"x"}}'],
    ],
    [
      'robbed of a key',
      (secret: string) => [
        ...['patch', 'secret', secret, '--type=json'],
        ...['-p', '[{"op":"remove","path":"/data/client_id"}]'],
      ],
    ],
    [
      "robbed of the operator's label",
      (secret: string) => ['label', 'secret', secret, 'oauth-registrar.dev/workload-'],
    ],
  ])('restores a Secret that was %s, without a call to the server', async (what, command) => {
    const name = `restored-${what.replaceAll(/[^a-z]/g, '-')}`;
    const before = await ready(name);
    const calls = testbed.server.log.length;
    await shop.kubectl(...command(`${name}-oauth`));
    await eventually(
      () => shop.kubectl('get', 'secrets', '-l', 'oauth-registrar.dev/workload', '-o', 'name'),
      (names) => names.includes(`${name}-oauth`),
    );
    await eventually(
      () => shop.secret(`${name}-oauth`),
      (data) => JSON.stringify(data) === JSON.stringify(before),
    );
    expect(testbed.server.log.length).toBe(calls);
  });

  it('writes its own fields of a Secret alone: what others put on it stays, what leaves spec.secret goes', async () => {
    const secret = { name: 'shared-oauth', labels: { team: 'x', tier: 'y' }, annotations: { note: 'z' } };
    await testbed.apply(oauthClient('shop', 'shared', { secret }));
    const { status } = await shop.until('shared', 'Registered');
    await shop.kubectl(
      ...['patch', 'secret', 'shared-oauth', '--field-manager=backup-tool', '--type=merge', '-p'],
      '{"metadata":{"labels":{"backup.example.com/skip":"yes"},"annotations":{"example.com/by":"us"},"finalizers":["example.com/mirrored"]},"data":{"theirs":"eA=="}}',
    );
    await patch('shared', { spec: { secret: { labels: { team: null }, annotations: { note: null } } } });
    await shop.annotate('shared', 'rotate-requested-at', '1');
    const metadataOf = async () =>
      JSON.parse(await shop.kubectl('get', 'secret', 'shared-oauth', '-o', 'json')).metadata;
    const metadata = await eventually(metadataOf, ({ labels, annotations }) => {
      const isRotated = annotations['oauth-registrar.dev/rotate-requested-at'] === '1';
      return isRotated && labels.team === undefined && annotations.note === undefined;
    });
    expect(metadata).toMatchObject({
      labels: { 'backup.example.com/skip': 'yes', tier: 'y', 'oauth-registrar.dev/workload': 'true' },
      annotations: { 'example.com/by': 'us' },
      finalizers: ['example.com/mirrored'],
    });
    expect(await shop.secret('shared-oauth')).toMatchObject({
      client_id: expect.not.stringMatching(status?.clientId ?? ''),
    });
    expect(await shop.secret('shared-oauth')).not.toHaveProperty('theirs');
    await patch('shared', { spec: { secret: { labels: { tier: null } } } });
    await eventually(metadataOf, ({ labels }) => labels.tier === undefined);
    await shop.kubectl(
      'patch',
      'secret',
      'shared-oauth',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    );
    // Its replaced client would be counted beside the present one.
    await shop.remove('shared');
  });

  it('an answer to an update leaves what others put on the registration Secret', async () => {
    await ready('marked');
    const [{ name = '' } = {}] = await shop.registrations('marked');
    const inOperatorNamespace = ['-n', OPERATOR_NAMESPACE, 'secret', name];
    const others = {
      labels: { 'backup.example.com/skip': 'yes' },
      annotations: { 'example.com/by': 'us' },
      finalizers: ['example.com/mirrored'],
    };
    const set = (metadata: object) =>
      testbed.kubectl('patch', ...inOperatorNamespace, '--type=merge', '-p', JSON.stringify({ metadata }));
    await set(others);
    await shop.edit('marked', { clientName: 'Edited' });
    const { metadata, data } = await eventually(
      async () => JSON.parse(await testbed.kubectl('get', ...inOperatorNamespace, '-o', 'json')),
      (secret) => secret.metadata.annotations['oauth-registrar.dev/written-by'] !== undefined,
    );
    expect(metadata).toMatchObject(others);
    expect(Buffer.from(data['sent.json'], 'base64').toString()).toContain('"client_name":"Edited"');
    await set({ finalizers: null });
  });

  it('moves to another Secret when spec.secret changes: first the new one is written', async () => {
    await ready('moving');
    const before = registrations();
    const secret = {
      name: 'moved',
      keys: { client_id: 'username', issuer: '' },
      labels: { team: 'x' },
      annotations: { note: 'y' },
    };
    await patch('moving', { spec: { secret } });
    const { status } = await shop.until('moving', 'Registered');
    const data = await shop.secret('moved');
    expect(data?.['username']).toBe(status?.clientId);
    expect(Object.keys(data ?? {})).not.toContain('issuer');
    expect(Object.keys(data ?? {})).not.toContain('client_id');
    expect(JSON.parse(await shop.kubectl('get', 'secret', 'moved', '-o', 'json'))).toMatchObject({
      metadata: {
        labels: { team: 'x' },
        annotations: { note: 'y' },
        ownerReferences: [{ kind: 'OAuthClient', name: 'moving', controller: true }],
      },
    });
    expect(await shop.secret('moving-oauth')).toBeUndefined();
    expect(registrations()).toBe(before);
  });

  it('never changes a Secret of somebody else, reports it in an Event, and registers only once', async () => {
    await shop.kubectl('create', 'secret', 'generic', 'taken', '--from-literal=mine=1');
    await testbed.apply(oauthClient('shop', 'blocked', { secret: { name: 'taken' } }));
    const before = registrations();
    const client = await shop.until('blocked', 'SecretConflict');
    expect(conditionOf(client, 'Stalled')).toMatchObject({ status: 'True', reason: 'SecretConflict' });
    expect(conditionOf(client, 'Ready')?.message).toMatch(
      /^Secret taken exists and isn't this object's; it was not touched\. .*Choose another spec\.secret\.name, or remove that Secret\.$/,
    );
    expect(await shop.secret('taken')).toEqual({ mine: '1' });

    const story = await eventually(
      () => shop.kubectl('describe', 'oac', 'blocked'),
      (text) => text.includes('SecretConflict'),
    );
    expect(story).toMatch(/Warning +SecretConflict .*oauth-registrar\.dev\/operator +Secret taken exists/);

    await patch('blocked', { spec: { secret: { name: 'free' } } });
    await shop.until('blocked', 'Registered');
    const free = (await shop.secret('free'))?.['client_id'];
    expect(free).toBe(client.status?.clientId ?? free);
    expect(registrations()).toBeLessThanOrEqual(before + 1);
  });

  it('registers nothing while the Secret of somebody else is there, and continues within 5 s when it is gone', {
    timeout: 60_000,
  }, async () => {
    const other = teamIn(testbed, 'conflict', { waitMs: 10_000 });
    await testbed.apply(namespace('conflict'));
    await other.kubectl('create', 'secret', 'generic', 'first', '--from-literal=mine=1');
    await other.kubectl('create', 'secret', 'generic', 'second', '--from-literal=mine=1');
    const [before, audited] = [registrations(), (await testbed.controlPlane.audit()).length];

    await testbed.apply(oauthClient('conflict', 'first'));
    const first = await other.until('first', 'SecretConflict');
    expect(conditionOf(first, 'Ready')?.message).toMatch(/ Nothing is registered while it is there\. Choose/);
    expect(registrations()).toBe(before);

    // Within a minute the API server is not asked again before a registration of this namespace.
    await testbed.apply(oauthClient('conflict', 'second'));
    const second = await other.until('second', 'SecretConflict');
    expect(conditionOf(second, 'Ready')?.message).toMatch(/ The client \S+ is registered\. Choose/);

    await new Promise((resolve) => setTimeout(resolve, 9_000));
    for (const name of ['first', 'second']) {
      await other.kubectl('delete', 'secret', name);
      await other.until(name, 'Registered', 5_500);
    }
    const reads = (await testbed.controlPlane.audit())
      .slice(audited)
      .filter(
        ({ user, stage, verb, namespace: where }) =>
          user === OPERATOR_USER && stage === 'ResponseComplete' && verb === 'get' && where === 'conflict',
      );
    // Each waits some 15 s and is looked at every 4 s; `second` was found by its create, after which it was read once.
    expect(reads.length).toBeGreaterThanOrEqual(6);
    expect(reads.length).toBeLessThanOrEqual(12);
  });

  it('removes the client at the server when the object is deleted, and leaves nothing', {
    timeout: 90_000,
  }, async () => {
    const { client_id: clientId = '' } = await ready('ended');
    await shop.kubectl('delete', 'oac', 'ended', '--timeout=10s');
    expect(testbed.server.clients().map(({ client_id }) => client_id)).not.toContain(clientId);
    const records = () =>
      testbed.kubectl(
        ...['-n', OPERATOR_NAMESPACE, 'get', 'secrets', '-l', 'oauth-registrar.dev/registration'],
        ...['-o', 'jsonpath={.items[*].metadata.annotations.oauth-registrar\\.dev/client}'],
      );
    await eventually(records, (clients) => !clients.split(' ').includes('shop/ended'));
    await eventually(
      () => shop.secret('ended-oauth'),
      (data) => data === undefined,
      GARBAGE_COLLECTION_MS,
    );
    const events = await shop.kubectl('get', 'events');
    expect(events).toMatch(/Normal +Deregistered .*Tokens already issued to it live until they expire\./);
  });

  it('registers a localized client with every kind of member, and sends other members unchanged', async () => {
    const client = {
      ...machine,
      clientName: 'Shop',
      localized: { clientName: { 'ja-Jpan-JP': 'クライアント名' } },
      contacts: ['ops@example.com'],
      defaultMaxAge: 600,
      requireAuthTime: true,
      jwks: { keys: [] },
      additionalMetadata: { vendor_flag: true },
    };
    await testbed.apply(oauthClient('shop', 'full', { client }));
    const { status } = await shop.until('full', 'Registered');
    expect(testbed.server.client(status?.clientId ?? '')).toMatchObject({
      contacts: ['ops@example.com'],
      default_max_age: 600,
      require_auth_time: true,
    });
  });

  it('is stopped and leaves nothing in the ledger; started again, it does nothing if nothing has changed', async () => {
    // The server object counts its clients some seconds after a change.
    const counted = async () => ({
      clients: await testbed.kubectl('get', 'coas', 'corporate', '-o', 'jsonpath={.status.clients}'),
      objects: (await testbed.kubectl('get', 'oac', '-A', '-o', 'jsonpath={.items[*].metadata.name}')).split(
        ' ',
      ),
    });
    await eventually(counted, ({ clients, objects }) => clients === String(objects.length), 20_000);
    expect(await testbed.operator.stop('SIGTERM')).toBe(0);
    const ledger = JSON.parse(
      await testbed.kubectl('-n', OPERATOR_NAMESPACE, 'get', 'cm', 'oauth-registrar-ledger', '-o', 'json'),
    );
    expect(Object.keys(ledger.data).sort()).toEqual(['epoch', 'holder', 'installation', 'version']);
    const lease = JSON.parse(
      await testbed.kubectl('-n', OPERATOR_NAMESPACE, 'get', 'lease', 'oauth-registrar', '-o', 'json'),
    );
    expect(lease.spec.holderIdentity ?? '').toBe('');

    const [calls, audited] = [testbed.server.log.length, (await testbed.controlPlane.audit()).length];
    const operator = await testbed.startOperator();
    await eventually(
      () => operator.lines,
      (lines) => lines.some(({ msg }) => msg === 'working'),
    );
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(testbed.server.log.length).toBe(calls);
    const later = (await testbed.controlPlane.audit()).slice(audited);
    const own = later.filter(
      ({ user, stage }) => user.includes('oauth-registrar') && stage === 'ResponseComplete',
    );
    const touched = own.filter(
      ({ verb, resource }) => !['list', 'watch'].includes(verb) && resource !== 'leases',
    );
    expect(touched.map(({ verb, resource, name }) => `${verb} ${resource} ${name}`)).toEqual([
      'get namespaces kube-system',
      'get endpointslices kubernetes',
      'create configmaps oauth-registrar-ledger',
      'get configmaps oauth-registrar-ledger',
      'update configmaps oauth-registrar-ledger',
      'get secrets oauth-registrar-hash-key',
      'get configmaps oauth-registrar-suspected-orphans',
      'get configmaps oauth-registrar-suspected-orphans-namespaced',
      'get configmaps oauth-registrar-unremoved-clients',
      'get secrets iat',
    ]);
  });
});

/** The Events below an object, as `kubectl describe` prints them, without their ages. */
const storyOf = (text: string): readonly string[] =>
  (text.split(/^Events:.*$/m)[1] ?? '')
    .split('\n')
    .slice(3)
    .map((line) =>
      /^ +(\S+) +(\S+) +\S+ +(?:\(\S+ over \S+\) +)?oauth-registrar\.dev\/operator +(.*)$/.exec(line),
    )
    .flatMap((found) => (found === null ? [] : [found.slice(1).join(' ')]));

describe('kubectl describe tells a life as a story', () => {
  const read = (kind: string, name: string, lines: number) =>
    eventually(
      async () => storyOf(await shop.kubectl('describe', kind, name)),
      (story) => story.length >= lines,
    );

  it('of a client: a mistake, its end, new credentials, and a Secret that somebody removed', {
    timeout: 60_000,
  }, async () => {
    await testbed.apply(
      oauthClient('shop', 'told', {
        client: { ...machine, additionalMetadata: { internal_id: 'x' } },
        secret: { name: 'told-oauth' },
      }),
    );
    await shop.until('told', 'PolicyRefused');
    await patch('told', { spec: { client: { additionalMetadata: null } } });
    await shop.until('told', 'Registered');
    const first = (await shop.secret('told-oauth'))?.['client_id'];
    await shop.annotate('told', 'rotate-requested-at', 'now');
    const second = await eventually(
      async () => (await shop.secret('told-oauth'))?.['client_id'],
      (clientId) => clientId !== undefined && clientId !== first,
    );
    await shop.kubectl('delete', 'secret', 'told-oauth');
    const story = await read('oac', 'told', 4);
    const [ends] = /[^ ]+Z(?=\.$)/.exec(story.at(2) ?? '') ?? [];
    expect(story).toEqual([
      'Warning PolicyRefused internal_id is not permitted: spec.policy.additionalMetadata.allowed of the server object lists vendor_flag; remove it, or ask the platform team to extend spec.policy.additionalMetadata.allowed.',
      'Normal Recovered Nothing stands in the way any more. The client is registered and its Secret is up to date.',
      `Normal Registered Client ${second} takes the place of client ${first}, which is kept until ${ends}.`,
      `Normal SecretRestored Secret told-oauth was missing or had been edited; it shows client ${second} again.`,
    ]);
  });

  it('and the audit trail has a line of the documented form for each change', () => {
    const trail = testbed.operator.lines.filter(
      ({ msg, ['client']: client }) => msg === 'audit' && client === 'shop/told',
    );
    const lines = trail.map(({ level, time, service, msg, ...line }) => {
      expect([level, service, typeof time, msg]).toEqual(['info', 'oauth-registrar', 'string', 'audit']);
      return auditLine.parse(line);
    });
    expect(lines.map(({ event, outcome }) => `${event} ${outcome}`)).toEqual([
      'Registration Succeeded',
      'Replacement Succeeded',
    ]);
  });

  it('of a server object: its credential is missing, and is there', async () => {
    const admission = { initialAccessToken: { secretRef: { name: 'told-iat' } } };
    const { issuer, initialAccessToken = '' } = testbed.server;
    await testbed.apply(namespacedServer(issuer, 'shop', 'told', { registration: { admission } }));
    await shop.untilServer('told', { reason: 'CredentialNotFound' });
    await testbed.apply(credential(initialAccessToken, { namespace: 'shop', name: 'told-iat' }));
    await shop.untilServer('told', { reason: 'Available' });
    expect(await read('oas', 'told', 2)).toEqual([
      "Warning CredentialNotFound Secret shop/told-iat doesn't exist. Create it with the label oauth-registrar.dev/credential=true.",
      `Normal Available Clients are registered at ${issuer}/reg.`,
    ]);
  });
});

it('serves metrics only to callers with the right, and asks the API server only where that is switched on', async () => {
  const bound = 'oauth-registrar-metrics-reader';
  for (const name of ['prometheus', 'stranger']) {
    await shop.kubectl('create', 'serviceaccount', name);
  }
  const components = join(import.meta.dirname, '..', '..', '..', 'deploy', 'components');
  await testbed.kubectl(
    ...['apply', '-f', join(components, 'metrics-authentication', 'metrics-reader.yaml')],
  );
  await testbed.kubectl(
    ...['create', 'clusterrolebinding', bound, `--clusterrole=${bound}`, '--serviceaccount=shop:prometheus'],
  );
  const tokenOf = async (name: string) => (await shop.kubectl('create', 'token', name)).trim();
  // It waits for the lead, and shows the metrics of its process.
  const waiting = await testbed.startOperator(['--metrics-authentication']);
  const ask = async (token?: string) => {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const answer = await fetch(`http://127.0.0.1:${waiting.port}/metrics`, { headers });
    return `${answer.status} ${(await answer.text()).split('\n')[0]}`;
  };
  const prometheus = await tokenOf('prometheus');
  expect(await ask(prometheus)).toBe(
    '503 The API server does not check the token: the operator has no right to ask it. The installation has to give it.',
  );
  await testbed.kubectl('apply', '-f', join(components, 'access-reviews', 'cluster-role.yaml'));
  await eventually(
    () => ask(prometheus),
    (answer) => answer.startsWith('200 '),
  );
  expect(await ask()).toBe(
    '401 Send a token of the cluster: Authorization: Bearer TOKEN. `kubectl create token NAME` makes one.',
  );
  expect(await ask('no.such.token')).toBe('401 The API server does not accept the token.');
  expect(await ask(await tokenOf('stranger'))).toBe(
    '403 system:serviceaccount:shop:stranger has no right to get /metrics: a ClusterRole with nonResourceURLs: [/metrics] and verbs: [get] gives it.',
  );
  expect((await fetch(`http://127.0.0.1:${waiting.port}/readyz`)).status).toBe(200);
});
