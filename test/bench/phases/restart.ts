import { acceptOf, collectionPath } from '../../../src/adapters/kubernetes/paths.ts';
import { RESOURCES } from '../../../src/api/kubernetes.ts';
import { LABELS } from '../../../src/api/names.ts';
import { type Figure, figuresOf } from '../figure.ts';
import type { BenchOperator } from '../operator.ts';
import { cpuSeconds } from '../process-usage.ts';
import { countRequests } from '../request-counts.ts';
import type { Stage } from '../stage.ts';

/** The operator starts though nothing has changed. Expects that none runs; the one that it returns does. */
export async function restart(
  stage: Stage,
  group: string,
): Promise<{ readonly operator: BenchOperator; readonly figures: readonly Figure[] }> {
  const rawList = await listAll(stage);
  const requests = await countRequests(stage);
  const operator = await stage.startOperator();
  const answering = performance.now() - operator.startedAt;
  const working = await operator.working();
  const idle = (await operator.idle()) - operator.startedAt;
  const cpu = cpuSeconds(operator.pid);
  const counted = await requests();
  const figures = figuresOf(group);
  return {
    operator,
    figures: [
      ...figures('s', {
        'start to /readyz': answering / 1000,
        'start to synced': working / 1000,
        'start to idle': idle / 1000,
        'raw LIST and parse': rawList,
        'CPU of operator': cpu,
      }),
      ...figures('requests', {
        'calls at the authorization server': counted.calls,
        writes: counted.writes,
        'reads of single objects': counted.gets,
        lists: counted.lists,
      }),
    ],
  };
}

const LISTS = [
  { resource: RESOURCES.oauthClient, label: undefined },
  { resource: RESOURCES.secret, label: LABELS.registration },
  { resource: RESOURCES.secret, label: LABELS.workload },
] as const;

interface Page {
  readonly metadata: { readonly continue?: string };
}

/** Seconds for what a start has to read at least: every OAuthClient, and the metadata of both kinds of Secrets. */
async function listAll(stage: Stage): Promise<number> {
  const start = performance.now();
  await Promise.all(LISTS.map((list) => readPages(stage, list)));
  return (performance.now() - start) / 1000;
}

async function readPages({ asOperator }: Stage, { resource, label }: (typeof LISTS)[number]): Promise<void> {
  const accept = acceptOf({ metadataOnly: label !== undefined }, 'list');
  const query = new URLSearchParams({ limit: '500', ...(label && { labelSelector: `${label}=true` }) });
  do {
    const path = `${collectionPath(resource, undefined)}?${query}`;
    const page = await asOperator<Page>('GET', path, undefined, accept);
    query.set('continue', page.metadata.continue ?? '');
  } while (query.get('continue') !== '');
}
