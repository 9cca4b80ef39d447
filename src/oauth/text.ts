/** The first `max` characters, and an ellipsis where there were more; never cuts a character in two. */
export function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '')}…` : text;
}

/** As a sentence that another can follow: with a full stop, unless it has an end of its own. */
export const asSentence = (text: string): string => (/[.!?\u2026]$/.test(text) ? text : `${text}.`);
