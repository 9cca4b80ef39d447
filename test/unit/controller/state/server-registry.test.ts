import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../../src/controller/ports.ts';
import { ServerRegistry, type ServerState } from '../../../../src/controller/state/server-registry.ts';
import { storedClientKey } from '../../../../src/core/client-key.ts';
import type { ServerConnection } from '../../../../src/core/connection.ts';
import type { Failure } from '../../../../src/core/failure.ts';
import { HEALTHY, type HealthCall } from '../../../../src/core/server-health.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';
import { by, made } from '../../../kit/fixtures/health-calls.ts';

const SERVER = storedServerKey('ClusterAuthorizationServer/corporate');
const REF = { kind: 'ClusterAuthorizationServer', name: 'corporate' } as const;

const state = {
  connection: {
    uid: 'uid-1',
    version: 'v1',
    dialect: {},
    admission: { kind: 'Open' },
    verification: { mode: 'Off' },
  } as unknown as ServerConnection,
  problem: undefined,
  endpoints: undefined,
  management: 'Unknown',
  admissionAccepted: false,
  registered: undefined,
  signingKeys: undefined,
  suspended: false,
} as const satisfies ServerState;

function registry() {
  const woken: string[] = [];
  const [changes, concerned, lines]: [string[], string[], string[]] = [[], [], []];
  const slept: (() => void)[] = [];
  const clock = {
    now: () => 1_000,
    monotonic: () => 1_000,
    sleep: () => new Promise<void>((resolve) => void slept.push(resolve)),
  };
  const servers = new ServerRegistry({
    clock: clock as unknown as Clock,
    wake: (client) => void woken.push(client),
    changed: (server) => void changes.push(server),
    concernsRegistered: (server) => void concerned.push(server),
    namespacesAt: () => 2,
    log: { warn: (message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`) },
  });
  servers.set(SERVER, state);
  const register = (client: string, failure: Failure | undefined) => {
    const call = servers.enter(SERVER, made('Register', by(client)));
    if (call === undefined) {
      throw new Error(`${client} may not register`);
    }
    servers.leave(SERVER, call, failure);
  };
  const waits = (...clients: readonly string[]) => {
    for (const client of clients.map(storedClientKey)) {
      servers.waits(client, new Map([[SERVER, true]]));
    }
    woken.length = 0;
  };
  changes.length = 0;
  concerned.length = 0;
  return { servers, woken, changes, concerned, lines, slept, register, waits };
}

const connected = (more: Partial<ServerConnection>): ServerState => ({
  ...state,
  connection: { ...state.connection, ...more },
});
const endpoints = (registration: string) => ({ registration }) as NonNullable<ServerState['endpoints']>;

const failure = (overrides: Partial<Failure>): Failure => ({
  kind: 'Unknown',
  reason: 'RegistrationOutcomeUnknown',
  message: 'No complete answer',
  serverTrouble: true,
  ...overrides,
});
const doubted = failure({
  kind: 'TokenRefused',
  reason: 'AdmissionRefused',
  message: 'The server answered status 401',
  detail: 'The server answered 401: metadata of a/poison is bad',
  serverTrouble: false,
  credential: 'Doubted',
});

describe('what discovery found', () => {
  const found: ServerState = { ...connected({ uid: 'u1' }), endpoints: endpoints('https://a/register') };

  test.each<readonly [string, Partial<ServerState>, readonly string[]]>([
    ['the same', {}, []],
    [
      'another version of the connection',
      { connection: { ...found.connection, version: 'v2' } as never },
      ['a/1', 'b/1'],
    ],
    ['a problem', { problem: { reason: 'DiscoveryFailed', message: '404' } }, ['a/1', 'b/1']],
    ['that the server is suspended', { suspended: true }, ['a/1', 'b/1']],
    ['another way to manage clients', { management: 'None' }, []],
    ['other keys that sign', { signingKeys: { keys: [] } }, []],
  ])('wakes those who wait, where it may concern them: %s', (_, more, expected) => {
    const { servers, waits, woken } = registry();
    servers.set(SERVER, found);
    waits('a/1', 'b/1');
    servers.set(SERVER, { ...found, ...more });
    expect(woken).toEqual(expected);
  });

  const reading = (mode: string): ServerState => ({
    ...found,
    connection: { ...found.connection, drift: { mode, intervalMs: 60_000 } } as never,
  });
  const verifying = (mode: string, intervalMs?: number): ServerState => ({
    ...found,
    connection: { ...found.connection, verification: { mode, intervalMs } } as never,
  });
  const enforcing = (version: string) => ({ ...found.connection, version, policy: { enforce: 'Existing' } });

  test.each<readonly [string, ServerState, ServerState, boolean]>([
    ['the same', found, found, false],
    ['the first connection', state, found, true],
    [
      'another server object of this name',
      found,
      { ...found, ...connected({ uid: 'u2' }), endpoints: found.endpoints },
      true,
    ],
    ['reads that begin', reading('Off'), reading('Report'), true],
    ['verification that begins', verifying('Off'), verifying('Gate'), true],
    ['verification that goes on', verifying('Report'), verifying('Report'), false],
    ['verification again after a time', verifying('Report'), verifying('Report', 300_000), true],
    ['reads that go on', reading('Report'), reading('Report'), false],
    ['no connection any more', found, { ...found, connection: undefined }, false],
    ['other endpoints', found, { ...found, endpoints: endpoints('https://b/register') }, true],
    ['the first endpoints', { ...found, endpoints: undefined }, found, false],
    [
      'another version',
      found,
      { ...found, connection: { ...found.connection, version: 'v2' } as never },
      false,
    ],
    [
      'another version of a policy for existing clients',
      { ...found, connection: enforcing('v1') as never },
      { ...found, connection: enforcing('v2') as never },
      true,
    ],
    [
      'the end of a policy for existing clients',
      { ...found, connection: enforcing('v1') as never },
      { ...found, connection: { ...found.connection, version: 'v2' } as never },
      true,
    ],
  ])('concerns registered clients or not: %s', (_, before, after, expected) => {
    const { servers, concerned } = registry();
    servers.set(SERVER, before);
    concerned.length = 0;
    servers.set(SERVER, after);
    expect(concerned).toEqual(expected ? [SERVER] : []);
  });
});

describe('the view of a client', () => {
  const caller = { namespace: 'shop', client: storedClientKey('shop/storefront') };
  const view = (given: ServerState | undefined) => {
    const { servers } = registry();
    if (given === undefined) {
      servers.remove(SERVER);
    } else {
      servers.set(SERVER, given);
    }
    return servers.view(SERVER, REF, 'Register', caller);
  };

  test.each<readonly [string, ServerState | undefined, object]>([
    ['of a server that can be called', state, { available: true, gate: { open: true } }],
    [
      'of one that is suspended',
      { ...state, suspended: true },
      {
        available: true,
        gate: {
          ...{ open: false, reason: 'Suspended' },
          message:
            'ClusterAuthorizationServer corporate: Nothing is sent until spec.suspend of the server object is unset.',
        },
      },
    ],
    [
      'of one that was not looked at',
      undefined,
      { available: false, reason: 'Queued', message: expect.stringContaining('(Queued)') },
    ],
    [
      'of one with a problem, whose words are for the platform team',
      {
        ...state,
        connection: undefined,
        problem: { reason: 'CredentialNotFound', message: 'Secret operators/admin is missing' },
        endpoints: endpoints('https://a/register'),
      },
      {
        ...{
          available: false,
          reason: 'CredentialNotFound',
          endpoints: { registration: 'https://a/register' },
        },
        message:
          'ClusterAuthorizationServer corporate is not ready (CredentialNotFound); its status says more to the platform team.',
      },
    ],
  ])('%s', (_, given, expected) => {
    expect(view(given)).toMatchObject(expected);
  });
});

describe('a call', () => {
  test('is under way from its beginning to its end, and forbidden while the server is suspended', () => {
    const { servers } = registry();
    const call = servers.enter(SERVER, made('Update', by('a/1')));
    expect(servers.health(SERVER).underWay).toMatchObject([{ client: 'a/1', begunAt: 1_000 }]);
    servers.abandon(SERVER, call as HealthCall);
    expect(servers.health(SERVER).underWay).toEqual([]);
    servers.set(SERVER, { ...state, suspended: true });
    expect(servers.enter(SERVER, made('Update', by('a/1')))).toBeUndefined();
    expect(servers.health(SERVER).underWay).toEqual([]);
  });

  test('that was not sent wakes those who wait for its end', () => {
    const { servers, waits, woken } = registry();
    const call = servers.enter(SERVER, made('Register', by('a/1')));
    waits('a/2', 'b/1');
    servers.abandon(SERVER, call as HealthCall);
    expect(woken).toEqual(['a/2', 'b/1']);
  });

  test('that fails is in the log with what clients must not see; the status of the server is due once a minute', () => {
    const { lines, changes, register } = registry();
    const trouble = (detail: string) =>
      failure({ kind: 'Transient', reason: 'AuthorizationServerUnavailable', detail });
    register('b/good', undefined);
    changes.length = 0;
    register('a/1', { ...trouble('503 of 10.0.0.1'), serverTrouble: false });
    register('a/2', { ...trouble('503 of 10.0.0.2'), serverTrouble: false });
    register('a/3', { ...failure({ kind: 'Terminal' }), serverTrouble: false });
    expect(lines).toEqual([
      expect.stringContaining(
        'a call failed {"server":"ClusterAuthorizationServer/corporate","client":"a/1"',
      ),
      expect.stringContaining('"detail":"503 of 10.0.0.2"'),
    ]);
    expect(changes).toEqual([SERVER]);
  });

  test('that is registered wakes the next one after the pause between registrations', async () => {
    const { servers, waits, woken, slept, register } = registry();
    servers.set(SERVER, connected({ dialect: { registrationInterval: '5s' } as never }));
    register('a/1', undefined);
    waits('a/2', 'b/1');
    expect(servers.enter(SERVER, made('Register', by('b/1')))).toBeUndefined();
    for (const wake of slept) {
      wake();
    }
    await Promise.resolve();
    expect(woken).toEqual(['b/1']);
  });
});

describe('the first answered registration', () => {
  const terms = { mode: 'Auto', credential: undefined } as never;

  test.each<readonly [string, boolean, ServerState['management'], number]>([
    ['with a token', true, 'RegistrationAccessToken', 1],
    ['without a token', false, 'None', 1],
  ])('shows how the clients are managed: %s; that is told once', (_, managed, management, told) => {
    const { servers, changes } = registry();
    servers.learn(SERVER, managed, terms);
    servers.learn(SERVER, managed, terms);
    expect(servers.state(SERVER)).toMatchObject({ management, admissionAccepted: true });
    expect(changes).toHaveLength(told);
  });

  test('of a server object that is gone shows nothing', () => {
    const { servers, changes } = registry();
    servers.remove(SERVER);
    servers.learn(SERVER, true, terms);
    expect([servers.state(SERVER), changes]).toEqual([undefined, []]);
  });
});

describe('who waits', () => {
  test('is woken once, by what it waits for, or by its namespace', () => {
    const { servers, waits, woken } = registry();
    waits('a/1', 'b/1');
    expect(servers.isWaitedFor(SERVER)).toBe(true);
    servers.wakeNamespace('a');
    servers.wakeAll(SERVER);
    servers.wakeAll(SERVER);
    expect(woken).toEqual(['a/1', 'b/1']);
    expect(servers.isWaitedFor(SERVER)).toBe(false);
  });

  test('is woken one by one, namespaces in turn', () => {
    const { servers, waits, woken } = registry();
    waits('a/1', 'a/2', 'b/1');
    for (let turn = 0; turn < 4; turn += 1) {
      servers.wakeOne(SERVER);
    }
    expect(woken).toEqual(['a/1', 'b/1', 'a/2']);
  });
});

describe('a first registration with another credential', () => {
  const passing = failure({ kind: 'Transient', reason: 'AuthorizationServerUnavailable' });

  test('wakes those who wait for it, also where it found out nothing', () => {
    const { servers, register, waits, woken } = registry();
    const earlier = servers.enter(SERVER, made('Register', by('a/good', { version: 'v0' })));
    servers.leave(SERVER, earlier as HealthCall, undefined);
    waits('a/1', 'b/1');
    register('a/first', passing);
    expect(woken).toEqual(['a/1', 'b/1']);
  });
});

describe('a registration without an answer', () => {
  test('lets one of another namespace find out, though its own waits longer (H3)', () => {
    const { register, waits, woken } = registry();
    register('b/good', undefined);
    waits('a/poison', 'a/other', 'b/1', 'b/2');
    register('a/poison', failure({}));
    expect(woken).toEqual(['b/1']);
  });

  test('wakes all when another is answered', () => {
    const { register, waits, woken } = registry();
    register('b/good', undefined);
    register('a/poison', failure({}));
    waits('a/other', 'b/1', 'c/1');
    register('b/good', undefined);
    expect(woken).toEqual(['a/other', 'b/1', 'c/1']);
  });
});

describe('a refused credential', () => {
  test("is shown to tenants of a cluster server without the server's words about another tenant's client", () => {
    const { servers, register } = registry();
    register('a/poison', doubted);
    register('b/other', doubted);
    const view = servers.view(SERVER, REF, 'Register', { namespace: 'c', client: storedClientKey('c/1') });
    expect(view).toMatchObject({
      available: true,
      gate: {
        open: false,
        reason: 'AdmissionRefused',
        message: 'ClusterAuthorizationServer corporate: The server answered status 401',
      },
    });
    expect(servers.isAdmissionRefused(SERVER, 'v1')).toBe(true);
  });
});

describe('a server object that is gone', () => {
  test('leaves nothing behind when the last call to it has ended (M10)', () => {
    const { servers, register } = registry();
    register('a/poison', failure({}));
    const call = servers.enter(SERVER, made('Update', by('b/1')));
    servers.remove(SERVER);
    expect(servers.health(SERVER)).not.toEqual(HEALTHY);
    if (call !== undefined) {
      servers.leave(SERVER, call, failure({}));
    }
    expect(servers.health(SERVER)).toEqual(HEALTHY);
  });

  test('wakes those who wait for it, and is not counted any more', () => {
    const { servers, waits, woken } = registry();
    waits('a/1');
    expect(servers.size).toBe(1);
    servers.remove(SERVER);
    expect([woken, servers.size]).toEqual([['a/1'], 0]);
  });

  test('requeues its clients, whose status says so; and again when it is back', () => {
    const { servers, concerned } = registry();
    concerned.length = 0;
    servers.remove(SERVER);
    expect(concerned).toEqual([SERVER]);
    servers.set(SERVER, state);
    expect(concerned).toEqual([SERVER, SERVER]);
  });

  test('leaves nothing behind where no call is under way', () => {
    const { servers, register } = registry();
    register('a/poison', failure({}));
    servers.remove(SERVER);
    expect(servers.health(SERVER)).toEqual(HEALTHY);
  });
});
