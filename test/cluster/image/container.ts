import { lstat, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessGroup } from '../../kit/testbed/process-group.ts';
import type { ContainerSpec } from './deployment.ts';

/**
 * A process with the files of the image, as close to a container of a pod as possible without an engine: own mount
 * and process namespaces, read-only root file system, `/proc`, a minimal `/dev`, the Deployment's arguments and
 * memory volumes, the service account's files at their place in a pod, and no new privileges.
 *
 * Differences to a pod: it uses the machine's network, it has no seccomp profile and no memory limit, and the
 * bounding set of capabilities isn't emptied, which has no effect without privileges and without a way to new ones.
 */
export interface RunningContainer {
  /** Process id on the machine. */
  readonly pid: number;
  readonly isRunning: () => boolean;
  readonly logTail: () => Promise<string>;
}

export interface ContainerOptions extends ContainerSpec {
  /** Folder with the image's files. Mount points are created in it. */
  readonly root: string;
  readonly entrypoint: readonly string[];
  readonly uid: number;
  readonly gid: number;
  /** Holds `token`, `ca.crt` and `namespace`. */
  readonly serviceAccountFolder: string;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** `$1` root, `$2` service account's files, `$3` where they go, `$4` volumes (`path=MiB` a line), `$5` ro or rw. */
const PREPARE = `
set -e
root=$1 account=$2 account_at=$3 volumes=$4 mode=$5
shift 5
mount --bind "$root" "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o nosuid,mode=755,size=64k tmpfs "$root/dev"
for device in null zero random urandom; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,ro "$root/dev"
mount --bind "$account" "$root$account_at"
mount -o remount,bind,ro "$root$account_at"
echo "$volumes" | while IFS== read -r path size; do
  mount -t tmpfs -o "nosuid,nodev,mode=1777,size=\${size}m" tmpfs "$root$path"
done
mount -o "remount,bind,$mode" "$root"
exec "$@"
`;

/** Starts it. It ends at the latest when `group` ends. */
export async function startContainer(
  group: ProcessGroup,
  options: ContainerOptions,
): Promise<RunningContainer> {
  const { root } = options;
  const accountAt = await mountPoint(root, SERVICE_ACCOUNT);
  for (const folder of ['/proc', '/dev']) {
    await mountPoint(root, folder);
  }
  const volumes = await Promise.all(
    [...options.memoryVolumes].map(async ([path, size]) => `${await mountPoint(root, path)}=${size}`),
  );
  const prepare = [PREPARE, 'sh', root, options.serviceAccountFolder, accountAt, volumes.join('\n')];
  const outer = await group.start('container', 'unshare', [
    ...['--mount', '--pid', '--fork', '--kill-child', '--propagation=private', '--'],
    ...['sh', '-c', ...prepare, options.readOnlyRoot ? 'ro' : 'rw'],
    ...(options.noNewPrivileges ? ['setpriv', '--no-new-privs', '--'] : []),
    ...[
      'env',
      '--ignore-environment',
      ...Object.entries(options.env).map(([name, value]) => `${name}=${value}`),
    ],
    ...['unshare', `--root=${root}`, '--wd=/', `--setgid=${options.gid}`, `--setuid=${options.uid}`, '--'],
    ...options.entrypoint,
    ...options.args,
  ]);
  return { ...outer, pid: await childOf(outer.pid) };
}

/** Makes the folder inside `root` and returns its path there: `/var/run` may be a link to `/run`, which is followed. */
async function mountPoint(root: string, path: string): Promise<string> {
  const run = await lstat(join(root, 'var/run')).catch(() => undefined);
  const real = run?.isSymbolicLink() ? path.replace(/^\/var\/run\//, '/run/') : path;
  await mkdir(join(root, real), { recursive: true });
  return real;
}

async function childOf(pid: number): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    if (children.trim() !== '') {
      return Number(children.trim().split(' ')[0]);
    }
    await sleep(20);
  }
  throw new Error('the container has no process');
}
