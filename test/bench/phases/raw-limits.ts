import { type Figure, figuresOf } from '../figure.ts';
import { pooled } from '../pace.ts';
import { CONCURRENCY, createRawScript, rateOf, rawRates } from '../raw.ts';
import type { Sample } from '../sample.ts';
import type { Stage } from '../stage.ts';
import { type CpuSeconds, meterCpu } from '../usage-meter.ts';
import { perThousand } from './common.ts';

/** What the API server and the authorization server do at most, each for itself and one after the other. */
export async function rawLimits(
  stage: Stage,
  sample: Sample,
  count: number,
): Promise<{ readonly limit: number; readonly figures: readonly Figure[] }> {
  const script = createRawScript(stage, sample);
  const rate = async (work: (index: number) => Promise<void>) =>
    count / (await pooled(count, CONCURRENCY, work));
  // Connections are made, code is compiled and the API server has met every kind before anything counts.
  await rawRates(stage, sample, CONCURRENCY);
  await rate(script.createObject);
  const cpu = meterCpu(stage);
  const limit = await rateOf(stage, count, script.create);
  const used = cpu();
  const update = await rateOf(stage, count, script.update);
  const updating = cpu();
  const remove = await rateOf(stage, count, script.remove);
  const removing = cpu();
  await script.clean();
  await rate(script.createObject);
  const writes = {
    'create registration Secret alone': await rate(script.createRegistrationSecret),
    'create workload Secret alone': await rate(script.createWorkloadSecret),
    'PUT status alone': await rate(script.putStatus),
  };
  const calls = { 'R_as: POST alone': await rate(script.post) };
  await script.clean();
  const more = (now: CpuSeconds, before: CpuSeconds) =>
    now['kube-apiserver'] && now['kube-apiserver'] - (before['kube-apiserver'] ?? 0);
  const figures = figuresOf('Raw limits');
  return {
    limit,
    figures: [
      ...figures('clients/s', {
        'R: POST and three writes': limit,
        'R of updates: a read, PUT and three writes': update,
        'R of deletions: a read, DELETE and four writes': remove,
      }),
      ...figures('calls/s', calls),
      ...figures('writes/s', writes),
      ...figures('s per 1000 clients', {
        'CPU of kube-apiserver in R': perThousand(used['kube-apiserver'], count),
        'CPU of kube-apiserver in R of updates': perThousand(more(updating, used), count),
        'CPU of kube-apiserver in R of deletions': perThousand(more(removing, updating), count),
        'CPU of etcd in R': perThousand(used['etcd'], count),
        'CPU of the script in R': perThousand(used['benchmark'], count),
      }),
    ],
  };
}
