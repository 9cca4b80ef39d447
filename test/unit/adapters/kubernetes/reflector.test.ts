import { afterEach, describe, expect, test, vi } from 'vitest';
import { createKubernetesApi } from '../../../../src/adapters/kubernetes/api.ts';
import { cureOf } from '../../../../src/adapters/kubernetes/cure.ts';
import type { RawObject } from '../../../../src/adapters/kubernetes/paths.ts';
import { createReflector, type Reflector } from '../../../../src/adapters/kubernetes/reflector.ts';
import { RESOURCES } from '../../../../src/api/kubernetes.ts';
import {
  answer,
  type Exchange,
  type FakeApiServer,
  startFakeApiServer,
  status,
  stream,
} from '../../../kit/fakes/fake-api-server.ts';
import { createFakeClock, createRecordingLog } from '../../../kit/fakes/fake-clock.ts';

let server: FakeApiServer;
let reflector: Reflector;
afterEach(async () => {
  await reflector.stop();
  await server.close();
});

/** Longer than any wait between attempts, shorter than the silence that ends a watch. */
const SKIP_MS = 60_000;

const raw = (name: string, resourceVersion: string, more: object = {}) => ({
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion },
  ...more,
});
const event = (type: string, object: object) => ({ type, object });
const list = (resourceVersion: string, ...items: readonly object[]) =>
  answer(200, { metadata: { resourceVersion }, items });
const bookmark = (resourceVersion: string) => event('BOOKMARK', { metadata: { resourceVersion } });
const error = (code: number) => event('ERROR', { kind: 'Status', code, message: 'no' });

interface Trial {
  readonly script: readonly ((exchange: Exchange) => void)[];
  readonly transform?: (object: RawObject) => RawObject | undefined;
  /** Called before a handler notes what it was given. */
  readonly handle?: (seen: string) => void;
  /** The version that is known already. */
  readonly known?: string;
}

/** Runs a reflector against the script and notes what its handlers were given. */
async function follow({ script, transform = (object) => object, handle = () => {}, known = '' }: Trial) {
  server = await startFakeApiServer(script);
  const clock = createFakeClock({ skipMs: SKIP_MS });
  const log = createRecordingLog();
  const seen: string[] = [];
  const note = (what: string) => {
    handle(what);
    seen.push(what);
  };
  reflector = createReflector({
    connection: server.connection,
    api: createKubernetesApi(server.connection, { clock }),
    resource: RESOURCES.secret,
    transform,
    handlers: {
      knows: ({ resourceVersion }) => resourceVersion === known,
      listed: () => {},
      replaced: (objects, version) => note(`= ${objects.map((o) => o.metadata.name).join(',')} @${version}`),
      applied: (object) => note(`+ ${object.metadata.name}`),
      deleted: (object) => note(`- ${object.metadata.name}`),
    },
    clock,
    random: () => 0.5,
    log,
  });
  reflector.start();
  const queries = () => server.requests.map(({ query }) => query['resourceVersion'] ?? 'list');
  return { clock, log, seen, queries };
}

const until = (assertion: () => void) => vi.waitFor(assertion, { timeout: 5_000, interval: 5 });

describe('a reflector', () => {
  test('lists, then hands over what the watch brings, in order', async () => {
    const { seen, queries } = await follow({
      script: [
        list('5', raw('a', '3')),
        stream(
          event('ADDED', raw('b', '6')),
          event('MODIFIED', raw('a', '7')),
          bookmark('8'),
          event('DELETED', raw('a', '9')),
        ),
      ],
    });
    await reflector.synced;
    await until(() => expect(seen).toEqual(['= a @5', '+ b', '+ a', '- a']));
    expect(queries()).toEqual(['list', '5']);
    expect(server.requests[1]?.query).toEqual({
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: '5',
      timeoutSeconds: '360',
    });
  });

  test('passes over the event of a version that is known; a deletion always counts', async () => {
    const { seen } = await follow({
      script: [
        list('5', raw('a', '3')),
        stream(
          event('MODIFIED', raw('a', '7')),
          event('ADDED', raw('b', '8')),
          event('DELETED', raw('a', '7')),
        ),
      ],
      known: '7',
    });
    await until(() => expect(seen).toEqual(['= a @5', '+ b', '- a']));
  });

  const broken: readonly (readonly [string, (exchange: Exchange) => void])[] = [
    ['a fault of the server', answer(500, status(500, 'InternalError'))],
    ['a refusal', answer(403, status(403, 'Forbidden'))],
    ['a proxy in between', answer(502, '<html>')],
    ['a connection that is cut', ({ socket }) => socket.destroy()],
    ['an end without an event', answer(200, '')],
    ['an error event', (exchange) => exchange.response.end(`${JSON.stringify(error(500))}\n`)],
    ['a line that is cut', (exchange) => exchange.response.end('{"type":"ADDED","obj')],
  ];
  test.each(broken)('resumes its watch where it was after %s', async (_, failing) => {
    const { seen, queries } = await follow({
      script: [
        list('5'),
        (exchange) => {
          stream(bookmark('6'))(exchange);
          exchange.response.end();
        },
        failing,
        stream(event('ADDED', raw('a', '7'))),
      ],
    });
    await until(() => expect(seen).toEqual(['=  @5', '+ a']));
    expect(queries()).toEqual(['list', '5', '6', '6']);
  });

  test('lists again, with waits that grow, until a list succeeds', async () => {
    const { seen, clock } = await follow({
      script: [
        answer(503, status(503, 'ServiceUnavailable')),
        answer(401, status(401, 'Unauthorized')),
        answer(404, '404 page not found'),
        list('5', raw('a', '3')),
        stream(),
      ],
    });
    await until(() => expect(seen).toEqual(['= a @5']));
    expect(clock.sleeps.slice(0, 4)).toEqual([0, 150, 300, 600]);
  });

  const gone: readonly (readonly [string, (exchange: Exchange) => void])[] = [
    ['an answer of 410', answer(410, status(410, 'Expired'))],
    ['an error event of 410', stream(error(410))],
    ['a line that is no event', stream('{"type":"ADDED","object":17}')],
    [
      'a line that is too long and tells of no object',
      ({ response }) => void response.write(`${'x'.repeat(2 * 1024 * 1024 + 1)}\n`),
    ],
  ];
  test.each(gone)('lists again after %s', async (_, failing) => {
    const { seen, queries } = await follow({
      script: [
        list('5', raw('a', '3')),
        failing,
        list('20', raw('b', '19')),
        stream(event('ADDED', raw('c', '21'))),
      ],
    });
    await until(() => expect(seen).toEqual(['= a @5', '= b @20', '+ c']));
    expect(queries(), 'the list is consistent: it names no version').toEqual(['list', '5', 'list', '20']);
  });

  test('ignores an object that is too large, sees its deletion, and continues with the same watch (L1)', async () => {
    const large = (type: string, version: string, size: number) =>
      `{"type":"${type}","object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a","namespace":"shop","uid":"uid-a","resourceVersion":"${version}","annotations":{"x":"${'\\u003c'.repeat(size / 6)}"}}}}`;
    const { seen, queries, log } = await follow({
      script: [
        list('5', raw('a', '3')),
        stream(
          large('MODIFIED', '6', 4_300_000),
          event('ADDED', raw('b', '7')),
          large('DELETED', '8', 4_300_000),
          event('ADDED', raw('c', '9')),
        ),
      ],
    });
    await until(() => expect(seen).toEqual(['= a @5', '+ b', '- a', '+ c']));
    expect(queries()).toEqual(['list', '5']);
    expect(log.lines).toContain(
      'warn an object that is too large is ignored {"resource":"secrets","key":"shop/a"}',
    );
  });

  test('gives up a watch that is silent for 90 s, not one that brings bookmarks', async () => {
    const { clock, queries } = await follow({
      script: [
        list('5'),
        (exchange) => {
          stream()(exchange);
          setTimeout(() => exchange.response.write(`${JSON.stringify(bookmark('6'))}\n`), 100);
        },
        stream(),
      ],
    });
    await until(() => expect(server.requests).toHaveLength(2));
    await clock.advance(80_000);
    const before = reflector.lastActivity();
    await until(() => expect(reflector.lastActivity()).toBeGreaterThan(before));
    await clock.advance(80_000);
    // Time for a request to arrive, were one made.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(server.requests, '80 s after a bookmark').toHaveLength(2);
    await clock.advance(20_000);
    await until(() => expect(queries()).toEqual(['list', '5', '6']));
  });

  test('knows what the API server refused last, until something comes again', async () => {
    const refused = answer(500, status(500, 'InternalError'));
    const { clock } = await follow({
      script: [
        refused,
        (exchange) => setTimeout(() => list('5')(exchange), 100),
        stream(event('ADDED', raw('good', '8'))),
      ],
    });
    await until(() => expect(reflector.lastRefusal?.()?.message).toBeTypeOf('string'));
    expect(reflector.lastRefusal?.()?.at).toBeLessThanOrEqual(clock.monotonic());
    await until(() => expect(reflector.lastRefusal?.()).toBeUndefined());
  });

  test('says what to do where the account lacks the right', async () => {
    const { log } = await follow({ script: [answer(403, status(403, 'Forbidden')), list('5')] });
    const cure = cureOf(403);
    await until(() => expect(log.lines[0]).toContain(`"cure":"${cure}"`));
    expect(log.lines[0]).toMatch(
      /^warn a list failed and will be retried \{"resource":"secrets","status":403,/,
    );
  });

  test('continues after a handler that throws', async () => {
    const { seen, log } = await follow({
      script: [
        list('5'),
        stream(
          event('ADDED', raw('bad', '6')),
          event('DELETED', raw('bad', '7')),
          event('ADDED', raw('good', '8')),
        ),
      ],
      handle: (what) => {
        if (what.includes('bad')) {
          throw new Error('the handler is broken');
        }
      },
    });
    await until(() => expect(seen).toEqual(['=  @5', '+ good']));
    expect(log.lines.filter((line) => line.startsWith('error'))).toEqual([
      expect.stringMatching(/"handler":"applied","error":"Error: the handler is broken/),
      expect.stringMatching(/"handler":"deleted","error":"Error: the handler is broken/),
    ]);
  });

  test('lists again where the list could not be handed over, and is synced only then', async () => {
    let calls = 0;
    const { seen } = await follow({
      script: [list('5'), list('6'), stream()],
      handle: () => {
        calls += 1;
        if (calls === 1) {
          throw new Error('the handler is broken');
        }
      },
    });
    await reflector.synced;
    expect(seen).toEqual(['=  @6']);
  });

  test('skips one object that can not be used, and names it', async () => {
    const { seen, log } = await follow({
      script: [
        list('5', raw('bad', '3'), raw('good', '4')),
        stream(
          event('MODIFIED', raw('bad', '6')),
          event('ADDED', raw('odd', '7')),
          event('ADDED', raw('c', '8')),
        ),
      ],
      transform: (object) => {
        if (object.metadata.name === 'bad') {
          throw new Error('it is bad');
        }
        return object.metadata.name === 'odd' ? undefined : object;
      },
    });
    await until(() => expect(seen).toEqual(['= good @5', '+ c']));
    expect(log.lines.filter((line) => line.startsWith('warn'))).toEqual([
      'warn an object is skipped {"resource":"secrets","key":"shop/bad","error":"it is bad"}',
      'warn an object is skipped {"resource":"secrets","key":"shop/bad","error":"it is bad"}',
      'warn an object is skipped {"resource":"secrets","key":"shop/odd"}',
    ]);
  });

  test('lists again when an object that can not be used is deleted, so that it does not stay for ever', async () => {
    const { seen } = await follow({
      script: [
        list('5', raw('a', '3')),
        stream(
          event('MODIFIED', raw('a', '6', { bad: true })),
          event('DELETED', raw('a', '7', { bad: true })),
        ),
        list('8'),
        stream(),
      ],
      transform: (object) => (object['bad'] === true ? undefined : object),
    });
    await until(() => expect(seen).toEqual(['= a @5', '=  @8']));
  });

  test('stops at once, in whatever it is doing, and leaves no connection of a watch', async () => {
    const { seen } = await follow({ script: [list('5'), stream(event('ADDED', raw('a', '6')))] });
    await until(() => expect(seen).toHaveLength(2));
    await reflector.stop();
    await until(() => expect(server.openSockets(), 'the kept connection for calls').toBe(1));
    expect(server.requests).toHaveLength(2);
  });

  test('stops while a list is under way', async () => {
    const { seen } = await follow({ script: [() => {}] });
    await until(() => expect(server.requests).toHaveLength(1));
    await reflector.stop();
    expect(seen).toEqual([]);
  });
});
