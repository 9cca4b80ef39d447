import { describe, expect, test } from 'vitest';
import {
  type AccessRefusal,
  type AccessReviews,
  isAccessRefusal,
  type WantedAccess,
} from '../../../../src/adapters/kubernetes/access-review.ts';
import { createInventoryAccess } from '../../../../src/adapters/kubernetes/inventory-access.ts';
import type { InventoryReader } from '../../../../src/adapters/process/inventory-endpoint.ts';
import { SHARES } from '../../../../src/api/shares.ts';
import { toClientObject } from '../../../../src/core/desired.ts';
import type { ServerObject } from '../../../../src/core/server-object.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';
import { INVENTORY_NOW, inventoryClient } from '../../../kit/fixtures/inventory.ts';
import { issuer, objectOf, open } from '../../../kit/fixtures/server-objects.ts';

const OPERATOR = 'oauth-registrar-system';
const ANN = { authorization: 'Bearer ann', address: '10.0.0.1', namespace: undefined, isClosed: () => false };
/** In the namespaces billing-0, checkout-0 and ml-agents-0. */
const CLIENTS = [0, 1, 7, 8].map((index) => toClientObject(inventoryClient(index)));
const corporate = objectOf({ issuer, registration: open });
const own = (namespace: string): ServerObject => {
  const server = objectOf({ issuer, registration: open }, { kind: 'AuthorizationServer' });
  return { ...server, metadata: { ...server.metadata, namespace, name: 'own' } };
};
const entry = (client: string) =>
  JSON.stringify({ role: 'owed', client, server: 'ClusterAuthorizationServer/corporate', clientId: 'c' });

const suspect = (client: string) =>
  JSON.stringify({ client, server: 'ClusterAuthorizationServer/corporate', attempt: 'a', why: 'lost' });

/** @param rights such as `list oauthclients in shop`, `list oauthclients`, `get configmaps in shop` */
function createAccess(rights: readonly string[], { clients = CLIENTS, isReady = true } = {}) {
  const asked: string[] = [];
  const reviews: AccessReviews = {
    callerOf: async ({ authorization }) =>
      authorization === undefined
        ? { status: 401, message: 'No token.' }
        : { name: authorization.slice(7).split(' ')[0] ?? '', user: { username: 'u' }, key: authorization },
    async isAllowed(_, wanted: WantedAccess) {
      const text =
        'path' in wanted
          ? wanted.path
          : `${wanted.verb} ${wanted.resource.plural}${wanted.name === undefined ? '' : ` ${wanted.name}`}${wanted.namespace === undefined ? '' : ` in ${wanted.namespace}`}`;
      asked.push(text);
      return text === 'list oauthclients in broken'
        ? { status: 503, message: 'Busy.' }
        : rights.includes(text);
    },
  };
  const clock = createFakeClock({ startMs: INVENTORY_NOW });
  let spentMs = 0;
  const show = createInventoryAccess({
    caches: {
      clients: {
        values() {
          // The making of a page takes five milliseconds.
          spentMs += 5;
          return clients.values();
        },
      },
      servers: { values: () => [own('billing-0'), own('ml-agents-0')].values() },
      clusterServers: { values: () => [corporate].values() },
    } as never,
    lists: () => ({
      unremoved: { a: entry('billing-0/gone'), b: entry('search-0/gone') },
      suspects: [{ a: suspect('billing-0/lost') }, { a: suspect('search-0/lost-own') }],
    }),
    isReady: () => isReady,
    reviews,
    operatorNamespace: OPERATOR,
    clock: { ...clock, monotonic: () => spentMs },
  });
  const view = (reader: InventoryReader) => show(reader, (one) => one);
  /** With the time that waiting for turns takes. */
  const viewAfterTurns = async (reader: InventoryReader) => {
    const answer = view(reader);
    await clock.advance(1_000);
    return answer;
  };
  const spend = (ms: number) => {
    spentMs += ms;
  };
  return { asked, show, view, viewAfterTurns, clock, spend, made: () => spentMs / 5 };
}

async function viewOf(rights: readonly string[], namespace?: string) {
  const { viewAfterTurns } = createAccess(rights);
  const answer = await viewAfterTurns({ ...ANN, namespace });
  if (isAccessRefusal(answer)) {
    throw new Error(answer.message);
  }
  return {
    rows: answer.rows.map((row) => `${row.namespace}/${row.name}`),
    servers: answer.servers.map(({ key }) => key),
    outstanding: answer.outstanding?.map(({ namespace, name }) => `${namespace}/${name}`),
    hidden: answer.hidden,
  };
}
const refusalOf = async (
  rights: readonly string[],
  namespace?: string,
  options: Parameters<typeof createAccess>[1] = {},
): Promise<AccessRefusal | undefined> => {
  const answer = await createAccess(rights, options).viewAfterTurns({ ...ANN, namespace });
  return isAccessRefusal(answer) ? answer : undefined;
};

const READ_UNREMOVED = `get configmaps oauth-registrar-unremoved-clients in ${OPERATOR}`;
const READ_SUSPECTS = `get configmaps oauth-registrar-suspected-orphans in ${OPERATOR}`;
const READ_OWN_SUSPECTS = `get configmaps oauth-registrar-suspected-orphans-namespaced in ${OPERATOR}`;
const READ_LISTS = [READ_UNREMOVED, READ_SUSPECTS, READ_OWN_SUSPECTS];

const ALL = [
  'list oauthclients',
  'list authorizationservers',
  'list clusterauthorizationservers',
  ...READ_LISTS,
];

describe('what a caller sees of the inventory', () => {
  test('is everything with the rights for everything', async () => {
    expect(await viewOf(ALL)).toEqual({
      rows: ['billing-0/api-0', 'checkout-0/web-1', 'ml-agents-0/scheduler-7', 'billing-0/api-8'],
      servers: [
        'AuthorizationServer/billing-0/own',
        'AuthorizationServer/ml-agents-0/own',
        'ClusterAuthorizationServer/corporate',
      ],
      outstanding: ['billing-0/gone', 'search-0/gone', 'billing-0/lost', 'search-0/lost-own'],
      hidden: [],
    });
  });

  test('is what is in the namespaces of its rights, and each right that is missing is named', async () => {
    const rights = [
      'list oauthclients in billing-0',
      'list oauthclients in ml-agents-0',
      'list authorizationservers in billing-0',
    ];
    expect(await viewOf(rights)).toEqual({
      rows: ['billing-0/api-0', 'ml-agents-0/scheduler-7', 'billing-0/api-8'],
      servers: ['AuthorizationServer/billing-0/own'],
      outstanding: undefined,
      hidden: [
        'ann may not list oauthclients.oauth-registrar.dev in all namespaces. Namespaces that are shown: 2.',
        'ann may not list clusterauthorizationservers.oauth-registrar.dev in this cluster.',
        'ann may not list authorizationservers.oauth-registrar.dev in each of these namespaces.',
        `ann may not see what is owed, left behind or suspected: ClusterRole oauth-registrar-list-viewer, bound in namespace ${OPERATOR}, permits that.`,
      ],
    });
  });

  test('leaves out what is owed in other namespaces, also for who may read the lists', async () => {
    const { outstanding } = await viewOf(['list oauthclients in billing-0', ...READ_LISTS]);
    expect(outstanding).toEqual(['billing-0/gone', 'billing-0/lost']);
  });

  test.each([
    [
      READ_UNREMOVED,
      ['billing-0/gone', 'search-0/gone'],
      'oauth-registrar-suspected-orphans, oauth-registrar-suspected-orphans-namespaced',
    ],
    [
      READ_SUSPECTS,
      ['billing-0/lost'],
      'oauth-registrar-unremoved-clients, oauth-registrar-suspected-orphans-namespaced',
    ],
    [
      READ_OWN_SUSPECTS,
      ['search-0/lost-own'],
      'oauth-registrar-unremoved-clients, oauth-registrar-suspected-orphans',
    ],
  ])('is of each list by its own right: %s', async (right, outstanding, others) => {
    const rights = ['list oauthclients', 'list authorizationservers', 'list clusterauthorizationservers'];
    expect(await viewOf([...rights, right])).toMatchObject({
      outstanding,
      hidden: [
        `ann may not see all that is owed, left behind or suspected, since ann may not get ConfigMap ${others}: ClusterRole oauth-registrar-list-viewer, bound in namespace ${OPERATOR}, permits that.`,
      ],
    });
  });

  test('is one namespace where the caller asks for it', async () => {
    const { rows } = await viewOf(
      ['list oauthclients in billing-0', 'list oauthclients in ml-agents-0'],
      'ml-agents-0',
    );
    expect(rows).toEqual(['ml-agents-0/scheduler-7']);
  });

  test('is decided by reviews of lists alone: no Secret, nothing per client', async () => {
    const { viewAfterTurns, asked } = createAccess(['list oauthclients in billing-0']);
    await viewAfterTurns(ANN);
    expect(asked.toSorted()).toEqual([
      ...READ_LISTS.toSorted(),
      'list authorizationservers in billing-0',
      'list clusterauthorizationservers',
      'list oauthclients',
      'list oauthclients in billing-0',
      'list oauthclients in checkout-0',
      'list oauthclients in ml-agents-0',
    ]);
  });
});

test('callers take turns, and after each page the time of eight is left for other work', async () => {
  const { view, clock } = createAccess(ALL);
  const made: string[] = [];
  const ask = (name: string) => view({ ...ANN, authorization: `Bearer ${name}` }).then(() => made.push(name));
  const asked = ['eve', 'eve', 'eve', 'ann'].map(ask);
  await asked[0];
  await clock.advance(39);
  expect(made).toEqual(['eve']);
  await clock.advance(1);
  expect(made).toHaveLength(2);
  await clock.advance(40);
  expect(made).toContain('ann');
  await clock.advance(40);
  await Promise.all(asked);
  expect(clock.sleeps.every((ms) => ms === 40)).toBe(true);
});

describe('a turn', () => {
  test('has the making of the page in it, so that the pause is for both', async () => {
    const { show, spend, clock } = createAccess(ALL);
    const page = await show(ANN, ({ rows }) => {
      spend(10);
      return { count: rows.length };
    });
    expect(page).toEqual({ count: 4 });
    await clock.advance(0);
    expect(clock.sleeps).toEqual([8 * 15]);
  });

  test('is taken before all clients are searched for namespaces', async () => {
    const { view, clock, made } = createAccess(['list oauthclients in billing-0']);
    await view({ ...ANN, authorization: 'Bearer eve', namespace: 'billing-0' });
    const answer = view(ANN);
    await clock.advance(39);
    expect(made()).toBe(1);
    await clock.advance(1_000);
    expect(await answer).toHaveProperty('rows');
    expect(made()).toBe(3);
    expect(clock.sleeps).toEqual([40, 40, 40]);
  });

  test('is not taken to search all clients where a namespace is named', async () => {
    const { view, made } = createAccess([]);
    expect(await view({ ...ANN, namespace: 'billing-0' })).toMatchObject({ status: 403 });
    expect(made()).toBe(0);
  });
});

describe('pages that wait for their turn', () => {
  const BUSY = { status: 503, message: 'Too many pages are being made: try again.' };
  const readerOf = (name: string) => ({ ...ANN, authorization: `Bearer ${name}` });

  test('are bounded for each user, so that another one still gets a page', async () => {
    const { view, clock } = createAccess(ALL);
    await view(readerOf('eve'));
    const waiting = Array.from({ length: SHARES.inventoryPagesOfUser.most }, (_, index) =>
      view(readerOf(`eve with token ${index}`)),
    );
    expect(await view(readerOf('eve'))).toEqual(BUSY);
    const ofAnn = view(readerOf('ann'));
    await clock.advance(1_000);
    expect((await Promise.all([...waiting, ofAnn])).map((answer) => 'rows' in answer)).toEqual([
      ...waiting.map(() => true),
      true,
    ]);
    expect(await view(readerOf('eve'))).toHaveProperty('rows');
  });

  test('are bounded together', async () => {
    const { view, clock } = createAccess(ALL);
    await view(readerOf('eve'));
    const waiting = Array.from({ length: SHARES.inventoryPagesWaiting.most }, (_, index) =>
      view(readerOf(`user-${index}`)),
    );
    expect(await view(readerOf('ann'))).toEqual(BUSY);
    await clock.advance(10_000);
    expect((await Promise.all(waiting)).every((answer) => 'rows' in answer)).toBe(true);
  });

  test('are not made for a connection that is closed', async () => {
    const { view, clock, made } = createAccess(ALL);
    await view(readerOf('eve'));
    let isClosed = false;
    const left = view({ ...readerOf('ann'), isClosed: () => isClosed });
    isClosed = true;
    await clock.advance(1_000);
    expect(await left).toEqual({ status: 503, message: 'The connection is closed.' });
    expect(made()).toBe(1);
  });
});

describe('nothing is shown', () => {
  test('without a token', async () => {
    const { view } = createAccess(ALL);
    expect(await view({ ...ANN, authorization: undefined })).toEqual({
      status: 401,
      message: 'No token.',
    });
  });

  test('by a replica that waits for the lead', async () => {
    expect(await refusalOf(ALL, undefined, { isReady: false })).toEqual({
      status: 503,
      message: 'This replica waits for the lead, and only the one that leads knows the clients. Reload.',
    });
  });

  test.each([
    [
      'without a right in any namespace',
      undefined,
      'ann may not list oauthclients.oauth-registrar.dev in a namespace that has some.',
    ],
    [
      'of a namespace without a right there',
      'billing-0',
      'ann may not list oauthclients.oauth-registrar.dev in namespace billing-0.',
    ],
    [
      'of a namespace that is not there, in the same words',
      'nowhere',
      'ann may not list oauthclients.oauth-registrar.dev in namespace nowhere.',
    ],
  ])('%s', async (_, namespace, message) => {
    expect(await refusalOf([], namespace)).toEqual({ status: 403, message });
  });

  test('where the API server does not check a right', async () => {
    expect(await refusalOf([], 'broken')).toEqual({ status: 503, message: 'Busy.' });
  });

  test('of very many namespaces, unless the caller names one of them', async () => {
    const clients = Array.from({ length: 501 }, (_, index) => {
      const { metadata, ...others } = inventoryClient(index);
      return toClientObject({ ...others, metadata: { ...metadata, namespace: `n-${index}` } });
    });
    expect(await refusalOf(['list oauthclients in n-7'], undefined, { clients })).toEqual({
      status: 403,
      message:
        'ann may not list oauthclients.oauth-registrar.dev in all namespaces. Name one of yours: ?namespace=NAME',
    });
    expect(await refusalOf(['list oauthclients in n-7'], 'n-7', { clients })).toBeUndefined();
  });
});
