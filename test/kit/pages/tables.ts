import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/**
 * The rows of a table of a page, each as its cells without backticks. Throws where no table begins with that cell.
 *
 * @param page from the root of the repository
 * @param first the first cell of the table's head
 */
export function tableOf(page: string, first: string): readonly (readonly string[])[] {
  const lines = readFileSync(join(ROOT, page), 'utf8').split('\n');
  const head = lines.findIndex((line) => line.startsWith(`| ${first} |`));
  if (head < 0) {
    throw new Error(`${page} has no table that begins with "${first}"`);
  }
  const rows = lines.slice(head + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end).map((row) =>
    row
      .replaceAll('`', '')
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
