import { type MemberType, memberOf } from './client-metadata.ts';
import { canonicalJson, type Json } from './json.ts';

/**
 * Whether two values of one member mean the same: lists without order (where it means nothing), `""`, `null` and `[]`
 * as absent, and a value in another JSON type, as lenient servers give it: `"a"` for `["a"]`, `"3600"` for 3600.
 */
export function sameValue(wireName: string, a: Json | undefined, b: Json | undefined): boolean {
  return normalForm(wireName, a) === normalForm(wireName, b);
}

/** `scope` of `scopes`, the list that some servers answer. `undefined` where it is no list of strings. */
export function scopeOfList(scopes: Json | undefined): string | undefined {
  const isList = Array.isArray(scopes) && scopes.every((word) => typeof word === 'string');
  return isList ? scopes.join(' ') : undefined;
}

function normalForm(wireName: string, value: Json | undefined): string {
  const member = memberOf(wireName);
  const typed = inType(member?.type, value);
  if (typed === undefined || typed === null || typed === '' || (Array.isArray(typed) && typed.length === 0)) {
    return '';
  }
  if (!Array.isArray(typed)) {
    return canonicalJson(typed);
  }
  const items = typed.map((item: Json) => itemForm(wireName, item));
  return JSON.stringify(member?.ordered ? items : [...new Set(items)].sort());
}

function inType(type: MemberType | undefined, value: Json | undefined): Json | undefined {
  if (typeof value !== 'string') {
    return value;
  }
  switch (type) {
    case 'scope':
      return value.split(/\s+/).filter(Boolean);
    case 'strings':
    case 'uris':
      return value === '' ? [] : [value];
    case 'integer':
      return /^\d+$/.test(value) ? Number(value) : value;
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : value;
    default:
      return value;
  }
}

/** A response type is itself a set of words: `id_token code` is `code id_token` (OAuth 2.0 Multiple Response Types). */
function itemForm(wireName: string, item: Json): string {
  const isWordSet = wireName === 'response_types' && typeof item === 'string';
  return canonicalJson(isWordSet ? item.split(/\s+/).sort().join(' ') : item);
}
