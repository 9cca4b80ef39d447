import * as z from 'zod';
import { OUTSTANDING_KINDS } from '../core/inventory-outstanding.ts';
import { type InventoryFilter, type InventoryOrder, SORT_KEYS } from '../core/inventory-query.ts';
import { isNamespaceName } from '../core/object-grammar.ts';
import { visible } from '../oauth/text.ts';

/** The parameters of the page: everything that is chosen stands in the URL, so that a view can be shared. */

const upTo = (most: number) =>
  z
    .string()
    .max(most, `may have ${most} characters`)
    .refine((text) => text === visible(text), 'has a control character');
const name = upTo(253);
const namespaceName = z
  .string()
  .refine(isNamespaceName, 'has to be the name of a namespace: a DNS label of at most 63 characters');
const shortText = upTo(200);
const count = (most: number) =>
  z
    .string()
    .regex(/^[0-9]{1,7}$/, `has to be a number from 1 to ${most}`)
    .transform(Number)
    .refine((number) => number >= 1 && number <= most, `has to be a number from 1 to ${most}`);
const oneOf = <T extends string>(values: readonly [T, ...T[]]) =>
  z.enum(values, `has to be one of ${values.join(', ')}`);

const ORDERS = SORT_KEYS.flatMap((key) => [key, `-${key}`]) as [string, ...string[]];

const parameters = z.object({
  namespace: namespaceName.optional(),
  server: upTo(600).optional(),
  ready: oneOf(['True', 'False', 'Unknown']).optional(),
  reason: name.optional(),
  owner: shortText.optional(),
  suspended: oneOf(['true', 'false']).optional(),
  /** Days. */
  ends: count(3_650).optional(),
  text: shortText.optional(),
  kind: oneOf(OUTSTANDING_KINDS as unknown as ['Owed', 'LeftBehind', 'Suspected']).optional(),
  sort: oneOf(ORDERS).default('namespace'),
  page: count(1_000_000).default(1),
  size: oneOf(['25', '50', '100', '200', '500']).transform(Number).default(100),
});

export type PageParameters = z.infer<typeof parameters>;

/** The longest query that is read, in characters. */
const LONGEST = 4_096;

/**
 * Reads the query of a URL. An empty parameter counts as absent, as a form sends it; one of another name is ignored.
 *
 * @returns the parameters, or what is wrong with one of them, as a sentence
 */
export function readParameters(query: string): PageParameters | { readonly problem: string } {
  if (query.length > LONGEST) {
    return { problem: `The query of the URL may have ${LONGEST} characters.` };
  }
  const given = [...new URLSearchParams(query)].filter(([, value]) => value !== '');
  const read = parameters.safeParse(Object.fromEntries(given));
  if (read.success) {
    return read.data;
  }
  const [issue] = read.error.issues;
  return { problem: `The parameter ${issue?.path.join('.')} ${issue?.message}.` };
}

/** The parameters as a query. What has its default is left out, and so is the page, unless `change` has it. */
export function linkQuery(
  current: PageParameters,
  change: Readonly<Record<string, string | undefined>> = {},
): string {
  const { page: _, size, sort, ends, ...others } = current;
  const merged = {
    ...others,
    ends: ends === undefined ? undefined : String(ends),
    sort: sort === 'namespace' ? undefined : sort,
    size: size === 100 ? undefined : String(size),
    ...change,
  };
  const given = Object.entries(merged).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [[key, value]],
  );
  return `?${new URLSearchParams(given)}`;
}

const DAY_MS = 24 * 3_600_000;

export function filterOf({ suspended, ends, ...given }: PageParameters): InventoryFilter {
  const { namespace, server, ready, reason, owner, text: part } = given;
  return {
    namespace,
    server,
    ready,
    reason,
    owner,
    text: part,
    suspended: suspended === undefined ? undefined : suspended === 'true',
    endsWithinMs: ends === undefined ? undefined : ends * DAY_MS,
  };
}

export function orderOf({ sort }: Pick<PageParameters, 'sort'>): InventoryOrder {
  const by = sort.replace(/^-/, '') as InventoryOrder['by'];
  return { by, descending: sort.startsWith('-') };
}
