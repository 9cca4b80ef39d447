import { isJsonObject, nestsTooDeep } from './json.ts';

/** More members than any answer has; the rest is not looked at. */
const MAX_MEMBERS = 1000;
/** Deeper than anything that is read of an answer. */
const MAX_DEPTH = 32;

/**
 * The members of a JSON object whose end may be missing, as text: those that are complete, from the beginning on, each
 * a valid `"name":value`. A string, list or object is complete with its end, a number with what follows it. Left out
 * is what nests deeper than 32 levels, or is no member though it stands where one should. Takes time linear in the
 * text, for any text.
 */
export function completeMembers(torn: string): readonly string[] {
  const text = torn.trimStart();
  return text.startsWith('{') ? split(text).filter(isMember) : [];
}

/** Why a body isn't read: it is no JSON object, it is cut off, or what is wanted nests too deep in it. */
type Unreadable = 'NotJSON' | 'Truncated' | 'TooDeep';

/** What such a body is, for people. */
export const UNREADABLE: Readonly<Record<Unreadable, string>> = {
  NotJSON: 'not a JSON object',
  Truncated: 'JSON that is cut off',
  TooDeep: 'JSON that nests too deep',
};

/** Tells why nothing could be read of a body. `undefined`: it is a JSON object, and lacks what was looked for. */
export function whyUnreadable(text: string): Unreadable | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return isCutOff(text) ? 'Truncated' : 'NotJSON';
  }
  if (!isJsonObject(value)) {
    return 'NotJSON';
  }
  return Object.values(value).some(nestsTooDeep) ? 'TooDeep' : undefined;
}

/** Begins as an object, and doesn't end. */
function isCutOff(torn: string): boolean {
  const text = torn.trimStart();
  let depth = text.startsWith('{') ? 1 : 0;
  let at = 1;
  for (; at < text.length && depth > 0; at += 1) {
    depth += nestingOf(text[at]);
    if (text[at] === '"') {
      at = endOfString(text, at);
    }
  }
  return depth > 0;
}

/** Cuts at the commas of the outermost object. */
function split(text: string): readonly string[] {
  const members: string[] = [];
  let start = 1;
  let depth = 1;
  let deepest = 1;
  for (let at = 1; at < text.length && depth > 0 && members.length < MAX_MEMBERS; at += 1) {
    const character = text[at];
    depth += nestingOf(character);
    deepest = Math.max(deepest, depth);
    if (character === '"') {
      at = endOfString(text, at);
    }
    if (depth === 0 || (depth === 1 && character === ',')) {
      members.push(deepest > MAX_DEPTH ? '' : text.slice(start, at));
      start = at + 1;
      deepest = 1;
    }
  }
  const last = text.slice(start);
  // Cut off within a number or a literal, it might go on.
  return depth === 1 && deepest <= MAX_DEPTH && /["\]}\s]$/.test(last) ? [...members, last] : members;
}

/** By how much a character outside of strings changes the depth. */
function nestingOf(character: string | undefined): number {
  switch (character) {
    case '{':
    case '[':
      return 1;
    case '}':
    case ']':
      return -1;
    default:
      return 0;
  }
}

/** Where the closing quote is, or the end of the text. */
function endOfString(text: string, opening: number): number {
  let at = opening + 1;
  while (at < text.length && text[at] !== '"') {
    at += text[at] === '\\' ? 2 : 1;
  }
  return at;
}

function isMember(text: string): boolean {
  try {
    return Object.keys(JSON.parse(`{${text}}`)).length === 1;
  } catch {
    return false;
  }
}
