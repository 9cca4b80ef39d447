import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** A new folder with the files that commands of the pages refer to, for the commands that write files beside them. */
export async function createPagesFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-docs-'));
  for (const name of ['deploy', 'crds']) {
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  }
  return folder;
}
