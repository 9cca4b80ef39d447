import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The memory limit in `deploy/operator/deployment.yaml`. */
export const MEMORY_BYTES = 256 * 1024 * 1024;

/** Limits the memory of a process, like a kubelet. */
export interface MemoryBound {
  /**
   * `cgroup`: the kernel kills a process above the limit. `watched`: the caller must do that, and V8's heap is
   * limited.
   */
  readonly kind: 'cgroup' | 'watched';
  /** Words before the command that is to be limited. */
  readonly prefix: readonly string[];
  readonly nodeFlags: readonly string[];
  /** Number of processes that the kernel killed for their memory. */
  kills(): number;
  /** Call it when no process is in the group. */
  remove(): void;
}

/** Bytes of a process that the kernel can't reclaim, unlike pages of files; 0 if the process is gone. */
export const heldBytes = (pid: number): number =>
  Number(/^RssAnon:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;

/** Only V8's heap: the rest of a process of 256 MiB is code, buffers and stacks. */
const HEAP_MB = 192;

const ENTER = 'echo $$ > "$0" && exec "$@"';

/** A memory cgroup of 256 MiB if this process may create one, else a limited heap. */
export function boundMemory(): MemoryBound {
  const name = `oauth-registrar-attacks-${process.pid}-${Date.now()}`;
  for (const { mount, own, files } of hierarchies()) {
    for (const parent of [join(mount, own), mount]) {
      const bound = tryCgroup(join(parent, name), files);
      if (bound !== undefined) {
        return bound;
      }
    }
  }
  return {
    kind: 'watched',
    prefix: [],
    nodeFlags: [`--max-old-space-size=${HEAP_MB}`],
    kills: () => 0,
    remove: () => {},
  };
}

interface Files {
  readonly limit: string;
  readonly events: string;
}

const V1: Files = {
  limit: 'memory.limit_in_bytes',
  events: 'memory.oom_control',
};
const V2: Files = { limit: 'memory.max', events: 'memory.events' };

/** Mounts of memory cgroups, by version, and this process's own place in them. */
function hierarchies(): readonly { readonly mount: string; readonly own: string; readonly files: Files }[] {
  const mounts = read('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' '));
  const places = read('/proc/self/cgroup')
    .split('\n')
    .map((line) => line.split(':'));
  const v1 = mounts.find(
    ([, , type, options]) => type === 'cgroup' && options?.split(',').includes('memory'),
  );
  const v2 = mounts.find(([, , type]) => type === 'cgroup2');
  const placeOf = (isOurs: (controllers: string) => boolean) =>
    places.find(([, controllers]) => controllers !== undefined && isOurs(controllers))?.[2] ?? '/';
  return [
    ...(v1?.[1]
      ? [{ mount: v1[1], own: placeOf((names) => names.split(',').includes('memory')), files: V1 }]
      : []),
    ...(v2?.[1] ? [{ mount: v2[1], own: placeOf((names) => names === ''), files: V2 }] : []),
  ];
}

function tryCgroup(folder: string, files: Files): MemoryBound | undefined {
  try {
    mkdirSync(folder);
  } catch {
    return undefined;
  }
  const remove = () => {
    try {
      rmdirSync(folder);
    } catch {
      // It is gone, or a process in it is still ending: an empty group costs the kernel nothing.
    }
  };
  try {
    if (!existsSync(join(folder, files.limit))) {
      throw new Error('no memory controller here');
    }
    writeFileSync(join(folder, files.limit), `${MEMORY_BYTES}`);
  } catch {
    remove();
    return undefined;
  }
  return {
    kind: 'cgroup',
    prefix: ['/bin/sh', '-c', ENTER, join(folder, 'cgroup.procs')],
    nodeFlags: [],
    kills: () => Number(/^oom_kill (\d+)$/m.exec(read(join(folder, files.events)))?.[1] ?? 0),
    remove,
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
