/** Columns whose values differ from run to run, with the form of a value. */
const VARYING: Readonly<Record<string, RegExp>> = {
  AGE: /^(\d+[dhms])+$/,
  'CLIENT ID': /^\S{6,}$/,
  CLIENT_ID: /^\S{6,}$/,
  // The examples of other pages make clients at the same server.
  CLIENTS: /^\d+$/,
};

/**
 * The cells of a table that kubectl prints, row by row, the header first. A cell of a column that varies (an age, an
 * identifier, a count) is `*` where it has the form of such a value.
 */
export function printedTable(text: string): readonly (readonly string[])[] {
  const [header = '', ...rows] = text.split('\n').filter((line) => line.trim() !== '');
  const columns = header.trim().split(/ {2,}/);
  return [
    columns,
    ...rows.map((row) =>
      row
        .trim()
        .split(/ {2,}/)
        .map((cell, index) => (VARYING[columns[index] ?? '']?.test(cell) ? '*' : cell)),
    ),
  ];
}
