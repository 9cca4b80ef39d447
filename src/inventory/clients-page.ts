import type { InventoryRow } from '../core/inventory.ts';
import {
  countInventory,
  filterInventory,
  type InventoryCounts,
  type InventoryPage,
  inventoryTimeline,
  nextEnd,
  pageOfInventory,
  type SortKey,
  sortInventory,
} from '../core/inventory-query.ts';
import { type Content, type Element, h } from './element.ts';
import { filterForm } from './filter-form.ts';
import { framed } from './frame.ts';
import { filterOf, linkQuery, orderOf, type PageParameters } from './page-query.ts';
import { amount, distance, END_TEXTS, legible, readyMark, serverText, tableOf } from './parts.ts';
import { timeline } from './timeline.ts';
import type { InventoryView } from './view.ts';

const TIMELINE_DAYS = 30;

/** The list of OAuthClients: counts, timeline, filter, one page of the table. */
export function clientsPage(view: InventoryView, parameters: PageParameters): string {
  const { now, rows } = view;
  const fitting = filterInventory(rows, filterOf(parameters), now);
  const all = countInventory(rows, now);
  const sorted = sortInventory(fitting, orderOf(parameters), now);
  const page = pageOfInventory(sorted, parameters.page, parameters.size);
  return framed({ title: 'Clients', root: './', current: 'clients' }, view, [
    counts(fitting.length === rows.length ? all : countInventory(fitting, now), parameters),
    filterForm(all, parameters),
    timeline(inventoryTimeline(fitting, now, TIMELINE_DAYS)),
    h('h2', { id: 'clients' }, 'OAuth clients'),
    clientTable(page, parameters, now),
    pager(page, parameters),
  ]);
}

function counts(
  { total, ready, suspended, endsWithinDays }: InventoryCounts,
  current: PageParameters,
): Element {
  const tiles: readonly (readonly [string, number, Readonly<Record<string, string | undefined>>])[] = [
    ['clients', total, {}],
    ['ready', ready.True, { ready: 'True' }],
    ['not ready', ready.False, { ready: 'False' }],
    ['unknown', ready.Unknown, { ready: 'Unknown' }],
    ['suspended', suspended, { suspended: 'true' }],
    ['end in 1 day', endsWithinDays[1], { ends: '1', sort: 'ends' }],
    ['end in 7 days', endsWithinDays[7], { ends: '7', sort: 'ends' }],
    ['end in 30 days', endsWithinDays[30], { ends: '30', sort: 'ends' }],
  ];
  const tile = ([text, count, change]: (typeof tiles)[number]) =>
    h('li', null, h('a', { href: linkQuery(current, change) }, h('strong', null, count), text));
  return h('ul', { class: 'counts', 'aria-label': 'Counts' }, tiles.map(tile));
}

const COLUMNS: readonly { readonly text: string; readonly by: SortKey }[] = [
  { text: 'Name', by: 'name' },
  { text: 'Namespace', by: 'namespace' },
  { text: 'Server', by: 'server' },
  { text: 'Ready', by: 'ready' },
  { text: 'Reason', by: 'reason' },
  { text: 'Whose', by: 'owner' },
  { text: 'Ends next', by: 'ends' },
];

function clientTable(page: InventoryPage<InventoryRow>, parameters: PageParameters, now: number): Element {
  const { rows, total } = page;
  if (total === 0) {
    return h('p', null, 'No client fits. ', h('a', { href: './' }, 'Show all'), '.');
  }
  return tableOf(
    `${amount(total, 'client')}, page ${page.page} of ${page.pages}`,
    COLUMNS.map((column) => sortedHead(column, parameters)),
    rows.map((row) => clientRow(row, now)),
  );
}

/** A link that sorts by the column; the other way round where the column sorts already. */
function sortedHead({ text, by }: (typeof COLUMNS)[number], parameters: PageParameters): Element {
  const order = orderOf(parameters);
  const isCurrent = order.by === by;
  const href = linkQuery(parameters, { sort: isCurrent && !order.descending ? `-${by}` : by });
  const state = isCurrent
    ? { 'aria-sort': order.descending ? ('descending' as const) : ('ascending' as const) }
    : {};
  const arrow = isCurrent
    ? h('span', { 'aria-hidden': 'true' }, order.descending ? ' \u25bc' : ' \u25b2')
    : null;
  return h('th', { scope: 'col', ...state }, h('a', { href }, text), arrow);
}

function clientRow(row: InventoryRow, now: number): Element {
  const { namespace, name } = row;
  const href = `clients/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  return h(
    'tr',
    null,
    h('th', { scope: 'row' }, h('a', { href }, legible(name))),
    h('td', null, legible(namespace)),
    h('td', null, serverText(row.server)),
    h('td', { class: 'short' }, readyMark(row.ready), states(row)),
    h('td', { class: 'words' }, legible(row.reason), row.ready === 'True' ? null : reasonWords(row.message)),
    h('td', null, whose(row)),
    h('td', null, endWords(row, now)),
  );
}

const SHOWN_OF_MESSAGE = 300;
const reasonWords = (message: string): Element =>
  h('div', { class: 'quiet' }, legible(message, SHOWN_OF_MESSAGE));

function states({ suspended, deleting, isCurrent }: InventoryRow): Content {
  const texts = [
    suspended ? 'suspended' : undefined,
    deleting ? 'is being deleted' : undefined,
    isCurrent ? undefined : 'an edit is not handled yet',
  ].filter((text) => text !== undefined);
  return texts.length === 0 ? null : h('div', { class: 'quiet' }, texts.join(', '));
}

/** Owner, purpose and session, as far as they are known. */
function whose({ owners, purpose, session }: InventoryRow): string {
  const known = [
    ...owners,
    purpose === undefined ? undefined : `for ${purpose}`,
    session === undefined ? undefined : `session ${session}`,
  ].filter((text) => text !== undefined);
  return legible(known.join(', '));
}

function endWords(row: InventoryRow, now: number): string {
  const end = nextEnd(row, now);
  if (end === undefined) {
    return '';
  }
  return `${distance(end.at - now)}: ${END_TEXTS[end.what]}${end.isRenewed ? ' (renewed before)' : ''}`;
}

/** Links to the other pages. */
export function pager(
  { page, pages }: Pick<InventoryPage<unknown>, 'page' | 'pages'>,
  current: PageParameters,
): Element | null {
  if (pages === 1) {
    return null;
  }
  const link = (text: string, to: number) =>
    to < 1 || to > pages || to === page
      ? null
      : h('li', null, h('a', { href: linkQuery(current, { page: String(to) }) }, text));
  return h(
    'nav',
    { 'aria-label': 'Further rows' },
    h(
      'ul',
      null,
      link('First', 1),
      link('Previous', page - 1),
      h('li', null, `Page ${page} of ${pages}`),
      link('Next', page + 1),
      link('Last', pages),
    ),
  );
}
