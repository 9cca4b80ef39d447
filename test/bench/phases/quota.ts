import { createClients } from '../clients.ts';
import { type Figure, figuresOf } from '../figure.ts';
import { NAMESPACES } from '../namespaces.ts';
import { kubectl, type Stage } from '../stage.ts';
import { untilAllReady } from './backlog.ts';

/** Clients per second of a backlog, once the operator works. With a quota each registration asks how many there are. */
export async function rateOf(
  stage: Stage,
  { count, hasQuota }: { readonly count: number; readonly hasQuota: boolean },
): Promise<number> {
  if (hasQuota) {
    const policy = { maxClientsPerNamespace: Math.ceil(count / NAMESPACES.length) };
    const patch = JSON.stringify({ spec: { policy } });
    await kubectl(stage.controlPlane, [
      'patch',
      'clusterauthorizationserver',
      'corporate',
      '--type=merge',
      '-p',
      patch,
    ]);
  }
  await createClients(stage, 'quota', 0, count);
  const { operator, start, total } = await untilAllReady(stage, count);
  await operator.stop();
  return count / (total - start);
}

export const quotaFigures = (count: number, without: number, withQuota: number): readonly Figure[] => {
  const figures = figuresOf(`${count} clients and a quota`);
  return [
    ...figures('clients/s', { 'rate without a quota': without, 'rate with a quota': withQuota }),
    ...figures('times', { 'with a quota, by without': withQuota / without }),
  ];
};
