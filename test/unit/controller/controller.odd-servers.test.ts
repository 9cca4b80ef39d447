import { describe, expect, test } from 'vitest';
import { RESOURCES } from '../../../src/api/kubernetes.ts';
import type { HttpOutcome } from '../../../src/controller/ports.ts';
import { controllerInMemory } from '../../kit/fakes/controller-in-memory.ts';
import { answered } from '../../kit/fakes/fake-ports.ts';
import { clientObject, surroundings } from '../../kit/fixtures/objects.ts';
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
function at(odd: Odd, { spec = {} }: { readonly spec?: object } = {}) {
  const name = 'c';
  const counts = new Map<string, number>();
  const life = controllerInMemory({
    objects: [
      ...surroundings(),
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
