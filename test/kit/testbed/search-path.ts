import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { readEnvironment } from './environment.ts';

/** The first program of that name on the PATH. */
export async function findOnPath(name: string): Promise<string | undefined> {
  for (const folder of readEnvironment().searchPath) {
    const path = join(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) {
      return path;
    }
  }
  return undefined;
}
