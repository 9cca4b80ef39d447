import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandOptions, run } from '../../kit/testbed/command.ts';

/** buildah with its own store below `folder`, so that it changes no other images. */
export interface Builder {
  /** Runs a subcommand; returns its stdout. */
  buildah(args: readonly string[], options?: CommandOptions): Promise<string>;
  /** Makes an image from a folder, with these environment variables. */
  imageOf(folder: string, name: string, env: Readonly<Record<string, string>>): Promise<void>;
}

/**
 * Contract: needs no engine, no namespaces (`chroot` isolation) and no overlay file system (`vfs`), so it works in a
 * container too.
 */
export async function createBuilder(folder: string): Promise<Builder> {
  await mkdir(folder, { recursive: true });
  const store = [
    '--root',
    join(folder, 'store'),
    '--runroot',
    join(folder, 'run'),
    '--storage-driver',
    'vfs',
  ];
  const buildah: Builder['buildah'] = (args, options = {}) =>
    run('buildah', [...store, ...args], {
      ...options,
      env: { BUILDAH_ISOLATION: 'chroot', TMPDIR: folder },
    });
  return {
    buildah,
    imageOf: async (from, name, env) => {
      const container = await buildah(['from', 'scratch']);
      await buildah(['copy', '--quiet', container, from, '/']);
      for (const [variable, value] of Object.entries(env)) {
        await buildah(['config', '--env', `${variable}=${value}`, container]);
      }
      await buildah(['commit', '--quiet', '--rm', container, name]);
    },
  };
}
