import { readFileSync, writeFileSync } from 'node:fs';
import { TICKS_PER_SECOND } from './machine.ts';

/** What processes use, from /proc: `undefined` where the process is gone or the system has none. */

/** CPU seconds since its start, of the program and of the kernel on its behalf. */
export function cpuSeconds(pid: number): number | undefined {
  // After the name, which may hold spaces: state, ppid …; the 14th and 15th of all are utime and stime.
  const fields = read(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ');
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory in MB: now, and the most since its start or {@link forgetPeak}. */
export interface Memory {
  readonly rss: number | undefined;
  readonly peak: number | undefined;
}

export function memoryOf(pid: number): Memory {
  const status = read(`/proc/${pid}/status`) ?? '';
  const megabytes = (name: string) => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
    return kilobytes === undefined ? undefined : (Number(kilobytes) * 1024) / 1e6;
  };
  return { rss: megabytes('VmRSS'), peak: megabytes('VmHWM') };
}

export function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Then the peak is that since its start.
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
