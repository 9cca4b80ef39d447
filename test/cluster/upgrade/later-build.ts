import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The field of `spec` that only the later build has. */
export const LATER_FIELD = 'laterField';

/** What a later version could change: records and entries have format 2, and the spec of an OAuthClient has one field more. */
const CHANGES: readonly (readonly [file: string, from: string, to: string])[] = [
  ['src/core/newer-version.ts', 'const FORMAT = 1;', 'const FORMAT = 2;'],
  ['src/core/record.ts', '  const facts = {\n', "  const facts = {\n    [ANNOTATIONS.format]: '2',\n"],
  [
    'src/controller/durable/ledger-entry.ts',
    '  return JSON.stringify({\n',
    '  return JSON.stringify({\n    format: 2,\n',
  ],
  ['src/core/orphan-entry.ts', '  const entry = {\n', '  const entry = {\n    format: 2,\n'],
  [
    'src/api/oauth-client.ts',
    'export const oauthClientSpec = z\n  .object({\n',
    `export const oauthClientSpec = z\n  .object({\n    ${LATER_FIELD}: z.string().max(64).meta({ description: 'A field of a later version.' }).optional(),\n`,
  ],
];

/** Makes a copy of the present files into those of a later version. Fails if a place to change is not there. */
export async function makeLater(root: string): Promise<void> {
  for (const [file, from, to] of CHANGES) {
    const path = join(root, file);
    const text = await readFile(path, 'utf8');
    if (text.split(from).length !== 2) {
      throw new Error(`${file} has ${text.split(from).length - 1} places, not one, with: ${from}`);
    }
    await writeFile(path, text.replace(from, to));
  }
  await promisify(execFile)(process.execPath, [join(root, 'tools', 'generate.ts')], { cwd: root });
}
