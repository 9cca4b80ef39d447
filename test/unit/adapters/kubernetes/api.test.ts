import { afterEach, describe, expect, test } from 'vitest';
import { createKubernetesApi } from '../../../../src/adapters/kubernetes/api.ts';
import { nextLimit } from '../../../../src/adapters/kubernetes/pages.ts';
import { RESOURCES } from '../../../../src/api/kubernetes.ts';
import {
  answer,
  type Exchange,
  type FakeApiServer,
  startFakeApiServer,
  status,
} from '../../../kit/fakes/fake-api-server.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';

let server: FakeApiServer;
afterEach(() => server.close());

const key = { namespace: 'shop', name: 'a' };
const object = { metadata: { ...key, resourceVersion: '7' } };
const { secret } = RESOURCES;

async function start(script: readonly ((exchange: Exchange) => void)[], timeoutMs = 5_000) {
  server = await startFakeApiServer(script);
  const clock = createFakeClock({ skipMs: 10_000 });
  return { clock, api: createKubernetesApi(server.connection, { clock, timeoutMs }) };
}

describe('the calls', () => {
  test('go to the path of their resource, as their field manager', async () => {
    const { api } = await start([answer(200, object)]);
    await api.get(secret, key);
    await api.create(RESOURCES.oauthClient, object);
    await api.replace(RESOURCES.oauthClient, object, 'status');
    await api.patch(RESOURCES.namespace, { name: 'shop' }, { metadata: {} });
    await api.delete(secret, key, { uid: 'u' });
    expect(server.requests.map(({ method, path, query }) => [method, path, query])).toEqual([
      ['GET', '/api/v1/namespaces/shop/secrets/a', {}],
      [
        'POST',
        '/apis/oauth-registrar.dev/v1alpha1/namespaces/shop/oauthclients',
        { fieldManager: 'oauth-registrar' },
      ],
      [
        'PUT',
        '/apis/oauth-registrar.dev/v1alpha1/namespaces/shop/oauthclients/a/status',
        { fieldManager: 'oauth-registrar' },
      ],
      ['PATCH', '/api/v1/namespaces/shop', { fieldManager: 'oauth-registrar' }],
      ['DELETE', '/api/v1/namespaces/shop/secrets/a', {}],
    ]);
    expect(server.requests[3]?.headers).toMatchObject({
      'content-type': 'application/merge-patch+json',
      authorization: 'Bearer token-1',
      'user-agent': 'oauth-registrar',
    });
  });

  test('refuse unknown fields, where that is asked for', async () => {
    server = await startFakeApiServer([answer(201, object), answer(200, object)]);
    const api = createKubernetesApi(server.connection, {
      clock: createFakeClock(),
      fieldManager: 'someone',
      refusesUnknownFields: true,
    });
    await api.dryRun(RESOURCES.oauthClient, object);
    await api.dryRunReplace(RESOURCES.oauthClient, object);
    const query = { fieldManager: 'someone', fieldValidation: 'Strict', dryRun: 'All' };
    expect(server.requests.map((request) => request.query)).toEqual([query, query]);
  });

  test('pass on the time of the API server, and when it was asked', async () => {
    server = await startFakeApiServer([answer(200, object), answer(502, status(502, 'BadGateway'))]);
    const heard: unknown[] = [];
    const clock = createFakeClock({ startMs: 7 });
    const connection = { ...server.connection, heard: (...args: unknown[]) => void heard.push(args) };
    const api = createKubernetesApi(connection, { clock });
    await api.get(secret, key);
    await api.get(secret, key);
    const isDate = (text: string) => Math.abs(Date.parse(text) - Date.now()) < 60_000;
    expect(heard).toEqual([
      [expect.toSatisfy(isDate), 7],
      [undefined, 7],
    ]);
  });

  test('have the metadata alone of a written Secret sent back, and of one that is read for nothing else', async () => {
    const { api } = await start([answer(200, object)]);
    await api.create(secret, object);
    await api.replace(secret, object);
    await api.patch(secret, key, {});
    await api.get(secret, key);
    await api.get(secret, key, 'metadata');
    await api.create(RESOURCES.configMap, object);
    const metadata = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
    expect(server.requests.map(({ headers }) => headers.accept)).toEqual([
      metadata,
      metadata,
      metadata,
      'application/json',
      metadata,
      'application/json',
    ]);
  });

  test('keep their connections, a DELETE with options in its body as well', async () => {
    const { api } = await start([answer(200, object)]);
    for (let calls = 0; calls < 8; calls += 1) {
      await api.delete(secret, key, { uid: 'u' });
    }
    // Two: the next call may be made before the connection of the last one is free again.
    expect(new Set(server.requests.map(({ socket }) => socket)).size).toBeLessThanOrEqual(2);
  });

  test.each(['', '.', '..'])(
    'of an object named "%s" are not made: they would reach something else',
    async (name) => {
      const { api } = await start([answer(200, object)]);
      for (const result of [
        await api.get(secret, { namespace: 'shop', name }),
        await api.delete(secret, { namespace: 'shop', name }),
        await api.get(secret, { namespace: name, name: 'a' }),
        await api.get(secret, { name: 'a' }),
      ]) {
        expect(result).toMatchObject({ ok: false, status: 422, reason: 'Invalid' });
      }
      expect(server.requests).toHaveLength(0);
    },
  );
});

describe('an error', () => {
  test.each([
    [409, { ...status(409, 'AlreadyExists', 'it exists') }, 'AlreadyExists', 'it exists'],
    [
      404,
      { ...status(404, 'NotFound', 'secrets "a" not found'), details: { name: 'a' } },
      'NotFound',
      'secrets "a" not found',
    ],
    [
      404,
      status(404, 'NotFound', 'the server could not find the requested resource'),
      'NotServed',
      'the server could not find the requested resource',
    ],
    [404, '404 page not found', 'NotServed', 'HTTP 404 without a Status object'],
    [502, '<html>c2VjcmV0</html>', 'Unknown', 'HTTP 502 without a Status object'],
    [500, { message: 'c2VjcmV0' }, 'Unknown', 'HTTP 500 without a Status object'],
    [422, status(422, 'Invalid', 'x'.repeat(5_000)), 'Invalid', 'x'.repeat(1_000)],
  ])('%i with %j is %s', async (code, body, reason, message) => {
    const { api } = await start([answer(code, body)]);
    expect(await api.get(secret, key)).toEqual({ ok: false, status: code, reason, message });
  });

  test('is NoAnswer where a success has no JSON body, since the call may have taken effect', async () => {
    const { api } = await start([answer(201, 'ok')]);
    expect(await api.create(secret, object)).toEqual({
      ok: false,
      status: 0,
      reason: 'NoAnswer',
      message: 'HTTP 201 whose body is no JSON object',
    });
  });

  test('is NoAnswer after the deadline, also when the body does not end', async () => {
    const { api } = await start([({ response }) => void response.writeHead(200).write('{')], 50);
    expect(await api.get(secret, key)).toMatchObject({ status: 0, message: 'no answer within 50 ms' });
  });
});

describe('a throttled call', () => {
  test('waits as asked, at most 5 s, and is made again', async () => {
    const busy = status(429, 'TooManyRequests');
    const { api, clock } = await start([
      answer(429, busy, { 'retry-after': '1' }),
      answer(429, busy, { 'retry-after': '60' }),
      answer(429, busy),
      answer(201, object),
    ]);
    expect((await api.create(secret, object)).ok).toBe(true);
    expect(clock.sleeps).toEqual([1_000, 5_000, 1_000]);
  });

  test('is given up after three more attempts', async () => {
    const { api } = await start([answer(429, status(429, 'TooManyRequests'), { 'retry-after': '0' })]);
    expect(await api.create(secret, object)).toMatchObject({ status: 429, reason: 'TooManyRequests' });
    expect(server.requests).toHaveLength(4);
  });
});

describe('a connection that the server closes', () => {
  const drop = ({ socket }: Exchange) => socket.destroy();

  test('is replaced once for a read', async () => {
    const { api } = await start([drop, answer(200, object)]);
    expect((await api.get(secret, key)).ok).toBe(true);
  });

  test('is not replaced twice', async () => {
    const { api } = await start([drop]);
    expect(await api.get(secret, key)).toMatchObject({ ok: false, status: 0, reason: 'NoAnswer' });
    expect(server.requests).toHaveLength(2);
  });

  test.each(['create', 'replace'] as const)('ends a %s, which may have taken effect', async (verb) => {
    const { api } = await start([drop, answer(200, object)]);
    expect(await api[verb](secret, object)).toMatchObject({ ok: false, status: 0, reason: 'NoAnswer' });
    expect(server.requests).toHaveLength(1);
  });
});

describe('a list', () => {
  const whole = <T>(raw: T): T => raw;
  const page = (names: readonly string[], next?: string) =>
    answer(200, {
      metadata: { resourceVersion: '40', ...(next && { continue: next }) },
      items: names.map((name) => ({ metadata: { name }, data: { a: 'Yg==' } })),
    });

  test('is read page by page, consistently', async () => {
    const { api } = await start([page(['a', 'b'], 'more'), page(['c'])]);
    const list = await api.collect(secret, { labelSelector: 'app=x' }, whole);
    expect(list).toEqual({
      ok: true,
      object: {
        resourceVersion: '40',
        items: ['a', 'b', 'c'].map((name) => ({ metadata: { name }, data: { a: 'Yg==' } })),
      },
    });
    expect(server.requests.map(({ query }) => query)).toEqual([
      { limit: '50', labelSelector: 'app=x' },
      { limit: '200', labelSelector: 'app=x', continue: 'more' },
    ]);
  });

  test('starts again when its continuation expired, without the objects it had', async () => {
    const { api } = await start([page(['a'], 'more'), answer(410, status(410, 'Expired')), page(['b'])]);
    expect(await api.collect(secret, {}, whole)).toMatchObject({
      ok: true,
      object: { items: [{ metadata: { name: 'b' } }] },
    });
    expect(server.requests[2]?.query).toEqual({ limit: '50' });
  });

  test('asks again for fewer objects where a page is too large, and takes one whatever its size is (H1)', async () => {
    const large = (name: string, size: number, next?: string) =>
      answer(200, {
        metadata: { resourceVersion: '40', ...(next && { continue: next }) },
        items: [{ metadata: { name }, data: { a: 'x'.repeat(size) } }],
      });
    const five = 5 * 1024 * 1024;
    const { api } = await start([
      page(['a'], '1'),
      large('b', five, '2'),
      large('b', five, '2'),
      large('b', five, '2'),
      large('b', five, '2'),
      large('b', five, '2'),
      large('c', 1024 * 1024),
    ]);
    const list = await api.collect(secret, {}, whole);
    expect(list).toMatchObject({
      object: { items: ['a', 'b', 'c'].map((name) => ({ metadata: { name } })) },
    });
    expect(server.requests.map(({ query: { limit, continue: from } }) => [limit, from])).toEqual([
      ['50', undefined],
      ['200', '1'],
      ['50', '1'],
      ['13', '1'],
      ['4', '1'],
      ['1', '1'],
      ['1', '2'],
    ]);
  });

  test.each([
    ['small objects', 50, 50_000, 200],
    ['objects of a usual size', 200, 600_000, 500],
    ['objects of 32 KiB', 50, 1_638_400, 64],
    ['objects that take half a megabyte each', 50, 26_000_000, 4],
    ['objects that together have more than is wanted', 500, 4_000_000, 262],
    ['one object that is larger than what is wanted', 1, 9_000_000, 1],
  ])('asks next for as many as have 2 MiB together: %s', (_, limit, bytes, next) => {
    expect(nextLimit(limit, bytes)).toBe(next);
  });

  test('ends with the 410 when it expires again and again', async () => {
    const { api } = await start([answer(410, status(410, 'Expired'))]);
    expect(await api.collect(secret, {}, whole)).toMatchObject({ ok: false, status: 410 });
    expect(server.requests).toHaveLength(4);
  });

  test('of metadata asks for nothing else, and keeps nothing else if it comes', async () => {
    const { api } = await start([page(['a'])]);
    expect(await api.collect(secret, { metadataOnly: true }, whole)).toMatchObject({
      object: { items: [{ metadata: { name: 'a' } }] },
    });
    expect(JSON.stringify(await api.collect(secret, { metadataOnly: true }, whole))).not.toContain('Yg==');
    expect(server.requests[0]?.headers.accept).toBe(
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
    );
  });
});
