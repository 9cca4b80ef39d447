import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { eventually } from '../../cluster/behaviour/objects.ts';
import { reply, type StubServer } from '../../kit/stub-server.ts';
import {
  clusterServer,
  conditionOf,
  isReady,
  machineClient,
  ownRef,
  ownServer,
  type SeenObject,
} from './kit/objects.ts';
import { strayed } from './kit/strayed.ts';
import { buildSubject } from './kit/subject.ts';
import { openTarget, type Target, type Tenant } from './kit/target.ts';

/** The last commit whose records name their server object without its uid. */
const BEFORE = 'ed39c9d';

let target: Target;
let removeBefore: () => Promise<void>;
/** Its clients are in every state except owed. */
let tenant: Tenant;
/** The server of the tenant's own server object. */
let own: StubServer;
/** Doesn't remove clients until it is permitted to. */
let down: StubServer;
/** Has a client of a namespace that was deleted and created again by somebody else. */
let former: StubServer;
let evil: StubServer;
let newcomer: Tenant;
let before: Record<string, SeenObject | undefined>;

const corporateRef = { kind: 'ClusterAuthorizationServer', name: 'corporate' };
const NAMES = ['current', 'own', 'overlapping', 'moved', 'edited'];
const ROTATE = 'oauth-registrar.dev/rotate-requested-at';

beforeAll(async () => {
  const { remove, ...subject } = await buildSubject(BEFORE);
  removeBefore = remove;
  target = await openTarget({ subject });
  tenant = await target.tenant('admin');
  [own, down, former, evil] = [
    await target.server(),
    await target.server(),
    await target.server(),
    await target.server(),
  ];
  await makeOwed();
  await makeOthers();
  before = await shown();
  await untilOwed(2);
  newcomer = await target.tenant('admin', { namespace: 'reused' });
  await newcomer.createOrFail(
    ownServer('keycloak', evil.issuer, {
      management: { configurationUrl: `${evil.issuer}/steal/{client_id}` },
    }),
  );
  for (const server of [target.corporate, own]) {
    (server.requests as unknown[]).length = 0;
  }
  await target.upgrade(inject('attacked'));
}, 240_000);
afterAll(async () => {
  await target?.close();
  await removeBefore?.();
});

/** Two clients whose server doesn't confirm their deletion; the namespace of one is deleted. */
async function makeOwed(): Promise<void> {
  down.behave.remove = reply(500);
  former.behave.remove = reply(500);
  await target.admin.createOrFail(clusterServer('down', down.issuer));
  const gone = await target.tenant('admin', { namespace: 'reused' });
  await gone.createOrFail(ownServer('keycloak', former.issuer));
  await gone.ready(machineClient('web', { server: ownRef('keycloak') }));
  await tenant.ready(machineClient('owed', { server: { kind: 'ClusterAuthorizationServer', name: 'down' } }));
  await tenant.remove('OAuthClient', 'owed');
  await target.admin.request('DELETE', '/api/v1/namespaces/reused');
}

async function makeOthers(): Promise<void> {
  await tenant.createOrFail(
    ownServer('own', own.issuer),
    ownServer('unmanaged', own.issuer, { management: { mode: 'None' } }),
  );
  await tenant.ready(machineClient('current'));
  await tenant.ready(machineClient('own', { server: ownRef('own') }));
  await tenant.ready(machineClient('edited'));
  await tenant.ready(machineClient('overlapping', { replacement: { overlap: '24h' } }));
  await replaced('overlapping', { metadata: { annotations: { [ROTATE]: '1' } } });
  await tenant.ready(machineClient('moved', { server: ownRef('own'), replacement: { overlap: '24h' } }));
  await replaced('moved', { spec: { authorizationServerRef: corporateRef } });
  await tenant.ready(machineClient('retained', { deletionPolicy: 'Retain' }));
  await gone('retained');
  await tenant.ready(machineClient('left-behind', { server: ownRef('unmanaged') }));
  await gone('left-behind');
}

async function replaced(name: string, change: object): Promise<void> {
  const former = (await tenant.get('OAuthClient', name))?.['status'].clientId;
  await tenant.patchOrFail('OAuthClient', name, change);
  await tenant.until('OAuthClient', name, (seen) => isReady(seen) && seen?.['status'].clientId !== former);
}

async function gone(name: string): Promise<void> {
  await tenant.remove('OAuthClient', name);
  await tenant.until('OAuthClient', name, (seen) => seen === undefined);
}

/** The status of each client, and the content of its workload Secret. */
async function shown(): Promise<Record<string, SeenObject | undefined>> {
  const pairs = NAMES.map(async (name) => {
    const object = await tenant.get('OAuthClient', name);
    const secret = await tenant.get('Secret', name);
    return [
      name,
      {
        clientId: object?.['status'].clientId,
        ready: conditionOf(object, 'Ready'),
        secret: secret?.['data'],
      },
    ];
  });
  return Object.fromEntries(await Promise.all(pairs));
}

const records = async (role: string): Promise<readonly SeenObject[]> =>
  (await target.admin.list('Secret')).filter(
    ({ metadata }) => metadata.labels?.['oauth-registrar.dev/role'] === role,
  );

/** An object whose server doesn't confirm is released after a minute. */
async function untilOwed(count: number): Promise<void> {
  await eventually(
    () => records('owed'),
    ({ length }) => length === count,
    120_000,
  );
  const namespace = () => target.admin.request('GET', '/api/v1/namespaces/reused');
  await eventually(namespace, ({ status }) => status === 404, 60_000);
}

const callsAt = (server: StubServer): readonly string[] =>
  server.requests.filter(({ call }) => call !== 'discovery').map(({ method, path }) => `${method} ${path}`);

describe('records that the former version wrote', () => {
  test('are in every state', async () => {
    const counts = await Promise.all(
      ['current', 'retained', 'owed', 'left-behind'].map(async (role) => [
        role,
        (await records(role)).length,
      ]),
    );
    expect(Object.fromEntries(counts)).toMatchObject({ retained: 1, owed: 2, 'left-behind': 1 });
  });

  test('are read without a call, and change no client', async () => {
    // An ordinary client: the operator reconciles it after the existing ones.
    await tenant.ready(machineClient('since'));
    expect(await shown()).toEqual(before);
    expect(callsAt(target.corporate)).toEqual(['POST /reg']);
    expect(callsAt(own)).toEqual([]);
  });

  test('serve further edits, replacements and deletions', async () => {
    await tenant.patchOrFail('OAuthClient', 'edited', { spec: { client: { clientName: 'edited since' } } });
    const id = before['edited']?.['clientId'];
    await expect
      .poll(() => target.corporate.clients.get(id)?.['client_name'], { timeout: 10_000 })
      .toBe('edited since');
    await gone('current');
    expect(target.corporate.clients.has(before['current']?.['clientId'])).toBe(false);
    const retained = await tenant.ready(machineClient('retained'));
    expect(target.corporate.clients.get(retained['status'].clientId)).toMatchObject({
      client_name: 'retained',
    });
    await gone('own');
    expect(own.clients.has(before['own']?.['clientId'])).toBe(false);
    await gone('overlapping');
    const left = [...target.corporate.clients.values()].filter(
      ({ client_name: name }) => name === 'overlapping',
    );
    await expect
      .poll(() => left.filter(({ client_id: it }) => target.corporate.clients.has(String(it))), {
        timeout: 20_000,
      })
      .toEqual([]);
  });

  test('of owed deregistrations are removed at their own server, never at one with a reused name', async () => {
    delete down.behave.remove;
    delete former.behave.remove;
    await newcomer.ready(machineClient('own', { server: ownRef('keycloak') }));
    await expect
      .poll(() => [down.clients.size, former.clients.size], { timeout: 120_000, interval: 500 })
      .toEqual([0, 0]);
    expect(strayed(evil, former)).toEqual([]);
  });
});
