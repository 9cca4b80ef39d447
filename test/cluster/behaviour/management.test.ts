import { beforeAll, describe, expect, it } from 'vitest';
import { drop, type Exchange, reply, type StubServer, startStubServer } from '../../kit/stub-server.ts';
import {
  all,
  conditionOf,
  eventually,
  messageBeforeNextTry,
  messageOf,
  oauthClient,
  serverRef,
} from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

const LONG_MS = 25_000;

let owing: StubServer;
let owingSince = 0;

const testbed = useTestbed();
const shop = teamIn(testbed, 'shop', { waitMs: LONG_MS });

beforeAll(async () => {
  // Its deletion takes a minute: it starts here, and a test at the end waits for it.
  owing = await shop.place('owing');
  await owing.stop();
  await shop.remove('owing');
  owingSince = Date.now();
});

const clientOf = (stub: StubServer) => [...stub.clients.values()][0] ?? {};

describe('An edit', () => {
  it('waits while the server is down; the Secret stays, and is restored without the server', async () => {
    const stub = await shop.place('patient');
    const before = await shop.secret('patient');
    await stub.stop();
    await shop.edit('patient', { clientName: 'Edited meanwhile' });
    const client = await shop.until('patient', 'AuthorizationServerUnavailable');
    expect(messageOf(client)).toContain('refused the connection');
    expect(conditionOf(client, 'Ready')?.status).toBe('True');
    expect(conditionOf(client, 'Reconciling')?.status).toBe('True');
    expect(conditionOf(client, 'Registered')?.status).toBe('True');
    expect(conditionOf(client, 'SecretSynced')?.status).toBe('True');

    await shop.kubectl('delete', 'secret', 'patient');
    await eventually(
      () => shop.secret('patient'),
      (data) => JSON.stringify(data) === JSON.stringify(before),
    );
    await stub.start();
    await shop.until('patient', 'Registered');
    expect(clientOf(stub)).toMatchObject({ client_name: 'Edited meanwhile' });
    expect(await shop.secret('patient')).toEqual(before);
  });

  it('arrives also after an outage that many calls met', { timeout: 150_000 }, async () => {
    const stub = await shop.place('outage');
    const names = Array.from({ length: 6 }, (_, index) => `outage-${index}`);
    await testbed.apply(
      all(...names.map((name) => oauthClient('shop', name, { server: serverRef('outage') }))),
    );
    for (const name of names) {
      await shop.until(name, 'Registered');
    }
    await stub.stop();
    for (const name of names) {
      await shop.edit(name, { clientName: 'Edited meanwhile' });
    }
    for (const name of names) {
      await shop.until(name, 'AuthorizationServerUnavailable');
    }
    await stub.start();
    for (const name of names) {
      await shop.until(name, 'Registered', 75_000);
    }
    expect(
      [...stub.clients.values()].filter((client) => client['client_name'] === 'Edited meanwhile'),
    ).toHaveLength(6);
  });

  it('that is refused leaves the registration unchanged, and a corrected edit works', async () => {
    const stub = await shop.place('refused');
    const before = await shop.secret('refused');
    stub.behave = {
      update: reply(400, { error: 'invalid_client_metadata', error_description: 'no such name' }),
    };
    await shop.edit('refused', { clientName: 'Rude' });
    const client = await shop.until('refused', 'InvalidClientMetadata');
    expect(messageBeforeNextTry(client)).toBe(
      "The server answered 400 invalid_client_metadata: no such name. Correct spec.client as the server's words say.",
    );
    expect(conditionOf(client, 'Stalled')).toMatchObject({ status: 'True', reason: 'InvalidClientMetadata' });
    expect(conditionOf(client, 'Registered')?.status).toBe('True');
    expect(stub.count('update')).toBe(1);
    expect(clientOf(stub)).toMatchObject({ client_name: 'Machine' });
    expect(await shop.secret('refused')).toEqual(before);
    stub.behave = {};
    await shop.edit('refused', { clientName: 'Polite' });
    await shop.until('refused', 'Registered');
    expect(clientOf(stub)).toMatchObject({ client_name: 'Polite' });
  });

  it('whose token is refused reports a lost token, and does not change the Secret', async () => {
    const stub = await shop.place('lost');
    const before = await shop.secret('lost');
    stub.behave = { update: reply(401, { error: 'invalid_token' }) };
    await shop.edit('lost', { clientName: 'Edited' });
    const client = await shop.until('lost', 'RegistrationAccessTokenLost');
    expect(messageOf(client)).toMatch(
      /^The registration access token of client stub-client-\w+ was refused \(update \w+\): The server answered 401 invalid_token\. Nothing can change the client with it, and whether the client still works is not known\. Request another one by the annotation oauth-registrar\.dev\/rotate-requested-at, or set recovery\.tokenLost of the server object to Reregister\. It is tried again at \S+Z\.$/,
    );
    expect(conditionOf(client, 'Stalled')?.reason).toBe('RegistrationAccessTokenLost');
    expect(await shop.secret('lost')).toEqual(before);
    expect(stub.count('update')).toBe(1);
    expect(stub.count('register')).toBe(1);
  });

  it('does not send the token to another origin, until the server object allows it', async () => {
    const other = await startStubServer();
    const stub = await shop.place('astray', {
      prepare: (server) => {
        server.present = (information) => ({
          ...information,
          registration_client_uri: `${other.issuer}/reg/${information['client_id']}`,
        });
      },
    });
    for (const [id, information] of stub.clients) {
      other.clients.set(id, { ...information, registration_client_uri: `${other.issuer}/reg/${id}` });
    }
    await shop.edit('astray', { clientName: 'Edited' });
    const client = await shop.until('astray', 'ConfigurationURLRefused');
    expect(messageBeforeNextTry(client)).toBe(
      `The management address is at ${other.issuer}, and the token was issued by ${stub.issuer}. List that origin in management.allowedOrigins of the server object, if you trust it.`,
    );
    expect(other.requests).toEqual([]);
    await shop.patch('oas', 'astray', {
      spec: { management: { allowedOrigins: [other.issuer] } },
    });
    await shop.until('astray', 'Registered');
    expect(clientOf(other)).toMatchObject({ client_name: 'Edited' });
    await shop.remove('astray');
    await shop.untilGone('astray');
    expect(other.clients.size).toBe(0);
  });

  it('follows a relative management address', async () => {
    const stub = await shop.place('relative', {
      prepare: (server) => {
        server.present = (information) => ({
          ...information,
          registration_client_uri: `/reg/${information['client_id']}`,
        });
      },
    });
    await shop.edit('relative', { clientName: 'Edited' });
    await shop.until('relative', 'Registered');
    expect(clientOf(stub)).toMatchObject({ client_name: 'Edited' });
    await shop.remove('relative');
    await shop.untilGone('relative');
    expect(stub.clients.size).toBe(0);
  });

  it('whose answer has another client_secret and token stores both', async () => {
    const stub = await shop.place('rotating');
    stub.present = (information) => {
      const secret = `rotated-secret-${stub.count('update')}`;
      const token = `rotated-token-${stub.count('update')}`;
      const next = { ...information, client_secret: secret, registration_access_token: token };
      stub.clients.set(String(information['client_id']), next);
      return next;
    };
    for (const round of [1, 2]) {
      await shop.edit('rotating', { clientName: `Edited ${round}` });
      await shop.until('rotating', 'Registered');
      const data = await shop.secret('rotating');
      expect(data?.['client_secret']).toBe(`rotated-secret-${round}`);
      expect(clientOf(stub)).toMatchObject({ client_name: `Edited ${round}` });
    }
    await shop.remove('rotating');
    await shop.untilGone('rotating');
    expect(stub.clients.size).toBe(0);
  });
});

describe('A server that gives no token for management', () => {
  it('is reported so; an edit says that it is impossible; a deletion says what stays behind', async () => {
    const stub = await shop.place('unmanaged', {
      prepare: (server) => {
        server.present = ({ registration_access_token: _, registration_client_uri: __, ...rest }) => rest;
      },
    });
    const server = await shop.untilServer('unmanaged', {
      type: 'AdmissionAccepted',
      reason: 'AdmissionAccepted',
    });
    expect(server.status?.management).toBe('None');
    const { status } = await shop.client('unmanaged');

    await shop.edit('unmanaged', { clientName: 'Edited' });
    const client = await shop.until('unmanaged', 'UpdateUnsupported');
    expect(messageBeforeNextTry(client)).toBe(
      'The server gave no registration access token, and the server object has no credential that manages its clients. Take the edit back, or set spec.replacement.onEdit to Automatic, so that another client is registered in its place. Or have another client registered now, with a new client_id: kubectl annotate oac unmanaged -n shop oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite',
    );
    expect(conditionOf(client, 'Stalled')?.status).toBe('True');
    await shop.edit('unmanaged', { clientName: 'Machine' });
    await shop.until('unmanaged', 'Registered');

    await shop.remove('unmanaged');
    await shop.untilGone('unmanaged');
    const warning = await shop.untilEvent('unmanaged', ({ reason }) => reason === 'DeletionUnsupported');
    expect(warning.type).toBe('Warning');
    expect(warning.note).toMatch(
      new RegExp(
        `^Client ${status?.clientId} at ${stub.issuer} was not removed: .* stays behind; its record is in`,
      ),
    );
    expect(await shop.registrations('unmanaged')).toMatchObject([{ role: 'left-behind' }]);
  });
});

describe('A deletion', () => {
  it.each([404, 405, 501])(
    'answered %i while the client exists leaves it behind, and says so',
    async (status) => {
      const name = `undeletable-${status}`;
      const stub = await shop.place(name);
      stub.behave = { remove: reply(status) };
      await shop.remove(name);
      await shop.untilGone(name);
      const warning = await shop.untilEvent(name, ({ type }) => type === 'Warning');
      expect(warning.reason).toBe('DeletionUnsupported');
      expect(warning.note).toMatch(
        new RegExp(
          `The server answered status ${status} \\(DELETE http://[^ ?]+\\), and the client still exists\\. Remove the client at the server by hand\\.`,
        ),
      );
      expect(await shop.registrations(name)).toMatchObject([{ role: 'left-behind' }]);
      expect(stub.count('remove')).toBe(1);
    },
  );

  it('whose answer was lost is complete when the token is refused afterwards', async () => {
    const stub = await shop.place('answer-lost');
    stub.behave = {
      remove: (exchange: Exchange) =>
        stub.count('remove') === 1 ? exchange.silently() : exchange.properly(),
    };
    await shop.remove('answer-lost');
    await shop.untilGone('answer-lost');
    expect(stub.count('remove')).toBe(2);
    await shop.untilRoles('answer-lost', []);
    await shop.untilEvent('answer-lost', ({ reason }) => reason === 'Deregistered');
  });

  it('is not complete if the token is refused without an earlier try', async () => {
    const stub = await shop.place('doubtful');
    stub.behave = { remove: reply(401, { error: 'invalid_token' }) };
    await shop.remove('doubtful');
    const client = await eventually(
      () => shop.client('doubtful'),
      (seen) => conditionOf(seen, 'Ready')?.reason === 'DeletionUnconfirmed',
    );
    expect(messageOf(client)).toMatch(
      /^The server answered 401 invalid_token\. Look for the client at the server\. The operator tries again until deletion\.retryFor of the server object is over\. The deletion waits until \S+ at the latest\. /,
    );
    stub.behave = {};
    await shop.untilGone('doubtful');
    expect(stub.clients.size).toBe(0);
  });

  it('reports a dropped connection, and tries again', async () => {
    const stub = await shop.place('dropped');
    stub.behave = { remove: drop };
    await shop.remove('dropped');
    const client = await eventually(
      () => shop.client('dropped'),
      (seen) => conditionOf(seen, 'Ready')?.reason === 'AuthorizationServerUnavailable',
    );
    expect(messageOf(client)).toMatch(/^No complete answer: the connection was lost/);
    stub.behave = {};
    await shop.untilGone('dropped');
    expect(stub.clients.size).toBe(0);
  });

  it('works from the record when the server object is deleted first', async () => {
    const stub = await shop.place('orphaned');
    await shop.kubectl('delete', 'oas', 'orphaned');
    expect(conditionOf(await shop.client('orphaned'), 'Ready')?.status).toBe('True');
    await shop.remove('orphaned');
    await shop.untilGone('orphaned');
    expect(stub.clients.size).toBe(0);
    await shop.untilRoles('orphaned', []);
  });

  it('releases the object after a minute while the server is down, says why, and deregisters when the server is back', {
    timeout: 240_000,
  }, async () => {
    await shop.untilGone('owing', 'oac', 120_000);
    expect(Date.now() - owingSince).toBeGreaterThan(50_000);
    expect(await shop.registrations('owing')).toMatchObject([{ role: 'owed' }]);
    const { note } = await shop.untilEvent('owing', (event) => event.note.includes('was not removed'));
    expect(note).toMatch(
      /refused the connection.* Its deregistration is tried on from Secret oauth-registrar-system\/oac-/,
    );
    expect(owing.clients.size).toBe(1);
    await owing.start();
    await eventually(
      () => owing.clients.size,
      (count) => count === 0,
      120_000,
    );
    await shop.untilRoles('owing', []);
  });
});
