import { own } from '../oauth/objects.ts';
import type { Rendering } from './format.ts';

/**
 * `spec.secret.template`: texts in which placeholders stand for values of the client. Pure substitution: `{{ name }}` or
 * `{{ name | filter }}`, and nothing is evaluated.
 */

/** How a value is written into a text of some language, quotes included where the language needs them. */
const FILTERS = {
  json: (value: string): string => JSON.stringify(value),
  base64: (value: string): string => Buffer.from(value).toString('base64'),
  /** RFC 3986 section 2.3: all but unreserved characters are encoded. */
  uri: (value: string): string =>
    encodeURIComponent(value.toWellFormed()).replaceAll(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    ),
  /** One word of a POSIX shell. No word has a NUL. */
  shell: (value: string): string | undefined =>
    value.includes('\0') ? undefined : `'${value.replaceAll("'", `'\\''`)}'`,
} as const satisfies Readonly<Record<string, (value: string) => string | undefined>>;

type FilterName = keyof typeof FILTERS;

const FILTER_NAMES: readonly string[] = Object.keys(FILTERS);

interface Placeholder {
  readonly name: string;
  readonly filters: readonly FilterName[];
}

/** A text as it is, or a placeholder in it. */
type Part = string | Placeholder;

type Parsed =
  | { readonly ok: true; readonly parts: readonly Part[] }
  | { readonly ok: false; readonly problem: string };

const PLACEHOLDER = /\{\{[ \t]*([A-Za-z0-9_.#-]{1,253})[ \t]*((?:\|[ \t]*[a-z0-9]{1,16}[ \t]*){0,4})\}\}/y;
const OPEN = '{{';

function parsed(text: string): Parsed {
  const parts: Part[] = [];
  let from = 0;
  for (let at = text.indexOf(OPEN); at !== -1; at = text.indexOf(OPEN, from)) {
    PLACEHOLDER.lastIndex = at;
    const [whole, name = '', piped = ''] = PLACEHOLDER.exec(text) ?? [];
    if (whole === undefined) {
      return {
        ok: false,
        problem: `has ${OPEN} that begins no placeholder; write {{ client_id }}, or {{ client_id | json }}`,
      };
    }
    const filters = piped.split('|').flatMap((filter) => (filter.trim() === '' ? [] : [filter.trim()]));
    const unknown = filters.find((filter) => !Object.hasOwn(FILTERS, filter));
    if (unknown !== undefined) {
      return { ok: false, problem: `has the filter "${unknown}"; filters are ${FILTER_NAMES.join(', ')}` };
    }
    parts.push(text.slice(from, at), { name, filters: filters as readonly FilterName[] });
    from = at + whole.length;
  }
  return { ok: true, parts: [...parts, text.slice(from)].filter((part) => part !== '') };
}

/**
 * What is wrong with a template whatever the values are, as the end of a sentence that begins with its key; `undefined`:
 * nothing.
 *
 * @param names wire names that a client may have a value of
 */
export function templateProblem(text: string, names: readonly string[]): string | undefined {
  const template = parsed(text);
  if (!template.ok) {
    return template.problem;
  }
  const unknown = template.parts.find((part) => typeof part !== 'string' && !names.includes(part.name));
  return typeof unknown === 'object'
    ? `has the placeholder "${unknown.name}", and no client has a value of that name; use one of ${names.join(', ')}, or name the member of the server's answer in spec.secret.include, too`
    : undefined;
}

/**
 * Whether no text around a value takes it for anything but a part of itself: what has quotes, brackets, line ends, `$`, `&`,
 * `#` or the like goes into a text by a filter only.
 */
const isHarmless = (value: string): boolean =>
  /^([A-Za-z0-9._/][A-Za-z0-9._~/?=%+@,: -]*)?$/.test(value) && !/: | {2}|[: ]$/.test(value);

/** Texts by key, with the values in place of the placeholders. */
export function renderTemplate(
  template: Readonly<Record<string, string>>,
  values: Readonly<Record<string, string | undefined>>,
  mostBytes: number,
): Rendering {
  const data: Record<string, string> = {};
  let bytes = 0;
  for (const [key, text] of Object.entries(template)) {
    const template = parsed(text);
    if (!template.ok) {
      return {
        ok: false,
        problem: `can't have the key "${key}": its text in spec.secret.template ${template.problem}`,
      };
    }
    const isAlone = template.parts.length === 1;
    const texts: string[] = [];
    for (const part of template.parts) {
      const filled = typeof part === 'string' ? { text: part } : fill(part, own(values, part.name), isAlone);
      if ('problem' in filled) {
        return { ok: false, problem: `can't have the key "${key}": ${filled.problem}` };
      }
      bytes += Buffer.byteLength(filled.text);
      if (bytes > mostBytes) {
        return {
          ok: false,
          problem: `would have more than ${mostBytes} bytes from spec.secret.template: make the template smaller`,
        };
      }
      texts.push(filled.text);
    }
    data[key] = texts.join('');
  }
  return { ok: true, data };
}

type Filled = { readonly text: string } | { readonly problem: string };

function fill({ name, filters }: Placeholder, value: string | undefined, isAlone: boolean): Filled {
  if (value === undefined) {
    return {
      problem: `this client has no value of "${name}". Take the placeholder out of spec.secret.template`,
    };
  }
  if (filters.length === 0) {
    return isAlone || isHarmless(value)
      ? { text: value }
      : {
          problem: `the value of "${name}" has a character that could break the text around it. Write {{ ${name} | json }} in spec.secret.template, or another filter: ${FILTER_NAMES.join(', ')}`,
        };
  }
  let text: string | undefined = value;
  for (const filter of filters) {
    text = text === undefined ? undefined : FILTERS[filter](text);
  }
  return text === undefined
    ? { problem: `the value of "${name}" has a NUL, which no word of a shell has. Use another filter` }
    : { text };
}
