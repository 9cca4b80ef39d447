/**
 * Views of a text that are compared with a credential: the text with escapes undone and invisible characters removed.
 */

/** Characters that aren't visible: controls, spaces, marks, invisible letters. */
const IGNORED = /[\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** One character is one octet of UTF-8, so that decoded parts can be compared, too. */
export type Octets = string;

const octetsOf = (text: string): Octets => Buffer.from(text, 'utf8').toString('latin1');

/** A way to read the text, and where in the text each octet comes from. */
export interface View {
  readonly octets: Octets;
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** The text, and the same read backwards, each in its {@link layersOf}. */
export function viewsOf(text: string): readonly View[] {
  const characters = charactersOf(text);
  return [viewOf(characters), viewOf(characters.toReversed())].flatMap(layersOf);
}

/** The text in each of its {@link layersOf}. */
export const formsOfText = (text: string): readonly View[] => layersOf(viewOf(charactersOf(text)));

/** The view unchanged, and with one to three layers of escapes undone. Letters in lower case, base64url as base64. */
function layersOf(view: View): readonly View[] {
  const layers = [view];
  for (let last = decoded(view); last !== undefined && layers.length <= 3; last = decoded(last)) {
    layers.push(last);
  }
  return layers.map(({ octets, ...places }) => ({ octets: fold(octets), ...places }));
}

interface Character {
  readonly text: string;
  readonly at: number;
}

/** Every character is visible and is one octet. */
const PLAIN = /^[\x21-\x7e]*$/;

/** The visible characters of a text. */
function charactersOf(text: string): readonly Character[] {
  if (PLAIN.test(text)) {
    return Array.from(text, (character, at) => ({ text: character, at }));
  }
  let end = 0;
  return [...text].flatMap((character) => {
    const at = end;
    end += character.length;
    return IGNORED.test(character) ? [] : [{ text: character, at }];
  });
}

function viewOf(characters: readonly Character[]): View {
  const view: Growing = { octets: [], from: [], to: [] };
  for (const { text, at } of characters) {
    const octets = PLAIN.test(text) ? text : octetsOf(text.toLowerCase());
    add(view, octets, at, at + text.length);
  }
  return finished(view);
}

interface Growing {
  readonly octets: string[];
  readonly from: number[];
  readonly to: number[];
}

function add({ octets, from, to }: Growing, more: Octets, start: number, end: number): void {
  octets.push(more);
  for (let count = 0; count < more.length; count += 1) {
    from.push(start);
    to.push(end);
  }
}

const finished = ({ octets, from, to }: Growing): View => ({ octets: octets.join(''), from, to });

/** Makes case and the two alphabets of base64 equal. */
export const fold = (octets: Octets): Octets =>
  octets
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replace(/[-_]/g, (sign) => (sign === '-' ? '+' : '/'));

const ESCAPE =
  /%([0-9a-f]{2})|&#(\d{1,7});?|&#x([0-9a-f]{1,6});?|&([a-z]{2,8});|\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|\\(.)/gi;

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  ast: '*',
  bsol: '\\',
  colon: ':',
  commat: '@',
  comma: ',',
  dollar: '$',
  equals: '=',
  excl: '!',
  gt: '>',
  hyphen: '-',
  lowbar: '_',
  lpar: '(',
  lt: '<',
  nbsp: '',
  num: '#',
  percnt: '%',
  period: '.',
  plus: '+',
  quest: '?',
  quot: '"',
  rpar: ')',
  semi: ';',
  sol: '/',
};

/** The view with one layer of escapes undone; `undefined` where it has none. */
function decoded(view: View): View | undefined {
  const next: Growing = { octets: [], from: [], to: [] };
  let at = 0;
  const copy = (end: number) => {
    for (; at < end; at += 1) {
      add(next, view.octets[at] ?? '', view.from[at] ?? 0, view.to[at] ?? 0);
    }
  };
  for (const match of view.octets.matchAll(ESCAPE)) {
    const meant = meaningOf(match);
    if (meant !== undefined) {
      copy(match.index);
      at = match.index + match[0].length;
      const places = [match.index, at - 1];
      const starts = places.map((place) => view.from[place] ?? 0);
      const ends = places.map((place) => view.to[place] ?? 0);
      add(next, meant, Math.min(...starts), Math.max(...ends));
    }
  }
  if (at === 0) {
    return undefined;
  }
  copy(view.octets.length);
  return withoutIgnored(finished(next));
}

/** The octets that an escape stands for; `undefined` where the match isn't an escape. */
function meaningOf([, percent, decimal, hex, name, high, low, unit, octet, character]: readonly (
  | string
  | undefined
)[]): Octets | undefined {
  if (percent !== undefined || octet !== undefined) {
    return String.fromCharCode(Number.parseInt(percent ?? octet ?? '', 16));
  }
  if (name !== undefined) {
    return NAMED[name.toLowerCase()];
  }
  if (character !== undefined) {
    return 'bfnrt'.includes(character) ? '' : character;
  }
  if (high !== undefined && low !== undefined) {
    return octetsOf(String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)));
  }
  const code = decimal === undefined ? Number.parseInt(hex ?? unit ?? '', 16) : Number(decimal);
  return code <= 0x10ffff ? octetsOf(String.fromCodePoint(code)) : undefined;
}

/** Controls, spaces and the common invisible characters, as UTF-8. */
const IGNORED_OCTETS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  /[\x00-\x20\x7f]|\xc2[\x80-\xa0\xad]|\xcd\x8f|\xe1\xa0\x8e|\xe2\x80[\x80-\x8f\xa8-\xaf]|\xe2\x81[\x9f-\xaf]|\xe3\x80\x80|\xef\xb8[\x80-\x8f]|\xef\xbb\xbf/g;

function withoutIgnored(view: View): View {
  const dropped = new Set<number>();
  for (const { index, 0: match } of view.octets.matchAll(IGNORED_OCTETS)) {
    for (let at = index; at < index + match.length; at += 1) {
      dropped.add(at);
    }
  }
  if (dropped.size === 0) {
    return view;
  }
  const isKept = (_: unknown, at: number): boolean => !dropped.has(at);
  return {
    octets: [...view.octets].filter(isKept).join(''),
    from: view.from.filter(isKept),
    to: view.to.filter(isKept),
  };
}
