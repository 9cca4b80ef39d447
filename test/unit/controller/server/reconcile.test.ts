import { describe, expect, test } from 'vitest';
import type { Context } from '../../../../src/controller/context.ts';
import type { HttpOutcome } from '../../../../src/controller/ports.ts';
import { type Discovered, reconcileServer } from '../../../../src/controller/server/reconcile.ts';
import { storedClientKey } from '../../../../src/core/client-key.ts';
import { HEALTHY } from '../../../../src/core/server-health.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';
import { answered } from '../../../kit/fakes/fake-ports.ts';
import {
  fill,
  type InMemoryOptions,
  operatorInMemory,
  refusals,
} from '../../../kit/fakes/operator-in-memory.ts';
import { visitsDuring } from '../../../kit/fakes/visits.ts';
import { registrationSecret, serverObject, surroundings } from '../../../kit/fixtures/objects.ts';
import { NOW, record } from '../../../kit/fixtures/observations.ts';
import { issuer } from '../../../kit/fixtures/server-objects.ts';

const SERVER = storedServerKey('ClusterAuthorizationServer/corporate');
const STATUS = 'status ClusterAuthorizationServer corporate';
const HOUR = 3_600_000;

const registration = `${issuer}/register`;
const FOUND = { issuer, registration_endpoint: registration };
const found = answered(200, FOUND);
const notFound = answered(404);

interface Given extends Omit<InMemoryOptions, 'objects'> {
  readonly spec?: object;
  readonly status?: object;
  /** How many suspected orphans are listed: first, and after each time when the list is read again. */
  readonly orphans?: readonly number[];
}

/** The server object `corporate`, which no earlier process has seen. */
function scene({ spec = {}, status = {}, orphans = [0], ...options }: Given = {}) {
  const [namespace, operators] = surroundings();
  const given = { ...serverObject('corporate', { spec }), status };
  let refreshed = 0;
  const operator = operatorInMemory({
    objects: [namespace, operators, given] as NonNullable<InMemoryOptions['objects']>,
    outcomes: [found],
    ...options,
    parts: {
      orphans: {
        countAt: () => orphans[refreshed] ?? orphans.at(-1) ?? 0,
        refresh: async () => {
          refreshed += 1;
        },
      } as unknown as Context['orphans'],
      ...options.parts,
    },
  });
  const context = operator.context as unknown as Context;
  const discovered = new Map<string, Discovered>();
  operator.servers.remove(SERVER);
  const woken: string[] = [];
  operator.servers.wakeAll = (server) => void woken.push(`all of ${server}`);
  operator.servers.wakeOne = (server) => void woken.push(`one of ${server}`);
  const look = () => {
    const object = context.caches.clusterServers.get('corporate');
    if (object === undefined) {
      throw new Error('there is no server object');
    }
    return reconcileServer(object, context, discovered);
  };
  const statusNow = () =>
    operator.cluster.find('ClusterAuthorizationServer', 'corporate')?.status as Record<string, unknown>;
  const ready = () =>
    (statusNow()['conditions'] as readonly { type: string; reason: string }[]).find(
      ({ type }) => type === 'Ready',
    )?.reason;
  return { ...operator, context, discovered, woken, look, statusNow, ready };
}

const readyAs = (status: 'True' | 'False', reason: string) => ({
  ...{ type: 'Ready', status, reason, message: '', observedGeneration: 1 },
  lastTransitionTime: '2026-04-01T00:00:00Z',
});
/** As an earlier process wrote it. */
const earlier = {
  observedGeneration: 1,
  endpoints: { registration },
  conditions: [readyAs('True', 'Available')],
  management: 'RegistrationAccessToken',
};

const documents: readonly HttpOutcome[] = [notFound, notFound, notFound];

describe('A server object', () => {
  test('is available to clients when its endpoints are found, and its status says so', async () => {
    const { look, servers, writes, statusNow, ready, http } = scene();
    const again = await look();
    expect(http.sent.map(({ method }) => method)).toEqual(['GET']);
    expect(servers.state(SERVER)).toMatchObject({
      connection: { issuer, registrationEndpoint: registration, uid: 'server-1' },
      problem: undefined,
    });
    expect(writes.map(({ what }) => what)).toEqual([STATUS]);
    expect(ready()).toBe('Available');
    expect(statusNow()).toMatchObject({ endpoints: { registration }, clients: 0 });
    // One document is asked for as a sign of life; all are read again after an hour.
    expect(again).toBe(HOUR / 6);
  });

  test.each<readonly [string, Given, object | undefined]>([
    [
      'lists them',
      { outcomes: [answered(200, { ...FOUND, grant_types_supported: ['authorization_code'] })] },
      { grant_types: ['authorization_code'] },
    ],
    ['has no list', {}, {}],
    [
      'is not read',
      {
        spec: {
          discovery: { mode: 'None' },
          registration: { endpoint: registration, admission: { open: {} } },
        },
      },
      {},
    ],
    ['was read by an earlier process alone', { status: earlier }, undefined],
  ])('knows which values are offered to clients where the document %s', async (_, given, offered) => {
    const { look, servers } = scene(given);
    await look();
    const { connection } = servers.state(SERVER) ?? {};
    expect([connection?.registrationEndpoint, connection?.offered]).toEqual([registration, offered]);
  });

  test('is not discovered again before the hour is over, and its status is not written again', async () => {
    const { look, writes, http } = scene();
    await look();
    await look();
    expect([http.sent.length, writes.length]).toEqual([1, 1]);
  });

  test('is discovered again at once when a person asks, whatever process found it before', async () => {
    const grants = answered(200, { ...FOUND, grant_types_supported: ['authorization_code'] });
    for (const given of [{ outcomes: [found, grants] }, { status: earlier, outcomes: [grants] }]) {
      const { look, servers, http, cluster, context } = scene(given);
      await look();
      const asked = http.sent.length;
      const object = cluster.find('ClusterAuthorizationServer', 'corporate');
      const annotations = { 'oauth-registrar.dev/reconcile-requested-at': 'now' };
      const metadata = { ...object?.metadata, annotations, resourceVersion: '9999' };
      const annotated = { ...object, kind: 'ClusterAuthorizationServer', metadata };
      fill(context.caches, [annotated] as unknown as Parameters<typeof fill>[1]);
      await look();
      await look();
      expect(http.sent).toHaveLength(asked + 1);
      expect(servers.state(SERVER)?.connection?.offered).toEqual({ grant_types: ['authorization_code'] });
    }
  });

  test('keeps its status for a second where the API server does not take it', async () => {
    const { look, servers } = scene({ refuses: { 'status ClusterAuthorizationServer': refusals.conflict } });
    expect(await look()).toBe(1_000);
    expect(servers.state(SERVER)?.connection).toBeDefined();
  });

  test('without a document is not available; it is discovered again, after growing pauses', async () => {
    const { look, servers, ready, discovered, context } = scene({ outcomes: documents });
    const first = await look();
    expect(servers.state(SERVER)).toMatchObject({ connection: undefined, problem: { reason: ready() } });
    await context.clock.sleep(first ?? 0);
    const second = await look();
    expect(second).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
    expect(discovered.get(SERVER)).toMatchObject({ attempts: 1 });
  });

  test('keeps the endpoints that it had before discovery failed', async () => {
    const { look, context, servers } = scene({ outcomes: [found, ...documents] });
    const again = await look();
    await context.clock.sleep(again ?? 0);
    await look();
    expect(servers.state(SERVER)).toMatchObject({
      connection: undefined,
      endpoints: { registration },
    });
  });

  describe('whose next document lacks endpoints that workloads use', () => {
    const whole = answered(200, {
      issuer,
      registration_endpoint: registration,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      device_authorization_endpoint: `${issuer}/device`,
      mtls_endpoint_aliases: { token_endpoint: `${issuer}/mtls` },
    });
    const less = answered(200, {
      issuer,
      registration_endpoint: registration,
      token_endpoint: 'http://sso.example.com/token',
      jwks_uri: `${issuer}/keys`,
    });
    const kept = {
      token: `${issuer}/token`,
      jwks: `${issuer}/keys`,
      others: { device_authorization_endpoint: `${issuer}/device` },
      mtlsAliases: { token_endpoint: `${issuer}/mtls` },
    };

    test('keeps them until others that can be used take their place', async () => {
      const { look, context, servers } = scene({ outcomes: [whole, less] });
      await look();
      await context.clock.sleep(1.5 * HOUR);
      await look();
      expect(servers.state(SERVER)?.connection?.endpoints).toMatchObject(kept);
    });

    test('keeps them over a restart, once a client was registered', async () => {
      const { look, servers } = scene({
        outcomes: [less],
        status: { ...earlier, observedGeneration: 0, issuer, endpoints: { ...kept, registration } },
      });
      await look();
      expect(servers.state(SERVER)?.connection?.endpoints).toMatchObject(kept);
    });

    test('keeps none of another server', async () => {
      const { look, servers } = scene({
        outcomes: [less],
        status: { ...earlier, observedGeneration: 0, endpoints: { ...kept, registration } },
      });
      await look();
      expect(servers.state(SERVER)?.connection?.endpoints).toEqual({
        registration,
        jwks: `${issuer}/keys`,
      });
    });

    test('registers nobody at an endpoint that is withdrawn', async () => {
      const without = answered(200, { issuer, token_endpoint: `${issuer}/token` });
      const { look, context, servers } = scene({ outcomes: [whole, without, notFound, notFound, notFound] });
      await look();
      await context.clock.sleep(1.5 * HOUR);
      await look();
      expect(servers.state(SERVER)?.problem?.reason).toBe('RegistrationNotSupported');
    });
  });

  test('is called at the given endpoint, without discovery', async () => {
    const spec = {
      discovery: { mode: 'None' },
      registration: { endpoint: `${issuer}/reg`, admission: { open: {} } },
    };
    const { look, servers, http } = scene({ spec });
    expect(await look()).toBeUndefined();
    expect(http.sent).toEqual([]);
    expect(servers.state(SERVER)?.connection?.registrationEndpoint).toBe(`${issuer}/reg`);
  });

  test('is called at the endpoints of its status, which an earlier process found', async () => {
    const { look, servers, http } = scene({ status: earlier });
    await look();
    expect(http.sent).toEqual([]);
    expect(servers.state(SERVER)).toMatchObject({
      connection: { registrationEndpoint: registration },
      management: 'RegistrationAccessToken',
    });
  });

  test.each([
    ['of another generation', { observedGeneration: 7 }],
    ['of a discovery that failed', { conditions: [readyAs('False', 'DiscoveryFailed')] }],
  ])('is discovered where its status is %s', async (_, more) => {
    const { look, http } = scene({ status: { ...earlier, ...more } });
    await look();
    expect(http.sent).toHaveLength(1);
  });

  test('that is suspended is known, and nothing may be sent', async () => {
    const { look, servers } = scene({ spec: { suspend: true } });
    await look();
    const asking = { namespace: 'shop', client: storedClientKey('shop/storefront') };
    expect(servers.gate(SERVER, { ...asking, kind: 'Register', version: 'v' })).toMatchObject({
      open: false,
      reason: 'Suspended',
    });
  });
});

describe('A server object that cannot be used: nothing is sent', () => {
  test.each<readonly [string, object, string, number | undefined]>([
    ['its spec is invalid', { issuer: 'ftp://sso.example.com' }, 'InvalidSpec', undefined],
    [
      'its ConfigMap is missing, which is looked for again',
      { connection: { caRef: { kind: 'ConfigMap', name: 'bank-ca', key: 'ca.crt' } } },
      'CredentialNotFound',
      15_000,
    ],
  ])('%s', async (_, spec, reason, again) => {
    const { look, servers, http, ready } = scene({ spec });
    expect(await look()).toBe(again);
    expect(http.sent).toEqual([]);
    expect(servers.state(SERVER)).toMatchObject({ connection: undefined, problem: { reason } });
    expect(ready()).toBe(reason);
  });

  test('its credential is missing, though it is discovered', async () => {
    const admission = { initialAccessToken: { secretRef: { name: 'iat' } } };
    const { look, servers } = scene({ spec: { registration: { admission } } });
    await look();
    expect(servers.state(SERVER)).toMatchObject({
      connection: undefined,
      problem: { reason: 'CredentialNotFound' },
      endpoints: { registration },
    });
  });
});

describe('A server that was in trouble is asked by discovery', () => {
  const failing = { ...HEALTHY, phase: 'Failing', failures: 3, nextProbeAt: NOW } as const;

  test('and one client that waits may call where it answers', async () => {
    const { look, servers, woken } = scene();
    await look();
    servers.setHealth(SERVER, failing);
    await look();
    expect(servers.health(SERVER).phase).not.toBe('Failing');
    expect(woken).toContain(`one of ${SERVER}`);
  });

  test('and again later where it does not', async () => {
    const { look, servers, woken } = scene({ outcomes: [found, ...documents] });
    await look();
    servers.setHealth(SERVER, failing);
    woken.length = 0;
    await look();
    expect(servers.health(SERVER)).toMatchObject({ phase: 'Failing' });
    expect(servers.health(SERVER).nextProbeAt).toBeGreaterThan(NOW);
    expect(woken).not.toContain(`one of ${SERVER}`);
  });
});

describe('Suspected orphans', () => {
  test.each<readonly [string, readonly number[], number | undefined, readonly string[]]>([
    ['none', [0], undefined, []],
    ['as many as before', [2], 60_000, []],
    ['fewer, since people removed some: clients may register again', [2, 2, 1], 60_000, [`all of ${SERVER}`]],
  ])('are read again every minute: %s', async (_, orphans, again, expected) => {
    const spec = {
      discovery: { mode: 'None' },
      registration: { endpoint: `${issuer}/reg`, admission: { open: {} } },
    };
    const { look, woken } = scene({ orphans, spec });
    await look();
    woken.length = 0;
    expect(await look()).toBe(again);
    expect(woken).toEqual(expected);
  });
});

test('a round of a server object visits as many objects beside many clients as beside few', async () => {
  const visitsBeside = async (count: number) => {
    const { context, look } = scene();
    const records = Array.from({ length: count }, (_, index) =>
      registrationSecret(
        record({
          client: { namespace: 'shop', name: `n-${index}`, uid: `uid-${index}` },
          clientId: `${index}`,
        }),
      ),
    );
    fill(context.caches, records);
    return await visitsDuring(look);
  };
  expect(await visitsBeside(200)).toBe(await visitsBeside(2));
});
