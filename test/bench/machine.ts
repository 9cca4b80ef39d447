import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem, type } from 'node:os';
import { readImageSettings } from './image-settings.ts';

/** Where it was measured: figures of two machines can't be compared, nor of one that others use as well. */
export interface Machine {
  readonly cores: number;
  readonly model: string;
  readonly memoryGB: number;
  readonly system: string;
  readonly node: string;
  /** Of the operator. The image has jemalloc; a machine that lacks it measures more memory. */
  readonly allocator: 'jemalloc' | 'glibc';
}

export const describeMachine = (): Machine => ({
  cores: availableParallelism(),
  model: cpus()[0]?.model.trim() ?? 'unknown',
  memoryGB: Math.round(totalmem() / 1e9),
  system: type(),
  node: process.versions.node,
  allocator: 'LD_PRELOAD' in readImageSettings().env ? 'jemalloc' : 'glibc',
});

/** Processes that want a CPU, mean of the last minute, those of the benchmark included; `undefined` beside Linux. */
export function loadOfMachine(): number | undefined {
  const load = Number(read('/proc/loadavg')?.split(' ')[0]);
  return Number.isNaN(load) ? undefined : load;
}

/** CPU seconds that all processes used since the machine started; `undefined` beside Linux. */
export function cpuSecondsOfMachine(): number | undefined {
  const [, user, nice, system, , , irq, softirq] = read('/proc/stat')?.split('\n')[0]?.split(/\s+/) ?? [];
  const ticks = [user, nice, system, irq, softirq].reduce((sum, value) => sum + Number(value), 0);
  return Number.isNaN(ticks) ? undefined : ticks / TICKS_PER_SECOND;
}

/** What Linux shows to programs, whatever it counts in. */
export const TICKS_PER_SECOND = 100;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
