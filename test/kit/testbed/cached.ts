import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readEnvironment } from './environment.ts';
import { withLock } from './lock.ts';
import type { Progress } from './progress.ts';

/**
 * The path of `name` in the testbed's cache, `$XDG_CACHE_HOME/oauth-registrar/testbed`; silent where it is there already.
 *
 * Else `make` makes a file or a folder at the path it is given, which then appears under its name whole or not at all; one
 * process at a time does so. `name` must hold everything that decides the content, such as a version. Throws what
 * `make` throws.
 */
export async function cached(
  name: string,
  progress: Progress,
  make: (partial: string) => Promise<void>,
): Promise<string> {
  const cache = join(readEnvironment().cacheHome, 'oauth-registrar', 'testbed');
  const path = join(cache, name);
  if (await exists(path)) {
    return path;
  }
  await mkdir(cache, { recursive: true });
  const onWait = () => progress.note(`Another process is getting ${name}; waiting for it`);
  await withLock(join(cache, `.lock-${name}`), onWait, async () => {
    if (!(await exists(path))) {
      await fill(cache, name, make);
    }
  });
  return path;
}

async function fill(cache: string, name: string, make: (partial: string) => Promise<void>): Promise<void> {
  const prefix = `.partial-${name}-`;
  for (const entry of await readdir(cache)) {
    if (entry.startsWith(prefix)) {
      await rm(join(cache, entry), { recursive: true, force: true });
    }
  }
  const partial = join(cache, `${prefix}${process.pid}`);
  try {
    await make(partial);
    await rename(partial, join(cache, name));
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
