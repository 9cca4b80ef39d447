import {
  END_KINDS,
  type EndKind,
  type InventoryEnd,
  type InventoryRow,
  type Readiness,
} from './inventory.ts';
import type { OutstandingClient, OutstandingKind } from './inventory-outstanding.ts';
import { type ServerKey, serverNamed } from './server-key.ts';

/** Which rows of the inventory are shown, in which order. */

/** Every member that is set has to fit. */
export interface InventoryFilter {
  readonly namespace?: string | undefined;
  /** Name of a server object, or its key `Kind/name` or `Kind/namespace/name`. */
  readonly server?: string | undefined;
  readonly ready?: Readiness | undefined;
  readonly reason?: string | undefined;
  /** A part of an owner, of the purpose or of the session. Case is ignored. */
  readonly owner?: string | undefined;
  readonly suspended?: boolean | undefined;
  /** Something ends from now on until this many milliseconds later, see {@link nextEnd}. */
  readonly endsWithinMs?: number | undefined;
  /** A part of any text of the row. Case is ignored. */
  readonly text?: string | undefined;
}

/** @param now milliseconds since the epoch */
export function filterInventory(
  rows: readonly InventoryRow[],
  filter: InventoryFilter,
  now: number,
): readonly InventoryRow[] {
  const text = filter.text?.toLowerCase();
  const owner = filter.owner?.toLowerCase();
  const { namespace, server, ready, reason, suspended, endsWithinMs } = filter;
  return rows.filter(
    (row) =>
      (namespace === undefined || row.namespace === namespace) &&
      (server === undefined || isAtServer(row.server, server)) &&
      (ready === undefined || row.ready === ready) &&
      (reason === undefined || row.reason === reason) &&
      (suspended === undefined || row.suspended === suspended) &&
      (endsWithinMs === undefined || (nextEnd(row, now)?.at ?? Infinity) <= now + endsWithinMs) &&
      (owner === undefined || has(ownTexts(row), owner)) &&
      (text === undefined || has(textsOf(row), text)),
  );
}

/** Every member that is set has to fit. `namespace`, `server` and `text` are as in {@link InventoryFilter}. */
interface OutstandingFilter extends Pick<InventoryFilter, 'namespace' | 'server' | 'text'> {
  readonly kind?: OutstandingKind | undefined;
}

/** The clients that fit, in their order. */
export function filterOutstanding(
  clients: readonly OutstandingClient[],
  filter: OutstandingFilter,
): readonly OutstandingClient[] {
  const text = filter.text?.toLowerCase();
  const { namespace, server, kind } = filter;
  return clients.filter(
    (one) =>
      (namespace === undefined || one.namespace === namespace) &&
      (server === undefined || isAtServer(one.server, server)) &&
      (kind === undefined || one.kind === kind) &&
      (text === undefined || has(textsOfOutstanding(one), text)),
  );
}

const isAtServer = (key: ServerKey | undefined, server: string): boolean =>
  key !== undefined && (key === server || serverNamed(key).name === server);

const has = (texts: readonly (string | undefined)[], part: string): boolean =>
  texts.some((text) => text?.toLowerCase().includes(part));

const ownTexts = ({ owners, purpose, session }: InventoryRow) => [...owners, purpose, session];

const textsOf = (row: InventoryRow) => [
  row.name,
  row.namespace,
  row.server,
  row.reason,
  row.message,
  row.clientId,
  row.issuer,
  row.secretName,
  ...ownTexts(row),
];

const textsOfOutstanding = (one: OutstandingClient) => [
  one.namespace,
  one.name,
  one.server,
  one.clientId,
  one.clientName,
  one.attempt,
  one.why,
];

/** What ends next. `undefined`: nothing that is known. */
export const nextEnd = (row: InventoryRow, now: number): InventoryEnd | undefined =>
  row.ends.find(({ at }) => at >= now);

/** What rows can be sorted by. `ready`: those with trouble first. */
export const SORT_KEYS = [
  'namespace',
  'name',
  'server',
  'ready',
  'reason',
  'owner',
  'ends',
  'created',
] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface InventoryOrder {
  readonly by: SortKey;
  readonly descending: boolean;
}

const READY_ORDER: Readonly<Record<Readiness, number>> = { False: 0, Unknown: 1, True: 2 };

/** A row without a value comes last in either direction. Rows that compare as equal are sorted by namespace and name. */
export function sortInventory(
  rows: readonly InventoryRow[],
  { by, descending }: InventoryOrder,
  now: number,
): readonly InventoryRow[] {
  const direction = descending ? -1 : 1;
  return rows
    .map((row) => ({ row, value: sortValue(row, by, now) }))
    .sort((one, other) => {
      if (one.value === undefined || other.value === undefined) {
        return Number(one.value === undefined) - Number(other.value === undefined) || byName(one, other);
      }
      return direction * compare(one.value, other.value) || byName(one, other);
    })
    .map(({ row }) => row);
}

function sortValue(row: InventoryRow, by: SortKey, now: number): string | number | undefined {
  switch (by) {
    case 'ready':
      return READY_ORDER[row.ready];
    case 'owner':
      return row.owners[0] ?? row.purpose ?? row.session;
    case 'ends':
      return nextEnd(row, now)?.at;
    case 'created':
      return Number.isNaN(row.createdAt) ? undefined : row.createdAt;
    default:
      return row[by];
  }
}

const compare = <T extends string | number>(one: T, other: T): number =>
  one === other ? 0 : one < other ? -1 : 1;

const byName = (
  { row: one }: { readonly row: InventoryRow },
  { row: other }: { readonly row: InventoryRow },
) => compare(one.namespace, other.namespace) || compare(one.name, other.name);

export interface InventoryPage<Row> {
  readonly rows: readonly Row[];
  /** From 1. */
  readonly page: number;
  /** At least 1. */
  readonly pages: number;
  /** On all pages. */
  readonly total: number;
}

/** @param page from 1; one that does not exist becomes the nearest one that does */
export function pageOfInventory<Row>(rows: readonly Row[], page: number, size: number): InventoryPage<Row> {
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const shown = Math.min(Math.max(1, page), pages);
  return { rows: rows.slice((shown - 1) * size, shown * size), page: shown, pages, total: rows.length };
}

const DAY_MS = 24 * 3_600_000;

/** How many things of each kind end on one day, in UTC. */
export interface InventoryDay {
  /** Milliseconds since the epoch: the beginning of the day. */
  readonly start: number;
  readonly ends: Readonly<Record<EndKind, number>>;
  readonly total: number;
}

/** What ends from now on, by day: today first. */
export function inventoryTimeline(
  rows: readonly InventoryRow[],
  now: number,
  days: number,
): readonly InventoryDay[] {
  const first = Math.floor(now / DAY_MS) * DAY_MS;
  const counted = Array.from({ length: days }, () => Object.fromEntries(END_KINDS.map((what) => [what, 0])));
  for (const { what, at } of rows.flatMap(({ ends }) => ends)) {
    const day = at < now ? undefined : counted[Math.floor((at - first) / DAY_MS)];
    if (day !== undefined) {
      day[what] = (day[what] ?? 0) + 1;
    }
  }
  return counted.map((ends, index) => ({
    start: first + index * DAY_MS,
    ends: ends as Record<EndKind, number>,
    total: END_KINDS.reduce((sum, what) => sum + (ends[what] ?? 0), 0),
  }));
}

export interface InventoryCounts {
  readonly total: number;
  readonly ready: Readonly<Record<Readiness, number>>;
  readonly suspended: number;
  readonly deleting: number;
  /** Rows of which something ends within 1, 7 and 30 days. A row counts in each that fits. */
  readonly endsWithinDays: Readonly<Record<1 | 7 | 30, number>>;
  /** How many rows have each value, the most frequent first. */
  readonly namespaces: InventoryTally;
  readonly servers: InventoryTally;
  readonly reasons: InventoryTally;
}

type InventoryTally = readonly { readonly value: string; readonly count: number }[];

export function countInventory(rows: readonly InventoryRow[], now: number): InventoryCounts {
  const ready = { True: 0, False: 0, Unknown: 0 };
  const endsWithinDays = { 1: 0, 7: 0, 30: 0 };
  let [suspended, deleting] = [0, 0];
  for (const row of rows) {
    ready[row.ready] += 1;
    suspended += Number(row.suspended);
    deleting += Number(row.deleting);
    const leftMs = (nextEnd(row, now)?.at ?? Infinity) - now;
    endsWithinDays[1] += Number(leftMs <= DAY_MS);
    endsWithinDays[7] += Number(leftMs <= 7 * DAY_MS);
    endsWithinDays[30] += Number(leftMs <= 30 * DAY_MS);
  }
  return {
    total: rows.length,
    ready,
    suspended,
    deleting,
    endsWithinDays,
    namespaces: tally(rows.map(({ namespace }) => namespace)),
    servers: tally(rows.flatMap(({ server }) => server ?? [])),
    reasons: tally(rows.map(({ reason }) => reason)),
  };
}

function tally(values: readonly string[]): InventoryTally {
  const counts = new Map<string, number>();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((one, other) => other.count - one.count || compare(one.value, other.value));
}
