import { rfc3339 } from '../api/time.ts';
import type { EndKind, Readiness } from '../core/inventory.ts';
import { type ServerKey, serverNamed } from '../core/server-key.ts';
import { cut, visible } from '../oauth/text.ts';
import { type Content, type Element, h } from './element.ts';

/** Small parts that several pages use. Every text from a cluster or a server goes through {@link legible}. */

const LONGEST_TEXT = 1_024;

/** A text of others, with its control characters made visible, and cut. preact escapes it. */
export const legible = (text: string | undefined, most = LONGEST_TEXT): string =>
  cut(visible(text ?? ''), most);

const READY_WORDS: Readonly<Record<Readiness, string>> = {
  True: 'Ready',
  False: 'Not ready',
  Unknown: 'Unknown',
};

export const END_TEXTS: Readonly<Record<EndKind, string>> = {
  Lifetime: 'client ends by its lifetime',
  ClientSecret: 'client secret expires',
  Registration: 'server ends the registration',
  FormerClient: 'replaced client is removed',
};

export const readyMark = (ready: Readiness): Element => h('span', { class: ready }, READY_WORDS[ready]);

/** A server object as people name it: `corporate`, or `shop/own` with its namespace. */
export function serverText(key: ServerKey | undefined): string {
  if (key === undefined) {
    return 'none yet';
  }
  const { namespace, name } = serverNamed(key);
  return legible(namespace === undefined ? name : `${namespace}/${name}`);
}

/** A time in UTC, and how far away it is. */
export function timeMark(at: number | undefined, now: number): Content {
  if (at === undefined || Number.isNaN(at)) {
    return 'unknown';
  }
  const text = rfc3339(at);
  return h('time', { datetime: text }, `${text.slice(0, 16).replace('T', ' ')} UTC (${distance(at - now)})`);
}

/** `1 client`, `2 clients`. */
export const amount = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const STEPS = [
  { ms: 24 * 3_600_000, unit: 'd' },
  { ms: 3_600_000, unit: 'h' },
  { ms: 60_000, unit: 'min' },
];

/** `in 3 d`, `2 h ago`, `now`. */
export function distance(ms: number): string {
  const step = STEPS.find((one) => Math.abs(ms) >= one.ms);
  if (step === undefined) {
    return 'now';
  }
  const count = `${Math.floor(Math.abs(ms) / step.ms)} ${step.unit}`;
  return ms < 0 ? `${count} ago` : `in ${count}`;
}

/** A table that may be wider than the window: it scrolls by keyboard, too. */
export function tableOf(caption: string, head: readonly Content[], rows: readonly Element[]): Element {
  return h(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: 0 },
    h(
      'table',
      null,
      h('caption', null, caption),
      h('thead', null, h('tr', null, head.map(headCell))),
      h('tbody', null, rows),
    ),
  );
}

const headCell = (content: Content): Content =>
  typeof content === 'string' ? h('th', { scope: 'col' }, content) : content;
