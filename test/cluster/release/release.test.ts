import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { digestOf } from '../../../tools/release/image.ts';
import { newestRelease } from '../../../tools/release/newest-release.ts';
import { changelogSection } from '../../../tools/release/plan.ts';
import { run } from '../../kit/testbed/command.ts';
import { freePort } from '../../kit/testbed/free-port.ts';
import { ensureGoTool } from '../../kit/testbed/go-tool.ts';
import { openHelm } from '../../kit/testbed/helm.ts';
import { createProcessGroup, type ProcessGroup } from '../../kit/testbed/process-group.ts';
import { createProgress } from '../../kit/testbed/progress.ts';

/** `npm run release` on stand-in bases, and a registry that serves what it made. */

const ROOT = join(import.meta.dirname, '..', '..', '..');
/** The newest one that CHANGELOG.md has a section for. */
const VERSION = newestRelease(await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8'))?.version ?? '';

let folder: string;
let out: string;
let said: string;
let crane: string;
let group: ProcessGroup;
let registry: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-released-'));
  out = join(folder, 'out');
  said = await run(process.execPath, [
    join(ROOT, 'tools', 'release', 'release.ts'),
    VERSION,
    '--stand-in-bases',
    `--out=${out}`,
  ]);
  crane = await ensureGoTool('crane', createProgress());
  group = await createProcessGroup('oauth-registrar-registry-');
  const port = await freePort();
  registry = `127.0.0.1:${port}`;
  await group.start('registry', crane, ['registry', 'serve', `--address=${registry}`]);
  await untilServing();
});
afterAll(async () => {
  await group?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function untilServing(): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await fetch(`http://${registry}/v2/`).catch(() => undefined);
    if (answer?.ok) {
      return;
    }
    await sleep(50);
  }
  throw new Error('the registry does not serve');
}

const read = (file: string) => readFile(join(out, file), 'utf8');
const json = async (file: string) => JSON.parse(await read(file));

test('a release has all its parts, and its checksums are right', async () => {
  expect((await readdir(out)).toSorted()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'SHA256SUMS',
    'THIRD-PARTY-LICENSES.txt',
    'chart',
    'crds.yaml',
    'image',
    'install.yaml',
    `oauth-registrar-${VERSION}.tgz`,
    'plugin',
    'sbom-bundle.cdx.json',
    'sbom-image.cdx.json',
  ]);
  const checked = await run('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: out });
  expect(checked).toBe('');
  expect((await read('SHA256SUMS')).split('\n').length).toBeGreaterThan(15);
});

test('a trial says that it is one, in what it prints and in the image', async () => {
  expect(said).toContain('This is a trial on stand-in base images (--stand-in-bases): do not publish it.');
  const config = JSON.parse(await blob(await manifestOf('image'), 'config'));
  expect(config.architecture).toBe('amd64');
  expect(config.config.Labels).toMatchObject({
    'dev.oauth-registrar.stand-in-bases': 'true',
    'org.opencontainers.image.version': VERSION,
    'org.opencontainers.image.revision': expect.stringMatching(/^[0-9a-f]{40}/),
  });
});

async function manifestOf(layout: string): Promise<string> {
  return join(layout, 'blobs', 'sha256', (await digestOf(join(out, layout))).slice('sha256:'.length));
}

async function blob(manifest: string, part: 'config'): Promise<string> {
  const { digest } = (await json(manifest))[part] as { readonly digest: string };
  return read(join(manifest, '..', digest.slice('sha256:'.length)));
}

test('install.yaml and the chart name the image by its digest', async () => {
  const digest = await digestOf(join(out, 'image'));
  const image = `registry.example.com/oauth-registrar@${digest}`;
  const objects = parseAllDocuments(await read('install.yaml')).map((one) => one.toJS());
  const deployment = objects.find(({ kind }) => kind === 'Deployment');
  expect(deployment.spec.template.spec.containers[0].image).toBe(image);
  const helm = await openHelm('helm4');
  const { stdout, stderr } = await helm.run(['template', 'x', join(out, `oauth-registrar-${VERSION}.tgz`)]);
  await helm.close();
  expect(stderr).toBe('');
  expect(stdout).toContain(`image: "${image}"`);
  expect(stdout).toContain(`helm.sh/chart: oauth-registrar-${VERSION}`);
});

test('the SBOMs are CycloneDX and name what is inside', async () => {
  const [bundle, image] = [await json('sbom-bundle.cdx.json'), await json('sbom-image.cdx.json')];
  expect([bundle.bomFormat, image.bomFormat]).toEqual(['CycloneDX', 'CycloneDX']);
  const names = (sbom: { components: { name: string }[] }) => sbom.components.map(({ name }) => name);
  expect(names(bundle)).toEqual(expect.arrayContaining(['undici', 'zod', 'jose']));
  expect(names(bundle)).not.toContain('vitest');
  expect(names(image)).toContain('node');
});

test('CHANGELOG.md is the section of the release, and the licences are those of the bundle', async () => {
  const section = changelogSection(await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8'), VERSION);
  expect(await read('CHANGELOG.md')).toBe(`${section}\n`);
  expect(section).toMatch(/^### /m);
  expect(section).not.toMatch(/^## /m);
  expect(await read('THIRD-PARTY-LICENSES.txt')).toMatch(/^undici \d/m);
});

describe('a registry', () => {
  test('takes the image and gives the same back', async () => {
    const name = `${registry}/oauth-registrar:${VERSION}`;
    const digest = await digestOf(join(out, 'image'));
    await run(crane, ['push', '--insecure', join(out, 'image'), name]);
    expect(await run(crane, ['digest', '--insecure', name])).toBe(digest);
    const pulled = join(folder, 'pulled');
    await run(crane, ['pull', '--insecure', '--format=oci', name, pulled]);
    expect(await digestOf(pulled)).toBe(digest);
    await run(crane, ['validate', '--insecure', `--remote=${name}`]);
  });

  test('takes the chart, and helm pulls the same archive', async () => {
    const name = `${registry}/charts/oauth-registrar:${VERSION}`;
    await run(crane, ['push', '--insecure', join(out, 'chart'), name]);
    const helm = await openHelm('helm4');
    const args = ['pull', `oci://${registry}/charts/oauth-registrar`, `--version=${VERSION}`, '--plain-http'];
    const { code, stderr } = await helm.run([...args, `--destination=${folder}`]);
    await helm.close();
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
    const archive = `oauth-registrar-${VERSION}.tgz`;
    expect((await readFile(join(folder, archive))).equals(await readFile(join(out, archive)))).toBe(true);
  });
});

describe('npm run release', () => {
  test.each([
    [
      'a base by tag',
      ['--build-base=node:24', '--runtime-base=cc:nonroot'],
      '--build-base needs an image by digest',
    ],
    ['no base', [], '--build-base needs an image by digest'],
  ])('refuses %s and makes nothing', async (_, flags, problem) => {
    const target = join(folder, 'refused');
    const script = join(ROOT, 'tools', 'release', 'release.ts');
    await expect(run(process.execPath, [script, VERSION, ...flags, `--out=${target}`])).rejects.toThrow(
      problem,
    );
    await expect(access(target)).rejects.toThrow('ENOENT');
  });
});
