import { describe, expect, test } from 'vitest';
import { takeUpClient, takeUpServer } from '../../../../src/controller/client/take-up.ts';
import { NamespaceMemory } from '../../../../src/controller/state/namespace-memory.ts';
import { toClientObject } from '../../../../src/core/desired.ts';
import {
  isLessOfClient,
  isLessOfServer,
  lessOfClient,
  lessOfServer,
} from '../../../../src/core/over-share.ts';
import { toServerObject } from '../../../../src/core/server-object.ts';
import { operatorInMemory, refusals } from '../../../kit/fakes/operator-in-memory.ts';
import { clientObject, serverObject, surroundings } from '../../../kit/fixtures/objects.ts';

const BYTES = 1_000;
const own = serverObject('own', { namespace: 'shop' });

/** A namespace whose objects have so many bytes of room, and of which less is kept. */
function withRoom(bytes: number, options: Parameters<typeof operatorInMemory>[0] = {}) {
  const told: string[] = [];
  const memory = new NamespaceMemory({
    most: bytes,
    exempt: '',
    onRoom: (namespace) => void told.push(namespace),
  });
  const operator = operatorInMemory({
    objects: [...surroundings(), clientObject(), own],
    parts: { namespaceMemory: memory },
    ...options,
  });
  const { clients, servers } = operator.context.caches;
  return {
    ...operator,
    told,
    client: () => clients.get(operator.round.key),
    isClientLess: () => {
      const known = clients.get(operator.round.key);
      return known === undefined || isLessOfClient(known);
    },
    keepLess: () => {
      clients.learn(lessOfClient(toClientObject(clientObject({ resourceVersion: '101' })), BYTES));
      operator.cluster.put('OAuthClient', clientObject({ resourceVersion: '102' }));
    },
    isServerLess: () => {
      const known = servers.get('shop/own');
      return known === undefined || isLessOfServer(known);
    },
  };
}

describe('A client of which less is kept', () => {
  test('is read again as soon as its namespace has room', async () => {
    const operator = withRoom(10 * BYTES);
    operator.keepLess();
    expect(operator.isClientLess()).toBe(true);
    await takeUpClient(operator.round.key, operator.context);
    expect(operator.reads).toEqual(['OAuthClient shop/storefront']);
    expect(operator.isClientLess()).toBe(false);
  });

  test('is not read while its namespace has none', async () => {
    const operator = withRoom(BYTES - 1);
    operator.keepLess();
    await takeUpClient(operator.round.key, operator.context);
    expect(operator.reads).toEqual([]);
  });

  test.each([refusals.unanswered, refusals.notFound])(
    'stays as it is where it cannot be read: $status',
    async (refused) => {
      const operator = withRoom(10 * BYTES, { refuses: { 'get OAuthClient': refused } });
      operator.keepLess();
      const before = operator.client();
      await takeUpClient(operator.round.key, operator.context);
      expect(operator.client()).toBe(before);
    },
  );

  test('is not read where it is being deleted, or is kept as a whole', async () => {
    const operator = withRoom(10 * BYTES);
    await takeUpClient(operator.round.key, operator.context);
    const deleted = toClientObject(
      clientObject({ resourceVersion: '102', deletionTimestamp: '2026-05-01T11:59:00Z' }),
    );
    operator.context.caches.clients.learn(lessOfClient(deleted, BYTES));
    await takeUpClient(operator.round.key, operator.context);
    expect(operator.reads).toEqual([]);
  });
});

describe('A server object of which less is kept', () => {
  const urlRules = { allowHttp: false };
  const whole = toServerObject('AuthorizationServer', own, urlRules);
  const less = lessOfServer(whole, BYTES);

  test('is read again as soon as its namespace has room', async () => {
    const operator = withRoom(10 * BYTES);
    const known = await takeUpServer(less, operator.context);
    expect(operator.reads).toEqual(['AuthorizationServer shop/own']);
    expect([isLessOfServer(known), operator.isServerLess()]).toEqual([false, false]);
  });

  test.each([
    ['its namespace has none', less, BYTES - 1],
    ['it is kept as a whole', whole, 10 * BYTES],
    [
      'it belongs to the cluster',
      toServerObject('ClusterAuthorizationServer', serverObject('corporate'), urlRules),
      10 * BYTES,
    ],
  ] as const)('is not read where %s', async (_, object, room) => {
    const operator = withRoom(room);
    expect(await takeUpServer(object, operator.context)).toBe(object);
    expect(operator.reads).toEqual([]);
  });
});
