import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, readEnvironment } from './environment.ts';
import { envtestArchive } from './envtest-archive.ts';
import { goBuild, PINS, type Tool, typicalBuildTime } from './go-build.ts';
import { withLock } from './lock.ts';
import type { Progress } from './progress.ts';

export const TOOLS: readonly Tool[] = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'];

/** Absolute paths of the programs. */
export type Binaries<T extends Tool = Tool> = Readonly<Record<T, string>>;

const PARTIAL = '.partial';

/**
 * Finds the programs `tools` (default: all), getting what is missing; silent when nothing is.
 *
 * Sources in order: `KUBEBUILDER_ASSETS` where it holds etcd and kube-apiserver; for kubectl then `PATH`; the testbed's
 * cache; the official envtest archive where it can be reached and verified (it holds no kube-controller-manager);
 * `go build` from the modules in `tools/`, which takes about 6 minutes once. The cache is
 * `$XDG_CACHE_HOME/oauth-registrar/testbed/<pins, platform>`; files appear there whole or not at all, and one process
 * at a time fills it. Throws with what to install or set where no source is left.
 */
export async function ensureBinaries<T extends Tool>(
  progress: Progress,
  tools: readonly T[],
): Promise<Binaries<T>>;
export async function ensureBinaries(progress: Progress): Promise<Binaries>;
export async function ensureBinaries(progress: Progress, tools = TOOLS): Promise<Binaries> {
  const environment = readEnvironment();
  const cache = await cacheFolder(environment);
  const missing = async () => (await locateAll(tools, environment, cache)).missing;
  if ((await missing()).length > 0) {
    await mkdir(cache, { recursive: true });
    const onWait = () =>
      progress.note('Another process is getting the control-plane binaries; waiting for it');
    await withLock(join(cache, '.lock'), onWait, async () => {
      await removePartial(cache);
      if ((await missing()).some(isInArchive)) {
        await tryArchive(cache, progress);
      }
      for (const tool of await missing()) {
        await build(tool, cache, progress);
      }
    });
  }
  const { found } = await locateAll(tools, environment, cache);
  return Object.fromEntries(found) as Binaries;
}

async function cacheFolder(environment: Environment): Promise<string> {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  for (const pin of PINS) {
    hash.update(await readFile(pin));
  }
  return join(environment.cacheHome, 'oauth-registrar', 'testbed', hash.digest('hex').slice(0, 16));
}

async function locateAll(tools: readonly Tool[], environment: Environment, cache: string) {
  const assets = await usableAssets(environment);
  const found = new Map<Tool, string>();
  for (const tool of tools) {
    const folders = [...assets, ...(tool === 'kubectl' ? environment.searchPath : []), cache];
    const path = await firstExecutable(folders.map((folder) => join(folder, tool)));
    if (path !== undefined) {
      found.set(tool, path);
    }
  }
  return { found, missing: tools.filter((tool) => !found.has(tool)) };
}

/** The assets folder counts only as a whole: an API server of one source on the etcd of another helps nobody. */
async function usableAssets(environment: Environment): Promise<readonly string[]> {
  const folder = environment.kubebuilderAssets;
  if (folder === undefined) {
    return [];
  }
  const both = await Promise.all([
    isExecutable(join(folder, 'etcd')),
    isExecutable(join(folder, 'kube-apiserver')),
  ]);
  return both.every(Boolean) ? [folder] : [];
}

async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    if (await isExecutable(path)) {
      return path;
    }
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function isInArchive(tool: Tool): boolean {
  return tool !== 'kube-controller-manager';
}

async function tryArchive(cache: string, progress: Progress): Promise<void> {
  const archive = envtestArchive();
  if (archive === undefined) {
    return;
  }
  const folder = join(cache, `${PARTIAL}-archive`);
  try {
    await progress.step(`Fetching the official envtest archive ${archive.version}`, async (update) => {
      const onBytes = (bytes: number) => update(`${(bytes / 1e6).toFixed(0)} MB`);
      const binaries = await archive.fetchInto(folder, onBytes);
      for (const tool of TOOLS.filter(isInArchive)) {
        await rename(join(binaries, tool), join(cache, tool));
      }
    });
  } catch (error) {
    progress.note(`  ${reasonOf(error)}; building from source instead`);
  }
  await rm(folder, { recursive: true, force: true });
}

async function build(tool: Tool, cache: string, progress: Progress): Promise<void> {
  const partial = join(cache, `${PARTIAL}-${process.pid}-${tool}`);
  const typically = `usually ${typicalBuildTime(tool)}`;
  await progress.step(`Building ${tool} with Go (once)`, async (update) => {
    update(typically);
    await goBuild(tool, partial, (compiled) => update(`${compiled} packages compiled, ${typically}`));
    await rename(partial, join(cache, tool));
  });
}

async function removePartial(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (name.startsWith(PARTIAL)) {
      await rm(join(cache, name), { recursive: true, force: true });
    }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
