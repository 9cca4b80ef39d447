import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Builder } from '../../test/cluster/image/builder.ts';
import { STAND_INS } from '../../test/cluster/image/stand-in-bases.ts';
import type { ReleasePlan } from './plan.ts';

const ROOT = join(import.meta.dirname, '..', '..');

interface ImageOptions {
  readonly plan: ReleasePlan;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since the epoch, of every file and of the image. */
  readonly epoch: number;
  /** Gets the OCI image layout. */
  readonly folder: string;
  readonly onLine: (line: string) => void;
}

/**
 * Builds the image for amd64 from the unchanged Dockerfile into an OCI image layout, without a cache.
 *
 * @returns the digest of its manifest, `sha256:…`
 */
export async function buildLayout({ buildah }: Builder, options: ImageOptions): Promise<string> {
  const { plan, labels, epoch, folder, onLine } = options;
  const isStandIn = plan.bases === 'stand-in';
  const bases = plan.bases === 'stand-in' ? STAND_INS : plan.bases;
  const tag = `localhost/oauth-registrar:release-${plan.version}`;
  const args = [
    'bud',
    '--no-cache',
    `--pull=${isStandIn ? 'never' : 'true'}`,
    '--platform=linux/amd64',
    `--timestamp=${epoch}`,
    '--identity-label=false',
    `--tag=${tag}`,
    `--build-arg=BUILD_IMAGE=${bases.build}`,
    `--build-arg=RUNTIME_IMAGE=${bases.runtime}`,
    ...Object.entries(labels).map(([name, value]) => `--label=${name}=${value}`),
    ROOT,
  ];
  await buildah(args, { onLine });
  await rm(folder, { recursive: true, force: true });
  await buildah(['push', '--quiet', '--format=oci', tag, `oci:${folder}:${plan.version}`]);
  await buildah(['rmi', '--force', tag]);
  return digestOf(folder);
}

/** The digest of the only manifest in an OCI image layout. */
export async function digestOf(folder: string): Promise<string> {
  const { manifests } = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as {
    readonly manifests: readonly { readonly digest: string }[];
  };
  const [only, ...others] = manifests;
  if (only === undefined || others.length > 0) {
    throw new Error(`${folder} has ${manifests.length} manifests and should have one`);
  }
  return only.digest;
}
