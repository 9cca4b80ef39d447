import { beforeAll, describe, expect, it } from 'vitest';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import type { Emulator } from '../../kit/emulator/emulator.ts';
import { start } from '../../kit/emulator/running.ts';
import { drop, type StubServer } from '../../kit/stub-server.ts';
import { type Backup, backUp, backUpRecords, loseNamespace, loseRecords, restore } from './backups.ts';
import {
  all,
  conditionOf,
  eventually,
  machine,
  messageOf,
  namespace,
  namespacedServer,
  OPERATOR_NAMESPACE,
  oauthClient,
  serverRef,
} from './objects.ts';
import { LONG_MS, type PlaceOptions, teamIn, useTestbed } from './team.ts';

/** The procedures of docs/backup-and-restore.md. */

const stubs = new Map<string, StubServer>();
const stubOf = (name: string): StubServer => stubs.get(name) as StubServer;
/** Calls about clients that arrived before the restore. */
const asked = new Map<string, number>();
const data = new Map<string, Record<string, string> | undefined>();

const calls = (name: string): number =>
  stubOf(name).requests.filter(({ call }) => call !== 'discovery').length;
const newCalls = (name: string): number => calls(name) - (asked.get(name) ?? 0);
const until = (home: string, name: string, reason: string): Promise<OAuthClient> =>
  teamIn(testbed, home).until(name, reason);

async function place(home: string, name: string, options: PlaceOptions = {}): Promise<void> {
  stubs.set(name, await teamIn(testbed, home).place(name, { ...options }));
}

/** Stores the state that is compared after a restore. */
async function remember(home: string, name: string): Promise<void> {
  asked.set(name, calls(name));
  data.set(name, await teamIn(testbed, home).secret(name));
}

/** The client is managed as before, for an object and a namespace with other uids, and nothing was sent. */
async function isAsBefore(home: string, name: string): Promise<void> {
  const { status, metadata } = await until(home, name, 'Registered');
  expect([...stubOf(name).clients.keys()]).toContain(status?.clientId);
  expect(await teamIn(testbed, home).secret(name)).toEqual(data.get(name));
  expect(
    (await teamIn(testbed, home).registrations(name)).map(({ role, uid }) => [role, uid]),
  ).toContainEqual(['current', metadata.uid]);
  expect(newCalls(name)).toBe(0);
}

/** The client is really managed: an edit reaches the server, and a deletion removes it there. */
async function canBeManaged(home: string, name: string): Promise<void> {
  await teamIn(testbed, home).edit(name, { clientName: 'After the restore' });
  await until(home, name, 'Registered');
  expect([...stubOf(name).clients.values()].map((client) => client['client_name'])).toEqual([
    'After the restore',
  ]);
  await teamIn(testbed, home).remove(name);
  await teamIn(testbed, home).untilGone(name);
  expect(stubOf(name).clients.size).toBe(0);
}

const MISSING = (name: string, home: string): RegExp =>
  new RegExp(
    `^The registration Secret \\S.* is gone from the operator's namespace\\. Restore it from a backup; or have another client registered, and this one left behind: kubectl annotate oac ${name} -n ${home} oauth-registrar\\.dev/rotate-requested-at=`,
  );

/** Nothing was sent or destroyed, and status says so. */
async function isMissing(home: string, name: string): Promise<void> {
  const client = await until(home, name, 'RegistrationRecordMissing');
  expect(messageOf(client)).toMatch(MISSING(name, home));
  expect(conditionOf(client, 'Stalled')?.status).toBe('True');
  expect(await teamIn(testbed, home).secret(name)).toEqual(data.get(name));
  expect(newCalls(name)).toBe(0);
}

/** A person requests another client, and workloads get it. */
async function isRegisteredOnRequest(home: string, name: string): Promise<void> {
  await teamIn(testbed, home).annotate(name, 'rotate-requested-at', '1');
  const { status } = await until(home, name, 'Registered');
  expect((await teamIn(testbed, home).secret(name))?.['client_id']).toBe(status?.clientId);
  expect(status?.clientId).not.toBe(data.get(name)?.['client_id']);
  expect(stubOf(name).clients.has(status?.clientId ?? '')).toBe(true);
}

const testbed = useTestbed({ namespaces: [], controllerManager: true });
const etcd = teamIn(testbed, 'etcd');
const lostTeam = teamIn(testbed, 'lost');
const presentTeam = teamIn(testbed, 'present');
const mistake = teamIn(testbed, 'mistake');

describe("Tenant namespaces that were deleted by mistake, restored beside the operator's own", () => {
  let backup: Backup;
  const retained = { client: { deletionPolicy: 'Retain' } };

  beforeAll(async () => {
    await testbed.apply(namespace('mistake'));
    await place('mistake', 'ended');
    await place('mistake', 'ended-status');
    await place('mistake', 'kept', retained);
    backup = await backUp(testbed, 'mistake');
    await testbed.kubectl('delete', 'namespace', 'mistake', '--timeout=60s');
    await mistake.untilRoles('ended', []);
    await mistake.untilRoles('kept', ['retained']);
    await testbed.apply(namespace('mistake'));
    for (const name of ['ended', 'ended-status', 'kept']) {
      asked.set(name, calls(name));
      const secret = backup.find(({ kind, metadata }) => kind === 'Secret' && metadata.name === name);
      data.set(name, decoded(secret));
    }
    const hasStatus = (name: string) => name === 'ended-status';
    await restore(
      testbed,
      backup.filter(({ metadata }) => !hasStatus(metadata.name)),
    );
    await restore(
      testbed,
      backup.filter(({ metadata }) => hasStatus(metadata.name)),
      true,
    );
  }, 120_000);

  it.each(['ended', 'ended-status'])(
    'a client that ended with its namespace is registered again only when a person asks for it (%s)',
    async (name) => {
      await isMissing('mistake', name);
      expect(stubOf(name).clients.size).toBe(0);
      await isRegisteredOnRequest('mistake', name);
    },
  );

  it('deletionPolicy Retain: the object has its client again, with the same credentials and without a call', async () => {
    await isAsBefore('mistake', 'kept');
    await mistake.edit('kept', { clientName: 'After the restore' });
    await until('mistake', 'kept', 'Registered');
    expect([...stubOf('kept').clients.values()]).toMatchObject([{ client_name: 'After the restore' }]);
  });
});

const decoded = (secret: object | undefined): Record<string, string> => {
  const { data: encoded = {} } = (secret ?? {}) as { data?: Record<string, string> };
  return Object.fromEntries(
    Object.entries(encoded).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
};

describe('Namespaces that were lost without the operator', () => {
  /** Here the operator's namespace is not restored. */
  const PRESENT = ['present', 'present-status', 'unproven', 'forged', 'replaced'];
  /** Here the records are lost. */
  const LOST = ['unrecorded', 'unrecorded-status', 'rotated-once', 'adopting', 'given-up'];
  /** Here the records are lost and restored. */
  const BOTH = ['both', 'both-status'];

  beforeAll(async () => {
    const homes = { present: PRESENT, lost: LOST, both: BOTH };
    for (const [home, names] of Object.entries(homes)) {
      await testbed.apply(namespace(home));
      for (const name of names) {
        await place(home, name);
      }
    }
    await presentTeam.annotate('replaced', 'rotate-requested-at', '1');
    await presentTeam.untilRoles('replaced', ['current', 'current']);
    await lostTeam.annotate('rotated-once', 'rotate-requested-at', '1');
    await lostTeam.untilRoles('rotated-once', ['current', 'current']);
    await until('present', 'replaced', 'Registered');
    await until('lost', 'rotated-once', 'Registered');
    const backups = new Map<string, Backup>();
    for (const [home, names] of Object.entries(homes)) {
      backups.set(home, await backUp(testbed, home));
      for (const name of names) {
        await remember(home, name);
      }
    }
    const [lost, both] = [await backUpRecords(testbed, 'lost'), await backUpRecords(testbed, 'both')];
    await testbed.operator.stop();
    for (const home of Object.keys(homes)) {
      await loseNamespace(testbed, home);
    }
    await loseRecords(testbed, [...lost, ...both]);
    for (const home of Object.keys(homes)) {
      await testbed.apply(namespace(home));
      await bringBack(backups.get(home) ?? []);
    }
    await restore(testbed, both);
    await testbed.startOperator();
  }, 240_000);

  /** Some with their status, one without its Secret, and one with an invented Secret. */
  async function bringBack(backup: Backup): Promise<void> {
    for (const object of backup) {
      const { name } = object.metadata;
      const isUnproven = name === 'unproven';
      if (object.kind === 'Secret' && isUnproven) {
        continue;
      }
      const isForged = object.kind === 'Secret' && name === 'forged';
      const made = { client_id: Buffer.from('guessed').toString('base64') };
      await restore(
        testbed,
        [isForged ? ({ ...object, data: made } as Backup[number]) : object],
        isUnproven || name.endsWith('-status'),
      );
    }
  }

  it.each(['present', 'present-status'])(
    'with the records present the object has its client again, without a call (%s)',
    async (name) => {
      await isAsBefore('present', name);
      await canBeManaged('present', name);
    },
  );

  it('in the overlap of a replacement both clients stay', async () => {
    await isAsBefore('present', 'replaced');
    expect(await presentTeam.untilRoles('replaced', ['current', 'current'])).toHaveLength(2);
    expect(stubOf('replaced').clients.size).toBe(2);
  });

  it('without the Secret, only a person can say that it is the same object; then it has its client again', async () => {
    const client = await until('present', 'unproven', 'RegistrationRecordMissing');
    const [record] = await presentTeam.registrations('unproven');
    expect(messageOf(client)).toMatch(
      new RegExp(
        `^Client ${record?.clientId} is recorded for an OAuthClient of an earlier namespace present, and nothing that came back with this object proves that it is the same one\\. If it is, a platform engineer lets it have the client, in the operator's namespace: kubectl annotate secret ${record?.name} oauth-registrar\\.dev/namespace-uid=\\S+ --overwrite\\. `,
      ),
    );
    expect(newCalls('unproven')).toBe(0);
    const [, command = ''] =
      /namespace: kubectl (annotate secret .*? --overwrite)/.exec(messageOf(client)) ?? [];
    await testbed.kubectl('-n', OPERATOR_NAMESPACE, ...command.split(' '));
    await isAsBefore('present', 'unproven');
  });

  it('a Secret that names the registration without its credentials gives nothing', async () => {
    const client = await until('present', 'forged', 'RegistrationRecordMissing');
    expect(messageOf(client)).toMatch(
      /^Client stub-client-\w+ is recorded for an OAuthClient of an earlier /,
    );
    expect(await presentTeam.secret('forged')).toEqual({ client_id: 'guessed' });
    expect(stubOf('forged').clients.size).toBe(1);
    expect(newCalls('forged')).toBe(0);
    await presentTeam.untilEvent('forged', ({ note }) =>
      /Secret forged names registration oac-\S+ and doesn't hold its credentials/.test(note),
    );
  });

  it.each(['unrecorded', 'unrecorded-status', 'rotated-once'])(
    'without the records, a client is registered only when a person asks for it (%s)',
    async (name) => {
      await isMissing('lost', name);
      const before = stubOf(name).clients.size;
      const request = String(Date.now());
      await lostTeam.annotate(name, 'rotate-requested-at', request);
      const { status } = await eventually(
        () => lostTeam.client(name),
        (client) => conditionOf(client, 'Ready')?.reason === 'Registered',
        LONG_MS,
      );
      expect((await lostTeam.secret(name))?.['client_id']).toBe(status?.clientId);
      // The former client is left behind: its token is lost.
      expect(stubOf(name).clients.size).toBe(before + 1);
      expect(stubOf(name).clients.has(data.get(name)?.['client_id'] ?? '')).toBe(true);
    },
  );

  it('without the records, a person who has its token adopts the client by spec.adopt', async () => {
    await isMissing('lost', 'adopting');
    const [client] = [...stubOf('adopting').clients.values()] as Record<string, string>[];
    const { client_id, client_secret, registration_access_token, registration_client_uri } = client ?? {};
    await testbed.apply(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: 'brought',
          namespace: 'lost',
          labels: { 'oauth-registrar.dev/credential': 'true' },
        },
        stringData: { client_id, client_secret, registration_access_token, registration_client_uri },
      }),
    );
    await lostTeam.patch('oac', 'adopting', { spec: { adopt: { secretRef: { name: 'brought' } } } });
    const { status } = await until('lost', 'adopting', 'Registered');
    expect(status?.clientId).toBe(client_id);
    expect(stubOf('adopting').count('register')).toBe(1);
    expect(await lostTeam.secret('adopting')).toEqual(data.get('adopting'));
    await canBeManaged('lost', 'adopting');
  });

  it('without the records, a deletion releases the object, and an Event says what remains', async () => {
    await isMissing('lost', 'given-up');
    await lostTeam.remove('given-up');
    await lostTeam.untilGone('given-up');
    const events = await eventually(
      () => lostTeam.events('given-up'),
      (seen) => seen.length > 0,
      LONG_MS,
    );
    expect(events).toMatchObject([
      {
        type: 'Warning',
        reason: 'RegistrationRecordMissing',
        note: 'The client of Secret given-up was not removed: its registration Secret is gone, and its token with it. Remove the client at the server by hand.',
      },
    ]);
    expect(stubOf('given-up').clients.size).toBe(1);
  });

  it.each(BOTH)('with the records restored, too, nothing is sent and all goes on (%s)', async (name) => {
    await isAsBefore('both', name);
    await canBeManaged('both', name);
  });
});

describe('Records of clients whose objects are gone, lost and restored', () => {
  const without = teamIn(testbed, 'without');
  const leaving = teamIn(testbed, 'leaving');
  const retained = { client: { deletionPolicy: 'Retain' } };

  beforeAll(async () => {
    await testbed.apply(all(namespace('without'), namespace('leaving')));
    await place('without', 'retained', retained);
    await place('without', 'left', { server: { management: { mode: 'None' } } });
    // In a namespace that terminates, an object does not wait for its server.
    await place('leaving', 'owed');
    stubOf('owed').behave = { remove: drop };
    await without.remove('retained');
    await without.remove('left');
    await testbed.kubectl('delete', 'namespace', 'leaving', '--timeout=60s');
    await without.untilRoles('retained', ['retained']);
    await without.untilRoles('left', ['left-behind']);
    await leaving.untilRoles('owed', ['owed']);
    const records = [
      ...(await backUpRecords(testbed, 'without')),
      ...(await backUpRecords(testbed, 'leaving')),
    ];
    expect(records).toHaveLength(3);
    await testbed.operator.stop();
    await loseRecords(testbed, records);
    await restore(testbed, records);
    for (const name of ['retained', 'left']) {
      asked.set(name, calls(name));
    }
    await testbed.startOperator();
  }, 120_000);

  it('an owed client is removed when its server answers', async () => {
    expect(stubOf('owed').clients.size).toBe(1);
    stubOf('owed').behave = {};
    await leaving.untilRoles('owed', [], 90_000);
    expect(stubOf('owed').clients.size).toBe(0);
  }, 100_000);

  it('a client that was left behind is still listed, and no call is made for it', async () => {
    expect((await without.registrations('left')).map(({ role }) => role)).toEqual(['left-behind']);
    expect(newCalls('left')).toBe(0);
  });

  it('a retained client comes back with an object of its name, without a call', async () => {
    const [record] = await without.untilRoles('retained', ['retained']);
    await testbed.apply(
      oauthClient('without', 'retained', { server: serverRef('retained'), ...retained.client }),
    );
    const { status } = await until('without', 'retained', 'Registered');
    expect(status?.clientId).toBe(record?.clientId);
    expect(newCalls('retained')).toBe(0);
  });
});

describe('etcd restored to an earlier time', () => {
  const ROTATING = ['lost-1', 'lost-2', 'lost-3', 'lost-4'];
  let rotating: Emulator;
  let later: string | undefined;
  let exitCode: number | null;
  let lastWords: readonly unknown[];

  const at = (name: string) =>
    oauthClient('etcd', name, { server: serverRef('rotating'), client: { ...machine, clientName: name } });
  const nameAt = (name: string) => [...stubOf(name).clients.values()].map((client) => client['client_name']);

  beforeAll(async () => {
    await testbed.apply(namespace('etcd'));
    for (const name of ['untouched', 'edited', 'deleted', 'deleted-again', 'replaced-since']) {
      await place('etcd', name);
    }
    await place('etcd', 'watched', { server: { drift: { mode: 'Report', interval: '1m' } } });
    rotating = await start('rfc7591', { update: { token: 'new' } });
    const dialectOverrides = { updateEffect: { token: 'Rotates', secret: 'None' } };
    await testbed.apply(
      all(namespacedServer(rotating.issuer, 'etcd', 'rotating', { dialectOverrides }), ...ROTATING.map(at)),
    );
    for (const name of ROTATING) {
      await until('etcd', name, 'Registered');
      data.set(name, await etcd.secret(name));
    }
    const snapshot = await testbed.controlPlane.snapshot();
    await liveOn();
    await testbed.controlPlane.restore(snapshot);
    // The operator runs during the restore, as on a machine where the API server is back within seconds.
    exitCode = await testbed.operator.exited;
    lastWords = testbed.operator.lines.slice(-5).map(({ msg }) => msg);
    await testbed.startOperator();
    // Its minute begins here, and is looked at in the end.
    await etcd.remove('deleted-again');
  }, 240_000);

  /** Changes that nobody remembers after the restore. */
  async function liveOn(): Promise<void> {
    await etcd.edit('edited', { clientName: 'Edited since' });
    await until('etcd', 'edited', 'Registered');
    for (const name of ['deleted', 'deleted-again', 'watched']) {
      await etcd.remove(name);
      await etcd.untilGone(name);
    }
    await etcd.annotate('replaced-since', 'rotate-requested-at', '1');
    await etcd.untilRoles('replaced-since', ['current', 'current']);
    for (const name of ROTATING.slice(0, 3)) {
      await etcd.edit(name, { clientName: `${name} edited since` });
      await until('etcd', name, 'Registered');
    }
    await place('etcd', 'later', { server: { attemptMarker: { member: 'software_version' } } });
    later = [...stubOf('later').clients.keys()][0];
    for (const name of ['untouched', 'edited', 'deleted', 'deleted-again', 'replaced-since', 'later']) {
      asked.set(name, calls(name));
    }
  }

  it('an operator that runs during the restore ends: its caches are wrong, and only a restart reads the current objects', () => {
    expect(exitCode).toBe(1);
    expect(lastWords).toContain('no longer the leader');
  });

  it('a client without changes continues without a call', async () => {
    data.set('untouched', await etcd.secret('untouched'));
    await isAsBefore('etcd', 'untouched');
    await canBeManaged('etcd', 'untouched');
  });

  it('a client that was made after the backup is at the server and unknown here; its marker finds it', async () => {
    expect(await etcd.exists('later')).toBe(false);
    expect(await etcd.registrations('later')).toEqual([]);
    expect([...stubOf('later').clients.keys()]).toEqual([later]);
    // The marker is the last part of the registration Secret's name.
    expect(stubOf('later').clients.get(later ?? '')?.['software_version']).toMatch(/^[a-z0-9]{10}$/);
    expect(newCalls('later')).toBe(0);
  });

  it('a client that was edited after the backup keeps the later edit, until the next one', async () => {
    await until('etcd', 'edited', 'Registered');
    expect(nameAt('edited')).toEqual(['Edited since']);
    expect(newCalls('edited')).toBe(0);
    await etcd.edit('edited', { clientName: 'Edited after' });
    await until('etcd', 'edited', 'Registered');
    expect(nameAt('edited')).toEqual(['Edited after']);
  });

  it('a client that was replaced after the backup is managed again; its successor belongs to nobody', async () => {
    const { status } = await until('etcd', 'replaced-since', 'Registered');
    expect((await etcd.registrations('replaced-since')).map(({ clientId }) => clientId)).toEqual([
      status?.clientId,
    ]);
    expect(stubOf('replaced-since').clients.size).toBe(2);
    expect(newCalls('replaced-since')).toBe(0);
  });

  it('a client that was removed after the backup is back as an object only: the next call notices and reports it', async () => {
    expect(messageOf(await until('etcd', 'deleted', 'Registered'))).toBe(
      'The client is registered and its Secret is up to date.',
    );
    expect(newCalls('deleted')).toBe(0);
    const before = await etcd.secret('deleted');
    await etcd.edit('deleted', { clientName: 'Edited after' });
    const client = await until('etcd', 'deleted', 'RegistrationAccessTokenLost');
    expect(conditionOf(client, 'Stalled')?.status).toBe('True');
    expect(messageOf(client)).toMatch(/The server answered 401 invalid_token/);
    expect(await etcd.secret('deleted')).toEqual(before);
    expect(stubOf('deleted').count('register')).toBe(1);
    await etcd.annotate('deleted', 'rotate-requested-at', '1');
    const { status } = await until('etcd', 'deleted', 'Registered');
    expect([...stubOf('deleted').clients.keys()]).toEqual([status?.clientId]);
    expect((await etcd.secret('deleted'))?.['client_id']).toBe(status?.clientId);
  });

  it('tokens that were replaced after the backup are lost; a person gives the current ones, and a valid one is found out', {
    timeout: 300_000,
  }, async () => {
    for (const name of ROTATING.slice(0, 3)) {
      await etcd.edit(name, { clientName: `${name} edited after` });
      const client = await until('etcd', name, 'RegistrationAccessTokenLost');
      expect(messageOf(client)).toMatch(/The server answered 401 invalid_token/);
      expect(await etcd.secret(name)).toEqual(data.get(name));
    }

    // If there are several, the server is suspect, and one client per minute finds out.
    const { condition } = await etcd.untilServer('rotating', {
      type: 'Paused',
      reason: 'AuthorizationServerSuspect',
    });
    expect(condition.message).toMatch(/check whether the server's data or keys were restored or replaced\.$/);
    await etcd.edit('lost-4', { clientName: 'lost-4 edited after' });
    await until('etcd', 'lost-4', 'AuthorizationServerSuspect');

    // A person knows that the cluster was restored, not the server.
    await etcd.annotate('lost-1', 'rotate-requested-at', '1');
    const { status } = await until('etcd', 'lost-1', 'Registered');
    expect((await etcd.secret('lost-1'))?.['client_id']).toBe(status?.clientId);
    expect(rotating.count('register')).toBe(5);

    // A person puts the current token into the registration Secret, and the client is managed again.
    const [record] = await etcd.registrations('lost-2');
    const token = rotating.client(record?.clientId ?? '')?.registrationAccessToken ?? '';
    const stringData = { registration_access_token: token };
    await teamIn(testbed, OPERATOR_NAMESPACE).patch('secret', record?.name ?? '', { stringData });
    await etcd.annotate('lost-2', 'reconcile-requested-at', '1');
    await etcd.until('lost-2', 'Registered', 120_000);
    expect(rotating.client(record?.clientId ?? '')?.metadata['client_name']).toBe('lost-2 edited after');
    expect(rotating.count('register')).toBe(5);

    // lost-4, whose token is valid, is managed again as soon as it finds out.
    await etcd.until('lost-4', 'Registered', 120_000);
    expect(rotating.clients().map(({ metadata }) => metadata['client_name'])).toContain(
      'lost-4 edited after',
    );
  });

  it('a client that was removed after the backup, at a server with drift detection: an Event reports it without an edit', {
    timeout: 150_000,
  }, async () => {
    const { note } = await etcd.untilEvent(
      'watched',
      ({ reason }) => reason === 'RegistrationAccessTokenLost',
      120_000,
    );
    expect(note).toMatch(
      /^Client stub-client-\w+ could not be read: The server answered 401 invalid_token\./,
    );
    expect(stubOf('watched').count('register')).toBe(1);
  });

  it('a client that was removed after the backup, deleted once more: the object is gone after a minute, and an Event reports it', {
    timeout: 150_000,
  }, async () => {
    await etcd.untilGone('deleted-again', undefined, 120_000);
    await etcd.untilRoles('deleted-again', ['owed']);
    await etcd.untilEvent('deleted-again', ({ note }) =>
      /^Client stub-client-\w+ at \S+ was not removed: .* Its deregistration is tried on from Secret oauth-registrar-system\/oac-/.test(
        note,
      ),
    );
  });
});
