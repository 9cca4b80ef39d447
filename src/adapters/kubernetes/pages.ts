import type { Resource } from '../../api/kubernetes.ts';
import { SHARES } from '../../api/shares.ts';
import type { ApiResult } from '../../controller/ports.ts';
import { type ApiExchange, TOO_LARGE } from './exchange.ts';
import type { ListOf, Selection } from './paths.ts';
import { acceptOf, collectionPath, type RawObject, selected } from './paths.ts';

/**
 * Lists page by page, bounded in bytes: the API server counts objects, and one object may have a thousand times the size
 * of another. Reading a page that is too large stops, and it is requested again with fewer objects. The next page requests
 * as many objects as fit the memory bound if they have the same average size.
 */

interface Listing {
  readonly resource: Resource;
  readonly selection: Selection;
  readonly signal: AbortSignal | undefined;
}

interface Page {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly RawObject[];
}

const MAX_LIST_RESTARTS = 3;
const MOST_OBJECTS = 500;
/**
 * First page of whole objects, whose size is unknown yet: at most 75 MiB at the API server if all have the largest
 * size.
 */
const FIRST_WHOLE_OBJECTS = 50;
const MOST_BYTES = SHARES.pageBytes.most;
/** Memory of a page after parsing. */
const WANTED_BYTES = MOST_BYTES;
const FASTEST_GROWTH = 4;

/** One consistent list of converted objects. A 410 between two pages restarts it, at most three times. */
export async function collectPages<R>(
  exchange: ApiExchange,
  listing: Listing,
  convert: (raw: RawObject) => R | undefined,
): Promise<ApiResult<ListOf<R>>> {
  for (let restarts = 0; ; restarts += 1) {
    const list = await collectOnce(exchange, listing, convert);
    if (list.ok || list.status !== 410 || restarts === MAX_LIST_RESTARTS) {
      return list;
    }
  }
}

async function collectOnce<R>(
  exchange: ApiExchange,
  listing: Listing,
  convert: (raw: RawObject) => R | undefined,
): Promise<ApiResult<ListOf<R>>> {
  const { selection } = listing;
  const items: R[] = [];
  const { firstPage } = selection;
  let limit = firstPage ?? (selection.metadataOnly === true ? MOST_OBJECTS : FIRST_WHOLE_OBJECTS);
  let next = '';
  for (;;) {
    const { page, bytes } = await readPage(exchange, listing, limit, next);
    if (!page.ok && page.reason === TOO_LARGE && limit > 1) {
      limit = Math.ceil(limit / FASTEST_GROWTH);
      continue;
    }
    if (!page.ok) {
      return page;
    }
    const converted = (page.object.items ?? []).map((raw) => convert(selected(raw, selection)));
    items.push(...converted.filter((item) => item !== undefined));
    next = page.object.metadata?.continue ?? '';
    const resourceVersion = page.object.metadata?.resourceVersion ?? '';
    if (next === '' || firstPage !== undefined) {
      return { ok: true, object: { resourceVersion, items } };
    }
    limit = nextLimit(limit, bytes);
  }
}

async function readPage(
  exchange: ApiExchange,
  { resource, selection, signal }: Listing,
  limit: number,
  next: string,
): Promise<{ readonly page: ApiResult<Page>; readonly bytes: number }> {
  const { labelSelector, namespace } = selection;
  let bytes = 0;
  const page = await exchange<Page>({
    method: 'GET',
    path: collectionPath(resource, namespace),
    query: {
      limit: String(limit),
      ...(labelSelector && { labelSelector }),
      ...(next && { continue: next }),
    },
    accept: acceptOf(selection, 'list'),
    signal,
    // One object is read at any size: the limit can't be smaller.
    ...(limit > 1 && { maxBytes: MOST_BYTES }),
    measured: (read) => {
      bytes = read;
    },
  });
  return { page, bytes };
}

/** The number of objects that fit the wanted size, if they have the same average size as before. */
export function nextLimit(limit: number, bytes: number): number {
  const growth = Math.min(WANTED_BYTES / Math.max(bytes, 1), FASTEST_GROWTH);
  return Math.min(Math.max(Math.floor(limit * growth), 1), MOST_OBJECTS);
}
