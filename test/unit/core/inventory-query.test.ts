import { describe, expect, test } from 'vitest';
import type { InventoryEnd, InventoryRow } from '../../../src/core/inventory.ts';
import {
  countInventory,
  filterInventory,
  type InventoryFilter,
  inventoryTimeline,
  nextEnd,
  pageOfInventory,
  SORT_KEYS,
  sortInventory,
} from '../../../src/core/inventory-query.ts';
import { storedServerKey } from '../../../src/core/server-key.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const row = (name: string, more: Partial<InventoryRow> = {}): InventoryRow => ({
  namespace: 'shop',
  name,
  server: storedServerKey('ClusterAuthorizationServer/corporate'),
  issuer: 'https://sso.example.com',
  clientId: `id-${name}`,
  secretName: name,
  ready: 'True',
  reason: 'Ready',
  message: 'The client is registered.',
  suspended: false,
  conditions: [],
  owners: [],
  purpose: undefined,
  session: undefined,
  deleting: false,
  isCurrent: true,
  createdAt: NOW - DAY,
  registeredAt: NOW - DAY,
  tokenExpiresAt: undefined,
  ends: [],
  ...more,
});
const end = (after: number, what: InventoryEnd['what'] = 'ClientSecret'): InventoryEnd => ({
  what,
  at: NOW + after,
  isRenewed: true,
});
const names = (rows: readonly InventoryRow[]) => rows.map(({ name }) => name);

const ROWS = [
  row('a', { namespace: 'billing', ready: 'False', reason: 'UpdateRefused', message: 'Says NO.' }),
  row('b', { server: storedServerKey('AuthorizationServer/shop/own'), owners: ['Job.batch/agent-7'] }),
  row('c', { purpose: 'Checkout', suspended: true, ends: [end(-HOUR), end(HOUR)] }),
  row('d', { session: 'run-9', server: undefined, clientId: undefined, ends: [end(3 * DAY)] }),
];

describe('the filter of the inventory', () => {
  const cases: readonly (readonly [InventoryFilter, string])[] = [
    [{}, 'abcd'],
    [{ namespace: 'billing' }, 'a'],
    [{ namespace: 'bill' }, ''],
    [{ server: 'own' }, 'b'],
    [{ server: 'AuthorizationServer/shop/own' }, 'b'],
    [{ server: 'corporate' }, 'ac'],
    [{ ready: 'False' }, 'a'],
    [{ reason: 'Ready' }, 'bcd'],
    [{ owner: 'AGENT' }, 'b'],
    [{ owner: 'checkout' }, 'c'],
    [{ owner: 'run-9' }, 'd'],
    [{ suspended: true }, 'c'],
    [{ suspended: false }, 'abd'],
    [{ endsWithinMs: HOUR }, 'c'],
    [{ endsWithinMs: 3 * DAY }, 'cd'],
    [{ text: 'says no' }, 'a'],
    [{ text: 'ID-B' }, 'b'],
    [{ text: 'sso.example.com', suspended: false, namespace: 'shop' }, 'bd'],
  ];
  test.each(cases)('%j lets through: %s', (filter, expected) => {
    expect(names(filterInventory(ROWS, filter, NOW)).join('')).toBe(expected);
  });
});

test('what ends next is the first end that is not over', () => {
  expect(ROWS.map((one) => nextEnd(one, NOW)?.at)).toEqual([undefined, undefined, NOW + HOUR, NOW + 3 * DAY]);
});

describe('the order of the inventory', () => {
  const sorted = (by: (typeof SORT_KEYS)[number], descending = false) =>
    names(sortInventory(ROWS.toReversed(), { by, descending }, NOW)).join('');
  test.each([
    ['namespace', 'abcd', 'bcda'],
    ['name', 'abcd', 'dcba'],
    ['server', 'bacd', 'acbd'],
    ['ready', 'abcd', 'bcda'],
    ['reason', 'bcda', 'abcd'],
    ['owner', 'cbda', 'dbca'],
    ['ends', 'cdab', 'dcab'],
    ['created', 'abcd', 'abcd'],
  ] as const)('by %s is %s, and backwards %s', (by, up, down) => {
    expect([sorted(by), sorted(by, true)]).toEqual([up, down]);
  });

  test('has a row for each key', () => {
    expect(SORT_KEYS).toHaveLength(8);
  });

  test('puts an unknown time of creation last', () => {
    const rows = [row('x', { createdAt: Number.NaN }), row('y')];
    expect(names(sortInventory(rows, { by: 'created', descending: true }, NOW))).toEqual(['y', 'x']);
  });
});

describe('a page of the inventory', () => {
  const letters = [...'abcdefg'];
  test.each([
    [1, 3, 'abc', 1, 3],
    [3, 3, 'g', 3, 3],
    [9, 3, 'g', 3, 3],
    [0, 3, 'abc', 1, 3],
    [1, 100, 'abcdefg', 1, 1],
  ])('%i of size %i is %s', (page, size, rows, shown, pages) => {
    expect(pageOfInventory(letters, page, size)).toEqual({ rows: [...rows], page: shown, pages, total: 7 });
  });

  test('is there where nothing is', () => {
    expect(pageOfInventory([], 2, 50)).toEqual({ rows: [], page: 1, pages: 1, total: 0 });
  });
});

test('the timeline counts what ends from now on, by day in UTC', () => {
  const rows = [
    row('a', { ends: [end(-1), end(0), end(11 * HOUR), end(12 * HOUR, 'Lifetime')] }),
    row('b', { ends: [end(2 * DAY, 'FormerClient'), end(40 * DAY)] }),
  ];
  const none = { Lifetime: 0, ClientSecret: 0, Registration: 0, FormerClient: 0 };
  expect(inventoryTimeline(rows, NOW, 3)).toEqual([
    { start: Date.parse('2026-05-01T00:00:00Z'), ends: { ...none, ClientSecret: 2 }, total: 2 },
    { start: Date.parse('2026-05-02T00:00:00Z'), ends: { ...none, Lifetime: 1 }, total: 1 },
    { start: Date.parse('2026-05-03T00:00:00Z'), ends: { ...none, FormerClient: 1 }, total: 1 },
  ]);
});

test('the counts say how many are in which state, the most frequent first', () => {
  expect(countInventory([...ROWS, row('e', { deleting: true, ready: 'Unknown' })], NOW)).toEqual({
    total: 5,
    ready: { True: 3, False: 1, Unknown: 1 },
    suspended: 1,
    deleting: 1,
    endsWithinDays: { 1: 1, 7: 2, 30: 2 },
    namespaces: [
      { value: 'shop', count: 4 },
      { value: 'billing', count: 1 },
    ],
    servers: [
      { value: 'ClusterAuthorizationServer/corporate', count: 3 },
      { value: 'AuthorizationServer/shop/own', count: 1 },
    ],
    reasons: [
      { value: 'Ready', count: 4 },
      { value: 'UpdateRefused', count: 1 },
    ],
  });
});
