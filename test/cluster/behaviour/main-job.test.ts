import { beforeAll, describe, expect, it } from 'vitest';
import {
  all,
  clusterServer,
  conditionOf,
  credential,
  eventually,
  machine,
  namespace,
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

/** The collector learns of kinds that are younger than itself every 30 s. */
const GARBAGE_COLLECTION_MS = 60_000;

const posts = () => testbed.server.log.filter(({ method }) => method === 'POST').length;

describe('An OAuthClient becomes a registered client and a Secret', () => {
  it('is ready, with a Secret whose credentials get a token at the server', async () => {
    await testbed.apply(oauthClient('shop', 'storefront', { secret: { name: 'storefront-oauth' } }));
    await shop.kubectl('wait', '--for=condition=Ready', 'oac/storefront', '--timeout=10s');

    const data = await shop.secret('storefront-oauth');
    expect(data).toMatchObject({
      issuer: testbed.server.issuer,
      token_endpoint: `${testbed.server.issuer}/token`,
      token_endpoint_auth_method: 'client_secret_basic',
      scope: 'read',
    });
    expect(Object.keys(data ?? {})).not.toContain('registration_access_token');
    const { client_id: clientId = '', client_secret: clientSecret = '' } = data ?? {};
    expect(testbed.server.client(clientId)).toMatchObject({ client_name: 'Machine' });
    const token = await testbed.server.requestToken({ clientId, clientSecret, scope: 'read' });
    expect(token).toMatchObject({ status: 200, body: { token_type: 'Bearer', scope: 'read' } });
  });

  it('shows what people need in its status and columns', async () => {
    const { status } = await shop.client('storefront');
    expect(status).toMatchObject({
      clientId: (await shop.secret('storefront-oauth'))?.['client_id'],
      issuer: testbed.server.issuer,
      installation: expect.stringMatching(new RegExp(`^${OPERATOR_NAMESPACE}@[0-9a-f-]{36}$`)),
      secretName: 'storefront-oauth',
      binding: { name: 'storefront-oauth' },
      observedGeneration: 1,
    });
    expect(status?.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`)).toEqual([
      'Ready=True Registered',
      'Registered=True Registered',
      'SecretSynced=True SecretSynced',
    ]);
    const table = await shop.kubectl('get', 'oac', 'storefront', '-o', 'wide');
    expect(table).toMatch(/READY +REASON +SERVER +CLIENT ID +SECRET +ENDS +SECRET EXPIRES +MESSAGE +AGE/);
    expect(table).toMatch(/True +Registered +corporate .*storefront-oauth/);
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
    expect(await selected('corporate')).toContain('/storefront');
    expect(await selected('another')).toBe('');
    expect(await testbed.kubectl('get', 'oauth', '-A')).toContain(
      'clusterauthorizationserver.oauth-registrar.dev/corporate',
    );
  });

  it('takes an edit to the server, with the stored token, and keeps the rotated one', async () => {
    const before = await shop.secret('storefront-oauth');
    for (const clientName of ['Second name', 'Third name']) {
      const patch = JSON.stringify({ spec: { client: { clientName } } });
      await shop.kubectl('patch', 'oac', 'storefront', '--type=merge', '-p', patch);
      await shop.until('storefront', 'Registered');
      expect(testbed.server.client(before?.['client_id'] ?? '')).toMatchObject({ client_name: clientName });
    }
    expect(await shop.secret('storefront-oauth')).toEqual(before);
  });

  it.each([
    ['deleted', ['delete', 'secret', 'storefront-oauth']],
    ['edited', ['patch', 'secret', 'storefront-oauth', '-p', '{"stringData":{"client_id":"somebody-else"}}']],
    ['given another key', ['patch', 'secret', 'storefront-oauth', '-p', '{"stringData":{"extra":"x"}}']],
    [
      'robbed of a key',
      [
        'patch',
        'secret',
        'storefront-oauth',
        '--type=json',
        '-p',
        '[{"op":"remove","path":"/data/client_id"}]',
      ],
    ],
    [
      "robbed of the operator's label",
      ['label', 'secret', 'storefront-oauth', 'oauth-registrar.dev/workload-'],
    ],
  ])('restores a Secret that was %s, without a call to the server', async (_, command) => {
    const before = await shop.secret('storefront-oauth');
    const calls = testbed.server.log.length;
    await shop.kubectl(...command);
    await eventually(
      () => shop.kubectl('get', 'secrets', '-l', 'oauth-registrar.dev/workload', '-o', 'name'),
      (names) => names.includes('storefront-oauth'),
    );
    await eventually(
      () => shop.secret('storefront-oauth'),
      (data) => JSON.stringify(data) === JSON.stringify(before),
    );
    expect(testbed.server.log.length).toBe(calls);
  });

  it('moves to another Secret when spec.secret changes, the new one first', async () => {
    const patch = {
      spec: {
        secret: {
          name: 'moved',
          keys: { client_id: 'username', issuer: '' },
          labels: { team: 'x' },
          annotations: { note: 'y' },
        },
      },
    };
    await shop.kubectl('patch', 'oac', 'storefront', '--type=merge', '-p', JSON.stringify(patch));
    const { status } = await shop.until('storefront', 'Registered');
    const data = await shop.secret('moved');
    expect(data?.['username']).toBe(status?.clientId);
    expect(Object.keys(data ?? {})).not.toContain('issuer');
    expect(Object.keys(data ?? {})).not.toContain('client_id');
    expect(JSON.parse(await shop.kubectl('get', 'secret', 'moved', '-o', 'json'))).toMatchObject({
      metadata: {
        labels: { team: 'x' },
        annotations: { note: 'y' },
        ownerReferences: [{ kind: 'OAuthClient', name: 'storefront', controller: true }],
      },
    });
    expect(await shop.secret('storefront-oauth')).toBeUndefined();
    expect(posts()).toBe(1 + 1); // one registration, one token request
  });

  it('never touches a Secret of somebody else, and never registers twice for it', async () => {
    await shop.kubectl('create', 'secret', 'generic', 'taken', '--from-literal=mine=1');
    await testbed.apply(oauthClient('shop', 'blocked', { secret: { name: 'taken' } }));
    const before = posts();
    const client = await shop.until('blocked', 'SecretConflict');
    expect(conditionOf(client, 'Stalled')).toMatchObject({ status: 'True', reason: 'SecretConflict' });
    expect(conditionOf(client, 'Ready')?.message).toMatch(
      /^Secret taken exists and isn't this object's; it was not touched\. .*Choose another spec\.secret\.name, or remove that Secret\.$/,
    );
    expect(await shop.secret('taken')).toEqual({ mine: '1' });

    await shop.kubectl(
      'patch',
      'oac',
      'blocked',
      '--type=merge',
      '-p',
      '{"spec":{"secret":{"name":"free"}}}',
    );
    await shop.until('blocked', 'Registered');
    expect((await shop.secret('free'))?.['client_id']).toBe(client.status?.clientId);
    expect(posts()).toBeLessThanOrEqual(before + 1);
  });

  it('tells the story of an object in kubectl describe', async () => {
    const story = await eventually(
      () => shop.kubectl('describe', 'oac', 'blocked'),
      (text) => text.includes('SecretConflict'),
    );
    expect(story).toMatch(/Warning +SecretConflict .*oauth-registrar\.dev\/operator +Secret taken exists/);
  });

  it('ends the client at the server when the object is deleted, and leaves nothing', {
    timeout: 90_000,
  }, async () => {
    await shop.kubectl('delete', 'oac', '--all', '--timeout=10s');
    await eventually(
      () => testbed.server.clients().length,
      (count) => count === 0,
    );
    await eventually(
      () => testbed.kubectl('get', 'secrets', '-A', '-l', 'oauth-registrar.dev/registration', '-o', 'name'),
      (names) => names === '',
    );
    await eventually(
      () => shop.secret('moved'),
      (data) => data === undefined,
      GARBAGE_COLLECTION_MS,
    );
    const events = await shop.kubectl('get', 'events');
    expect(events).toMatch(/Normal +Deregistered .*Tokens already issued to it live until they expire\./);
  });

  it('registers a localized client with every kind of member, and passes others through', async () => {
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

  it('survives being told to stop: what is in flight is finished, and nothing is left in the ledger', async () => {
    expect(await testbed.operator.stop('SIGTERM')).toBe(0);
    const ledger = JSON.parse(
      await testbed.kubectl('-n', OPERATOR_NAMESPACE, 'get', 'cm', 'oauth-registrar-ledger', '-o', 'json'),
    );
    expect(Object.keys(ledger.data).sort()).toEqual(['epoch', 'holder', 'installation']);
    const lease = JSON.parse(
      await testbed.kubectl('-n', OPERATOR_NAMESPACE, 'get', 'lease', 'oauth-registrar', '-o', 'json'),
    );
    expect(lease.spec.holderIdentity ?? '').toBe('');
  });

  it('does nothing on a restart where nothing has changed', async () => {
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
      'get configmaps oauth-registrar-suspected-orphans',
      'get configmaps oauth-registrar-suspected-orphans-namespaced',
      'get secrets iat',
    ]);
  });
});
