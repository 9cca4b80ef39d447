import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AuthorizationServerStatus } from '../../../src/api/authorization-server.ts';
import type { Emulator } from '../../kit/emulator/emulator.ts';
import { start } from '../../kit/emulator/running.ts';
import { runPlugin } from '../../kit/fakes/plugin.ts';
import { scratchFolder } from '../../kit/scratch-folder.ts';
import { reply, type StubServer, startStubServer } from '../../kit/stub-server.ts';
import { suspectedOrphans } from './looks.ts';
import {
  all,
  conditionOf,
  eventually,
  machine,
  messageOf,
  namespacedServer,
  oauthClient,
  serverRef,
} from './objects.ts';
import { LONG_MS, teamIn, useTestbed } from './team.ts';

/** Recovery from lost answers and lost tokens, suspension by a person, and changes that others make at the server. */

/** One read per minute, with jitter. */
const DRIFT_MS = 90_000;

const drifting = new Map<string, StubServer>();
const rotating = new Map<string, Emulator>();
let lost: StubServer;
let lostId: string | undefined;
/** What the operator said and did while the server refused tokens. */
let suspect: {
  readonly message: string;
  readonly updates: number;
  readonly readyOfOther: string | undefined;
};

/** A namespace has a limited number of server objects: two have room for those of all tests. */
const testbed = useTestbed({ namespaces: ['shop', 'moving'] });
const shop = teamIn(testbed, 'shop');
const moving = teamIn(testbed, 'moving');

beforeAll(async () => {
  // Slow cases start here, and their tests at the end only wait for the result.
  for (const mode of ['Off', 'Report', 'Correct']) {
    const name = `drift-${mode.toLowerCase()}`;
    drifting.set(mode, await shop.place(name, { server: { drift: { mode, interval: '1m' } } }));
  }
  for (const stub of drifting.values()) {
    const [[id, client] = ['', {}]] = [...stub.clients];
    stub.clients.set(id, { ...client, client_name: 'By somebody else' });
  }
  for (const rotatingReads of ['Refuse', 'Allow'] as const) {
    await placeRotating(rotatingReads);
  }
  lost = await shop.place('lost', {
    server: { recovery: { tokenLost: 'Reregister' }, deletion: { retryFor: '1m' } },
    client: { replacement: { onEdit: 'Automatic', overlap: '0s' } },
  });
  lostId = (await shop.client('lost')).status?.clientId;
  lost.behave = {
    update: reply(401, { error: 'invalid_token' }),
    remove: reply(401, { error: 'invalid_token' }),
  };
  await shop.edit('lost', { clientName: 'Edited' });
  suspect = await loseTokens();
}, 120_000);

/** A server refuses the tokens of three of its clients; then it works again. */
async function loseTokens(): Promise<typeof suspect> {
  const stub = await shop.place('suspect');
  const names = [1, 2, 3, 4].map((index) => `suspect-${index}`);
  await testbed.apply(
    all(...names.map((name) => oauthClient('shop', name, { server: serverRef('suspect') }))),
  );
  for (const name of names) {
    await shop.until(name, 'Registered');
  }
  stub.behave = { update: reply(401, { error: 'invalid_token' }) };
  for (const name of names.slice(0, 3)) {
    await shop.edit(name, { clientName: 'Edited' });
    await shop.until(name, 'RegistrationAccessTokenLost');
  }
  const { condition } = await shop.untilServer('suspect', {
    type: 'Paused',
    reason: 'AuthorizationServerSuspect',
  });
  await shop.edit('suspect-4', { clientName: 'Edited' });
  await shop.until('suspect-4', 'AuthorizationServerSuspect');
  const updates = stub.count('update');
  const readyOfOther = conditionOf(await shop.client('suspect'), 'Ready')?.status;
  stub.behave = {};
  return { message: condition.message, updates, readyOfOther };
}

const namesAt = (stub: StubServer) => [...stub.clients.values()].map((client) => client['client_name']);

/** A server that changes token and secret with every read. */
async function placeRotating(rotatingReads: 'Refuse' | 'Allow'): Promise<void> {
  const name = `rotating-${rotatingReads.toLowerCase()}`;
  const emulator = await start('rfc7591', { read: { token: 'new', secret: 'new' } });
  rotating.set(name, emulator);
  const spec = {
    dialectOverrides: { readEffect: { token: 'Rotates', secret: 'Rotates' }, secretOnRead: 'Trust' },
    drift: { mode: 'Report', interval: '1m', rotatingReads },
  };
  await testbed.apply(
    all(
      namespacedServer(emulator.issuer, 'shop', name, spec),
      oauthClient('shop', name, { server: serverRef(name) }),
    ),
  );
  await shop.until(name, 'Registered');
}

const serverStatus = async (name: string): Promise<AuthorizationServerStatus> =>
  JSON.parse(await shop.kubectl('get', 'authorizationserver', name, '-o', 'jsonpath={.status}'));

describe('A registration whose answer was lost', () => {
  const forgetful = (stub: StubServer) => {
    stub.behave = {
      register: (exchange) => (stub.count('register') === 1 ? exchange.silently() : exchange.properly()),
    };
  };

  it('recovery.interrupted Reregister: is listed, and another one is sent after the cooldown', async () => {
    const stub = await shop.place('again', {
      prepare: forgetful,
      server: { recovery: { interrupted: 'Reregister', cooldown: '1s' } },
    });
    expect(stub.count('register')).toBe(2);
    expect(stub.clients.size).toBe(2);
    const listed = (await suspectedOrphans(testbed)).filter(({ client }) => client === 'shop/again');
    expect(listed).toHaveLength(1);
    expect((await shop.registrations('again')).map(({ role }) => role)).toEqual(['current']);
    // The server object counts both, with a delay, so that a burst of registrations costs one write.
    await eventually(
      () => serverStatus('again'),
      ({ clients, suspectedOrphans, leftBehind }) =>
        clients === 1 && suspectedOrphans === 1 && leftBehind === 0,
      LONG_MS,
    );
  });

  it('recovery.maxAttempts: later tries are far apart, until a person asks for one', async () => {
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
      () => shop.client('capped'),
      (client) => messageOf(client).startsWith('2 registrations of this client got no answer'),
      LONG_MS,
    );
    expect(conditionOf(capped, 'Reconciling')?.status).toBe('True');
    expect(stub.count('register')).toBe(2);
    await shop.annotate('capped', 'reconcile-requested-at', '1');
    await shop.until('capped', 'Registered');
    expect(stub.count('register')).toBe(3);
  });

  it('recovery.interrupted Hold: nothing is registered until a person asks for it', async () => {
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
      () => shop.client('held'),
      (client) => messageOf(client).includes('reconcile-requested-at'),
      LONG_MS,
    );
    expect(conditionOf(held, 'Ready')?.reason).toBe('RegistrationOutcomeUnknown');
    expect(conditionOf(held, 'Stalled')?.status).toBe('True');
    expect(messageOf(held)).toMatch(
      /^A registration of this client got no answer\. Look for the client at the server .* kubectl annotate oac held -n shop oauth-registrar\.dev\/reconcile-requested-at=/,
    );
    // An edit is not such a request.
    await shop.edit('held', { clientName: 'Edited' });
    await eventually(
      () => shop.client('held'),
      ({ metadata, status }) => status?.observedGeneration === metadata.generation,
      LONG_MS,
    );
    expect(stub.count('register')).toBe(1);
    await shop.annotate('held', 'reconcile-requested-at', '1');
    await shop.until('held', 'Registered');
    expect(stub.count('register')).toBe(2);
    expect(namesAt(stub).toSorted()).toEqual(['Edited', 'Machine']);
  });

  it("recovery.interrupted Hold: the person's request is kept while the server is busy", async () => {
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
      () => shop.client('busy'),
      (client) => messageOf(client).includes('reconcile-requested-at'),
      LONG_MS,
    );
    await shop.patch('oas', 'busy', { spec: { suspend: true } });
    await shop.untilServer('busy', { type: 'Paused', reason: 'Suspended' });
    await shop.annotate('busy', 'reconcile-requested-at', '1');
    await shop.until('busy', 'Suspended');
    await shop.patch('oas', 'busy', { spec: { suspend: false } });
    await shop.until('busy', 'Registered');
    expect(stub.count('register')).toBe(2);
  });
});

describe('spec.suspend of an OAuthClient', () => {
  it('nothing is sent or written until it is unset; then waiting work continues', async () => {
    const stub = await shop.place('resting');
    const asked = stub.requests.length;
    await shop.patch('oac', 'resting', {
      spec: { suspend: true, client: { clientName: 'Edited' }, secret: { name: 'other-name' } },
    });
    const client = await shop.until('resting', 'Suspended');
    expect(messageOf(client)).toBe('Nothing is sent or written for this client until spec.suspend is unset.');
    expect(conditionOf(client, 'Registered')?.status).toBe('True');
    expect(conditionOf(client, 'Paused')?.status).toBe('True');
    expect(conditionOf(client, 'Reconciling')).toBeUndefined();
    expect(stub.requests.length).toBe(asked);
    expect(await shop.secret('resting')).toBeDefined();
    expect(await shop.secret('other-name')).toBeUndefined();
    const kubeconfig = testbed.controlPlane.adminKubeconfig;
    expect(await runPlugin(['resume', 'resting', '-n', 'shop'], { kubeconfig })).toMatchObject({
      code: 0,
      stdout: 'OAuthClient shop/resting is resumed.\n',
    });
    await shop.until('resting', 'Registered');
    expect(namesAt(stub)).toEqual(['Edited']);
    expect(await shop.secret('other-name')).toBeDefined();
  });

  it('set at creation: nothing is registered until it is unset', async () => {
    const stub = await startStubServer();
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'early'),
        oauthClient('shop', 'early', { server: serverRef('early'), suspend: true }),
      ),
    );
    await shop.until('early', 'Suspended');
    expect(stub.count('register')).toBe(0);
    await shop.patch('oac', 'early', { spec: { suspend: false } });
    await shop.until('early', 'Registered');
  });

  it('a deletion still works', async () => {
    const stub = await shop.place('ending');
    await shop.patch('oac', 'ending', { spec: { suspend: true } });
    await shop.until('ending', 'Suspended');
    await shop.remove('ending');
    await shop.untilGone('ending');
    expect(stub.clients.size).toBe(0);
  });
});

describe('spec.suspend of a server object', () => {
  it('nothing is sent, and status says so; registered clients stay ready; all continues when it is unset', async () => {
    const stub = await shop.place('idle');
    const also = { server: serverRef('idle') };
    await testbed.apply(
      all(oauthClient('shop', 'idle-edited', also), oauthClient('shop', 'idle-deleted', also)),
    );
    await shop.until('idle-edited', 'Registered');
    await shop.until('idle-deleted', 'Registered');
    await shop.patch('oas', 'idle', { spec: { suspend: true } });
    const { condition } = await shop.untilServer('idle', { type: 'Paused', reason: 'Suspended' });
    expect(condition).toMatchObject({
      status: 'True',
      message: 'Nothing is sent until spec.suspend is unset.',
    });
    const calls = () => stub.requests.filter(({ call }) => call !== 'discovery').length;
    const asked = calls();
    await testbed.apply(oauthClient('shop', 'idle-new', also));
    await shop.edit('idle-edited', { clientName: 'Edited' });
    await shop.remove('idle-deleted');
    for (const name of ['idle-new', 'idle-edited', 'idle-deleted']) {
      expect(messageOf(await shop.until(name, 'Suspended'))).toContain(
        'Nothing is sent until spec.suspend of the server object is unset.',
      );
    }
    expect(conditionOf(await shop.client('idle'), 'Ready')?.status).toBe('True');
    expect(calls()).toBe(asked);

    await shop.patch('oas', 'idle', { spec: { suspend: false } });
    await shop.until('idle-new', 'Registered');
    await shop.until('idle-edited', 'Registered');
    await shop.untilGone('idle-deleted');
    expect(namesAt(stub).toSorted()).toEqual(['Edited', 'Machine', 'Machine']);
    const server = await shop.server('idle');
    expect(server.status?.conditions?.map(({ type }) => type)).not.toContain('Paused');
  });
});

describe('Another server in authorizationServerRef', () => {
  it('is a replacement: first a client there, then the Secret, then the deregistration here', async () => {
    const [from, to] = [await moving.place('from'), await startStubServer()];
    const { status } = await moving.client('from');
    await testbed.apply(namespacedServer(to.issuer, 'moving', 'to'));
    const spec = {
      authorizationServerRef: serverRef('to'),
      replacement: { onEdit: 'Automatic', overlap: '0s' },
    };
    await moving.patch('oac', 'from', { spec });
    const moved = await eventually(
      () => moving.client('from'),
      (client) => client.status?.issuer === to.issuer && conditionOf(client, 'Ready')?.status === 'True',
      LONG_MS,
    );
    expect(moved.status?.clientId).not.toBe(status?.clientId);
    expect(await moving.secret('from')).toMatchObject({
      client_id: moved.status?.clientId,
      issuer: to.issuer,
      token_endpoint: `${to.issuer}/token`,
    });
    await moving.untilRoles('from', ['current']);
    expect([from.clients.size, to.clients.size]).toEqual([0, 1]);
  });

  it('keeps the former client for the overlap; a deletion meanwhile removes both', async () => {
    const [from, to] = [await moving.place('lasting'), await startStubServer()];
    await testbed.apply(namespacedServer(to.issuer, 'moving', 'lasting-to'));
    await moving.patch('oac', 'lasting', {
      spec: { authorizationServerRef: serverRef('lasting-to') },
    });
    await moving.untilRoles('lasting', ['current', 'current']);
    await moving.until('lasting', 'Registered');
    expect([from.clients.size, to.clients.size]).toEqual([1, 1]);
    await moving.remove('lasting');
    await moving.untilGone('lasting');
    await moving.untilRoles('lasting', []);
    expect([from.clients.size, to.clients.size]).toEqual([0, 0]);
  });

  it('that refuses the client leaves the client at the first server unchanged', async () => {
    const [from, to] = [await moving.place('staying'), await startStubServer()];
    to.behave = { register: reply(400, { error: 'invalid_client_metadata' }) };
    const before = await moving.secret('staying');
    await testbed.apply(namespacedServer(to.issuer, 'moving', 'refusing'));
    await moving.patch('oac', 'staying', {
      spec: { authorizationServerRef: serverRef('refusing') },
    });
    await moving.until('staying', 'InvalidClientMetadata');
    expect(to.count('register')).toBe(1);
    expect(from.clients.size).toBe(1);
    expect(await moving.secret('staying')).toEqual(before);
  });

  it('that refuses the credential is called once, not in a loop', async () => {
    const [, to] = [await moving.place('barred'), await startStubServer()];
    to.admits = 'a token that nobody has';
    await testbed.apply(namespacedServer(to.issuer, 'moving', 'barring'));
    await moving.patch('oac', 'barred', { spec: { authorizationServerRef: serverRef('barring') } });
    await moving.until('barred', 'AdmissionRefused');
    expect(to.count('register')).toBe(1);
  });
});

describe('Tokens that a server refuses', () => {
  it('of three clients within a short time make it suspect; other clients stay ready, and one call notices when it recovers', {
    timeout: 150_000,
  }, async () => {
    expect(suspect.message).toMatch(
      /^The server refused the registration access tokens of 3 clients within ten minutes: the server, not the clients, may have lost them\./,
    );
    expect(suspect).toMatchObject({ updates: 3, readyOfOther: 'True' });
    await shop.until('suspect-4', 'Registered', 100_000);
    await eventually(
      () => shop.server('suspect'),
      ({ status }) => status?.conditions?.every(({ type }) => type !== 'Paused') ?? false,
      LONG_MS,
    );
  });

  it('recovery.tokenLost Reregister: another client replaces it; the former one is left behind, and reported', {
    timeout: 150_000,
  }, async () => {
    const { status } = await shop.until('lost', 'Registered');
    expect(status?.clientId).not.toBe(lostId);
    expect(lost.count('register')).toBe(2);
    expect((await shop.secret('lost'))?.['client_id']).toBe(status?.clientId);
    const records = await shop.untilRoles('lost', ['current', 'left-behind'], 120_000);
    expect(records.find(({ role }) => role === 'left-behind')?.clientId).toBe(lostId);
    expect([...lost.clients.keys()]).toContain(lostId);
    const said = new RegExp(
      `^Client ${lostId} at \\S+ was not removed: .* stays behind; its record is in Secret`,
    );
    await shop.untilEvent('lost', ({ note }) => said.test(note));
  });
});

describe('A change that somebody else made at the server', () => {
  const drift = (name: string, timeoutMs: number) =>
    shop.untilEvent(name, ({ reason }) => reason === 'DriftDetected', timeoutMs);

  it('drift.mode Report: is reported, and not changed; drift.mode Off: nothing is read meanwhile', {
    timeout: 2 * DRIFT_MS,
  }, async () => {
    const stub = drifting.get('Report') as StubServer;
    const warning = await drift('drift-report', DRIFT_MS);
    expect(warning.type).toBe('Warning');
    expect(warning.note).toMatch(
      /^Somebody changed client_name of client stub-client-\w+ at the server\. Take the change back there, or into spec\.client; /,
    );
    expect(namesAt(stub)).toEqual(['By somebody else']);
    expect(stub.count('update')).toBe(0);
    expect(drifting.get('Off')?.count('read')).toBe(0);
  });

  it('drift.mode Correct: is reported, and the spec is sent again', { timeout: 2 * DRIFT_MS }, async () => {
    const stub = drifting.get('Correct') as StubServer;
    await eventually(
      () => namesAt(stub),
      ([name]) => name === machine.clientName,
      DRIFT_MS,
    );
    const { note } = await drift('drift-correct', LONG_MS);
    expect(note).toContain('; the spec is sent again');
    expect(stub.count('update')).toBe(1);
    await shop.until('drift-correct', 'Registered');
  });

  it('rule 21: if a read changes token and secret, it is made only with rotatingReads Allow, and both are stored', {
    timeout: 2 * DRIFT_MS,
  }, async () => {
    const permitted = rotating.get('rotating-allow') as Emulator;
    await eventually(
      () => permitted.count('read'),
      (count) => count > 0,
      DRIFT_MS,
    );
    const [client] = permitted.clients();
    await eventually(
      () => shop.secret('rotating-allow'),
      (data) => data?.['client_secret'] === client?.clientSecret,
      LONG_MS,
    );
    expect(rotating.get('rotating-refuse')?.count('read')).toBe(0);
    for (const [name, emulator] of rotating) {
      await shop.edit(name, { clientName: 'Edited' });
      await shop.until(name, 'Registered');
      await shop.remove(name);
      await shop.untilGone(name);
      expect(emulator.clients()).toEqual([]);
    }
  });
});

/** Values of these keys in any Secret of the cluster. */
async function secretsOfCluster(...keys: readonly string[]): Promise<readonly string[]> {
  const { json } = await testbed.controlPlane.admin.request<{
    items: readonly { data?: Readonly<Record<string, string>> }[];
  }>('GET', '/api/v1/secrets');
  const values = json.items.flatMap(({ data = {} }) => keys.flatMap((key) => data[key] ?? []));
  return values.map((value) => Buffer.from(value, 'base64').toString());
}

describe('the plugin', () => {
  it('lists clients that nobody uses, exports them, and puts no secret of the cluster into its bundle', async () => {
    await shop.place('lonely');
    const { adminKubeconfig: kubeconfig } = testbed.controlPlane;
    const unused = await runPlugin(['unused', '-n', 'shop', '-o', 'json'], { kubeconfig });
    expect(unused.stderr).toBe('');
    expect(JSON.parse(unused.stdout)).toContainEqual(
      expect.objectContaining({ namespace: 'shop', name: 'lonely' }),
    );
    const exported = await runPlugin(['export', '-n', 'shop', '--format=csv'], { kubeconfig });
    expect(exported.stdout).toMatch(/\r\nshop,lonely,AuthorizationServer\/shop\/lonely,http:/);
    const file = join(scratchFolder(), 'bundle.tar.gz');
    expect(await runPlugin(['debug', '-A', '--yes', `--file=${file}`], { kubeconfig })).toMatchObject({
      code: 0,
    });
    const bundle = gunzipSync(readFileSync(file)).toString();
    expect(bundle).toContain('"name": "lonely"');
    const secrets = await secretsOfCluster('client_secret', 'registration_access_token', 'token');
    expect(secrets.length).toBeGreaterThan(3);
    expect(secrets.filter((secret) => bundle.includes(secret))).toEqual([]);
  });
});
