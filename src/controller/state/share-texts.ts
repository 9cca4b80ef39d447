/**
 * Ten thousand objects say `authorization_code` ten thousand times, and JSON.parse makes a text of each: half of what
 * an idle operator would hold. So equal texts are kept once.
 */

/** Longer ones are seldom said twice. */
const MAX_LENGTH = 128;
const GENERATION = 2_048;

let recent = new Map<string, string>();
let before = new Map<string, string>();

/**
 * Replaces each text within `kept` by an equal one that was seen lately, in place, and returns `kept`. Remembers at most
 * some 4,000 texts of at most 128 characters.
 *
 * @param kept lists and objects without cycles; nothing in it is frozen
 */
export function shareTexts<T>(kept: T): T {
  if (typeof kept === 'object' && kept !== null) {
    shareWithin(kept as Record<string, unknown>);
  }
  return kept;
}

function shareWithin(node: Record<string, unknown>): void {
  for (const name of Object.keys(node)) {
    const value = node[name];
    if (typeof value === 'string') {
      node[name] = shared(value);
    } else if (typeof value === 'object' && value !== null) {
      shareWithin(value as Record<string, unknown>);
    }
  }
}

function shared(text: string): string {
  if (text.length > MAX_LENGTH) {
    return text;
  }
  const known = recent.get(text);
  if (known !== undefined) {
    return known;
  }
  const kept = before.get(text) ?? text;
  if (recent.size >= GENERATION) {
    before = recent;
    recent = new Map();
  }
  recent.set(kept, kept);
  return kept;
}
