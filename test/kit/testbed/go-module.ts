import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A program that is built from a module of ours, whose go.mod and go.sum pin everything of others in it. */
export interface GoModule {
  /** Of the program: `v2.3.0`. */
  readonly version: string;
  /** In the testbed's cache: another one where a file of the module changes, or on another kind of machine. */
  readonly cacheName: string;
}

/**
 * @param folder of go.mod, go.sum and the source, where the program is ours
 * @param program what the cache calls it
 * @param path of the module whose version the program has
 */
export async function readGoModule(folder: string, program: string, path: string): Promise<GoModule> {
  const sources = (await readdir(folder)).filter((name) => name.endsWith('.go')).toSorted();
  const pins = await Promise.all(
    ['go.mod', 'go.sum', ...sources].map((pin) => readFile(join(folder, pin), 'utf8')),
  );
  const version = new RegExp(`${path.replaceAll('.', '\\.')} (v\\S+)`).exec(pins.join('\n'))?.[1];
  if (version === undefined) {
    throw new Error(`${folder}/go.mod requires no version of ${path}`);
  }
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  for (const pin of pins) {
    hash.update(pin);
  }
  return { version, cacheName: `${program}-${version}-${hash.digest('hex').slice(0, 16)}` };
}

/** For a call of `go` that failed: says what to install where there is no Go, else throws what it is given. */
export function explainGo(what: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error(
        `${what} is not here and can't be built, since \`go\` can't be run. Install Go 1.26 or newer.`,
      );
    }
    throw error;
  };
}
