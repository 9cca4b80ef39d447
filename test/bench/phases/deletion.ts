import { countClients, countRecords, deleteClients } from '../clients.ts';
import { type Figure, figuresOf } from '../figure.ts';
import type { BenchOperator } from '../operator.ts';
import { countRequests } from '../request-counts.ts';
import type { Stage } from '../stage.ts';
import { requestFigures } from './common.ts';

/** Every client is deleted at once; counted until the last object is gone. */
export async function deleteAll(
  stage: Stage,
  group: string,
  operator: BenchOperator,
): Promise<readonly Figure[]> {
  const count = await countClients(stage);
  const watch = await stage.watch();
  const requests = await countRequests(stage);
  try {
    await watch.until('the watch shows all', () => watch.total() === count);
    const start = performance.now();
    await Promise.all([deleteClients(stage), watch.until('all are gone', () => watch.total() === 0)]);
    const seconds = (performance.now() - start) / 1000;
    await operator.idle();
    const counted = await requests();
    const figures = figuresOf(group);
    return [
      ...figures('s', { 'all gone after': seconds }),
      ...figures('clients/s', { rate: count / seconds }),
      ...requestFigures(figures, counted, count),
      ...figures('objects', {
        'clients left at the authorization server': count + counted.clientsMore,
        'registration Secrets left': await countRecords(stage),
      }),
    ];
  } finally {
    watch.stop();
  }
}
