import { describe, expect, test } from 'vitest';
import { RESOURCES } from '../../../src/api/kubernetes.ts';
import type { HttpOutcome } from '../../../src/controller/ports.ts';
import type { Cluster } from '../../kit/fakes/cluster.ts';
import { controllerInMemory } from '../../kit/fakes/controller-in-memory.ts';
import { answered } from '../../kit/fakes/fake-ports.ts';
import { clientObject, serverObject, surroundings } from '../../kit/fixtures/objects.ts';
import { NOW } from '../../kit/fixtures/observations.ts';
import { issuer } from '../../kit/fixtures/server-objects.ts';

const registration = `${issuer}/register`;
const JSON_BODY = { 'content-type': 'application/json' };
const HTML = { 'content-type': 'text/html' };

const information = (number: number, more: object = {}) => ({
  client_id: `c-${number}`,
  client_secret: `secret-${number}`,
  client_secret_expires_at: 0,
  registration_access_token: 't',
  registration_client_uri: `${registration}/c-${number}`,
  ...more,
});

/** How a server answers what is not said here as other servers do. */
type Odd = Readonly<Partial<Record<'POST' | 'PUT' | 'GET' | 'DELETE', (calls: number) => HttpOutcome>>>;

const methodOf = ({ method, url }: Readonly<Record<'method' | 'url', string>>): string =>
  url.includes('/.well-known/') ? 'discovery' : method;

/** One client at a server that is odd. */
function at(odd: Odd, { spec = {}, server = {} }: { readonly spec?: object; readonly server?: object } = {}) {
  const name = 'c';
  const counts = new Map<string, number>();
  const life = controllerInMemory({
    objects: [
      ...surroundings().slice(0, 2),
      serverObject('corporate', { spec: server }),
      clientObject({ name, uid: 'uid-c' }, { secret: { name: 'c-oauth' }, ...spec } as never, {}),
    ],
    answer(request) {
      const method = methodOf(request);
      const calls = (counts.get(method) ?? 0) + 1;
      counts.set(method, calls);
      const given = method === 'discovery' ? undefined : odd[method as keyof Odd]?.(calls);
      return given ?? usual(method, counts.get('POST') ?? 0);
    },
  });
  life.controller.start();
  const hours = async (count: number) => await life.clock.advance(count * 3_600_000);
  const edit = () =>
    life.cluster.patch(
      RESOURCES.oauthClient,
      { namespace: 'shop', name },
      { spec: { client: { clientName: 'Edited' } } },
      'person',
    );
  const remove = () => life.cluster.delete(RESOURCES.oauthClient, { namespace: 'shop', name }, {}, 'person');
  const timesOf = (method: string) =>
    life.calls.filter((call) => methodOf(call) === method).map(({ at }) => at);
  const ready = () => life.readyOf('OAuthClient', 'shop/c');
  const status = () => life.cluster.find('OAuthClient', 'shop/c')?.status ?? {};
  return { ...life, hours, edit, remove, timesOf, ready, status };
}

function usual(method: string, registered: number): HttpOutcome {
  switch (method) {
    case 'discovery':
      return answered(200, { issuer, registration_endpoint: registration });
    case 'POST':
      return answered(201, information(registered), JSON_BODY);
    case 'DELETE':
      return answered(204);
    default:
      return answered(200, information(registered), JSON_BODY);
  }
}

describe('A registration whose answer cannot be read', () => {
  test.each<readonly [string, HttpOutcome]>([
    ['is broken JSON', answered(201, '{"client_id": "c-1", "client_secret": oops', JSON_BODY)],
    ['is a text', answered(201, 'created', { 'content-type': 'text/plain' })],
    ['is an array', answered(200, [information(1)], JSON_BODY)],
    ['is HTML', answered(200, '<html>', HTML)],
    ['is too large', { kind: 'noAnswer', reason: 'ResponseTooLarge', detail: 'more than 256 KiB' }],
  ])('(it %s): discovery is asked after growing pauses, since it is answered', async (_, answer) => {
    const { hours, timesOf } = at({ POST: () => answer });
    await hours(3);
    // Of more than 200 before.
    expect(timesOf('discovery').length).toBeLessThan(60);
    expect(timesOf('POST').length).toBeLessThan(25);
  });
});

describe('A client of which the server says that it does not know it', () => {
  const unknown = (status: number) => () =>
    answered(status, { error: 'client_not_found', error_description: 'no such client' }, JSON_BODY);

  test.each([401, 404, 405])('in its answer %i to an update is read once', async (status) => {
    const { hours, edit, timesOf } = at({ PUT: unknown(status) });
    await hours(0.1);
    edit();
    await hours(0.1);
    expect([timesOf('PUT').length, timesOf('GET').length]).toEqual([1, 1]);
  });

  test.each([401, 404, 405])(
    'in its answer %i to a deletion is read once for each DELETE',
    async (status) => {
      const { hours, remove, timesOf } = at({ DELETE: unknown(status) });
      await hours(0.1);
      remove();
      await hours(0.1);
      expect(timesOf('DELETE').length).toBeGreaterThan(0);
      expect(timesOf('GET')).toEqual(timesOf('DELETE'));
    },
  );
});

describe('A client whose call is tried again later than in a minute', () => {
  const refusedBy = (status: number, headers = {}) =>
    answered(status, { error: 'invalid_client_metadata' }, { ...JSON_BODY, ...headers });
  const TIME = /(?:It is tried again at|The server asked for a pause of .* until) ([\d:TZ-]+)/;

  test.each<readonly [string, HttpOutcome]>([
    ['is refused', refusedBy(400)],
    ['is redirected', answered(307, '', { location: 'https://other.example.com/register' })],
    ['is limited without a time, for ever', answered(429)],
    [
      'is limited until a time that is over',
      refusedBy(429, { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }),
    ],
    ['is limited for an hour', refusedBy(429, { 'retry-after': '3600' })],
    ['is answered 503 in HTML', answered(503, '<html>', HTML)],
    ['is answered 403 in HTML', answered(403, '<html>', HTML)],
  ])('and that %s says when, and then it is', async (_, answer) => {
    for (const method of ['POST', 'PUT'] as const) {
      const { hours, edit, timesOf, ready } = at({ [method]: () => answer });
      await hours(0.1);
      edit();
      await hours(0.5);
      const said = TIME.exec(ready() ?? '')?.[1] ?? ready();
      const before = timesOf(method).length;
      await hours(1.5);
      const next = timesOf(method)[before] ?? 0;
      expect(new Date(NOW + Math.floor(next) * 1_000).toISOString()).toBe(said?.replace('Z', '.000Z'));
    }
  });
});

describe('A server that answers a call about a client with another one', () => {
  const other = (calls: number) =>
    answered(200, information(1, { client_id: 'other', client_secret: `others-${calls}` }), JSON_BODY);
  const secretOf = (cluster: Cluster) => {
    const data = cluster.find('Secret', 'shop/c-oauth')?.data ?? {};
    return Buffer.from(data['client_secret'] ?? '', 'base64').toString();
  };

  test('is not believed after an update: the Secret stays, status says so, and pauses grow', async () => {
    const { hours, edit, timesOf, ready, cluster } = at({ PUT: other });
    await hours(0.1);
    edit();
    await hours(3);
    expect(ready()).toMatch(
      /^True AnswerNamesOtherClient: The server answered with client other, and the call was about client c-1\. Look at the server, and at proxies and caches on the way to it\. The operator tries again, after growing pauses\. It is tried again at \S+Z\.$/,
    );
    expect(timesOf('PUT').length).toBeLessThan(16);
    expect(secretOf(cluster)).toBe('secret-1');
  });

  test('is not believed after a read', async () => {
    const server = { drift: { mode: 'Report', interval: '5m' } };
    const { hours, timesOf, ready, cluster } = at({ GET: other }, { server });
    await hours(2);
    expect(ready()).toMatch(
      /^True Registered: .* Client c-1 could not be read: The server answered with client other, and the call was about client c-1\./,
    );
    expect(timesOf('GET').length).toBeLessThan(30);
    expect(secretOf(cluster)).toBe('secret-1');
  });
});

describe('A server whose reads give another secret each time', () => {
  test('is read no more often than drift says, and the Secret has the last one', async () => {
    const server = { drift: { mode: 'Report', interval: '5m' } };
    const { hours, timesOf, ready } = at(
      { GET: (calls) => answered(200, information(1, { client_secret: `read-${calls}` }), JSON_BODY) },
      { server },
    );
    await hours(2);
    expect(ready()).toMatch(/^True Registered: /);
    expect(timesOf('GET').length).toBeLessThan(30);
  });
});

describe('A registration that is answered with an odd client', () => {
  test.each<readonly [string, object]>([
    ['whose client_id is blank', { client_id: '  ' }],
    ['whose client_id is empty', { client_id: '' }],
    ['whose client_id is larger than what is kept', { client_id: 'x'.repeat(1_000_000) }],
  ])('%s is reported as a suspected orphan, and few others are made', async (_, more) => {
    const { hours, timesOf, ready, orphans, cluster } = at({
      POST: () => answered(201, information(1, more), JSON_BODY),
    });
    await hours(3);
    expect(ready()).toMatch(/^False (RegistrationOutcomeUnknown|ResponseNotJSON|ResponseTooLarge): /);
    expect(timesOf('POST').length).toBeLessThan(12);
    expect(orphans.length).toBe(timesOf('POST').length);
    expect(cluster.find('Secret', 'shop/c-oauth')).toBeUndefined();
  });

  test.each<readonly [string, object, RegExp]>([
    ['negative', { client_secret_expires_at: -1 }, /^undefined$/],
    ['never', { client_secret_expires_at: 'never' }, /^undefined$/],
    ['larger than any time', { client_secret_expires_at: 1e300 }, /^9999-12-31/],
    ['a fraction', { client_secret_expires_at: NOW / 1_000 + 30 * 86_400 + 0.5 }, /^2026-05-31T12:00:00Z$/],
  ])('whose secret has an end that is %s is registered once', async (_, more, end) => {
    const { hours, timesOf, ready, status } = at({
      POST: () => answered(201, information(1, more), JSON_BODY),
    });
    await hours(3);
    expect(ready()).toBe('True Registered: The client is registered and its Secret is up to date.');
    expect(String((status() as { clientSecretExpiresAt?: string }).clientSecretExpiresAt)).toMatch(end);
    expect(timesOf('POST')).toHaveLength(1);
  });

  test.each([
    ['relative', '/register/c-1', /^True Registered: /, 1],
    [
      'at another host',
      'https://evil.example.net/c-1',
      /^True ConfigurationURLRefused: .* It is tried again at \S+Z\.$/,
      0,
    ],
  ])('whose management address is %s is managed there, or says why not', async (_, uri, said, updates) => {
    const { hours, edit, timesOf, ready, calls } = at({
      POST: () => answered(201, information(1, { registration_client_uri: uri }), JSON_BODY),
    });
    await hours(0.1);
    edit();
    await hours(3);
    expect(ready()).toMatch(said);
    expect(timesOf('PUT')).toHaveLength(updates);
    expect(calls.every(({ url }) => url.startsWith(issuer))).toBe(true);
  });
});
