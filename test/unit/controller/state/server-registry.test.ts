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
  connection: { version: 'v1', dialect: {} } as ServerConnection,
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
  const clock = { now: () => 1_000, monotonic: () => 1_000, sleep: () => new Promise(() => undefined) };
  const servers = new ServerRegistry({
    clock: clock as unknown as Clock,
    wake: (client) => void woken.push(client),
    changed: () => undefined,
    concernsRegistered: () => undefined,
    namespacesAt: () => 2,
    log: { warn: () => undefined },
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
  return { servers, woken, register, waits };
}

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

  test('leaves nothing behind where no call is under way', () => {
    const { servers, register } = registry();
    register('a/poison', failure({}));
    servers.remove(SERVER);
    expect(servers.health(SERVER)).toEqual(HEALTHY);
  });
});
