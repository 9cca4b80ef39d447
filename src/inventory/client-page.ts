import type { Condition } from '../api/conditions.ts';
import { REASONS, type Reason } from '../api/reasons.ts';
import { storedTime } from '../api/time.ts';
import type { InventoryRow } from '../core/inventory.ts';
import { own } from '../oauth/objects.ts';
import { type Content, type Element, h } from './element.ts';
import { framed } from './frame.ts';
import { amount, END_TEXTS, legible, readyMark, serverText, tableOf, timeMark } from './parts.ts';
import type { InventoryView } from './view.ts';

/** One OAuthClient: what it has, why it is as it is, and what to do. */
export function clientPage(view: InventoryView, row: InventoryRow): string {
  const title = `${legible(row.namespace)}/${legible(row.name)}`;
  return framed({ title, root: '../../' }, view, [
    readySection(row),
    h('h2', null, 'The client'),
    facts(row, view.now),
    h('h2', null, 'What ends'),
    ends(row, view.now),
    h('h2', null, 'Conditions'),
    conditionTable(row.conditions, view.now),
    outstanding(view, row),
    h('h2', null, 'Look further'),
    h('pre', null, commands(row)),
  ]);
}

function readySection({ ready, reason, message }: InventoryRow): Element {
  const known = own(REASONS, reason as Reason);
  return h(
    'section',
    { 'aria-label': 'State' },
    h('p', null, readyMark(ready), ` (${legible(reason)}): ${legible(message)}`),
    known === undefined ? null : h('dl', null, pair('Cause', known.cause), pair('What to do', known.cure)),
  );
}

const pair = (term: string, text: Content): Content => [h('dt', null, term), h('dd', null, text)];

function facts(row: InventoryRow, now: number): Element {
  const { issuer, clientId, secretName, owners, purpose, session } = row;
  const all: readonly (readonly [string, Content])[] = [
    ['Server', serverText(row.server)],
    ['Issuer', issuer && legible(issuer)],
    ['client_id', clientId && legible(clientId)],
    ['Secret', secretName && legible(secretName)],
    ['Owner', legible(owners.join(', '))],
    ['Purpose', purpose && legible(purpose)],
    ['Session', session && legible(session)],
    ['Suspended', row.suspended ? 'yes' : 'no'],
    ['Is being deleted', row.deleting ? 'yes' : ''],
    ['Created', timeMark(row.createdAt, now)],
    ['Registered', row.registeredAt && timeMark(row.registeredAt, now)],
    ['Registration access token expires', row.tokenExpiresAt && timeMark(row.tokenExpiresAt, now)],
  ];
  return h(
    'dl',
    null,
    all.filter(([, text]) => text !== undefined && text !== '').map(([term, text]) => pair(term, text)),
  );
}

function ends({ ends }: InventoryRow, now: number): Element {
  if (ends.length === 0) {
    return h('p', null, 'Nothing that is known.');
  }
  return h(
    'ul',
    null,
    ends.map(({ what, at, isRenewed, clientId }) =>
      h(
        'li',
        null,
        timeMark(at, now),
        `: ${END_TEXTS[what]}${clientId === undefined ? '' : ` (${legible(clientId)})`}`,
        isRenewed ? '; the operator renews it before' : '',
      ),
    ),
  );
}

const conditionTable = (conditions: readonly Condition[], now: number): Element =>
  conditions.length === 0
    ? h('p', null, 'None yet.')
    : tableOf(
        'Conditions',
        ['Type', 'Status', 'Reason', 'Message', 'Since'],
        conditions.map(({ type, status, reason, message, lastTransitionTime }) =>
          h(
            'tr',
            null,
            h('th', { scope: 'row' }, legible(type)),
            h('td', null, legible(status)),
            h('td', null, legible(reason)),
            h('td', { class: 'words' }, legible(message)),
            h('td', null, timeMark(storedTime(lastTransitionTime), now)),
          ),
        ),
      );

function outstanding(view: InventoryView, { namespace, name }: InventoryRow): Element | null {
  const { outstanding: all = [] } = view;
  const count = all.filter((one) => one.namespace === namespace && one.name === name).length;
  const href = `../../outstanding?${new URLSearchParams({ namespace, text: name })}`;
  return count === 0
    ? null
    : h(
        'p',
        { class: 'note' },
        `${amount(count, 'further client')} of this object may exist at a server: `,
        h('a', { href }, 'show them'),
        '.',
      );
}

function commands({ namespace, name }: InventoryRow): string {
  const object = `oauthclients.oauth-registrar.dev ${legible(name)} -n ${legible(namespace)}`;
  const status = `kubectl oauthclient status ${legible(name)} -n ${legible(namespace)}`;
  return [status, `kubectl describe ${object}`, `kubectl get ${object} -o yaml`].join('\n');
}
