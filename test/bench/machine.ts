import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem, type } from 'node:os';

/** Where it was measured: figures of two machines can't be compared, nor of one that others use as well. */
export interface Machine {
  readonly cores: number;
  readonly model: string;
  readonly memoryGB: number;
  readonly system: string;
  readonly node: string;
}

export const describeMachine = (): Machine => ({
  cores: availableParallelism(),
  model: cpus()[0]?.model.trim() ?? 'unknown',
  memoryGB: Math.round(totalmem() / 1e9),
  system: type(),
  node: process.versions.node,
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
