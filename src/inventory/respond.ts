import { clientPage } from './client-page.ts';
import { clientsPage } from './clients-page.ts';
import { h } from './element.ts';
import { framed, framedAlone } from './frame.ts';
import { outstandingPage } from './outstanding-page.ts';
import type { PageParameters } from './page-query.ts';
import { serversPage } from './servers-page.ts';
import { STYLE } from './style.ts';
import type { InventoryView } from './view.ts';

interface PageAnswer {
  readonly status: 200 | 400 | 404;
  readonly contentType: string;
  readonly body: string;
}

/**
 * Headers of each answer. No script runs, nothing is loaded from elsewhere, no other page frames this one, and no cache
 * keeps it.
 */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** The style sheet, which says nothing of the cluster. */
export const styleSheet: PageAnswer = { status: 200, contentType: 'text/css; charset=utf-8', body: STYLE };
export const STYLE_PATH = '/style.css';

/** The page at a path below the root: `/`, `/servers`, `/outstanding`, `/clients/NAMESPACE/NAME`. */
export function respond(path: string, parameters: PageParameters, view: InventoryView): PageAnswer {
  switch (path) {
    case '/':
      return found(clientsPage(view, parameters));
    case '/servers':
      return found(serversPage(view, parameters));
    case '/outstanding':
      return found(outstandingPage(view, parameters));
    default:
      return clientAt(path, view);
  }
}

function clientAt(path: string, view: InventoryView): PageAnswer {
  const [, namespace, name] = /^\/clients\/([^/]{1,253})\/([^/]{1,253})$/.exec(path) ?? [];
  const row = view.rows.find(
    (one) => encodeURIComponent(one.namespace) === namespace && encodeURIComponent(one.name) === name,
  );
  return row === undefined ? notFoundPage(view, rootOf(path)) : found(clientPage(view, row));
}

const found = (body: string): PageAnswer => ({ status: 200, contentType: 'text/html; charset=utf-8', body });

/** From a path to the root: a path of three parts is two folders below it. */
const rootOf = (path: string): string => '../'.repeat(Math.max(0, path.split('/').length - 2)) || './';

function notFoundPage(view: InventoryView, root: string): PageAnswer {
  const content = h('p', null, 'There is no such page, or you may not see it.');
  return { ...found(framed({ title: 'Not found', root }, view, content)), status: 404 };
}

/** The answer to parameters that mean nothing, which is made before anything of the cluster is read. */
export const badRequest = (path: string, problem: string): PageAnswer => ({
  ...found(
    framedAlone({ title: 'The URL is not as it has to be', root: rootOf(path) }, h('p', null, problem)),
  ),
  status: 400,
});
