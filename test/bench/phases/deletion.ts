import { countClients, countRecords, deleteClients } from '../clients.ts';
import { type Figure, figuresOf } from '../figure.ts';
import type { BenchOperator } from '../operator.ts';
import { countRequests } from '../request-counts.ts';
import type { Stage } from '../stage.ts';
import { meterCpu } from '../usage-meter.ts';
import { cpuFigures, type PhaseRates, rateFigures, requestFigures } from './common.ts';

/** Every client is deleted at once; counted until the last object is gone. */
export async function deleteAll(
  stage: Stage,
  group: string,
  operator: BenchOperator,
): Promise<{ readonly rates: PhaseRates; readonly figures: readonly Figure[] }> {
  const count = await countClients(stage);
  const watch = await stage.watch();
  const requests = await countRequests(stage);
  try {
    await watch.until('the watch shows all', () => watch.total() === count);
    const cpu = meterCpu(stage);
    const usedBefore = cpu(operator)['operator'] ?? 0;
    const start = performance.now();
    await Promise.all([deleteClients(stage), watch.until('all are gone', () => watch.total() === 0)]);
    const seconds = (performance.now() - start) / 1000;
    const used = cpu(operator);
    await operator.idle();
    const counted = await requests();
    const figures = figuresOf(group);
    const rates = { '': count / seconds };
    return {
      rates,
      figures: [
        ...figures('s', { 'all gone after': seconds }),
        ...rateFigures(figures, rates),
        ...requestFigures(figures, counted, count),
        ...cpuFigures(
          figures,
          { ...used, operator: used['operator'] && used['operator'] - usedBefore },
          count,
        ),
        ...figures('objects', {
          'clients left at the authorization server': count + counted.clientsMore,
          'registration Secrets left': await countRecords(stage),
        }),
      ],
    };
  } finally {
    watch.stop();
  }
}
