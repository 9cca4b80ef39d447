import { describe, expect, it } from 'vitest';
import { type StubServer, startStubServer } from '../../kit/stub-server.ts';
import {
  all,
  clusterServer,
  conditionOf,
  credential,
  eventually,
  machine,
  messageBeforeNextTry,
  messageOf,
  namespace,
  namespacedServer,
  OPERATOR_NAMESPACE,
  oauthClient,
  serverRef,
} from './objects.ts';
import { LONG_MS, teamIn, useTestbed } from './team.ts';

/** Clients that exist before their object: kept by `deletionPolicy: Retain`, or brought by `spec.adopt`. */

const testbed = useTestbed({ controllerManager: true });
const shop = teamIn(testbed, 'shop');
const tenantTeam = teamIn(testbed, 'tenant');

describe('deletionPolicy Retain', () => {
  const retain = { deletionPolicy: 'Retain' };

  /** A client that was kept when its object was deleted. */
  async function kept(name: string, home = 'shop') {
    const stub = await teamIn(testbed, home).place(name, { client: retain });
    const before = await teamIn(testbed, home).secret(name);
    await teamIn(testbed, home).remove(name);
    await teamIn(testbed, home).untilGone(name);
    const [record] = await teamIn(testbed, home).untilRoles(name, ['retained']);
    await teamIn(testbed, home).untilGone(name, 'secret');
    return { stub, before, record };
  }

  it('a later object of the same name gets the client, with the same credentials', async () => {
    const { stub, before, record } = await kept('again');
    const client = { ...machine, clientName: 'Of the later object' };
    await testbed.apply(oauthClient('shop', 'again', { server: serverRef('again'), client }));
    const { status, metadata } = await shop.until('again', 'Registered');
    expect(status?.clientId).toBe(record?.clientId);
    expect(await shop.secret('again')).toEqual(before);
    expect(stub.count('register')).toBe(1);
    expect([...stub.clients.values()]).toMatchObject([{ client_name: 'Of the later object' }]);
    expect(await shop.registrations('again')).toMatchObject([
      { role: 'current', clientId: record?.clientId, uid: metadata.uid },
    ]);

    // The client belongs to this object now, whose policy is Delete.
    await shop.remove('again');
    await shop.untilGone('again');
    await shop.untilRoles('again', []);
    expect(stub.clients.size).toBe(0);
  });

  it('changed to Retain on a registered object: its deletion keeps the client', async () => {
    const stub = await shop.place('later');
    await shop.kubectl('patch', 'oac', 'later', '--type=merge', '-p', JSON.stringify({ spec: retain }));
    await shop.remove('later');
    await shop.untilGone('later');
    await shop.untilRoles('later', ['retained']);
    expect(stub.clients.size).toBe(1);
  });

  it('its token is renewed, and the record keeps what the client was for', async () => {
    const labels = { 'oauth-registrar.dev/purpose': 'invoices', 'oauth-registrar.dev/session': 'run-42' };
    const stub = await shop.place('alive', {
      client: { ...retain, labels },
      server: { dialectOverrides: { lifetimes: { registrationAccessToken: '9s' } } },
    });
    await shop.remove('alive');
    await shop.untilGone('alive');
    const [before] = await shop.untilRoles('alive', ['retained']);
    const updates = stub.count('update');
    await eventually(
      () => stub.count('update'),
      (count) => count >= updates + 2,
      LONG_MS,
    );
    const [after] = await shop.untilRoles('alive', ['retained']);
    expect(after?.clientId).toBe(before?.clientId);
    const endOf = (facts: Readonly<Record<string, string>> = {}) =>
      Date.parse(facts['registration-access-token-expires-at'] ?? '');
    expect(endOf(after?.facts)).toBeGreaterThan(endOf(before?.facts));
    expect([...stub.clients.values()]).toMatchObject([{ client_name: machine.clientName }]);
    const selector = 'oauth-registrar.dev/purpose=invoices,oauth-registrar.dev/session=run-42';
    const found = await testbed.kubectl(
      '-n',
      OPERATOR_NAMESPACE,
      'get',
      'secret',
      '-l',
      selector,
      '-o',
      'name',
    );
    expect(found.trim()).toBe(`secret/${after?.name}`);
  });

  it("an object of another name doesn't get it", async () => {
    const { stub } = await kept('mine');
    await testbed.apply(oauthClient('shop', 'yours', { server: serverRef('mine') }));
    await shop.until('yours', 'Registered');
    expect(stub.clients.size).toBe(2);
    await shop.untilRoles('mine', ['retained']);
  });

  it("an object at another server doesn't get it; the next one at the first server does", async () => {
    const { stub, record } = await kept('moving');
    const other = await startStubServer();
    await testbed.apply(
      all(
        namespacedServer(other.issuer, 'shop', 'elsewhere'),
        oauthClient('shop', 'moving', { server: serverRef('elsewhere') }),
      ),
    );
    await shop.until('moving', 'Registered');
    expect(other.clients.size).toBe(1);
    await shop.untilRoles('moving', ['current', 'retained']);
    await shop.remove('moving');
    await shop.untilGone('moving');
    await shop.untilRoles('moving', ['retained']);
    expect(other.clients.size).toBe(0);

    await testbed.apply(oauthClient('shop', 'moving', { server: serverRef('moving') }));
    expect((await shop.until('moving', 'Registered')).status?.clientId).toBe(record?.clientId);
    expect(stub.count('register')).toBe(1);
  });

  it("another server object of the same name isn't the same server", async () => {
    const { stub } = await kept('renamed');
    const other = await startStubServer();
    await shop.kubectl('delete', 'oas', 'renamed');
    await testbed.apply(
      all(
        namespacedServer(other.issuer, 'shop', 'renamed'),
        oauthClient('shop', 'renamed', { server: serverRef('renamed') }),
      ),
    );
    await shop.until('renamed', 'Registered');
    expect([stub.clients.size, other.clients.size]).toEqual([1, 1]);
    await shop.untilRoles('renamed', ['current', 'retained']);
    expect((await shop.secret('renamed'))?.['client_id']).toBe([...other.clients.keys()][0]);
  });

  it("an object in a recreated namespace doesn't get it", { timeout: 120_000 }, async () => {
    await testbed.apply(namespace('tenant'));
    const { stub, record } = await kept('left', 'tenant');
    await testbed.kubectl('delete', 'namespace', 'tenant', '--timeout=60s');
    await testbed.apply(
      all(
        namespace('tenant'),
        namespacedServer(stub.issuer, 'tenant', 'left'),
        oauthClient('tenant', 'left', { server: serverRef('left') }),
      ),
    );
    const { status } = await tenantTeam.until('left', 'Registered');
    expect(status?.clientId).not.toBe(record?.clientId);
    expect(stub.clients.size).toBe(2);
    await tenantTeam.untilRoles('left', ['current', 'retained']);
  });

  it('of two clients of one object, in the overlap of a replacement, the one in use is kept and the other is removed', async () => {
    const stub = await shop.place('replaced', { client: retain });
    await shop.annotate('replaced', 'rotate-requested-at', '1');
    await shop.untilRoles('replaced', ['current', 'current']);
    const { status } = await shop.until('replaced', 'Registered');
    await shop.kubectl('delete', 'oac', 'replaced', '--cascade=foreground', '--timeout=30s');
    const [record] = (await shop.registrations('replaced')).filter(({ role }) => role === 'retained');
    expect(record?.clientId).toBe(status?.clientId);
    await shop.untilRoles('replaced', ['retained'], 100_000);
    expect([...stub.clients.keys()]).toEqual([status?.clientId]);
  }, 150_000);
});

describe('spec.adopt', () => {
  /** A client that somebody registered by hand, and the Secret that describes it. */
  async function grown(stub: StubServer) {
    const answer = await fetch(`${stub.issuer}/reg`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: 'By hand', grant_types: ['client_credentials'] }),
    });
    const { client_id, client_secret, registration_access_token, registration_client_uri } =
      (await answer.json()) as Record<string, string>;
    return { client_id, client_secret, registration_access_token, registration_client_uri } as Record<
      string,
      string
    >;
  }

  const secret = (name: string, stringData: object) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'shop', labels: { 'oauth-registrar.dev/credential': 'true' } },
      stringData,
    });

  const adopting = (name: string, server: object = serverRef(name)) =>
    oauthClient('shop', name, { server, adopt: { secretRef: { name: `${name}-grown` } } });

  it("the client's own token proves it: it is recorded, published, and then sent the spec", async () => {
    const stub = await startStubServer();
    const client = await grown(stub);
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'adopted'),
        secret('adopted-grown', client),
        adopting('adopted'),
      ),
    );
    const { status } = await shop.until('adopted', 'Registered');
    expect(status?.clientId).toBe(client['client_id']);
    expect(stub.count('register')).toBe(1);
    expect([stub.count('read'), stub.count('update')]).toEqual([1, 1]);
    expect([...stub.clients.values()]).toMatchObject([{ client_name: 'Machine', scope: 'read' }]);
    expect(await shop.secret('adopted')).toMatchObject({
      client_id: client['client_id'],
      client_secret: client['client_secret'],
    });
    const events = await eventually(
      () => shop.events('adopted'),
      (seen) => seen.length > 0,
    );
    expect(events).toMatchObject([
      {
        type: 'Normal',
        reason: 'Adopted',
        note: `Client ${client['client_id']} at ${stub.issuer} is managed by this object now.`,
      },
    ]);

    // The Secret was read once and is no longer needed.
    await shop.kubectl('delete', 'secret', 'adopted-grown');
    await shop.edit('adopted', { clientName: 'Edited' });
    await shop.until('adopted', 'Registered');
    expect([...stub.clients.values()]).toMatchObject([{ client_name: 'Edited' }]);
    await shop.remove('adopted');
    await shop.untilGone('adopted');
    expect(stub.clients.size).toBe(0);
  });

  it('the operator waits for a Secret that appears later', async () => {
    const stub = await startStubServer();
    const client = await grown(stub);
    await testbed.apply(all(namespacedServer(stub.issuer, 'shop', 'awaited'), adopting('awaited')));
    const waiting = await shop.until('awaited', 'CredentialNotFound');
    expect(messageOf(waiting)).toContain('awaited-grown');
    await testbed.apply(secret('awaited-grown', client));
    expect((await shop.until('awaited', 'Registered')).status?.clientId).toBe(client['client_id']);
    expect(stub.count('register')).toBe(1);
  });

  it('a wrong token is tried once and reported; a corrected Secret is noticed', async () => {
    const stub = await startStubServer();
    const client = await grown(stub);
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'wrong'),
        secret('wrong-grown', { ...client, registration_access_token: 'guessed' }),
        adopting('wrong'),
      ),
    );
    const refused = await shop.until('wrong', 'AdoptionRefused');
    expect(messageBeforeNextTry(refused)).toBe(
      `Client ${client['client_id']} could not be read with the token in the Secret: The server answered 401 invalid_token. Put client_id, registration_access_token and registration_client_uri of one client into the Secret that spec.adopt names; the operator notices.`,
    );
    expect(conditionOf(refused, 'Stalled')?.status).toBe('True');
    expect([stub.count('read'), stub.count('register')]).toEqual([1, 1]);
    await testbed.apply(secret('wrong-grown', client));
    await shop.until('wrong', 'Registered');
    expect(stub.count('read')).toBe(2);
  });

  it('a token of another client proves nothing', async () => {
    const stub = await startStubServer();
    const [client, other] = [await grown(stub), await grown(stub)];
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'swapped'),
        secret('swapped-grown', { ...other, client_id: client['client_id'] }),
        adopting('swapped'),
      ),
    );
    expect(messageOf(await shop.until('swapped', 'AdoptionRefused'))).toMatch(
      new RegExp(`^The token in the Secret is not that of client ${client['client_id']}\\. `),
    );
    expect(stub.count('update')).toBe(0);
    await shop.remove('swapped');
    await shop.untilGone('swapped');
    expect(stub.clients.size).toBe(2);
  });

  it("a client that another object manages stays with that object; deleting this one doesn't change it", async () => {
    const stub = await startStubServer();
    const client = await grown(stub);
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'first'),
        secret('first-grown', client),
        secret('second-grown', client),
        adopting('first'),
      ),
    );
    await shop.until('first', 'Registered');
    await testbed.apply(adopting('second', serverRef('first')));
    expect(messageBeforeNextTry(await shop.until('second', 'ClientAlreadyManaged'))).toBe(
      `Client ${client['client_id']} is recorded for another OAuthClient of this installation. Let one OAuthClient have the client. If the server gave it twice, look at the server.`,
    );
    await shop.remove('second');
    await shop.untilGone('second');
    expect(stub.clients.size).toBe(1);
    expect(stub.count('remove')).toBe(0);
  });

  it('a cluster server must permit it in its policy', async () => {
    const stub = await startStubServer();
    const client = await grown(stub);
    const ref = { kind: 'ClusterAuthorizationServer', name: 'offered' };
    await testbed.apply(
      all(
        credential('iat'),
        clusterServer(stub.issuer, 'offered'),
        secret('denied-grown', client),
        adopting('denied', ref),
      ),
    );
    expect(messageOf(await shop.until('denied', 'PolicyRefused'))).toBe(
      "ClusterAuthorizationServer offered doesn't permit the adoption of clients: remove spec.adopt, or ask the platform team to set policy.adoption.",
    );
    expect(stub.count('read')).toBe(0);
    await testbed.kubectl(
      'patch',
      'coas',
      'offered',
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { policy: { adoption: 'Allow' } } }),
    );
    expect((await shop.until('denied', 'Registered')).status?.clientId).toBe(client['client_id']);
  });

  it("a token isn't sent to another origin than the server's", async () => {
    const [stub, other] = [await startStubServer(), await startStubServer()];
    const client = await grown(other);
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'foreign'),
        secret('foreign-grown', client),
        adopting('foreign'),
      ),
    );
    expect(messageOf(await shop.until('foreign', 'ConfigurationURLRefused'))).toContain(
      `The management address is at ${other.issuer}`,
    );
    expect([other.count('read'), stub.count('read')]).toEqual([0, 0]);
    expect((await shop.client('foreign')).status?.clientId).toBeUndefined();
  });
});
