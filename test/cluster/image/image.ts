import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Builder } from './builder.ts';
import { STAND_INS } from './stand-in-bases.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const IMAGE = 'localhost/oauth-registrar:dev';

/** An image that was built from the Dockerfile. */
export interface Image {
  readonly size: string;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its files, in a writable folder. */
  readonly files: string;
}

/** Builds the unchanged Dockerfile on the stand-ins. */
export async function buildImage({ buildah }: Builder, onLine: (line: string) => void): Promise<Image> {
  await assertSameNode();
  const bases = [`BUILD_IMAGE=${STAND_INS.build}`, `RUNTIME_IMAGE=${STAND_INS.runtime}`];
  const buildArgs = bases.map((base) => `--build-arg=${base}`);
  await buildah(['bud', '--pull=never', `--tag=${IMAGE}`, ...buildArgs, ROOT], { onLine });
  await buildah(['rmi', '--prune', '--force']);
  const listed = (await buildah(['images', '--format', '{{.Name}}:{{.Tag}}={{.Size}}'])).split('\n');
  const inspected = await buildah(['inspect', '--type', 'image', IMAGE]);
  const { User, Entrypoint, Env } = (JSON.parse(inspected) as Inspected).OCIv1.config;
  const container = await buildah(['from', '--pull-never', IMAGE]);
  return {
    size:
      listed
        .find((line) => line.startsWith(IMAGE))
        ?.split('=')[1]
        ?.trim() ?? 'unknown',
    user: User,
    entrypoint: Entrypoint,
    env: Object.fromEntries(Env.map((pair) => /^([^=]*)=(.*)$/s.exec(pair)?.slice(1) ?? [pair, ''])),
    files: await buildah(['mount', container]),
  };
}

interface Inspected {
  readonly OCIv1: {
    readonly config: {
      readonly User: string;
      readonly Entrypoint: readonly string[];
      readonly Env: readonly string[];
    };
  };
}

/** The stand-in has the node of this process; the official base should have the same one. */
async function assertSameNode(): Promise<void> {
  const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
  const version = /^ARG BUILD_IMAGE=\S+\/node:([0-9.]+)-/m.exec(dockerfile)?.[1];
  assert.equal(version, process.versions.node, 'the Dockerfile names another Node than the lockfile');
}
