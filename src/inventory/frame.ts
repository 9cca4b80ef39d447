import { render } from 'preact-render-to-string';
import { type Content, type Element, h } from './element.ts';
import { legible, timeMark } from './parts.ts';
import type { InventoryView } from './view.ts';

/** What all pages have around their content. */

interface Frame {
  readonly title: string;
  /** From the page to the root: `./` or `../../../`. Links are relative, so that a proxy may serve the page below a path. */
  readonly root: string;
  readonly current?: 'clients' | 'servers' | 'outstanding';
}

export const framed = (frame: Frame, view: InventoryView, content: Content): string =>
  htmlOf(frame, [
    h('a', { class: 'skip', href: '#content' }, 'Skip to the content'),
    h('header', null, h('p', { class: 'brand' }, 'oauth-registrar'), navigation(frame, view)),
    h('main', { id: 'content', tabindex: -1 }, h('h1', null, frame.title), hiddenNote(view), content),
    footer(view),
  ]);

/** A page that says nothing of the cluster. */
export const framedAlone = (frame: Frame, content: Content): string =>
  htmlOf(frame, [
    h('header', null, h('p', { class: 'brand' }, 'oauth-registrar')),
    h(
      'main',
      { id: 'content', tabindex: -1 },
      h('h1', null, frame.title),
      content,
      h('p', null, h('a', { href: frame.root }, 'Show all clients')),
    ),
  ]);

function htmlOf({ title, root }: Frame, body: readonly Element[]): string {
  const page = h(
    'html',
    { lang: 'en' },
    h(
      'head',
      null,
      h('meta', { charset: 'utf-8' }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('title', null, `${title} - OAuth clients`),
      h('link', { rel: 'stylesheet', href: `${root}style.css` }),
    ),
    h('body', null, body),
  );
  return `<!doctype html>${render(page)}`;
}

function navigation({ root, current }: Frame, { rows, servers, outstanding }: InventoryView): Element {
  const links = [
    { id: 'clients', href: root, text: `Clients (${rows.length})` },
    { id: 'servers', href: `${root}servers`, text: `Servers (${servers.length})` },
    {
      id: 'outstanding',
      href: `${root}outstanding`,
      text: `Owed, left behind, suspected${outstanding === undefined ? '' : ` (${outstanding.length})`}`,
    },
  ];
  const item = ({ id, href, text }: (typeof links)[number]) =>
    h('li', null, h('a', { href, ...(id === current ? { 'aria-current': 'page' as const } : {}) }, text));
  return h('nav', { 'aria-label': 'Pages' }, h('ul', null, links.map(item)));
}

function hiddenNote({ hidden }: InventoryView): Element | null {
  return hidden.length === 0
    ? null
    : h(
        'div',
        { class: 'note', role: 'note' },
        'Not everything is shown:',
        h(
          'ul',
          null,
          hidden.map((sentence) => h('li', null, legible(sentence))),
        ),
      );
}

const footer = ({ source, readAt, now }: InventoryView): Element =>
  h(
    'footer',
    { class: 'quiet' },
    h('p', null, `${legible(source)} Read at `, timeMark(readAt, now), '. Reload for what changed since.'),
  );
