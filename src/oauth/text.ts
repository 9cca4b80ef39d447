/** The first `max` characters, and an ellipsis where there were more; never cuts a character in two. */
export function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '')}…` : text;
}

/**
 * Text from a server or a tenant, such as a client_id, made safe for people: control characters, characters that change
 * the direction of writing, and invisible characters are written as `\\u{202e}`. RFC 6749 appendix A.1 permits none of
 * them in a client_id.
 */
export const visible = (text: string): string =>
  text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);

/** The first `max` bytes of UTF-8, whole characters, with an ellipsis at their end where there were more. */
export function cutToBytes(text: string, max: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= max) {
    return text;
  }
  const kept = bytes.subarray(0, max - Buffer.byteLength(ELLIPSIS)).toString();
  return `${kept.endsWith(BROKEN) ? kept.slice(0, -1) : kept}${ELLIPSIS}`;
}

const ELLIPSIS = '…';
/** The character that replaces a part of a character. */
const BROKEN = '\ufffd';

/** The first `most` items, and how many more there are: `a, b and 3 more`. */
export function enumerated(items: readonly string[], most: number): string {
  const more = items.length - most;
  return `${items.slice(0, most).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Ends the text with a full stop, unless it ends with a sentence mark, so that another sentence can follow. */
export const asSentence = (text: string): string => (/[.!?\u2026]$/.test(text) ? text : `${text}.`);
