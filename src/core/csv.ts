/** Comma-separated values, by RFC 4180, for spreadsheets. */

/** Lines end with CRLF (RFC 4180 section 2). */
export const csv = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => `${row.map(csvField).join(',')}\r\n`).join('');

/**
 * A field that a spreadsheet would take for a formula gets an apostrophe in front of it: a tenant or a server chose the
 * text, and the spreadsheet of another person would run it.
 */
function csvField(text: string): string {
  const plain = FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** Spreadsheets pass over white space and quotes before a formula, and take full-width characters for the same. */
const FORMULA = /^[\s"']*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;
const NEEDS_QUOTES = /[",\r\n]/;
