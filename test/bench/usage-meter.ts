import { cpuSeconds } from './process-usage.ts';
import type { Stage } from './stage.ts';

/** CPU seconds by process. */
export type CpuSeconds = Readonly<Record<string, number | undefined>>;

/** Begins to count; the returned function tells what was used since, by an operator since its own start. */
export function meterCpu(stage: Stage): (operator?: { readonly pid: number }) => CpuSeconds {
  const others = {
    'kube-apiserver': stage.controlPlane.pidOf('kube-apiserver'),
    etcd: stage.controlPlane.pidOf('etcd'),
    'authorization server': stage.server.pid,
    benchmark: process.pid,
  };
  const before = Object.entries(others).map(([name, pid = 0]) => ({ name, pid, used: cpuSeconds(pid) }));
  return (operator) => ({
    operator: operator && cpuSeconds(operator.pid),
    ...Object.fromEntries(before.map(({ name, pid, used }) => [name, since(used, cpuSeconds(pid))])),
  });
}

const since = (before: number | undefined, now: number | undefined): number | undefined =>
  before === undefined || now === undefined ? undefined : now - before;
