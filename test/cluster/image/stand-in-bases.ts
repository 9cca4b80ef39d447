import { access, cp, mkdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../../kit/testbed/command.ts';
import type { Progress } from '../../kit/testbed/progress.ts';
import { findOnPath } from '../../kit/testbed/search-path.ts';
import type { Builder } from './builder.ts';

/**
 * Stand-ins for the Dockerfile's base images, made here where no registry of images can be reached.
 *
 * | Official | Stand-in | Differs in |
 * | --- | --- | --- |
 * | node, bookworm-slim | Debian bookworm by debootstrap, with this process's node and the npm at hand | no user `node`, no yarn |
 * | distroless cc-debian12, nonroot | the files of the Debian packages it is made of | no OpenSSL libraries, no media types |
 */
export const STAND_INS = {
  build: `localhost/stand-in/node:${process.versions.node}-bookworm-slim`,
  runtime: 'localhost/stand-in/cc-debian12:nonroot',
} as const;

const SUITE = 'bookworm';
const MIRROR = 'http://deb.debian.org/debian';
/** The packages that node needs and those that every distroless image has. */
const RUNTIME_PACKAGES = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6', 'tzdata'];
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** Makes both images once: they stay in the store, and Debian itself in `cache`. */
export async function makeStandIns(builder: Builder, cache: string, progress: Progress): Promise<void> {
  const made = (await builder.buildah(['images', '--format', '{{.Name}}:{{.Tag}}'])).split('\n');
  if (Object.values(STAND_INS).every((name) => made.includes(name))) {
    return;
  }
  const debian = join(cache, `debian-${SUITE}`);
  if (!(await exists(debian))) {
    await progress.step('Fetching Debian with debootstrap (once)', (update) => fetchDebian(debian, update));
  }
  await progress.step('Making stand-ins for the base images', async () => {
    const scratch = join(cache, 'scratch');
    await rm(scratch, { recursive: true, force: true });
    try {
      const build = await buildBase(debian, join(scratch, 'build'));
      await builder.imageOf(build, STAND_INS.build, { NODE_EXTRA_CA_CERTS: CERTIFICATES, PATH });
      const runtime = await runtimeBase(debian, join(scratch, 'runtime'));
      await builder.imageOf(runtime, STAND_INS.runtime, { PATH });
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

async function fetchDebian(folder: string, update: (line: string) => void): Promise<void> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await run('debootstrap', ['--variant=minbase', SUITE, partial, MIRROR], { onLine: update });
  await rename(partial, folder);
}

async function buildBase(debian: string, folder: string): Promise<string> {
  await mkdir(dirname(folder), { recursive: true });
  await run('cp', ['-a', debian, folder]);
  await cp(process.execPath, join(folder, 'usr/local/bin/node'), { dereference: true });
  await cp(await npmFolder(), join(folder, 'usr/local/lib/node_modules/npm'), {
    recursive: true,
    dereference: true,
  });
  await run('ln', ['-s', '../lib/node_modules/npm/bin/npm-cli.js', join(folder, 'usr/local/bin/npm')]);
  // The machine's network may need a proxy with its own certificate; the official image has none.
  if (await exists(CERTIFICATES)) {
    await cp(CERTIFICATES, join(folder, CERTIFICATES), { dereference: true, recursive: true });
  }
  return folder;
}

/** Folder of the npm on the PATH, which is a link to its `bin/npm-cli.js`. */
async function npmFolder(): Promise<string> {
  const npm = await findOnPath('npm');
  if (npm === undefined) {
    throw new Error('npm is not on the PATH');
  }
  return join(await realpath(npm), '..', '..');
}

/** Without shell, package manager and coreutils, like the official image. */
async function runtimeBase(debian: string, folder: string): Promise<string> {
  await mkdir(join(folder, 'tmp'), { recursive: true, mode: 0o1777 });
  const database = `--admindir=${join(debian, 'var/lib/dpkg')}`;
  const listed = (await run('dpkg-query', [database, '-L', ...RUNTIME_PACKAGES])).split('\n');
  // On Debian, /lib and similar folders are links into /usr; their content is copied into plain folders.
  const files = listed.map((path) => path.slice(1)).filter((path) => path.includes('/'));
  const list = `${folder}.list`;
  await writeFile(list, `${[...new Set(files)].join('\n')}\n`);
  const archive = `${folder}.tar`;
  await run('tar', ['-C', debian, '--no-recursion', '-T', list, '-cf', archive]);
  await run('tar', ['-C', folder, '-xf', archive]);
  await writeFile(
    join(folder, 'etc/passwd'),
    'root:x:0:0::/root:/sbin/nologin\nnonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n',
  );
  await writeFile(join(folder, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n');
  return folder;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
