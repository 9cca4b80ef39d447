/** What V8 takes for a list or an object without members, and for one more member; a text's own head. */
const CONTAINER = 56;
const MEMBER = 8;
const TEXT = 16;
/** A member whose name no other object has makes a shape of its own. */
const SHAPE = 128;
/** From here on names are what people wrote, within metadata that is passed through; above, all objects have the same. */
const OPEN_DEPTH = 5;
/** Of shorter texts it makes no difference worth the search. */
const LONG = 256;

/**
 * About how much memory a value takes, in bytes: not its size as JSON, since `[{},{}]` takes fifteen times that. Numbers and
 * the like are part of what holds them. Always the same for the same value.
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

/** One such character makes all take two bytes. */
const BEYOND_LATIN_1 = /[^\0-\u00ff]/;

const nameBytes = (names: readonly string[]): number =>
  names.reduce((bytes, name) => bytes + SHAPE + textBytes(name), 0);
