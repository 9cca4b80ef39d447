import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { VERSION } from '../../../src/api/version.ts';
import { buildPlugin, isThisMachine, PLATFORMS } from '../../../tools/release/plugin.ts';
import { run } from '../../kit/testbed/command.ts';

/** The kubectl plugin as `npm run release` makes it: an archive for each platform, and a manifest for Krew. */

const ROOT = join(import.meta.dirname, '..', '..', '..');
const URL = 'https://downloads.example.com/oauth-registrar';
/** What `file` says of each executable: this machine can't run them all. */
const KINDS = [/ELF 64-bit .*x86-64/, /ELF 64-bit .*aarch64/, /PE32\+ executable .*x86-64/];

let folder: string;
let out: string;
let archives: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-plugin-release-'));
  out = join(folder, 'out');
  await run(process.execPath, [join(ROOT, 'tools', 'bundle.ts'), `--folder=${join(folder, 'bundles')}`]);
  await mkdir(join(folder, 'scratch'));
  archives = await buildPlugin({
    version: VERSION,
    epoch: 1_700_000_000,
    baseUrl: URL,
    bundle: join(folder, 'bundles', 'kubectl-oauthclient.js'),
    notices: join(folder, 'bundles', 'THIRD-PARTY-LICENSES.txt'),
    licence: join(ROOT, 'LICENSE'),
    out,
    scratch: join(folder, 'scratch'),
  });
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** @returns the folder with the content of an archive */
async function unpacked(archive: string): Promise<string> {
  const target = join(folder, archive.replace('.tar.gz', ''));
  await mkdir(target, { recursive: true });
  await run('tar', ['-xzf', join(out, archive), '-C', target]);
  return target;
}

test('the bundle and an archive for each platform are there, with a manifest', async () => {
  expect((await readdir(out)).toSorted()).toEqual(
    ['kubectl-oauthclient.mjs', 'oauthclient.yaml', ...archives].toSorted(),
  );
  expect(await run(process.execPath, [join(out, 'kubectl-oauthclient.mjs'), '--version'])).toBe(VERSION);
});

test.each(PLATFORMS.map((platform, at) => ({ ...platform, at })))(
  'the archive for $os on $arch has an executable of that platform and the licences',
  async ({ os, at }) => {
    const target = await unpacked(archives[at] ?? '');
    const name = os === 'windows' ? 'kubectl-oauthclient.exe' : 'kubectl-oauthclient';
    expect((await readdir(target)).toSorted()).toEqual(
      ['LICENSE', 'NODE-LICENSE.txt', 'THIRD-PARTY-LICENSES.txt', name].toSorted(),
    );
    expect(await magicOf(join(target, name))).toMatch(KINDS[at] ?? /none/);
  },
);

/** Format and machine, as `file` would name them: from the header alone. */
async function magicOf(path: string): Promise<string> {
  const head = (await readFile(path)).subarray(0, 4_096);
  if (head.toString('latin1', 0, 4) === '\u007fELF') {
    const machine = head.readUInt16LE(18);
    return `ELF 64-bit ${{ 62: 'x86-64', 183: 'aarch64' }[machine] ?? machine}`;
  }
  const header = head.readUInt32LE(0x3c);
  const isPe = head.toString('latin1', 0, 2) === 'MZ' && head.readUInt16LE(header + 24) === 0x20b;
  return isPe && head.readUInt16LE(header + 4) === 0x8664 ? 'PE32+ executable x86-64' : 'unknown';
}

test('the executable for this machine runs without Node', async () => {
  const at = PLATFORMS.findIndex(isThisMachine);
  const program = join(await unpacked(archives[at] ?? ''), 'kubectl-oauthclient');
  expect(await run(program, ['--version'], { env: { PATH: '' } })).toBe(VERSION);
  const said = run(program, ['status', 'x', '--kubeconfig=/none'], { env: { PATH: '' }, successCode: 3 });
  await expect(said).resolves.toBe('');
});

test('the manifest for Krew names each archive with its checksum', async () => {
  const { metadata, spec } = parse(await readFile(join(out, 'oauthclient.yaml'), 'utf8'));
  expect(metadata.name).toBe('oauthclient');
  expect(spec.version).toBe(`v${VERSION}`);
  expect(spec.shortDescription.length).toBeLessThanOrEqual(50);
  const wanted = PLATFORMS.map(async ({ os, arch }, at) => {
    const content = await readFile(join(out, archives[at] ?? ''));
    return {
      selector: { matchLabels: { os, arch } },
      uri: `${URL}/kubectl-oauthclient_v${VERSION}_${os}_${arch}.tar.gz`,
      sha256: createHash('sha256').update(content).digest('hex'),
      bin: os === 'windows' ? 'kubectl-oauthclient.exe' : 'kubectl-oauthclient',
    };
  });
  expect(spec.platforms).toEqual(await Promise.all(wanted));
});
