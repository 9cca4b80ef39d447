/**
 * Ten thousand objects say `authorization_code` ten thousand times, and JSON.parse makes a text of each: half of what
 * an idle operator would hold. So equal texts are kept once.
 */

/** Longer ones are seldom said twice. */
const MAX_LENGTH = 128;
const GENERATION = 2_048;
/** Values of Secrets are kept by nobody who doesn't need them; who owns which field is read once and dropped. */
const isLeftAlone = (name: string): boolean => name === 'data' || name === 'managedFields';

let recent = new Map<string, string>();
let before = new Map<string, string>();

/**
 * Replaces each text within `json` by an equal one that was seen lately, in place, and returns `json`. Leaves what
 * stands under `data` and `managedFields` alone. Remembers at most some 4,000 texts of at most 128 characters.
 *
 * @param json what JSON.parse made, which nobody else holds yet
 */
export function shareTexts<T>(json: T): T {
  if (typeof json === 'object' && json !== null) {
    shareWithin(json as Record<string, unknown>);
  }
  return json;
}

function shareWithin(node: Record<string, unknown>): void {
  for (const name in node) {
    const value = node[name];
    if (typeof value === 'string') {
      node[name] = shared(value);
    } else if (typeof value === 'object' && value !== null && !isLeftAlone(name)) {
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
