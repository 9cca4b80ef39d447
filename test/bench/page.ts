import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'scale.md');

/** Puts the text, as it was printed, between the page's markers of that name. Throws where it has none. */
export function writeToPage(name: 'bench' | 'peer', text: string): void {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const page = readFileSync(PAGE, 'utf8');
  const [before = '', rest = ''] = page.split(begin);
  const [, after] = rest.split(end);
  if (after === undefined) throw new Error(`${PAGE} has no place for the table: ${begin} … ${end}`);
  writeFileSync(PAGE, `${before}${begin}\n\n\`\`\`text\n${text}\n\`\`\`\n\n${end}${after}`);
}
