import { describe, expect, test } from 'vitest';
import { ServerRegistry, type ServerState } from '../../../../src/controller/state/server-registry.ts';
import { type ClientKey, storedClientKey } from '../../../../src/core/client-key.ts';
import type { ServerConnection } from '../../../../src/core/connection.ts';
import { isCrowded } from '../../../../src/core/server-health.ts';
import { type ServerKey, serverKey } from '../../../../src/core/server-key.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';
import { by, made } from '../../../kit/fixtures/health-calls.ts';

const ENDPOINT = 'https://as.example/register';
const CALL_MS = 40;

interface Declared {
  readonly namespace: string;
  readonly interval?: string;
  readonly endpoint?: string;
  readonly proxyUrl?: string;
  readonly clients?: number;
  /** Time between two clients that begin to wait. Default: all begin at once. */
  readonly everyMs?: number;
}

/** Server objects with clients that all want to be registered at once, as the controller runs them. */
async function life(declared: readonly Declared[], { seconds = 60 } = {}) {
  const clock = createFakeClock({ startMs: 1_000_000 });
  const [sent, lines]: [{ server: string; at: number }[], string[]] = [[], []];
  const keyOf = (namespace: string) => serverKey({ kind: 'AuthorizationServer', name: 'as' }, namespace);
  const left = new Map<ClientKey, ServerKey>();
  const servers = new ServerRegistry({
    clock,
    wake: (client) => void round(client),
    changed: () => undefined,
    concernsRegistered: () => undefined,
    namespacesAt: () => 1,
    log: { warn: (message) => void lines.push(message) },
  });
  async function round(client: ClientKey): Promise<void> {
    const server = left.get(client);
    if (server === undefined) {
      return;
    }
    const call = servers.enter(server, made('Register', by(client)));
    if (call === undefined) {
      servers.waits(client, new Map([[server, true]]));
      return;
    }
    left.delete(client);
    sent.push({ server: call.namespace, at: clock.now() });
    await clock.sleep(CALL_MS);
    servers.leave(server, call, undefined);
  }
  for (const one of declared) {
    const { namespace, interval = '0s', endpoint = ENDPOINT, proxyUrl, clients = 4, everyMs = 0 } = one;
    const connection = {
      uid: namespace,
      version: 'v1',
      admission: { kind: 'Open' },
      registrationEndpoint: endpoint,
      dialect: { registrationInterval: interval },
      transport: proxyUrl === undefined ? undefined : { version: '', proxyUrl },
    };
    servers.set(keyOf(namespace), { connection: connection as unknown as ServerConnection } as ServerState);
    for (let number = 0; number < clients; number += 1) {
      const client = storedClientKey(`${namespace}/c${number}`);
      left.set(client, keyOf(namespace));
      void clock.sleep(number * everyMs).then(() => round(client));
    }
  }
  await clock.advance(seconds * 1000);
  const timesOf = (namespace: string) =>
    sent.filter(({ server }) => server === namespace).map(({ at }) => at - 1_000_000);
  const gaps = sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0));
  const isCrowdedAt = (namespace: string) => isCrowded(servers.health(keyOf(namespace)), clock.now());
  return { lines, timesOf, gaps, isCrowdedAt, left };
}

describe('server objects that register at one endpoint', () => {
  test('keep the interval between all their registrations, and take turns', async () => {
    const { timesOf, gaps, lines, left } = await life([
      { namespace: 'a', interval: '1s' },
      { namespace: 'b', interval: '1s', endpoint: `${ENDPOINT}?tenant=b` },
    ]);
    expect(left.size).toBe(0);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
    expect(timesOf('b')[0]).toBeLessThan(3_000);
    expect(lines).toEqual([]);
  });

  test('wait for at most three intervals, then send, and say so', async () => {
    const { timesOf, lines, isCrowdedAt } = await life([
      { namespace: 'stream', clients: 500, everyMs: 300 },
      { namespace: 'b', interval: '1s', clients: 2 },
    ]);
    const [first = 0, second = 0] = timesOf('b');
    expect(first).toBeGreaterThan(2_900);
    expect(first).toBeLessThanOrEqual(3_100);
    expect(second - first).toBeLessThanOrEqual(4_200);
    expect(timesOf('stream')).toHaveLength(201);
    expect(lines[0]).toBe(
      'the interval between registrations was not kept, because of another server object',
    );
    expect(isCrowdedAt('b')).toBe(true);
    expect(isCrowdedAt('stream')).toBe(false);
  });

  test('never wait for the interval of another one', async () => {
    const { timesOf } = await life([
      { namespace: 'slow', interval: '1h', clients: 3 },
      { namespace: 'free', clients: 5 },
      { namespace: 'quick', interval: '1s', clients: 3 },
    ]);
    expect(timesOf('free')).toHaveLength(5);
    expect(Math.max(...timesOf('free'))).toBeLessThan(1_000);
    expect(timesOf('quick')).toHaveLength(3);
  });

  test.each<readonly [string, Partial<Declared>]>([
    ['at another path', { endpoint: 'https://as.example/other' }],
    ['at another origin', { endpoint: 'https://as.example:8443/register' }],
    ['over another proxy', { proxyUrl: 'http://proxy.example:3128' }],
  ])('do not wait for one that registers %s', async (_, other) => {
    const { timesOf } = await life([
      { namespace: 'a', interval: '10s', clients: 1 },
      { namespace: 'b', interval: '10s', clients: 1, ...other },
    ]);
    expect([...timesOf('a'), ...timesOf('b')]).toEqual([0, 0]);
  });
});
