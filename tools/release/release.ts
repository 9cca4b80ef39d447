import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import { createBuilder } from '../../test/cluster/image/builder.ts';
import { makeStandIns } from '../../test/cluster/image/stand-in-bases.ts';
import { ensureTools } from '../../test/cluster/image/tools.ts';
import { ensureBinaries } from '../../test/kit/testbed/binaries.ts';
import { run } from '../../test/kit/testbed/command.ts';
import { readEnvironment } from '../../test/kit/testbed/environment.ts';
import { ensureGoTool } from '../../test/kit/testbed/go-tool.ts';
import { createProgress } from '../../test/kit/testbed/progress.ts';
import { argumentsOf, refuse } from '../command-line.ts';
import { packagesIn, type Sbom, sbomOfBundle } from './bundle-sbom.ts';
import { packageChart } from './chart.ts';
import { checksumsOf } from './checksums.ts';
import { buildLayout } from './image.ts';
import { changelogSection, labelsOf, planRelease, type ReleasePlan } from './plan.ts';
import { buildPlugin } from './plugin.ts';

/** `npm run release`. */
const SCRIPT = {
  name: 'release',
  about: `Makes everything that a release publishes, and publishes nothing: image and chart as OCI image layouts, install.yaml,
the kubectl plugin with a manifest for Krew, SBOMs, licences, checksums and the section of the CHANGELOG. Needs Linux on
amd64, root, Go and npm's registry, but no container engine. Some minutes: the image is built twice, and both must have one
digest. The first run builds Helm and Syft.`,
  operands: { called: 'VERSION', about: 'The version, as package.json and CHANGELOG.md have it.' },
  flags: {
    'build-base': { value: 'NAME@sha256:…', about: 'BUILD_IMAGE of the Dockerfile, by digest.' },
    'runtime-base': { value: 'NAME@sha256:…', about: 'RUNTIME_IMAGE of the Dockerfile, by digest.' },
    'stand-in-bases': {
      about:
        'A trial, on base images made here from Debian. The image says so in a label. Version, CHANGELOG and the state of the work tree are not checked.',
    },
    image: { value: 'NAME', about: 'The name that install.yaml gives the image.' },
    'plugin-url': { value: 'URL', about: 'Where the archives of the plugin will be, for Krew.' },
    out: { value: 'FOLDER', about: 'Where to. Default: dist/release/VERSION. It is emptied first.' },
  },
} as const;
const ROOT = join(import.meta.dirname, '..', '..');

const { values, passedOn } = argumentsOf(SCRIPT);
const text = (value: string | true | undefined) => (typeof value === 'string' ? value : undefined);
const planned = planRelease({
  operands: passedOn,
  buildBase: text(values['build-base']),
  runtimeBase: text(values['runtime-base']),
  standInBases: values['stand-in-bases'] === true,
  image: text(values.image),
  pluginUrl: text(values['plugin-url']),
  out: text(values.out),
});
const plan: ReleasePlan = 'problem' in planned ? refuse(SCRIPT, planned) : planned;
const isTrial = plan.bases === 'stand-in';
const out = resolve(ROOT, plan.out);
const notes = await releaseNotes(plan.version);
const source = await sourceState();

const progress = createProgress();
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const scratch = await realpath(await mkdtemp(join(tmpdir(), 'oauth-registrar-release-')));
try {
  const digest = await image(join(out, 'image'));
  await progress.step('Writing licences and SBOM of the bundles', bundleFiles);
  await progress.step('Making the kubectl plugin for each platform', plugin);
  await progress.step('Writing the manifests', () => manifests(digest));
  await progress.step('Packaging the chart', () => packageChart(plan, digest, out, join(scratch, 'chart')));
  await imageSbom();
  await writeFile(join(out, 'CHANGELOG.md'), `${notes}\n`);
  await writeFile(join(out, 'SHA256SUMS'), await checksumsOf(out));
  console.log(
    `${relative(ROOT, out) || '.'}: oauth-registrar ${plan.version}, image ${plan.image}@${digest}`,
  );
  if (isTrial) {
    console.log('This is a trial on stand-in base images (--stand-in-bases): do not publish it.');
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}

/** Refuses before anything is built. */
async function releaseNotes(version: string): Promise<string> {
  const changelog = await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8');
  const { version: own } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  if (own !== version && !isTrial) {
    refuse(SCRIPT, { problem: `package.json has version ${own}: set it to ${version} first.` });
  }
  const section =
    changelogSection(changelog, version) ?? (isTrial ? changelogSection(changelog, 'Unreleased') : undefined);
  return section ?? refuse(SCRIPT, { problem: `CHANGELOG.md has no section "## ${version}".` });
}

/** The commit that is released, and when it was made. */
async function sourceState(): Promise<{ readonly revision: string; readonly epoch: number }> {
  const git = (...args: readonly string[]) => run('git', ['-C', ROOT, ...args]);
  const [revision, seconds] = (await git('show', '--no-patch', '--format=%H %ct', 'HEAD')).split(' ');
  const isDirty = (await git('status', '--porcelain')) !== '';
  if (isDirty && !isTrial) {
    refuse(SCRIPT, { problem: 'The work tree has changes that no commit has: commit or remove them first.' });
  }
  return { revision: `${revision}${isDirty ? '-dirty' : ''}`, epoch: Number(seconds) };
}

function created(): string {
  return new Date(source.epoch * 1_000).toISOString().replace('.000Z', 'Z');
}

async function image(folder: string): Promise<string> {
  await ensureTools(progress);
  const cache = join(readEnvironment().cacheHome, 'oauth-registrar', 'image');
  const builder = await createBuilder(cache);
  if (isTrial) {
    await makeStandIns(builder, cache, progress);
  }
  const labels = labelsOf(plan, { revision: source.revision, created: created() });
  const digests: string[] = [];
  for (const [title, target] of [
    ['Building the image', folder],
    ['Building it again', join(scratch, 'again')],
  ] as const) {
    const { epoch } = source;
    const build = (onLine: (line: string) => void) =>
      buildLayout(builder, { plan, labels, epoch, folder: target, onLine });
    digests.push(await progress.step(title, build));
  }
  const [first = '', second] = digests;
  if (first !== second) {
    throw new Error(`Two builds of one commit differ: ${first} and ${second}`);
  }
  progress.note(`Both builds are ${first}`);
  return first;
}

async function bundleFiles(): Promise<void> {
  await run(process.execPath, [join(ROOT, 'tools', 'bundle.ts'), `--folder=${join(scratch, 'bundles')}`]);
  const notices = await readFile(join(scratch, 'bundles', 'THIRD-PARTY-LICENSES.txt'), 'utf8');
  await writeFile(join(out, 'THIRD-PARTY-LICENSES.txt'), notices);
  await copyFile(join(ROOT, 'LICENSE'), join(out, 'LICENSE'));
  const listed = await run('npm', ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'], {
    cwd: ROOT,
  });
  const sbom = sbomOfBundle(JSON.parse(listed) as Sbom, packagesIn(notices), created());
  await writeFile(join(out, 'sbom-bundle.cdx.json'), `${JSON.stringify(sbom, null, 2)}\n`);
}

async function plugin(): Promise<void> {
  await mkdir(join(scratch, 'plugin'));
  await buildPlugin({
    version: plan.version,
    epoch: source.epoch,
    baseUrl: plan.pluginUrl,
    bundle: join(scratch, 'bundles', 'kubectl-oauthclient.js'),
    notices: join(scratch, 'bundles', 'THIRD-PARTY-LICENSES.txt'),
    licence: join(ROOT, 'LICENSE'),
    out: join(out, 'plugin'),
    scratch: join(scratch, 'plugin'),
  });
}

async function imageSbom(): Promise<void> {
  const syft = await ensureGoTool('syft', progress);
  await progress.step('Writing the SBOM of the image', async () => {
    const sbom = join(out, 'sbom-image.cdx.json');
    const args = [
      'scan',
      `oci-dir:${join(out, 'image')}`,
      '--source-name=oauth-registrar',
      `--source-version=${plan.version}`,
    ];
    await run(syft, [...args, `--output=cyclonedx-json=${sbom}`], {
      env: { SYFT_CHECK_FOR_APP_UPDATE: 'false' },
    });
  });
}

/** The objects of `deploy` with the image by its digest, and the CRDs by themselves. */
async function manifests(digest: string): Promise<void> {
  const { kubectl } = await ensureBinaries(progress, ['kubectl']);
  const overlay = {
    resources: [relative(scratch, join(ROOT, 'deploy'))],
    images: [{ name: 'oauth-registrar', newName: plan.image, digest }],
  };
  await writeFile(join(scratch, 'kustomization.yaml'), stringify(overlay));
  const render = (folder: string) => run(kubectl, ['kustomize', folder]);
  await writeFile(join(out, 'install.yaml'), `${await render(scratch)}\n`);
  await writeFile(join(out, 'crds.yaml'), `${await render(join(ROOT, 'crds'))}\n`);
}
