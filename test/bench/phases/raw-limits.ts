import { type Figure, figuresOf } from '../figure.ts';
import { pooled } from '../pace.ts';
import { CONCURRENCY, createRawScript, rateOfChains, rawRate } from '../raw.ts';
import type { Sample } from '../sample.ts';
import type { Stage } from '../stage.ts';
import { meterCpu } from '../usage-meter.ts';

/** What the API server and the authorization server do at most, each for itself and one after the other. */
export async function rawLimits(
  stage: Stage,
  sample: Sample,
  count: number,
): Promise<{ readonly limit: number; readonly figures: readonly Figure[] }> {
  const script = createRawScript(stage, sample);
  const rate = async (work: (index: number) => Promise<void>, from = 0) =>
    count / (await pooled(count, CONCURRENCY, (index) => work(from + index)));
  // Connections are made, code is compiled and the API server has met every kind before anything counts.
  await rawRate(stage, sample, CONCURRENCY);
  await rate(script.createObject);
  const cpu = meterCpu(stage);
  const limit = await rateOfChains(stage, script, count);
  const used = cpu();
  await rate(script.createObject, count);
  const writes = {
    'create registration Secret alone': await rate(script.createRegistrationSecret, count),
    'create workload Secret alone': await rate(script.createWorkloadSecret, count),
    'PUT status alone': await rate(script.putStatus, count),
  };
  const calls = { 'R_as: POST alone': await rate(script.post) };
  await script.clean();
  const perThousand = (seconds: number | undefined) => seconds && (seconds * 1000) / count;
  const figures = figuresOf('Raw limits');
  return {
    limit,
    figures: [
      ...figures('clients/s', { 'R: POST and three writes': limit }),
      ...figures('calls/s', calls),
      ...figures('writes/s', writes),
      ...figures('s per 1000 clients', {
        'CPU of kube-apiserver in R': perThousand(used['kube-apiserver']),
        'CPU of etcd in R': perThousand(used['etcd']),
        'CPU of the script in R': perThousand(used['benchmark']),
      }),
    ],
  };
}
