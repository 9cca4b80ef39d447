/** The first `max` characters, and an ellipsis where there were more; never cuts a character in two. */
export function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '')}…` : text;
}

/**
 * Text that may hold what a server or a tenant chose, such as a client_id, for people: characters that control, that change
 * the direction of writing or that show nothing are written as `\\u{202e}`. RFC 6749 appendix A.1 permits none of them in a
 * client_id.
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
/** What a part of a character is read as. */
const BROKEN = '\ufffd';

/** As a sentence that another can follow: with a full stop, unless it has an end of its own. */
export const asSentence = (text: string): string => (/[.!?\u2026]$/.test(text) ? text : `${text}.`);
