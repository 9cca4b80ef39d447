import { isJsonObject, nestsTooDeep } from './json.ts';

/** More members than any answer has; further members are ignored. */
const MAX_MEMBERS = 1000;
/** Deeper than any member that is read from an answer. */
const MAX_DEPTH = 32;

/**
 * The members of a JSON object whose end may be missing, as text: the complete members from the beginning, each a valid
 * `"name":value`. A string, list or object is complete with its end, a number with what follows it. Values that nest
 * deeper than 32 levels are left out, and texts in the place of a member that aren't one. Takes time linear in the
 * text, for any text.
 */
export function completeMembers(torn: string): readonly string[] {
  const text = torn.trimStart();
  return text.startsWith('{') ? split(text).filter(isMember) : [];
}

/** Why a body can't be read: it is no JSON object, it is cut off, or the wanted member nests too deep. */
type Unreadable = 'NotJSON' | 'Truncated' | 'TooDeep';

/** Descriptions of such a body, for people. */
export const UNREADABLE: Readonly<Record<Unreadable, string>> = {
  NotJSON: 'not a JSON object',
  Truncated: 'JSON that is cut off',
  TooDeep: 'JSON that nests too deep',
};

/** Why nothing could be read from a body. `undefined`: it is a JSON object that lacks the wanted member. */
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

/** Whether the text begins as an object and has no end. */
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
  // A number or a literal that was cut off could continue.
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
