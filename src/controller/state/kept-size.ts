/** Bytes that V8 takes for an empty array or object, for each member, and for the header of a string. */
const CONTAINER = 56;
const MEMBER = 8;
const TEXT = 16;
/** A property name that no other object has creates a hidden class (shape) of its own. */
const SHAPE = 128;
/** From this depth on, people choose the property names (in metadata that is passed through); above, all objects share them. */
const OPEN_DEPTH = 5;
/** For shorter strings the search costs more than the difference matters. */
const LONG = 256;

/**
 * Estimates the memory of a value, in bytes. That is not its size as JSON: `[{},{}]` takes fifteen times that. Numbers,
 * booleans and null count as part of their container. Deterministic.
 */
export function keptBytes(value: unknown): number {
  const open: unknown[] = [value];
  const depths: number[] = [0];
  let bytes = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const depth = depths.pop() ?? 0;
    if (typeof next === 'string') {
      bytes += textBytes(next);
    } else if (typeof next === 'object' && next !== null) {
      const members = membersOf(next);
      bytes += containerBytes(next, members.length, depth);
      for (const member of members) {
        if (takesMemory(member)) {
          open.push(member);
          depths.push(depth + 1);
        }
      }
    }
  }
  return bytes;
}

const membersOf = (container: object): readonly unknown[] =>
  Array.isArray(container) ? container : Object.values(container);

function containerBytes(container: object, members: number, depth: number): number {
  const hasOwnNames = depth >= OPEN_DEPTH && !Array.isArray(container);
  return CONTAINER + MEMBER * members + (hasOwnNames ? nameBytes(Object.keys(container)) : 0);
}

const takesMemory = (value: unknown): boolean =>
  typeof value === 'string' || (typeof value === 'object' && value !== null);

const textBytes = (text: string): number =>
  TEXT + (text.length > LONG && BEYOND_LATIN_1.test(text) ? 2 * text.length : text.length);

/** One such character makes every character of the string take two bytes. */
const BEYOND_LATIN_1 = /[^\0-\u00ff]/;

const nameBytes = (names: readonly string[]): number =>
  names.reduce((bytes, name) => bytes + SHAPE + textBytes(name), 0);
