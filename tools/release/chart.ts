import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { openHelm } from '../../test/kit/testbed/helm.ts';
import type { ReleasePlan } from './plan.ts';

const CHART = join(import.meta.dirname, '..', '..', 'deploy', 'chart');

/**
 * Packages the chart with the image by its digest: `oauth-registrar-<version>.tgz` in `out`, and the same archive as an
 * OCI image layout in `out`/chart, in the form that `helm push` gives it.
 *
 * @param scratch an empty folder
 */
export async function packageChart(
  { version, image }: ReleasePlan,
  digest: string,
  out: string,
  scratch: string,
): Promise<void> {
  const copy = join(scratch, 'oauth-registrar');
  await cp(CHART, copy, { recursive: true });
  await pinImage(join(copy, 'values.yaml'), image, digest);
  const helm = await openHelm('helm4');
  try {
    const args = [
      'package',
      copy,
      `--version=${version}`,
      `--app-version=${version}`,
      `--destination=${out}`,
    ];
    const { code, stderr } = await helm.run(args);
    if (code !== 0) {
      throw new Error(`helm package: ${stderr}`);
    }
  } finally {
    await helm.close();
  }
  const archive = await readFile(join(out, `oauth-registrar-${version}.tgz`));
  const metadata = parse(await readFile(join(copy, 'Chart.yaml'), 'utf8')) as object;
  await writeLayout(join(out, 'chart'), version, { ...metadata, version, appVersion: version }, archive);
}

async function pinImage(file: string, image: string, digest: string): Promise<void> {
  let values = await readFile(file, 'utf8');
  for (const [from, to] of [
    ['\n  repository: oauth-registrar\n', `\n  repository: ${image}\n`],
    ['\n  digest: ""\n', `\n  digest: ${digest}\n`],
  ] as const) {
    if (values.split(from).length !== 2) {
      throw new Error(`deploy/chart/values.yaml has not one line "${from.trim()}"`);
    }
    values = values.replace(from, to);
  }
  await writeFile(file, values);
}

/** An OCI image layout (image-layout.md) with one chart. */
async function writeLayout(
  folder: string,
  version: string,
  metadata: object,
  archive: Buffer,
): Promise<void> {
  const blobs = join(folder, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const add = async (mediaType: string, content: Buffer) => {
    const hex = createHash('sha256').update(content).digest('hex');
    await writeFile(join(blobs, hex), content);
    return { mediaType, digest: `sha256:${hex}`, size: content.length };
  };
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  const config = await add('application/vnd.cncf.helm.config.v1+json', json(metadata));
  const layer = await add('application/vnd.cncf.helm.chart.content.v1.tar+gzip', archive);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const annotations = {
    'org.opencontainers.image.title': 'oauth-registrar',
    'org.opencontainers.image.version': version,
  };
  const manifest = { schemaVersion: 2, mediaType, config, layers: [layer], annotations };
  const described = await add(mediaType, json(manifest));
  const named = { ...described, annotations: { 'org.opencontainers.image.ref.name': version } };
  await writeFile(join(folder, 'index.json'), json({ schemaVersion: 2, manifests: [named] }));
  await writeFile(join(folder, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
}
