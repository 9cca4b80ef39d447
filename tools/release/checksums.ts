import { createHash } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One line for each file below `folder`, as `sha256sum --check` reads them, sorted by path. */
export async function checksumsOf(folder: string): Promise<string> {
  const lines: string[] = [];
  for await (const entry of glob('**', { cwd: folder, withFileTypes: true })) {
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      const digest = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
      lines.push(`${digest}  ${path.slice(join(folder, '/').length)}`);
    }
  }
  return lines
    .toSorted((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1))
    .concat('')
    .join('\n');
}
