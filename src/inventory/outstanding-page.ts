import type { OutstandingClient, OutstandingKind } from '../core/inventory-outstanding.ts';
import { OUTSTANDING_KINDS } from '../core/inventory-outstanding.ts';
import { filterOutstanding, pageOfInventory } from '../core/inventory-query.ts';
import { pager } from './clients-page.ts';
import { type Element, h } from './element.ts';
import { framed } from './frame.ts';
import { linkQuery, type PageParameters } from './page-query.ts';
import { amount, legible, serverText, tableOf, timeMark } from './parts.ts';
import type { InventoryView } from './view.ts';

const KIND_WORDS: Readonly<Record<OutstandingKind, { readonly text: string; readonly means: string }>> = {
  Owed: {
    text: 'Owed',
    means: 'its object is gone, and the operator still tries to remove it at the server',
  },
  LeftBehind: { text: 'Left behind', means: 'it could not be removed at the server: a person has to' },
  Suspected: {
    text: 'Suspected',
    means: 'the answer of a registration was lost: it may exist at the server',
  },
};

const FRAME = { title: 'Owed, left behind, suspected', root: './', current: 'outstanding' } as const;

/** The clients that may exist at a server though no OAuthClient has them. */
export function outstandingPage(view: InventoryView, parameters: PageParameters): string {
  const { outstanding } = view;
  if (outstanding === undefined) {
    return framed(FRAME, view, h('p', null, 'You may not see them. The missing right is named above.'));
  }
  const fitting = filterOutstanding(outstanding, parameters);
  const page = pageOfInventory(fitting, parameters.page, parameters.size);
  return framed(FRAME, view, [
    h('p', null, 'Clients that may exist at a server though no OAuthClient has them.'),
    h(
      'dl',
      null,
      OUTSTANDING_KINDS.map((kind) => meaning(kind, outstanding, parameters)),
    ),
    page.total === 0
      ? h('p', null, 'None is shown. ', h('a', { href: 'outstanding' }, 'Show all'), '.')
      : tableOf(
          `${amount(page.total, 'client')}, page ${page.page} of ${page.pages}`,
          ['OAuthClient', 'Kind', 'Server', 'client_id', 'client_name', 'Attempt', 'Since', 'Why'],
          page.rows.map((one) => outstandingRow(one, view.now)),
        ),
    pager(page, parameters),
  ]);
}

function meaning(kind: OutstandingKind, outstanding: readonly OutstandingClient[], current: PageParameters) {
  const { text, means } = KIND_WORDS[kind];
  const count = outstanding.filter((one) => one.kind === kind).length;
  return [
    h('dt', null, h('a', { href: linkQuery(current, { kind }) }, `${text} (${count})`)),
    h('dd', null, `${means}.`),
  ];
}

function outstandingRow(one: OutstandingClient, now: number): Element {
  return h(
    'tr',
    null,
    h('th', { scope: 'row' }, legible(`${one.namespace}/${one.name}`)),
    h('td', { class: 'short' }, KIND_WORDS[one.kind].text),
    h('td', null, serverText(one.server)),
    h('td', null, one.clientId === undefined ? 'unknown' : legible(one.clientId)),
    h('td', null, legible(one.clientName)),
    h('td', null, legible(one.attempt)),
    h('td', null, timeMark(one.since, now)),
    h('td', { class: 'words' }, legible(one.why)),
  );
}
