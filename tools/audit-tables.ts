import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIT_EVENTS, auditLine } from '../src/core/audit-line.ts';

const PAGE = 'docs/logs.md';

/** The page about the log, with its two tables of the audit trail made from the schema of the lines. */
export function logsPage(): readonly [path: string, content: string] {
  const page = readFileSync(join(import.meta.dirname, '..', PAGE), 'utf8');
  const fields = Object.entries(auditLine.shape).map(
    ([name, schema]) => `| \`${name}\` | ${schema.description ?? ''} |`,
  );
  const events = Object.entries(AUDIT_EVENTS).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  const filled = withTable(page, '| Field | Value |', fields);
  return [PAGE, withTable(filled, '| `event` | Meaning |', events)];
}

/** The page with other rows in the table that has this head. */
function withTable(page: string, head: string, rows: readonly string[]): string {
  const start = page.indexOf(`${head}\n`);
  const end = page.indexOf('\n\n', start);
  if (start < 0 || end < 0) {
    throw new Error(`${PAGE} has no table that begins with "${head}"`);
  }
  return [page.slice(0, start), head, '\n| --- | --- |\n', rows.join('\n'), page.slice(end)].join('');
}
