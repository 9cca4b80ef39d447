import type { Problem } from '../command-line.ts';

/** What a release is made of, as the command line says it. */
export interface ReleasePlan {
  /** Such as `0.2.0`, without a `v`. */
  readonly version: string;
  /** `stand-in`: a trial on base images that are made on this machine. */
  readonly bases: 'stand-in' | Bases;
  /** Name of the image in the manifests, without tag and digest. */
  readonly image: string;
  /** Where the archives of the plugin will be, without a slash at the end. */
  readonly pluginUrl: string;
  /** The folder that gets everything. */
  readonly out: string;
}

/** Base images, each as `name@sha256:…`. */
export interface Bases {
  readonly build: string;
  readonly runtime: string;
}

interface Given {
  readonly operands: readonly string[];
  readonly buildBase?: string | undefined;
  readonly runtimeBase?: string | undefined;
  readonly standInBases: boolean;
  readonly image?: string | undefined;
  readonly pluginUrl?: string | undefined;
  readonly out?: string | undefined;
}

const SEMVER = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
const BY_DIGEST = /^[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}$/;
const NAME = /^[a-z0-9][a-z0-9._-]*(:\d+)?(\/[a-z0-9][a-z0-9._-]*)*$/;

/** Pure. A tag may be pushed again, so that a base without a digest makes no release. */
export function planRelease(given: Given): ReleasePlan | Problem {
  const {
    operands,
    buildBase,
    runtimeBase,
    standInBases,
    image = 'registry.example.com/oauth-registrar',
    pluginUrl = 'https://downloads.example.com/oauth-registrar',
  } = given;
  const [version = '', ...others] = operands;
  if (!SEMVER.test(version) || others.length > 0) {
    return { problem: 'Name one version, such as 0.2.0.' };
  }
  if (!NAME.test(image)) {
    return { problem: `--image needs a name without tag and digest, not "${image}".` };
  }
  if (!/^https:\/\/\S*[^/\s]$/.test(pluginUrl)) {
    return { problem: `--plugin-url needs an https URL without a slash at its end, not "${pluginUrl}".` };
  }
  const bases = basesOf(buildBase, runtimeBase, standInBases);
  if ('problem' in bases) {
    return bases;
  }
  const folder = bases.chosen === 'stand-in' ? `${version}-stand-in-bases` : version;
  return { version, bases: bases.chosen, image, pluginUrl, out: given.out ?? `dist/release/${folder}` };
}

function basesOf(
  build: string | undefined,
  runtime: string | undefined,
  standIn: boolean,
): { readonly chosen: ReleasePlan['bases'] } | Problem {
  if (standIn) {
    return build === undefined && runtime === undefined
      ? { chosen: 'stand-in' }
      : { problem: '--stand-in-bases goes without --build-base and --runtime-base.' };
  }
  for (const [flag, base] of [
    ['--build-base', build],
    ['--runtime-base', runtime],
  ] as const) {
    if (base === undefined || !BY_DIGEST.test(base)) {
      const not = base === undefined ? '' : `, not "${base}"`;
      return {
        problem: `${flag} needs an image by digest, NAME@sha256:…${not}; or try it with --stand-in-bases.`,
      };
    }
  }
  return { chosen: { build: build ?? '', runtime: runtime ?? '' } };
}

/** What the image says of itself, by labels of the OCI image specification (annotations.md). */
export function labelsOf(
  { version, bases }: ReleasePlan,
  { revision, created }: { readonly revision: string; readonly created: string },
): Readonly<Record<string, string>> {
  const [name = '', digest = ''] = bases === 'stand-in' ? [] : bases.runtime.split('@');
  return {
    'org.opencontainers.image.title': 'oauth-registrar',
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.revision': revision,
    'org.opencontainers.image.created': created,
    'org.opencontainers.image.licenses': 'Apache-2.0',
    ...(bases === 'stand-in'
      ? { 'dev.oauth-registrar.stand-in-bases': 'true' }
      : { 'org.opencontainers.image.base.name': name, 'org.opencontainers.image.base.digest': digest }),
  };
}

/** The section of a release in the CHANGELOG, without its heading; `undefined`: there is none. */
export function changelogSection(changelog: string, heading: string): string | undefined {
  const sections = changelog.split(/^## /m).slice(1);
  const found = sections.find((section) => /^\S+/.exec(section)?.[0] === heading);
  return found?.replace(/^.*\n/, '').trim();
}
