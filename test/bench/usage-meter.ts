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

/** Begins to count; the returned function tells how many cores each process and all together kept busy since. */
export function meterCores(stage: Stage, operator?: { readonly pid: number }): () => CpuSeconds {
  const cpu = meterCpu(stage);
  const [before, start] = [cpu(operator)['operator'], performance.now()];
  return () => {
    const used = { ...cpu(operator) };
    const seconds = (performance.now() - start) / 1000;
    const all = Object.entries({ ...used, operator: since(before, used['operator']) }).flatMap(
      ([name, busy]) => (busy === undefined ? [] : [[name, busy / seconds] as const]),
    );
    const together = all.reduce((sum, [, cores]) => sum + cores, 0);
    return { ...Object.fromEntries(all), 'all together': together };
  };
}
