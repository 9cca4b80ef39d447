import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newestRelease } from '../../../tools/release/newest-release.ts';
import { readMetrics } from '../../bench/operator.ts';
import { reply, type StubServer } from '../../kit/stub-server.ts';
import { createProgress } from '../../kit/testbed/progress.ts';
import {
  clusterServer,
  conditionOf,
  isReady,
  machineClient,
  ownRef,
  ownServer,
  type SeenObject,
} from '../../proofs/attacks/kit/objects.ts';
import { buildSubject, type Subject } from '../../proofs/attacks/kit/subject.ts';
import { openTarget, type Target, type Tenant } from '../../proofs/attacks/kit/target.ts';
import { eventually } from '../behaviour/objects.ts';
import { buildRelease } from './former-release.ts';
import { LATER_FIELD, makeLater } from './later-build.ts';
import { clientsOf, namesOf, STATES, type State } from './states.ts';

/**
 * The newest release with 200 clients in every state; then the present build; the release again; a later build, whose
 * records have another format and whose definitions have a field more; and the release once more.
 */

const ROOT = join(import.meta.dirname, '..', '..', '..');
const release = newestRelease(await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8'));
/** Server objects of the scene. */
const SERVERS = 6;
const TOUCHED = ['ready-1', 'ready-2', 'ready-3'];

let target: Target;
let tenant: Tenant;
let own: StubServer;
/** Don't confirm deletions, so the operator tries those again in every version. */
let down: StubServer;
let held: StubServer;
let subjects: Readonly<Record<'former' | 'present' | 'later', Subject>>;
let remove: () => Promise<unknown>;
let before: Shown;

beforeAll(async () => {
  const [former, present, later] = await Promise.all([
    buildRelease(release?.commit ?? 'a commit that CHANGELOG.md does not name', createProgress()),
    buildSubject(undefined),
    buildSubject(undefined, makeLater),
  ]);
  subjects = { former, present, later };
  remove = () => Promise.all([present.remove(), later.remove()]);
  target = await openTarget({ subject: former });
  tenant = await target.tenant('admin');
  await makeServers();
  await Promise.all(STATES.map(make));
  before = await shown();
}, 600_000);
afterAll(async () => {
  await target?.close();
  await remove?.();
});

async function makeServers(): Promise<void> {
  [own, down, held] = [await target.server(), await target.server(), await target.server()];
  down.behave.remove = reply(500);
  held.behave.remove = reply(500);
  target.corporate.behave.register = ({ body, properly, response }) =>
    String(body['client_name']).startsWith('refused')
      ? void response
          .writeHead(400, { 'content-type': 'application/json' })
          .end('{"error":"invalid_client_metadata","error_description":"No such clients here."}')
      : properly();
  await tenant.createOrFail(ownServer('own', own.issuer));
  const unmanaged = await target.server();
  await target.admin.createOrFail(
    clusterServer('down', down.issuer, { deletion: { retryFor: '1m' } }),
    clusterServer('held', held.issuer, { deletion: { unconfirmed: 'Hold', retryFor: '168h' } }),
    clusterServer('unmanaged', unmanaged.issuer, { management: { mode: 'None' } }),
    clusterServer('strict', unmanaged.issuer, {
      policy: { grantTypes: ['authorization_code'] },
    }),
  );
}

async function make(state: State): Promise<void> {
  await tenant.createAll(clientsOf(state));
  await Promise.all(
    namesOf(state).map(async (name) => {
      const isSettled = (seen?: SeenObject) => {
        const ready = conditionOf(seen, 'Ready');
        return `${ready?.['status']} ${ready?.['reason']}` === state.ready;
      };
      const first = await tenant.until('OAuthClient', name, isSettled, 120_000);
      if (state.change !== undefined) {
        const former = first['status'].clientId;
        await tenant.patchOrFail('OAuthClient', name, state.change);
        const isOther = (seen?: SeenObject) => isReady(seen) && seen?.['status'].clientId !== former;
        await tenant.until('OAuthClient', name, isOther, 120_000);
      }
      if (state.deletion !== undefined) {
        await tenant.remove('OAuthClient', name);
      }
      if (state.deletion === 'confirmed') {
        await tenant.until('OAuthClient', name, (seen) => seen === undefined, 180_000);
      }
    }),
  );
}

/** What a version may not change: each object whole, and the data of its Secret. */
interface Seen {
  readonly resourceVersion: string;
  readonly clientId: string;
  readonly conditions: readonly string[];
  readonly secret: unknown;
}
type Shown = Readonly<Record<string, Seen>>;

async function shown(): Promise<Shown> {
  const secrets = new Map((await tenant.list('Secret')).map((secret) => [secret['metadata'].name, secret]));
  const objects = (await tenant.list('OAuthClient')).filter(({ metadata }) => !metadata.deletionTimestamp);
  return Object.fromEntries(
    objects.map(({ metadata, status }) => [
      metadata.name,
      {
        resourceVersion: metadata.resourceVersion,
        clientId: status?.clientId,
        conditions: (status?.conditions ?? []).map(
          ({ type, status, reason }: SeenObject) => `${type}=${status} ${reason}`,
        ),
        secret: secrets.get(metadata.name)?.['data'],
      },
    ]),
  );
}

/** Calls that arrived at the servers whose clients are at rest. */
const calls = (): readonly string[] =>
  [target.corporate, own].flatMap(({ requests }) =>
    requests.filter(({ call }) => call !== 'discovery').map(({ method, path }) => `${method} ${path}`),
  );

/** Forgets the calls so far. */
const forget = () => {
  for (const { requests } of [target.corporate, own]) {
    (requests as unknown[]).length = 0;
  }
};

/** Waits until the operator that runs now has reconciled every object at least once. */
async function untilReconciled(): Promise<void> {
  const objects = (await tenant.list('OAuthClient')).length + SERVERS;
  await eventually(
    () => readMetrics(target.pod.operator.port),
    ({ reconciles, waiting }) => reconciles >= objects && waiting === 0,
    60_000,
  );
}

/** Shows that a version changed nothing: no call, no write, the same Secrets and conditions. */
async function expectAtRest(): Promise<void> {
  await untilReconciled();
  expect(calls()).toEqual([]);
  expect(await shown()).toEqual(before);
}

const records = async (role: string): Promise<readonly SeenObject[]> =>
  (await target.admin.list('Secret')).filter(
    ({ metadata }) => metadata.labels?.['oauth-registrar.dev/role'] === role,
  );

describe(`${release?.version} with 200 clients`, () => {
  test('has them in every state', async () => {
    expect(STATES.reduce((sum, { count }) => sum + count, 0)).toBe(200);
    for (const [role, count] of [
      ['retained', 6],
      ['left-behind', 6],
      ['owed', 6],
    ] as const) {
      expect((await records(role)).length, role).toBe(count);
    }
    expect(await tenant.get('OAuthClient', 'deleting-1')).toMatchObject({
      metadata: { deletionTimestamp: expect.any(String) },
    });
    expect(Object.keys(before)).toHaveLength(200 - 3 * 6 - 4);
  });

  test('the present build takes over without a call or a write', async () => {
    forget();
    await target.upgrade(subjects.present);
    await expectAtRest();
  });

  test('edits and deletes what the release registered', async () => {
    await tenant.patchOrFail('OAuthClient', 'ready-4', { spec: { client: { clientName: 'edited' } } });
    const { clientId } = before['ready-4'] as Seen;
    await expect.poll(() => target.corporate.clients.get(clientId)?.['client_name']).toBe('edited');
    await tenant.remove('OAuthClient', 'ready-5');
    await tenant.until('OAuthClient', 'ready-5', (seen) => seen === undefined);
    expect(target.corporate.clients.has(before['ready-5']?.clientId ?? '')).toBe(false);
    await tenant.until('OAuthClient', 'ready-4', isReady);
  });

  test('the release takes over again without a call or a write', async () => {
    before = await shown();
    forget();
    await target.rollBack(subjects.former);
    await expectAtRest();
  });

  test('a later build takes over without a call or a write', async () => {
    before = await shown();
    forget();
    await target.upgrade(subjects.later);
    await expectAtRest();
  });

  test('the release leaves alone what the later build wrote, and its definitions stay', async () => {
    for (const name of TOUCHED) {
      await tenant.patchOrFail('OAuthClient', name, {
        spec: { [LATER_FIELD]: 'kept', client: { clientName: `${name} later` } },
      });
      await tenant.until('OAuthClient', name, isReady);
    }
    before = await shown();
    forget();
    await target.rollBack(subjects.former);
    await untilReconciled();
    const others = await shown();
    expect(calls()).toEqual([]);
    const untouched = (all: Shown) =>
      Object.fromEntries(Object.entries(all).filter(([name]) => !TOUCHED.includes(name)));
    expect(untouched(others)).toEqual(untouched(before));
    for (const name of TOUCHED) {
      const { resourceVersion: _version, conditions, ...same } = others[name] as Seen;
      expect(before[name]).toMatchObject(same);
      expect(conditions).toContain('Ready=True WrittenByNewerVersion');
      expect(conditions).toContain('Stalled=True WrittenByNewerVersion');
      expect((await tenant.get('OAuthClient', name))?.['spec']).toMatchObject({ [LATER_FIELD]: 'kept' });
    }
  });

  test('the release neither edits nor deletes them, and the later build does both', async () => {
    const [edited = '', deleted = ''] = TOUCHED;
    forget();
    await tenant.patchOrFail('OAuthClient', edited, { spec: { client: { clientName: 'edited since' } } });
    await tenant.remove('OAuthClient', deleted);
    await tenant.ready(machineClient('since', { server: ownRef('own') }));
    expect(calls()).toEqual(['POST /reg']);
    await target.upgrade(subjects.later);
    await tenant.until('OAuthClient', edited, isReady);
    await tenant.until('OAuthClient', deleted, (seen) => seen === undefined);
    expect(target.corporate.clients.get(before[edited]?.clientId ?? '')).toMatchObject({
      client_name: 'edited since',
    });
    expect(target.corporate.clients.has(before[deleted]?.clientId ?? '')).toBe(false);
  });

  test('what is owed is removed when the server permits it, in the end', async () => {
    delete down.behave.remove;
    delete held.behave.remove;
    await eventually(
      () => down.clients.size + held.clients.size,
      (left) => left === 0,
      300_000,
    );
  });
});
