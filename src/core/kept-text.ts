import { sha256 } from '../oauth/sha256.ts';

/** Longer texts are kept as their hash. */
const LONGEST_KEPT = 64;

/**
 * Shortens a text of any length that is only ever compared: up to 64 characters it is unchanged, else it becomes
 * `sha256:` and its hash. Shortening twice changes nothing, so that a text and its shortened form compare as equal.
 */
export function keptText(text: string): string {
  return text.length > LONGEST_KEPT ? `sha256:${sha256(text)}` : text;
}

/** As `keptText`, for a text that may be absent. */
export const keptIfAny = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : keptText(text);
