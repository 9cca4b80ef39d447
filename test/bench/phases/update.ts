import { countClients, editClients } from '../clients.ts';
import { type Figure, figuresOf } from '../figure.ts';
import type { BenchOperator } from '../operator.ts';
import { countRequests } from '../request-counts.ts';
import type { Stage } from '../stage.ts';
import { meterCpu } from '../usage-meter.ts';
import { cpuFigures, type PhaseRates, rateFigures, ratesOf, requestFigures } from './common.ts';

/** Every client is edited while no operator runs; then one starts, and still runs when this ends. */
export async function updateAll(
  stage: Stage,
  group: string,
): Promise<{
  readonly operator: BenchOperator;
  readonly rates: PhaseRates;
  readonly figures: readonly Figure[];
}> {
  await editClients(stage, 'Storefront (edited)');
  const count = await countClients(stage);
  const watch = await stage.watch();
  const requests = await countRequests(stage);
  try {
    const cpu = meterCpu(stage);
    const operator = await stage.startOperator();
    const start = (await operator.working()) / 1000;
    await watch.until('all are ready as edited', () => watch.ready() === count);
    const total = (performance.now() - operator.startedAt) / 1000;
    const used = cpu(operator);
    await operator.idle();
    const figures = figuresOf(group);
    const rates = ratesOf(count, { total, start });
    return {
      operator,
      rates,
      figures: [
        ...figures('s', { 'start to all updated': total }),
        ...rateFigures(figures, rates),
        ...requestFigures(figures, await requests(), count),
        ...cpuFigures(figures, used, count),
      ],
    };
  } finally {
    watch.stop();
  }
}
