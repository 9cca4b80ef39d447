import { describe, expect, test } from 'vitest';
import { RESOURCES } from '../../../src/api/kubernetes.ts';
import { SHARES } from '../../../src/api/shares.ts';
import type { HttpOutcome } from '../../../src/controller/ports.ts';
import { controllerInMemory } from '../../kit/fakes/controller-in-memory.ts';
import { answered } from '../../kit/fakes/fake-ports.ts';
import { clientObject, namespaceObject, serverObject, surroundings } from '../../kit/fixtures/objects.ts';
import { issuer } from '../../kit/fixtures/server-objects.ts';

const registration = `${issuer}/register`;
const document = answered(200, { issuer, registration_endpoint: registration });
const created = (number: number) =>
  answered(201, {
    client_id: `c-${number}`,
    client_secret: 's',
    client_secret_expires_at: 0,
    registration_access_token: 't',
    registration_client_uri: `${registration}/c-${number}`,
  });
const refusedConnection: HttpOutcome = {
  kind: 'notSent',
  reason: 'ConnectFailed',
  detail: 'sso.example.com refused the connection',
  why: 'it refused the connection',
};
const SILENCE: HttpOutcome = { kind: 'noAnswer', reason: 'Timeout', detail: 'no answer' };

const clients = (count: number) =>
  Array.from({ length: count }, (_, number) =>
    clientObject(
      { name: `c${number}`, uid: `uid-${number}` },
      { secret: { name: `c${number}-oauth` } as never },
      {},
    ),
  );

interface Outage {
  /** Seconds since the start. */
  readonly from?: number;
  readonly to: number;
  readonly how?: 'refuses' | 'hangs';
}

/** A server that is away for some seconds, and answers every call before and after that. */
function away({ from = 0, to, how = 'refuses' }: Outage, count = 5) {
  let made = 0;
  const life = controllerInMemory({
    objects: [...surroundings(), ...clients(count)],
    async answer({ method }, seconds) {
      if (seconds < from || seconds >= to) {
        made += method === 'POST' ? 1 : 0;
        return method === 'GET' ? document : created(made);
      }
      if (how === 'refuses') {
        return refusedConnection;
      }
      // Nobody answers what was accepted meanwhile, also when the server is back.
      const { timeoutMs } = life.calls.at(-1) ?? { timeoutMs: 0 };
      await life.clock.sleep(timeoutMs);
      return SILENCE;
    },
  });
  life.controller.start();
  const timesOf = (method: string) => life.calls.filter((call) => call.method === method).map(({ at }) => at);
  const ready = () => life.readyOf('ClusterAuthorizationServer', 'corporate');
  return { ...life, timesOf, ready };
}

describe('After an outage', () => {
  test.each([30, 169, 290])(
    'of %i s the first client is registered within 5 s, the others at once',
    async (seconds) => {
      const { clock, timesOf, ready } = away({ to: seconds });
      await clock.advance((seconds - 1) * 1_000);
      expect(ready()).toMatch(
        /^False AuthorizationServerUnavailable: .* can't be reached: it refused the connection/,
      );
      await clock.advance(10_000);
      const posts = timesOf('POST').map((at) => at - seconds);
      expect(posts).toHaveLength(5);
      expect(posts[0]).toBeLessThan(5);
      expect(posts[4]).toBeLessThan(6);
      expect(ready()).toMatch(/^True Available/);
      // Each probe is one GET.
      expect(timesOf('GET').filter((at) => at < seconds).length).toBeLessThanOrEqual(seconds / 3 + 1);
    },
  );

  test('of a server that hangs while it starts, too, though what it accepted is never answered', async () => {
    const { clock, timesOf } = away({ to: 169, how: 'hangs' });
    await clock.advance(180_000);
    expect(timesOf('POST')[0]).toBeLessThan(174 + 5);
    expect(timesOf('POST')).toHaveLength(5);
  });

  test.each(['refuses', 'hangs'] as const)(
    'that began while clients were registered (it %s) an edit goes on within 5 s, and status says so meanwhile',
    async (how) => {
      const { clock, cluster, calls, ready } = away({ from: 10, to: 100, how });
      await clock.advance(11_000);
      for (const number of [0, 1, 2, 3, 4]) {
        const name = `c${number}`;
        expect(cluster.find('OAuthClient', `shop/${name}`)?.status).toHaveProperty('clientId');
        const edit = { spec: { client: { clientName: 'Edited' } } };
        cluster.patch(RESOURCES.oauthClient, { namespace: 'shop', name }, edit, 'person');
      }
      await clock.advance(how === 'refuses' ? 20_000 : 80_000);
      expect(ready()).toMatch(/^False (AuthorizationServerUnavailable|ResponseTimedOut)/);
      await clock.advance(how === 'refuses' ? 79_000 : 19_000);
      const puts = calls.filter(({ method, at }) => method === 'PUT' && at >= 100).map(({ at }) => at - 100);
      expect(
        new Set(calls.filter(({ method, at }) => method === 'PUT' && at >= 100).map(({ url }) => url)).size,
      ).toBe(5);
      expect(puts[0]).toBeLessThan(5);
      expect(ready()).toMatch(/^True Available/);
    },
  );
});

test('A server that nobody uses is reported soon and in the same words, whether it answered before or not', async () => {
  const [never, noMore] = [away({ to: Number.POSITIVE_INFINITY }, 0), away({ from: 60, to: 1e9 }, 0)];
  await never.clock.advance(13 * 60_000);
  await noMore.clock.advance(13 * 60_000);
  expect(never.ready()).toMatch(/^False AuthorizationServerUnavailable: .* can't be reached/);
  expect(noMore.ready()).toBe(never.ready());
});

test('A server that nobody uses is asked for its document every ten minutes, by one GET', async () => {
  const { clock, timesOf, writes } = away({ to: 0 }, 0);
  await clock.advance(60_000);
  const written = writes.length;
  await clock.advance(10 * 3_600_000);
  expect(timesOf('GET').length).toBeGreaterThan(50);
  expect(timesOf('GET').length).toBeLessThan(80);
  expect(writes).toHaveLength(written);
});

test('Clients of many servers wait for a slow API server in turn, so that they do not stack up in memory', async () => {
  const [perServer, count] = [40, 25];
  const names = Array.from({ length: count }, (_, index) => `s-${index}`);
  const spaces = Array.from({ length: perServer }, (_, index) => namespaceObject(`team-${index}`));
  const allowedNamespaces = { names: spaces.map(({ metadata }) => metadata.name) };
  const servers = names.map((name) =>
    serverObject(name, {
      metadata: { uid: `uid-${name}` },
      spec: { issuer: `https://${name}.example.com`, allowedNamespaces },
    }),
  );
  const objects = names.flatMap((server) =>
    spaces.map(({ metadata: { name: namespace } }) => {
      const name = `of-${server}`;
      const authorizationServerRef = { kind: 'ClusterAuthorizationServer', name: server } as const;
      const metadata = { name, uid: `uid-${namespace}-${name}`, namespace, finalizers: [] };
      return clientObject(metadata, { authorizationServerRef, secret: { name } as never }, {});
    }),
  );
  let waiting = 0;
  const life = controllerInMemory({
    objects: [...surroundings().slice(0, 2), ...spaces, ...servers, ...objects],
    answer: ({ url }) => {
      const { origin } = new URL(url);
      return answered(200, { issuer: origin, registration_endpoint: `${origin}/register` });
    },
    // It answers no write about an OAuthClient.
    between: (api) => ({
      ...api,
      patch(resource, ...given) {
        if (resource.kind !== 'OAuthClient') {
          return api.patch(resource, ...given);
        }
        waiting += 1;
        return new Promise(() => undefined);
      },
    }),
  });
  life.controller.start();
  await life.clock.advance(5_000);
  expect(waiting).toBeGreaterThanOrEqual(SHARES.roundsTogether.most);
  expect(waiting).toBeLessThanOrEqual(SHARES.roundsTogether.most + 2 * count);
});

describe('Servers that hang', () => {
  const SILENT = 60;
  const tenants = Array.from({ length: SILENT }, (_, number) => `dead-${number}`);
  const serversOf = (namespace: string) =>
    [0, 1].map((number) =>
      serverObject(`as-${number}`, {
        namespace,
        metadata: { uid: `uid-${namespace}-${number}` },
        spec: { issuer: `https://${namespace}.example.com` },
      }),
    );

  test('do not keep the servers of others waiting, and are read at one address each', async () => {
    const life = controllerInMemory({
      objects: [
        ...[...tenants, 'calm'].map((name) => namespaceObject(name)),
        ...tenants.flatMap(serversOf),
        ...serversOf('calm').slice(0, 1),
      ],
      async answer({ url }) {
        if (url.startsWith('https://calm.')) {
          const calm = 'https://calm.example.com';
          return answered(200, { issuer: calm, registration_endpoint: `${calm}/register` });
        }
        await life.clock.sleep(life.calls.at(-1)?.timeoutMs ?? 0);
        return SILENCE;
      },
    });
    life.controller.start();
    await life.clock.advance(60_000);
    const addresses = new Set(life.calls.map(({ url }) => url).filter((url) => url.includes('dead-')));
    expect(addresses.size).toBe(SILENT);
    const before = life.calls.length;
    const edit = { spec: { connection: { timeout: '20s' } } };
    const name = { namespace: 'calm', name: 'as-0' };
    life.cluster.patch(RESOURCES.authorizationServer, name, edit, 'person');
    await life.clock.advance(100);
    const calls = life.calls.slice(before).map(({ url }) => url);
    expect(calls).toContain('https://calm.example.com/.well-known/oauth-authorization-server');
    expect(life.cluster.find('AuthorizationServer', 'calm/as-0')?.status).toMatchObject({
      observedGeneration: 2,
    });
  });
});
