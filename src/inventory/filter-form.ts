import type { InventoryCounts } from '../core/inventory-query.ts';
import { visible } from '../oauth/text.ts';
import { type Content, type Element, h } from './element.ts';
import type { PageParameters } from './page-query.ts';
import { legible, serverText } from './parts.ts';

/** The form that narrows the list. It is sent as GET, so that its values stand in the URL. */

/** More values are typed, not chosen. */
const MOST_CHOICES = 200;

export function filterForm(all: InventoryCounts, current: PageParameters): Element {
  const { sort, size } = current;
  return h(
    'form',
    { method: 'get', action: './', 'aria-label': 'Filter' },
    input('text', 'Text', current.text, 200),
    choice(
      'namespace',
      'Namespace',
      current.namespace,
      all.namespaces.map(({ value }) => value),
    ),
    choice(
      'server',
      'Server',
      current.server,
      all.servers.map(({ value }) => value),
      (value) => serverText(value as Parameters<typeof serverText>[0]),
    ),
    choice('ready', 'Ready', current.ready, ['True', 'False', 'Unknown']),
    choice(
      'reason',
      'Reason',
      current.reason,
      all.reasons.map(({ value }) => value),
    ),
    input('owner', 'Owner, purpose or session', current.owner, 200),
    choice('suspended', 'Suspended', current.suspended, ['true', 'false'], (value) =>
      value === 'true' ? 'yes' : 'no',
    ),
    choice('ends', 'Ends within', current.ends?.toString(), ['1', '7', '30', '90'], (value) =>
      value === '1' ? '1 day' : `${value} days`,
    ),
    choice('size', 'Rows', String(size), ['25', '50', '100', '200', '500']),
    h('input', { type: 'hidden', name: 'sort', value: sort }),
    h('button', { type: 'submit' }, 'Show'),
    h('a', { href: './' }, 'Show all'),
  );
}

function input(name: string, label: string, value: string | undefined, most: number): Element {
  return h(
    'label',
    null,
    label,
    h('input', { type: 'text', name, value: value ?? '', maxlength: most, autocomplete: 'off' }),
  );
}

/** A list of values to choose from, as long as it is short; those with a control character, which no query may have, are left out. */
function choice(
  name: string,
  label: string,
  value: string | undefined,
  values: readonly string[],
  textOf: (value: string) => string = (one) => legible(one, 100),
): Element {
  const isKnown = value === undefined || values.includes(value);
  if (values.length > MOST_CHOICES || !isKnown) {
    return input(name, label, value, 253);
  }
  const option = (one: string): Content => h('option', { value: one, selected: one === value }, textOf(one));
  const any = name === 'size' ? null : h('option', { value: '' }, 'any');
  return h(
    'label',
    null,
    label,
    h('select', { name }, any, values.filter((one) => one === visible(one)).map(option)),
  );
}
