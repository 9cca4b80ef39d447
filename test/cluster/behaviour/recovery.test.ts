import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuthorizationServerStatus } from '../../../src/api/authorization-server.ts';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import type { Emulator } from '../../kit/emulator/emulator.ts';
import { start, stopAll } from '../../kit/emulator/running.ts';
import { reply, type StubServer, startStubServer, stopStubServers } from '../../kit/stub-server.ts';
import { startTestbed, type Testbed } from '../../kit/testbed/testbed.ts';
import { editClient, getServer, patch, suspectedOrphans, untilEvent, untilServer } from './looks.ts';
import {
  all,
  conditionOf,
  eventually,
  getClient,
  machine,
  namespace,
  namespacedServer,
  oauthClient,
  secretData,
  untilReason,
} from './objects.ts';
import {
  annotate,
  LONG_MS,
  messageOf,
  type PlacedOptions,
  placed,
  recordsOf,
  remove,
  serverRef,
  untilGone,
  untilRoles,
} from './placed.ts';

/** What went wrong between the operator and a server, what a person holds up, and what others change there. */

/** A read a minute, somewhat varied. */
const DRIFT_MS = 90_000;

let testbed: Testbed;
const drifting = new Map<string, StubServer>();
const rotating = new Map<string, Emulator>();
let lost: StubServer;
let lostId: string | undefined;

beforeAll(async () => {
  testbed = await startTestbed();
  await testbed.apply(namespace('shop'));
  // What takes a minute begins here and is looked at in the end.
  for (const mode of ['Off', 'Report', 'Correct']) {
    const name = `drift-${mode.toLowerCase()}`;
    drifting.set(mode, await place(name, { server: { drift: { mode, interval: '1m' } } }));
  }
  for (const stub of drifting.values()) {
    const [[id, client] = ['', {}]] = [...stub.clients];
    stub.clients.set(id, { ...client, client_name: 'By somebody else' });
  }
  for (const allowRotatingRead of [false, true]) {
    await placeRotating(allowRotatingRead);
  }
  lost = await place('lost', {
    server: { recovery: { tokenLost: 'Reregister' }, deletion: { retryFor: '1m' } },
    client: { replacement: { overlap: '0s' } },
  });
  lostId = (await getClient(testbed, 'shop', 'lost')).status?.clientId;
  lost.behave = {
    update: reply(401, { error: 'invalid_token' }),
    remove: reply(401, { error: 'invalid_token' }),
  };
  await editClient(testbed, 'shop', 'lost', { clientName: 'Edited' });
});

afterAll(async () => {
  await testbed?.stop();
  await stopAll();
  await stopStubServers();
});

const place = (name: string, options: PlacedOptions = {}) => placed(testbed, name, options);
const until = (name: string, reason: string): Promise<OAuthClient> =>
  untilReason(testbed, 'shop', name, reason, LONG_MS);
const namesAt = (stub: StubServer) => [...stub.clients.values()].map((client) => client['client_name']);

/** A server that gives another token and another secret with every read. */
async function placeRotating(allowRotatingRead: boolean): Promise<void> {
  const name = `rotating-${allowRotatingRead}`;
  const emulator = await start('rfc7591', { read: { token: 'new', secret: 'new' } });
  rotating.set(name, emulator);
  const spec = {
    dialectOverrides: { readEffect: { token: 'Rotates', secret: 'Rotates' }, secretOnRead: 'Trust' },
    drift: { mode: 'Report', interval: '1m', allowRotatingRead },
  };
  await testbed.apply(
    all(
      namespacedServer(emulator.issuer, 'shop', name, spec),
      oauthClient('shop', name, { server: serverRef(name) }),
    ),
  );
  await until(name, 'Registered');
}

const serverStatus = async (name: string): Promise<AuthorizationServerStatus> =>
  JSON.parse(
    await testbed.kubectl('-n', 'shop', 'get', 'authorizationserver', name, '-o', 'jsonpath={.status}'),
  );

/** A namespace has a share of server objects: those of earlier tests leave room for later ones. */
async function removeServers(...names: readonly string[]): Promise<void> {
  await testbed.kubectl('-n', 'shop', 'delete', 'oas', '--ignore-not-found', ...names);
}

describe('A registration whose answer was lost', () => {
  const forgetful = (stub: StubServer) => {
    stub.behave = {
      register: (exchange) => (stub.count('register') === 1 ? exchange.silently() : exchange.properly()),
    };
  };

  it('recovery.interrupted Reregister: is listed, and after the cooldown another is made', async () => {
    const stub = await place('again', {
      prepare: forgetful,
      server: { recovery: { interrupted: 'Reregister', cooldown: '1s' } },
    });
    expect(stub.count('register')).toBe(2);
    expect(stub.clients.size).toBe(2);
    const listed = (await suspectedOrphans(testbed)).filter(({ client }) => client === 'shop/again');
    expect(listed).toHaveLength(1);
    expect((await recordsOf(testbed, 'again')).map(({ role }) => role)).toEqual(['current']);
    // The server object counts both; not at once, so that a burst of registrations costs it one write.
    await eventually(
      () => serverStatus('again'),
      ({ clients, suspectedOrphans, leftBehind }) =>
        clients === 1 && suspectedOrphans === 1 && leftBehind === 0,
      LONG_MS,
    );
  });

  it('recovery.maxAttempts: after so many, others are tried far apart only, until a person says otherwise', async () => {
    const stub = await startStubServer();
    stub.behave = {
      register: (exchange) => (stub.count('register') <= 2 ? exchange.silently() : exchange.properly()),
    };
    const spec = { recovery: { cooldown: '1s', maxAttempts: 2 } };
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'capped', spec),
        oauthClient('shop', 'capped', { server: serverRef('capped') }),
      ),
    );
    const capped = await eventually(
      () => getClient(testbed, 'shop', 'capped'),
      (client) => messageOf(client).startsWith('2 registrations of this client got no answer'),
      LONG_MS,
    );
    expect(conditionOf(capped, 'Reconciling')?.status).toBe('True');
    expect(stub.count('register')).toBe(2);
    await annotate(testbed, 'capped', 'reconcile-requested-at', '1');
    await until('capped', 'Registered');
    expect(stub.count('register')).toBe(3);
  });

  it('recovery.interrupted Hold: nothing is registered before a person says so', async () => {
    const stub = await startStubServer();
    forgetful(stub);
    const spec = { recovery: { interrupted: 'Hold', cooldown: '1s' } };
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'held', spec),
        oauthClient('shop', 'held', { server: serverRef('held') }),
      ),
    );
    const held = await eventually(
      () => getClient(testbed, 'shop', 'held'),
      (client) => messageOf(client).includes('reconcile-requested-at'),
      LONG_MS,
    );
    expect(conditionOf(held, 'Ready')?.reason).toBe('RegistrationOutcomeUnknown');
    expect(conditionOf(held, 'Stalled')?.status).toBe('True');
    expect(messageOf(held)).toMatch(
      /^A registration of this client got no answer\. Look for the client at the server .* kubectl annotate oac held -n shop oauth-registrar\.dev\/reconcile-requested-at=/,
    );
    // An edit isn't a person's word.
    await editClient(testbed, 'shop', 'held', { clientName: 'Edited' });
    await eventually(
      () => getClient(testbed, 'shop', 'held'),
      ({ metadata, status }) => status?.observedGeneration === metadata.generation,
      LONG_MS,
    );
    expect(stub.count('register')).toBe(1);
    await annotate(testbed, 'held', 'reconcile-requested-at', '1');
    await until('held', 'Registered');
    expect(stub.count('register')).toBe(2);
    expect(namesAt(stub).toSorted()).toEqual(['Edited', 'Machine']);
  });

  it('recovery.interrupted Hold: the person’s word outlasts a server that is busy when it comes', async () => {
    const stub = await startStubServer();
    forgetful(stub);
    const spec = { recovery: { interrupted: 'Hold', cooldown: '1s' } };
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'busy', spec),
        oauthClient('shop', 'busy', { server: serverRef('busy') }),
      ),
    );
    await eventually(
      () => getClient(testbed, 'shop', 'busy'),
      (client) => messageOf(client).includes('reconcile-requested-at'),
      LONG_MS,
    );
    await patch(testbed, 'shop', 'oas', 'busy', { spec: { suspend: true } });
    await untilServer(testbed, 'busy', { namespace: 'shop', type: 'Paused', reason: 'Suspended' });
    await annotate(testbed, 'busy', 'reconcile-requested-at', '1');
    await until('busy', 'Suspended');
    await patch(testbed, 'shop', 'oas', 'busy', { spec: { suspend: false } });
    await until('busy', 'Registered');
    expect(stub.count('register')).toBe(2);
  });
});

describe('spec.suspend of an OAuthClient', () => {
  it('nothing is sent or written until it is unset; then what waited goes on', async () => {
    const stub = await place('resting');
    const asked = stub.requests.length;
    await patch(testbed, 'shop', 'oac', 'resting', {
      spec: { suspend: true, client: { clientName: 'Edited' }, secret: { name: 'other-name' } },
    });
    const client = await until('resting', 'Suspended');
    expect(messageOf(client)).toBe('Nothing is sent or written for this client until spec.suspend is unset.');
    expect(conditionOf(client, 'Registered')?.status).toBe('True');
    expect(stub.requests.length).toBe(asked);
    expect(await secretData(testbed, 'shop', 'resting')).toBeDefined();
    expect(await secretData(testbed, 'shop', 'other-name')).toBeUndefined();
    await patch(testbed, 'shop', 'oac', 'resting', { spec: { suspend: false } });
    await until('resting', 'Registered');
    expect(namesAt(stub)).toEqual(['Edited']);
    expect(await secretData(testbed, 'shop', 'other-name')).toBeDefined();
  });

  it('from the beginning: it isn’t registered before it is unset', async () => {
    const stub = await startStubServer();
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'early'),
        oauthClient('shop', 'early', { server: serverRef('early'), suspend: true }),
      ),
    );
    await until('early', 'Suspended');
    expect(stub.count('register')).toBe(0);
    await patch(testbed, 'shop', 'oac', 'early', { spec: { suspend: false } });
    await until('early', 'Registered');
  });

  it('a deletion works all the same', async () => {
    const stub = await place('ending');
    await patch(testbed, 'shop', 'oac', 'ending', { spec: { suspend: true } });
    await until('ending', 'Suspended');
    await remove(testbed, 'ending');
    await untilGone(testbed, 'ending');
    expect(stub.clients.size).toBe(0);
  });
});

describe('spec.suspend of a server object', () => {
  it('nothing is sent, and it says so; clients that are registered stay ready; all goes on when it is unset', async () => {
    const stub = await place('idle');
    const also = { server: serverRef('idle') };
    await testbed.apply(
      all(oauthClient('shop', 'idle-edited', also), oauthClient('shop', 'idle-deleted', also)),
    );
    await until('idle-edited', 'Registered');
    await until('idle-deleted', 'Registered');
    await patch(testbed, 'shop', 'oas', 'idle', { spec: { suspend: true } });
    const { condition } = await untilServer(testbed, 'idle', {
      namespace: 'shop',
      type: 'Paused',
      reason: 'Suspended',
    });
    expect(condition).toMatchObject({
      status: 'True',
      message: 'Nothing is sent until spec.suspend is unset.',
    });
    const calls = () => stub.requests.filter(({ call }) => call !== 'discovery').length;
    const asked = calls();
    await testbed.apply(oauthClient('shop', 'idle-new', also));
    await editClient(testbed, 'shop', 'idle-edited', { clientName: 'Edited' });
    await remove(testbed, 'idle-deleted');
    for (const name of ['idle-new', 'idle-edited', 'idle-deleted']) {
      expect(messageOf(await until(name, 'Suspended'))).toContain(
        'Nothing is sent until spec.suspend of the server object is unset.',
      );
    }
    expect(conditionOf(await getClient(testbed, 'shop', 'idle'), 'Ready')?.status).toBe('True');
    expect(calls()).toBe(asked);

    await patch(testbed, 'shop', 'oas', 'idle', { spec: { suspend: false } });
    await until('idle-new', 'Registered');
    await until('idle-edited', 'Registered');
    await untilGone(testbed, 'idle-deleted');
    expect(namesAt(stub).toSorted()).toEqual(['Edited', 'Machine', 'Machine']);
    const server = await getServer(testbed, 'idle', 'shop');
    expect(server.status?.conditions?.map(({ type }) => type)).not.toContain('Paused');
  });
});

describe('Another server in authorizationServerRef', () => {
  beforeAll(() => removeServers('again', 'resting', 'ending', 'idle'));

  it('is a replacement: registered there first, shown, and only then ended here', async () => {
    const [from, to] = [await place('from'), await startStubServer()];
    const { status } = await getClient(testbed, 'shop', 'from');
    await testbed.apply(namespacedServer(to.issuer, 'shop', 'to'));
    const spec = { authorizationServerRef: serverRef('to'), replacement: { overlap: '0s' } };
    await patch(testbed, 'shop', 'oac', 'from', { spec });
    const moved = await eventually(
      () => getClient(testbed, 'shop', 'from'),
      (client) => client.status?.issuer === to.issuer && conditionOf(client, 'Ready')?.status === 'True',
      LONG_MS,
    );
    expect(moved.status?.clientId).not.toBe(status?.clientId);
    expect(await secretData(testbed, 'shop', 'from')).toMatchObject({
      client_id: moved.status?.clientId,
      issuer: to.issuer,
      token_endpoint: `${to.issuer}/token`,
    });
    await untilRoles(testbed, 'from', ['current']);
    expect([from.clients.size, to.clients.size]).toEqual([0, 1]);
  });

  it('keeps the client before for the overlap; a deletion meanwhile ends both', async () => {
    const [from, to] = [await place('lasting'), await startStubServer()];
    await testbed.apply(namespacedServer(to.issuer, 'shop', 'lasting-to'));
    await patch(testbed, 'shop', 'oac', 'lasting', {
      spec: { authorizationServerRef: serverRef('lasting-to') },
    });
    await untilRoles(testbed, 'lasting', ['current', 'current']);
    await until('lasting', 'Registered');
    expect([from.clients.size, to.clients.size]).toEqual([1, 1]);
    await remove(testbed, 'lasting');
    await untilGone(testbed, 'lasting');
    await untilRoles(testbed, 'lasting', []);
    expect([from.clients.size, to.clients.size]).toEqual([0, 0]);
  });

  it('that refuses the client leaves it as it is at the first one', async () => {
    const [from, to] = [await place('staying'), await startStubServer()];
    to.behave = { register: reply(400, { error: 'invalid_client_metadata' }) };
    const before = await secretData(testbed, 'shop', 'staying');
    await testbed.apply(namespacedServer(to.issuer, 'shop', 'refusing'));
    await patch(testbed, 'shop', 'oac', 'staying', {
      spec: { authorizationServerRef: serverRef('refusing') },
    });
    await until('staying', 'InvalidClientMetadata');
    expect(to.count('register')).toBe(1);
    expect(from.clients.size).toBe(1);
    expect(await secretData(testbed, 'shop', 'staying')).toEqual(before);
  });

  it('that refuses the credential is asked once, not in a loop', async () => {
    const [, to] = [await place('barred'), await startStubServer()];
    to.admits = 'a token that nobody has';
    await testbed.apply(namespacedServer(to.issuer, 'shop', 'barring'));
    await patch(testbed, 'shop', 'oac', 'barred', { spec: { authorizationServerRef: serverRef('barring') } });
    await until('barred', 'AdmissionRefused');
    expect(to.count('register')).toBe(1);
  });
});

describe('Tokens that a server refuses', () => {
  it('of three clients within a short time make it suspect; the others stay ready, and one finds out when it is well', {
    timeout: 150_000,
  }, async () => {
    await removeServers('from', 'lasting', 'staying', 'barred');
    const stub = await place('suspect');
    const names = [1, 2, 3, 4].map((index) => `suspect-${index}`);
    await testbed.apply(
      all(...names.map((name) => oauthClient('shop', name, { server: serverRef('suspect') }))),
    );
    for (const name of names) {
      await until(name, 'Registered');
    }
    stub.behave = { update: reply(401, { error: 'invalid_token' }) };
    for (const name of names.slice(0, 3)) {
      await editClient(testbed, 'shop', name, { clientName: 'Edited' });
      await until(name, 'RegistrationAccessTokenLost');
    }
    const { condition } = await untilServer(testbed, 'suspect', {
      namespace: 'shop',
      type: 'Paused',
      reason: 'AuthorizationServerSuspect',
    });
    expect(condition.message).toMatch(
      /^The server refused the registration access tokens of 3 clients within ten minutes: it, not they, may have lost them\./,
    );
    await editClient(testbed, 'shop', 'suspect-4', { clientName: 'Edited' });
    await until('suspect-4', 'AuthorizationServerSuspect');
    expect(stub.count('update')).toBe(3);
    expect(conditionOf(await getClient(testbed, 'shop', 'suspect'), 'Ready')?.status).toBe('True');

    stub.behave = {};
    await untilReason(testbed, 'shop', 'suspect-4', 'Registered', 100_000);
    await eventually(
      () => getServer(testbed, 'suspect', 'shop'),
      ({ status }) => status?.conditions?.every(({ type }) => type !== 'Paused') ?? false,
      LONG_MS,
    );
  });

  it('recovery.tokenLost Reregister: another client takes its place; the one before is left behind, and said', {
    timeout: 150_000,
  }, async () => {
    const { status } = await until('lost', 'Registered');
    expect(status?.clientId).not.toBe(lostId);
    expect(lost.count('register')).toBe(2);
    expect((await secretData(testbed, 'shop', 'lost'))?.['client_id']).toBe(status?.clientId);
    const records = await untilRoles(testbed, 'lost', ['current', 'left-behind'], 120_000);
    expect(records.find(({ role }) => role === 'left-behind')?.clientId).toBe(lostId);
    expect([...lost.clients.keys()]).toContain(lostId);
    const said = new RegExp(
      `^Client ${lostId} at \\S+ was not removed: .* stays behind; its record is in Secret`,
    );
    await untilEvent(testbed, 'shop', 'lost', ({ note }) => said.test(note));
  });
});

describe('What somebody else changed at the server', () => {
  const drift = (name: string, timeoutMs: number) =>
    untilEvent(testbed, 'shop', name, ({ reason }) => reason === 'DriftDetected', timeoutMs);

  it('drift.mode Report: is told, and left as it is', { timeout: 2 * DRIFT_MS }, async () => {
    const stub = drifting.get('Report') as StubServer;
    const warning = await drift('drift-report', DRIFT_MS);
    expect(warning.type).toBe('Warning');
    expect(warning.note).toMatch(
      /^Somebody changed client_name of client stub-client-\w+ at the server\. Take the change back there, or into spec\.client; /,
    );
    expect(namesAt(stub)).toEqual(['By somebody else']);
    expect(stub.count('update')).toBe(0);
  });

  it('drift.mode Correct: is told, and the spec is sent again', { timeout: 2 * DRIFT_MS }, async () => {
    const stub = drifting.get('Correct') as StubServer;
    await eventually(
      () => namesAt(stub),
      ([name]) => name === machine.clientName,
      DRIFT_MS,
    );
    const { note } = await drift('drift-correct', LONG_MS);
    expect(note).toContain('; the spec is sent again');
    expect(stub.count('update')).toBe(1);
    await until('drift-correct', 'Registered');
  });

  it('drift.mode Off: isn’t looked for', () => {
    expect(drifting.get('Off')?.count('read')).toBe(0);
  });

  it('rule 21: where a read changes token and secret, it is made only with allowRotatingRead, and both are kept', {
    timeout: 2 * DRIFT_MS,
  }, async () => {
    const permitted = rotating.get('rotating-true') as Emulator;
    await eventually(
      () => permitted.count('read'),
      (count) => count > 0,
      DRIFT_MS,
    );
    const [client] = permitted.clients();
    await eventually(
      () => secretData(testbed, 'shop', 'rotating-true'),
      (data) => data?.['client_secret'] === client?.clientSecret,
      LONG_MS,
    );
    expect(rotating.get('rotating-false')?.count('read')).toBe(0);
    for (const [name, emulator] of rotating) {
      await editClient(testbed, 'shop', name, { clientName: 'Edited' });
      await until(name, 'Registered');
      await remove(testbed, name);
      await untilGone(testbed, name);
      expect(emulator.clients()).toEqual([]);
    }
  });
});
