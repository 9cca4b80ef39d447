import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ImageSettings, readImageSettings } from '../../../bench/image-settings.ts';

/** The operator under attack: that of one commit, as shipped. */
export interface Subject {
  /** The bundle. */
  readonly entry: string;
  /** Folder of its manifests. */
  readonly deploy: string;
  /** How its image starts Node. */
  readonly settings: ImageSettings;
  /** The requested commit; `undefined`: the current files. */
  readonly at: string | undefined;
}

/** Environment variable with a commit to use instead of the current files. */
export const AT_VARIABLE = 'OAUTH_REGISTRAR_ATTACKS_AT';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const run = promisify(execFile);

/**
 * Bundles the operator of a commit of this repository, or of the current files, with the dependencies that are
 * installed.
 *
 * @throws Error if there is no such commit, or it can't be bundled
 */
export async function buildSubject(at: string | undefined): Promise<Subject & { remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-attacks-'));
  const root = at === undefined ? ROOT : await checkOut(at, join(folder, 'source'));
  const entry = join(folder, 'oauth-registrar.mjs');
  await run(process.execPath, [bundlerOf(root), `--out=${entry}`], { cwd: root });
  return {
    entry,
    deploy: join(root, 'deploy'),
    settings: readImageSettings(await readFile(join(root, 'Dockerfile'), 'utf8')),
    at,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Earlier commits have it in another place. */
function bundlerOf(root: string): string {
  const [found = ''] = ['tools/bundle.ts', 'test/image/bundle.ts']
    .map((path) => join(root, path))
    .filter((path) => existsSync(path));
  return found;
}

/** Checks out the files of a commit without changing the repository. */
async function checkOut(at: string, folder: string): Promise<string> {
  const { stdout } = await run('git', ['-C', ROOT, 'rev-parse', '--verify', `${at}^{commit}`]);
  await run('sh', [
    '-c',
    'mkdir "$1" && git -C "$2" archive "$3" | tar -x -C "$1"',
    'sh',
    folder,
    ROOT,
    stdout.trim(),
  ]);
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}
