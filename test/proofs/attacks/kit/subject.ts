import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
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
 * @param change edits a copy of the current files, whose folder it gets, before they are bundled
 * @throws Error if there is no such commit, or it can't be bundled
 */
export async function buildSubject(
  at: string | undefined,
  change?: (root: string) => Promise<void>,
): Promise<Subject & { remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-attacks-'));
  const root = at === undefined && change === undefined ? ROOT : join(folder, 'source');
  if (root !== ROOT) {
    await (at === undefined ? copyPresent(root) : checkOut(at, root));
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  }
  await change?.(root);
  const entry = join(folder, 'oauth-registrar.mjs');
  return { ...(await bundle(root, entry, at)), remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Bundles the operator whose files are in a folder. */
export async function bundle(root: string, entry: string, at: string | undefined): Promise<Subject> {
  await run(process.execPath, [bundlerOf(root), `--out=${entry}`], { cwd: root });
  return subjectIn(root, entry, at);
}

/** The operator whose files are in a folder, with its bundle. */
export const subjectIn = async (root: string, entry: string, at: string | undefined): Promise<Subject> => ({
  entry,
  deploy: join(root, 'deploy'),
  settings: readImageSettings(await readFile(join(root, 'Dockerfile'), 'utf8')),
  at,
});

/** Earlier commits have it in another place. */
function bundlerOf(root: string): string {
  const [found = ''] = ['tools/bundle.ts', 'test/image/bundle.ts']
    .map((path) => join(root, path))
    .filter((path) => existsSync(path));
  return found;
}

/** Checks out the files of a commit without changing the repository. */
export async function checkOut(at: string, folder: string): Promise<void> {
  const { stdout } = await run('git', ['-C', ROOT, 'rev-parse', '--verify', `${at}^{commit}`]);
  await unpack('git archive "$3"', folder, stdout.trim());
}

/** Copies the present files, committed or not. */
const copyPresent = (folder: string): Promise<void> =>
  unpack('git ls-files -z --cached --others --exclude-standard | tar -c --null -T -', folder);

/** Unpacks the archive that a command writes in the repository. */
async function unpack(archive: string, folder: string, commit = ''): Promise<void> {
  await mkdir(folder, { recursive: true });
  await run('sh', ['-c', `cd "$1" && ${archive} | tar -x -C "$2"`, 'sh', ROOT, folder, commit]);
}
