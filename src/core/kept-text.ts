import { sha256 } from '../oauth/sha256.ts';

/** Longer texts are kept as their hash. */
const LONGEST_KEPT = 64;

/**
 * What is kept of a text that people may make as long as they like and that is only ever compared: itself up to 64
 * characters, else `sha256:` and its hash. Given what it made, it gives the same again; so texts are compared by what is kept
 * of either.
 */
export function keptText(text: string): string {
  return text.length > LONGEST_KEPT ? `sha256:${sha256(text)}` : text;
}

/** The same of a text that may be absent. */
export const keptIfAny = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : keptText(text);
