import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** How the image starts Node, so that what is measured is what is shipped. */
export interface ImageSettings {
  /** Of the entry point: what stands between `node` and the module. */
  readonly nodeFlags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const DOCKERFILE = join(import.meta.dirname, '..', '..', 'Dockerfile');

/** @throws Error where the Dockerfile has no entry point in the form of a JSON list, or no ENV. */
export function readImageSettings(dockerfile: string = readFileSync(DOCKERFILE, 'utf8')): ImageSettings {
  const lines = dockerfile.replace(/\\\n\s*/g, ' ').split('\n');
  const entryPoint = lines.findLast((line) => line.startsWith('ENTRYPOINT '));
  const environment = lines.findLast((line) => line.startsWith('ENV '));
  if (entryPoint === undefined || environment === undefined) {
    throw new Error('The Dockerfile has no ENTRYPOINT or no ENV.');
  }
  const words = JSON.parse(entryPoint.slice('ENTRYPOINT '.length)) as readonly string[];
  const pairs = environment.slice('ENV '.length).trim().split(/\s+/);
  const env: Record<string, string> = Object.fromEntries(
    pairs.map((pair) => pair.split('=') as [string, string]),
  );
  return { nodeFlags: words.slice(1, -1), env: withLocalAllocator(env) };
}

/**
 * The allocator of the image where this machine has it. Where it doesn't, the image's settings for glibc hold, and
 * memory is higher: `apt-get install libjemalloc2`.
 */
function withLocalAllocator({ LD_PRELOAD: wanted = '', ...env }: Readonly<Record<string, string>>) {
  const found = findLibrary(basename(wanted));
  return found === undefined ? env : { ...env, LD_PRELOAD: found };
}

function findLibrary(name: string): string | undefined {
  const folders = existsSync('/usr/lib') ? readdirSync('/usr/lib') : [];
  return ['', ...folders]
    .map((folder) => join('/usr/lib', folder, name))
    .find((path) => name !== '' && existsSync(path));
}
