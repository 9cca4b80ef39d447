import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import {
  drop,
  type Exchange,
  reply,
  type StubServer,
  startStubServer,
  stopStubServers,
} from '../../kit/stub-server.ts';
import { startTestbed, type Testbed } from '../../kit/testbed/testbed.ts';
import { editClient, patch, untilEvent, untilServer } from './looks.ts';
import {
  all,
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

const LONG_MS = 25_000;

let testbed: Testbed;
let owing: StubServer;
let owingSince = 0;

beforeAll(async () => {
  testbed = await startTestbed();
  await testbed.apply(namespace('shop'));
  // Its deletion takes a minute: it begins here and is looked at in the end.
  owing = await placed('owing');
  await owing.stop();
  await testbed.kubectl('-n', 'shop', 'delete', 'oac', 'owing', '--wait=false');
  owingSince = Date.now();
});

afterAll(async () => {
  await testbed?.stop();
  await stopStubServers();
});

const serverRef = (name: string) => ({ kind: 'AuthorizationServer', name });
const until = (name: string, reason: string) => untilReason(testbed, 'shop', name, reason, LONG_MS);
const messageOf = (client: OAuthClient) => conditionOf(client, 'Ready')?.message ?? '';
const clientOf = (stub: StubServer) => [...stub.clients.values()][0] ?? {};

/** A server of its own and a client that is registered at it, both called `name`. */
async function placed(
  name: string,
  prepare: (stub: StubServer) => void = () => {},
  spec: object = {},
): Promise<StubServer> {
  const stub = await startStubServer();
  prepare(stub);
  await testbed.apply(
    all(
      namespacedServer(stub.issuer, 'shop', name, spec),
      oauthClient('shop', name, { server: serverRef(name) }),
    ),
  );
  await until(name, 'Registered');
  return stub;
}

async function exists(name: string): Promise<boolean> {
  return (await testbed.kubectl('-n', 'shop', 'get', 'oac', name, '--ignore-not-found', '-o', 'name')) !== '';
}

const untilGone = (name: string, timeoutMs = LONG_MS) =>
  eventually(
    () => exists(name),
    (is) => !is,
    timeoutMs,
  );

/** Names and roles of the registration Secrets of a client. */
async function records(name: string): Promise<readonly string[]> {
  const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/secrets?labelSelector=oauth-registrar.dev%2Fclient-name%3D${name}`;
  const { json } = await testbed.controlPlane.admin.request<{
    items: { metadata: { labels: Record<string, string> } }[];
  }>('GET', path);
  return json.items.map(({ metadata }) => metadata.labels['oauth-registrar.dev/role'] ?? '');
}

const remove = (name: string) => testbed.kubectl('-n', 'shop', 'delete', 'oac', name, '--wait=false');

describe('An edit', () => {
  it('waits while the server is down; the Secret stays, and comes back without the server', async () => {
    const stub = await placed('patient');
    const before = await secretData(testbed, 'shop', 'patient');
    await stub.stop();
    await editClient(testbed, 'shop', 'patient', { clientName: 'Edited meanwhile' });
    const client = await until('patient', 'AuthorizationServerUnavailable');
    expect(messageOf(client)).toContain('refused the connection');
    expect(conditionOf(client, 'Ready')?.status).toBe('False');
    expect(conditionOf(client, 'Reconciling')?.status).toBe('True');
    expect(conditionOf(client, 'Registered')?.status).toBe('True');
    expect(conditionOf(client, 'SecretSynced')?.status).toBe('True');

    await testbed.kubectl('-n', 'shop', 'delete', 'secret', 'patient');
    await eventually(
      () => secretData(testbed, 'shop', 'patient'),
      (data) => JSON.stringify(data) === JSON.stringify(before),
    );
    await stub.start();
    await until('patient', 'Registered');
    expect(clientOf(stub)).toMatchObject({ client_name: 'Edited meanwhile' });
    expect(await secretData(testbed, 'shop', 'patient')).toEqual(before);
  });

  it('arrives also after an outage of many calls', { timeout: 150_000 }, async () => {
    const stub = await placed('outage');
    const names = Array.from({ length: 6 }, (_, index) => `outage-${index}`);
    await testbed.apply(
      all(...names.map((name) => oauthClient('shop', name, { server: serverRef('outage') }))),
    );
    for (const name of names) {
      await until(name, 'Registered');
    }
    await stub.stop();
    for (const name of names) {
      await editClient(testbed, 'shop', name, { clientName: 'Edited meanwhile' });
    }
    for (const name of names) {
      await until(name, 'AuthorizationServerUnavailable');
    }
    await stub.start();
    for (const name of names) {
      await untilReason(testbed, 'shop', name, 'Registered', 75_000);
    }
    expect(
      [...stub.clients.values()].filter((client) => client['client_name'] === 'Edited meanwhile'),
    ).toHaveLength(6);
  });

  it('that is refused leaves the old registration, and correcting it works', async () => {
    const stub = await placed('refused');
    const before = await secretData(testbed, 'shop', 'refused');
    stub.behave = {
      update: reply(400, { error: 'invalid_client_metadata', error_description: 'no such name' }),
    };
    await editClient(testbed, 'shop', 'refused', { clientName: 'Rude' });
    const client = await until('refused', 'InvalidClientMetadata');
    expect(messageOf(client)).toBe(
      'The server answered 400 invalid_client_metadata: no such name. Correct spec.client as the server’s words say.',
    );
    expect(conditionOf(client, 'Stalled')).toMatchObject({ status: 'True', reason: 'InvalidClientMetadata' });
    expect(conditionOf(client, 'Registered')?.status).toBe('True');
    expect(stub.count('update')).toBe(1);
    expect(clientOf(stub)).toMatchObject({ client_name: 'Machine' });
    expect(await secretData(testbed, 'shop', 'refused')).toEqual(before);
    stub.behave = {};
    await editClient(testbed, 'shop', 'refused', { clientName: 'Polite' });
    await until('refused', 'Registered');
    expect(clientOf(stub)).toMatchObject({ client_name: 'Polite' });
  });

  it('whose token is refused says that the token is lost, and leaves the Secret alone', async () => {
    const stub = await placed('lost');
    const before = await secretData(testbed, 'shop', 'lost');
    stub.behave = { update: reply(401, { error: 'invalid_token' }) };
    await editClient(testbed, 'shop', 'lost', { clientName: 'Edited' });
    const client = await until('lost', 'RegistrationAccessTokenLost');
    expect(messageOf(client)).toMatch(
      /^The registration access token of client stub-client-\w+ was refused \(update \w+\): The server answered 401 invalid_token\. The client keeps working\. Delete and create the object to register anew\.$/,
    );
    expect(conditionOf(client, 'Stalled')?.reason).toBe('RegistrationAccessTokenLost');
    expect(await secretData(testbed, 'shop', 'lost')).toEqual(before);
    expect(stub.count('update')).toBe(1);
    expect(stub.count('register')).toBe(1);
  });

  it('does not take the token to another origin, until the server object allows it', async () => {
    const other = await startStubServer();
    const stub = await placed('astray', (server) => {
      server.present = (information) => ({
        ...information,
        registration_client_uri: `${other.issuer}/reg/${information['client_id']}`,
      });
    });
    for (const [id, information] of stub.clients) {
      other.clients.set(id, { ...information, registration_client_uri: `${other.issuer}/reg/${id}` });
    }
    await editClient(testbed, 'shop', 'astray', { clientName: 'Edited' });
    const client = await until('astray', 'ConfigurationURLRefused');
    expect(messageOf(client)).toBe(
      `The management address is at ${other.issuer}, and the token was issued by ${stub.issuer}. List that origin in management.allowedOrigins of the server object, if you trust it.`,
    );
    expect(other.requests).toEqual([]);
    await patch(testbed, 'shop', 'oas', 'astray', {
      spec: { management: { allowedOrigins: [other.issuer] } },
    });
    await until('astray', 'Registered');
    expect(clientOf(other)).toMatchObject({ client_name: 'Edited' });
    await remove('astray');
    await untilGone('astray');
    expect(other.clients.size).toBe(0);
  });

  it('follows a relative management address', async () => {
    const stub = await placed('relative', (server) => {
      server.present = (information) => ({
        ...information,
        registration_client_uri: `/reg/${information['client_id']}`,
      });
    });
    await editClient(testbed, 'shop', 'relative', { clientName: 'Edited' });
    await until('relative', 'Registered');
    expect(clientOf(stub)).toMatchObject({ client_name: 'Edited' });
    await remove('relative');
    await untilGone('relative');
    expect(stub.clients.size).toBe(0);
  });

  it('that brings another client_secret and token takes both, each to its place', async () => {
    const stub = await placed('rotating');
    stub.present = (information) => {
      const secret = `rotated-secret-${stub.count('update')}`;
      const token = `rotated-token-${stub.count('update')}`;
      const next = { ...information, client_secret: secret, registration_access_token: token };
      stub.clients.set(String(information['client_id']), next);
      return next;
    };
    for (const round of [1, 2]) {
      await editClient(testbed, 'shop', 'rotating', { clientName: `Edited ${round}` });
      await until('rotating', 'Registered');
      const data = await secretData(testbed, 'shop', 'rotating');
      expect(data?.['client_secret']).toBe(`rotated-secret-${round}`);
      expect(clientOf(stub)).toMatchObject({ client_name: `Edited ${round}` });
    }
    await remove('rotating');
    await untilGone('rotating');
    expect(stub.clients.size).toBe(0);
  });
});

describe('A server that gives no token to manage its clients with', () => {
  it('is known as such; an edit says that it can’t be done; a deletion says what stays behind', async () => {
    const stub = await placed('unmanaged', (server) => {
      server.present = ({ registration_access_token: _, registration_client_uri: __, ...rest }) => rest;
    });
    const server = await untilServer(testbed, 'unmanaged', {
      namespace: 'shop',
      type: 'AdmissionAccepted',
      reason: 'AdmissionAccepted',
    });
    expect(server.status?.management).toBe('None');
    const { status } = await getClient(testbed, 'shop', 'unmanaged');

    await editClient(testbed, 'shop', 'unmanaged', { clientName: 'Edited' });
    const client = await until('unmanaged', 'UpdateUnsupported');
    expect(messageOf(client)).toBe(
      'The server gave no registration access token, and the server object has no credential that manages its clients (management.adminToken). Take the edit back, or delete and create the object to register anew.',
    );
    expect(conditionOf(client, 'Stalled')?.status).toBe('True');
    await editClient(testbed, 'shop', 'unmanaged', { clientName: 'Machine' });
    await until('unmanaged', 'Registered');

    await remove('unmanaged');
    await untilGone('unmanaged');
    const warning = await untilEvent(
      testbed,
      'shop',
      'unmanaged',
      ({ reason }) => reason === 'DeletionUnsupported',
    );
    expect(warning.type).toBe('Warning');
    expect(warning.note).toMatch(
      new RegExp(
        `^Client ${status?.clientId} at ${stub.issuer} was not removed: .* stays behind; its record is in`,
      ),
    );
    expect(await records('unmanaged')).toEqual(['left-behind']);
  });
});

describe('A deletion', () => {
  let owedNote = '';

  it.each([404, 405, 501])(
    'answered %i while the client lives leaves it behind, and says so',
    async (status) => {
      const name = `undeletable-${status}`;
      const stub = await placed(name);
      stub.behave = { remove: reply(status) };
      await remove(name);
      await untilGone(name);
      const warning = await untilEvent(testbed, 'shop', name, ({ type }) => type === 'Warning');
      expect(warning.reason).toBe('DeletionUnsupported');
      expect(warning.note).toMatch(
        new RegExp(
          `The server answered status ${status}, and the client still exists\\. Remove the client at the server by hand\\.`,
        ),
      );
      expect(await records(name)).toEqual(['left-behind']);
      expect(stub.count('remove')).toBe(1);
    },
  );

  it('whose answer was lost is done when the token is refused afterwards', async () => {
    const stub = await placed('answer-lost');
    stub.behave = {
      remove: (exchange: Exchange) =>
        stub.count('remove') === 1 ? exchange.silently() : exchange.properly(),
    };
    await remove('answer-lost');
    await untilGone('answer-lost');
    expect(stub.count('remove')).toBe(2);
    await eventually(
      () => records('answer-lost'),
      (left) => left.length === 0,
    );
    await untilEvent(testbed, 'shop', 'answer-lost', ({ reason }) => reason === 'Deregistered');
  });

  it('is not taken as done where the token is refused without an earlier try', async () => {
    const stub = await placed('doubtful');
    stub.behave = { remove: reply(401, { error: 'invalid_token' }) };
    await remove('doubtful');
    const client = await eventually(
      () => getClient(testbed, 'shop', 'doubtful'),
      (seen) => conditionOf(seen, 'Ready')?.reason === 'DeletionUnconfirmed',
    );
    expect(messageOf(client)).toBe(
      'The server answered 401 invalid_token. Look for the client at the server; the operator keeps trying for an hour.',
    );
    stub.behave = {};
    await untilGone('doubtful');
    expect(stub.clients.size).toBe(0);
  });

  it('that meets a dropped connection says so, and tries again', async () => {
    const stub = await placed('dropped');
    stub.behave = { remove: drop };
    await remove('dropped');
    const client = await eventually(
      () => getClient(testbed, 'shop', 'dropped'),
      (seen) => conditionOf(seen, 'Ready')?.reason === 'AuthorizationServerUnavailable',
    );
    expect(messageOf(client)).toMatch(/^No complete answer: the connection was lost/);
    stub.behave = {};
    await untilGone('dropped');
    expect(stub.clients.size).toBe(0);
  });

  it('works from the record when the server object went first', async () => {
    const stub = await placed('orphaned');
    await testbed.kubectl('-n', 'shop', 'delete', 'oas', 'orphaned');
    expect(conditionOf(await getClient(testbed, 'shop', 'orphaned'), 'Ready')?.status).toBe('True');
    await remove('orphaned');
    await untilGone('orphaned');
    expect(stub.clients.size).toBe(0);
    await eventually(
      () => records('orphaned'),
      (left) => left.length === 0,
    );
  });

  it('lets the object go after a minute while the server is down, owes it, and pays when it is back', {
    timeout: 240_000,
  }, async () => {
    await untilGone('owing', 120_000);
    expect(Date.now() - owingSince).toBeGreaterThan(50_000);
    expect(await records('owing')).toEqual(['owed']);
    const { note } = await untilEvent(testbed, 'shop', 'owing', (event) =>
      event.note.includes('was not removed'),
    );
    owedNote = note;
    expect(owedNote).toMatch(/ Its deregistration is tried on from Secret oauth-registrar-system\/oac-/);
    expect(owing.clients.size).toBe(1);
    await owing.start();
    await eventually(
      () => owing.clients.size,
      (count) => count === 0,
      120_000,
    );
    await eventually(
      () => records('owing'),
      (left) => left.length === 0,
    );
  });

  it('and said why it was not removed: what the server did, not only that there was trouble', () => {
    expect(owedNote).toMatch(/refused the connection/);
  });
});
