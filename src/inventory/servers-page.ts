import type { InventoryServer } from '../core/inventory.ts';
import { pageOfInventory } from '../core/inventory-query.ts';
import { pager } from './clients-page.ts';
import { type Element, h } from './element.ts';
import { framed } from './frame.ts';
import { linkQuery, type PageParameters } from './page-query.ts';
import { amount, legible, readyMark, serverText, tableOf, timeMark } from './parts.ts';
import type { InventoryView } from './view.ts';

/** The server objects, and what is owed, left behind or suspected at each. */
export function serversPage(view: InventoryView, parameters: PageParameters): string {
  const part = parameters.text?.toLowerCase();
  const fitting = view.servers.filter(
    ({ key, issuer, namespace }) =>
      (part === undefined || `${key} ${issuer}`.toLowerCase().includes(part)) &&
      (parameters.namespace === undefined || namespace === parameters.namespace),
  );
  const page = pageOfInventory(fitting, parameters.page, parameters.size);
  const caption = `${amount(page.total, 'server')}, page ${page.page} of ${page.pages}`;
  const content =
    page.total === 0
      ? h('p', null, 'No server is shown.')
      : tableOf(
          caption,
          ['Server', 'Kind', 'Ready', 'Reason', 'Issuer', 'Clients', 'Owed', 'Left behind', 'Suspected'],
          page.rows.map((server) => serverRow(server, view.now)),
        );
  return framed({ title: 'Servers', root: './', current: 'servers' }, view, [
    h('p', null, 'Where clients are registered. A number leads to what it counts.'),
    content,
    pager(page, parameters),
  ]);
}

function serverRow(server: InventoryServer, now: number): Element {
  const { key, kind, ready, reason, message, issuer, pausedUntil, suspended, isDefault } = server;
  const outstanding = (wanted: string, count: number) =>
    h(
      'td',
      { class: 'number' },
      count === 0 ? 0 : link(`outstanding${queryTo(key, { kind: wanted })}`, count),
    );
  return h(
    'tr',
    null,
    h('th', { scope: 'row' }, serverText(key), isDefault ? h('div', { class: 'quiet' }, 'default') : null),
    h('td', null, kind),
    h(
      'td',
      { class: 'short' },
      readyMark(ready),
      suspended ? h('div', { class: 'quiet' }, 'suspended') : null,
    ),
    h(
      'td',
      { class: 'words' },
      legible(reason),
      ready === 'True' ? null : h('div', { class: 'quiet' }, legible(message, 300)),
      pausedUntil === undefined || pausedUntil < now
        ? null
        : h('div', { class: 'quiet' }, 'paused until ', timeMark(pausedUntil, now)),
    ),
    h('td', null, legible(issuer)),
    h('td', { class: 'number' }, link(`./${queryTo(key, {})}`, server.clients)),
    outstanding('Owed', server.owed),
    outstanding('LeftBehind', server.leftBehind),
    outstanding('Suspected', server.suspectedOrphans),
  );
}

const link = (href: string, count: number): Element => h('a', { href }, count);

const queryTo = (server: string, more: Readonly<Record<string, string>>): string =>
  linkQuery({ sort: 'namespace', page: 1, size: 100 }, { server, ...more });
