import type { TestProject } from 'vitest/node';
import { run } from '../../kit/testbed/command.ts';
import { createProgress } from '../../kit/testbed/progress.ts';
import { findOnPath } from '../../kit/testbed/search-path.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the browser. */
    chromium: string;
  }
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'] as const;

/** Finds Chromium. Installs Debian's if there is none, this process is root and apt exists. */
export async function setup({ provide }: TestProject): Promise<void> {
  provide('chromium', (await findChromium()) ?? (await installChromium()));
}

async function findChromium(): Promise<string | undefined> {
  for (const name of NAMES) {
    const found = await findOnPath(name);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

async function installChromium(): Promise<string> {
  if (process.getuid?.() !== 0 || (await findOnPath('apt-get')) === undefined) {
    throw new Error(`Missing: one of ${NAMES.join(', ')}. Install it (Debian: apt-get install chromium).`);
  }
  await createProgress().step('Installing chromium with apt', async (update) => {
    const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, onLine: update };
    await run('apt-get', ['update'], options);
    await run('apt-get', ['install', '--yes', '--no-install-recommends', 'chromium'], options);
  });
  const found = await findChromium();
  if (found === undefined) {
    throw new Error('apt installed chromium, and it is not on the PATH.');
  }
  return found;
}
