/** JSON from outside. Its depth is bounded before any other code reads it. */

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [member: string]: Json;
}

/** Deeper values than this are dropped: nothing that RFC 7591 defines nests more than a JWK set does. */
const MAX_DEPTH = 16;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses text that should be one JSON object. Returns `undefined` for everything else: HTML, an array, a torn text.
 * Members that nest deeper than 16 levels are left out, the others are kept.
 */
export function parseJsonObject(text: string): JsonObject | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) {
    return undefined;
  }
  return Object.fromEntries(Object.entries(value).filter(([, member]) => isShallow(member, MAX_DEPTH)));
}

/** Whether a value nests deeper than anything that RFC 7591 defines does. */
export function nestsTooDeep(value: Json): boolean {
  return !isShallow(value, MAX_DEPTH);
}

function isShallow(value: Json, depth: number): boolean {
  if (typeof value !== 'object' || value === null) {
    return true;
  }
  return depth > 0 && Object.values(value).every((member) => isShallow(member, depth - 1));
}

/**
 * Size of the value as JSON without white space, in bytes of UTF-8; escapes aren't counted. Works without recursion,
 * since a value from outside may nest to any depth.
 */
export function jsonBytes(value: unknown): number {
  const open: unknown[] = [value];
  let bytes = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    bytes += ownBytes(next, open);
  }
  return bytes;
}

/** Bytes of a value without its members' values, which it adds to `open`. */
function ownBytes(value: unknown, open: unknown[]): number {
  if (Array.isArray(value)) {
    // Spreading would fail, since a list may be longer than the arguments of a call.
    for (const item of value) {
      open.push(item ?? null);
    }
    return bracketsAndCommas(value.length);
  }
  if (isJsonObject(value)) {
    const names = Object.keys(value);
    let bytes = bracketsAndCommas(names.length);
    for (const name of names) {
      bytes += Buffer.byteLength(name) + 3;
      open.push(value[name] ?? null);
    }
    return bytes;
  }
  return typeof value === 'string' ? Buffer.byteLength(value) + 2 : String(value).length;
}

const bracketsAndCommas = (members: number): number => Math.max(members + 1, 2);

/** Whether {@link canonicalJson} would give the same text for both. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) {
    return true;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isSameJson(item, b[index]));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) {
    return (a ?? null) === (b ?? null);
  }
  const names = namesIn(a);
  return (
    names.length === namesIn(b).length &&
    names.every((name) => b[name] !== undefined && isSameJson(a[name], b[name]))
  );
}

const namesIn = (object: JsonObject): readonly string[] =>
  Object.keys(object).filter((name) => object[name] !== undefined);

/** The same value always gives the same text: members sorted by name, those without a value left out, no white space. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonicalJson).join(',')}]`;
  }
  if (!isJsonObject(value)) {
    return JSON.stringify(value ?? null);
  }
  let members = '';
  for (const name of Object.keys(value).sort()) {
    if (value[name] !== undefined) {
      members += `${members === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(value[name])}`;
    }
  }
  return `{${members}}`;
}
