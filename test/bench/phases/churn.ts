import { setTimeout as sleep } from 'node:timers/promises';
import { LEDGER_NAME } from '../../../src/controller/durable/ledger-store.ts';
import { OPERATOR_NAMESPACE } from '../../kit/testbed/testbed.ts';
import type { ClientWatch } from '../client-watch.ts';
import { countClients, countRecords, createClients, expectOk } from '../clients.ts';
import { type Figure, figuresOf, quantile } from '../figure.ts';
import { agentClient, clientsPath, jobsPath, namespaceOf, suspendedJob } from '../objects.ts';
import { type BenchOperator, describeEnd } from '../operator.ts';
import { paced, sinceAnswer } from '../pace.ts';
import { memoryOf } from '../process-usage.ts';
import { countRequests } from '../request-counts.ts';
import type { Stage } from '../stage.ts';
import { type Line, trendOf } from '../trend.ts';
import { requestFigures } from './common.ts';

export interface ChurnOptions {
  /** Clients that are there all the time. */
  readonly stay: number;
  /** Agents that come each second. */
  readonly perSecond: number;
  readonly seconds: number;
}

/** What was seen at one moment. */
interface Look {
  /** Seconds since the first agent came. */
  readonly at: number;
  readonly megabytes: number;
  readonly ledgerBytes: number;
}

export interface Churned {
  readonly figures: readonly Figure[];
  readonly looks: readonly Look[];
}

/** How long an agent works. */
const AGENT_MS = 20_000;
const LOOK_MS = 5_000;

/**
 * Agents come evenly, each with a Job and an OAuthClient that is bound to it; some seconds later the Job is deleted, and
 * the garbage collector of Kubernetes deletes the OAuthClient. Beside clients that stay.
 */
export async function churn(
  stage: Stage,
  options: ChurnOptions,
  note: (what: string) => void,
): Promise<Churned> {
  const operator = await stage.startOperator();
  const ended = operator.exited.then((code) => {
    throw new Error(describeEnd(code, operator.output()));
  });
  const watch = await stage.watch();
  try {
    return await Promise.race([comeAndGo({ stage, operator, watch, note }, options), ended]);
  } finally {
    watch.stop();
    ended.catch(() => undefined);
    await operator.stop();
  }
}

interface Parts {
  readonly stage: Stage;
  readonly operator: BenchOperator;
  readonly watch: ClientWatch;
  readonly note: (what: string) => void;
}

async function comeAndGo(
  { stage, operator, watch, note }: Parts,
  { stay, perSecond, seconds }: ChurnOptions,
): Promise<Churned> {
  const [createdAt, endedAt] = [new Map<string, number>(), new Map<string, number>()];
  note(`${stay} clients that stay`);
  await createClients(stage, 'stay', 0, stay);
  await watch.until(`${stay} clients are ready`, () => watch.ready() === stay);
  await operator.idle();
  const requests = await countRequests(stage);
  const stop = new AbortController();
  const looking = lookAtTimes(stage, operator, stop.signal, (at) =>
    note(`${at.toFixed(0)} of ${seconds} s, ${createdAt.size} came, ${endedAt.size} were ended`),
  );
  // When the operator has ended, nobody waits for this any more, and that it fails says nothing.
  looking.catch(() => undefined);
  const count = Math.round(perSecond * seconds);
  await paced(count, perSecond, async (index) => {
    const [namespace, name] = [namespaceOf(index), `agent-${index}`];
    await expectOk(stage, 'POST', jobsPath(namespace), suspendedJob(namespace, name));
    await expectOk(stage, 'POST', clientsPath(namespace), agentClient(namespace, name));
    createdAt.set(`${namespace}/${name}`, performance.now());
    await sleep(AGENT_MS);
    await expectOk(stage, 'DELETE', `${jobsPath(namespace)}/${name}?propagationPolicy=Background`);
    endedAt.set(`${namespace}/${name}`, performance.now());
  });
  note('the last ones end');
  await watch.until('all agents are gone', () => watch.total() === stay);
  await operator.idle();
  stop.abort();
  const looks = await looking;
  const counted = await requests();
  const became = [...createdAt].filter(([key]) => watch.firstReadyAt(key) !== undefined);
  const ready = became.map(([key, at]) => sinceAnswer(at, watch.firstReadyAt(key)));
  const gone = [...endedAt].map(([key, at]) => sinceAnswer(at, watch.goneAt(key)));
  const figures = figuresOf(`${perSecond} agents a second for ${seconds} s beside ${stay} clients`);
  const present = await countClients(stage);
  return {
    looks,
    figures: [
      ...figures('ms', {
        'create to Ready, p50': quantile(ready, 0.5),
        'create to Ready, p99': quantile(ready, 0.99),
        'end of the Job to gone, p50': quantile(gone, 0.5),
        'end of the Job to gone, p99': quantile(gone, 0.99),
      }),
      ...memoryFigures(figures, looks),
      ...figures('bytes', {
        'ledger, most': Math.max(...looks.map(({ ledgerBytes: bytes }) => bytes)),
        'ledger, at the end': looks.at(-1)?.ledgerBytes,
      }),
      ...requestFigures(figures, counted, count),
      ...figures('objects', {
        'agents that were never Ready': createdAt.size - became.length,
        'clients left at the authorization server': (await stage.server.tally()).clients - present,
        'registration Secrets left': (await countRecords(stage)) - present,
      }),
    ],
  };
}

/** Of the second half, since the first one fills caches and has V8 compile. */
function memoryFigures(figures: ReturnType<typeof figuresOf>, looks: readonly Look[]): readonly Figure[] {
  const line: Line = looks.slice(Math.floor(looks.length / 2)).map(({ at, megabytes }) => [at, megabytes]);
  const { slope, noise } = trendOf(line);
  const values = line.map(([, megabytes]) => megabytes);
  return [
    ...figures('MB', {
      'RSS in the second half, least': Math.min(...values),
      'RSS in the second half, most': Math.max(...values),
      'its spread around the trend': noise,
    }),
    ...figures('MB per minute', { 'its trend': slope * 60 }),
  ];
}

async function lookAtTimes(
  stage: Stage,
  { pid }: BenchOperator,
  signal: AbortSignal,
  note: (at: number) => void,
): Promise<readonly Look[]> {
  const looks: Look[] = [];
  const start = performance.now();
  while (!signal.aborted) {
    const at = (performance.now() - start) / 1_000;
    const { rss: megabytes = Number.NaN } = memoryOf(pid);
    looks.push({ at, megabytes, ledgerBytes: await ledgerBytes(stage) });
    note(at);
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return looks;
}

async function ledgerBytes(stage: Stage): Promise<number> {
  const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/configmaps/${LEDGER_NAME}`;
  const { data = {} } = await expectOk<{ readonly data?: Readonly<Record<string, string>> }>(
    stage,
    'GET',
    path,
  );
  return Object.entries(data).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
}
