import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../../../src/api/kubernetes.ts';
import type { ClientWatch } from '../client-watch.ts';
import { expectOk, USERS } from '../clients.ts';
import { type Figure, figuresOf, quantile } from '../figure.ts';
import { NAMESPACES } from '../namespaces.ts';
import { namespaceOf, secretsPath } from '../objects.ts';
import { paced, pooled, sinceAnswer } from '../pace.ts';
import { cpuFigures } from '../phases/common.ts';
import { memoryOf } from '../process-usage.ts';
import { countRequests } from '../request-counts.ts';
import type { Stage } from '../stage.ts';
import { meterCpu } from '../usage-meter.ts';
import type { Subject, SubjectProcess } from './subject.ts';

export interface PeerOptions {
  readonly clients: number;
  readonly liveSeconds: number;
}

/** Users create this many clients per second: fewer than either operator can handle. */
const PACE = 10;
/** Of the backlog. */
const DELETED_SHARE = 0.3;
const QUIET_MS = 5_000;
const POLL_MS = 250;

/** Backlog, restart, live creation, deletion, with one of the two. Expects an empty authorization server. */
export async function measureSubject(
  stage: Stage,
  subject: Subject,
  options: PeerOptions,
  note: (what: string) => void,
): Promise<readonly Figure[]> {
  const watch = await stage.watch(subject.kind);
  const parts = { stage, subject, watch, ...options };
  try {
    note('backlog');
    const found = [...(await backlog(parts))];
    note('restart');
    const { process, figures } = await restart(parts);
    note('live creation');
    found.push(...figures, ...(await live(parts)));
    note('deletion');
    found.push(...(await deletion(parts)), ...memory(process, 'restart, live creation and deletion'));
    await process.stop();
    return found;
  } finally {
    watch.stop();
  }
}

interface Parts extends PeerOptions {
  readonly stage: Stage;
  readonly subject: Subject;
  readonly watch: ClientWatch;
}

async function backlog({ stage, subject, watch, clients }: Parts): Promise<readonly Figure[]> {
  await pooled(clients, USERS, (index) => create({ stage, subject }, index, namesOf(subject).backlog(index)));
  await watch.until('the watch shows all', () => watch.total() === clients);
  const requests = await countRequests(stage, subject.requester);
  const cpu = meterCpu(stage);
  const process = await subject.start();
  await watch.until('the first is ready', () => watch.ready() > 0);
  const [working, already] = [performance.now(), watch.ready()];
  await watch.holdsInTheEnd(() => watch.ready() === clients);
  const [end, ready] = [watch.lastReadyAt() ?? working, watch.ready()];
  const used = cpu(process);
  await untilQuiet(stage);
  const counted = await requests();
  const figures = figuresOf(`Backlog of ${clients}`);
  const usage = memory(process, 'the backlog');
  await process.stop();
  return [
    ...figures('clients/s', {
      'rate from the start on': (ready * 1000) / (end - process.startedAt),
      'rate once the first was ready': ((ready - already) * 1000) / (end - working),
    }),
    ...figures(`of ${clients} clients`, { 'ready in the end': ready }),
    ...figures('per client', {
      'calls at Hydra': counted.calls / clients,
      'writes at the API server': counted.writes / clients,
      'reads of single objects': counted.gets / clients,
    }),
    ...cpuFigures(figures, used, clients),
    ...usage,
  ];
}

/** Nothing has changed since it was stopped. */
async function restart({
  stage,
  subject,
  clients,
}: Parts): Promise<{ readonly process: SubjectProcess; readonly figures: readonly Figure[] }> {
  const requests = await countRequests(stage, subject.requester);
  const process = await subject.start();
  await untilQuiet(stage);
  const { calls, writes } = await requests();
  const figures = figuresOf(`Restart with ${clients} unchanged`);
  return {
    process,
    figures: figures('requests', { 'calls at Hydra': calls, 'writes at the API server': writes }),
  };
}

async function live({ stage, subject, watch, liveSeconds }: Parts): Promise<readonly Figure[]> {
  const createdAt = new Map<string, number>();
  const count = PACE * liveSeconds;
  await paced(count, PACE, async (index) => {
    const name = namesOf(subject).live(index);
    await create({ stage, subject }, index, name);
    createdAt.set(`${namespaceOf(index)}/${name}`, performance.now());
  });
  const readyOnes = () => [...createdAt].filter(([key]) => watch.readyAt(key) !== undefined);
  await watch.holdsInTheEnd(() => readyOnes().length === count);
  const ready = readyOnes();
  const latencies = ready.map(([key, at]) => sinceAnswer(at, watch.readyAt(key)));
  const figures = figuresOf(`Live creation, ${PACE} a second`);
  return [
    ...figures('ms', {
      'create to ready, p50': quantile(latencies, 0.5),
      'create to ready, p99': quantile(latencies, 0.99),
    }),
    ...figures(`of ${count} clients`, { 'ready in the end': ready.length }),
    ...figures('clients', { 'ready without a Secret': await withoutSecret(stage, subject, watch) }),
  ];
}

/** What is said to be ready, and isn't. */
async function withoutSecret(stage: Stage, subject: Subject, watch: ClientWatch): Promise<number> {
  const missing = NAMESPACES.map(async (namespace) => {
    const names = async (path: string) =>
      (await expectOk<{ readonly items: readonly KubernetesObject[] }>(stage, 'GET', path)).items.map(
        ({ metadata }) => metadata.name,
      );
    const secrets = new Set(await names(secretsPath(namespace)));
    const isReady = (name: string) => watch.readyAt(`${namespace}/${name}`) !== undefined;
    return (await names(subject.path(namespace))).filter(
      (name) => isReady(name) && !secrets.has(`${name}-oauth`),
    ).length;
  });
  return (await Promise.all(missing)).reduce((sum, count) => sum + count, 0);
}

async function deletion({ stage, subject, watch, clients }: Parts): Promise<readonly Figure[]> {
  const count = Math.round(clients * DELETED_SHARE);
  const before = watch.total();
  const requests = await countRequests(stage, subject.requester);
  const start = performance.now();
  const keys: string[] = [];
  await pooled(count, USERS, async (index) => {
    const [namespace, name] = [namespaceOf(index), namesOf(subject).backlog(index)];
    keys.push(`${namespace}/${name}`);
    await expectOk(stage, 'DELETE', `${subject.path(namespace)}/${name}`);
  });
  await watch.holdsInTheEnd(() => watch.total() === before - count);
  const times = keys.flatMap((key) => watch.goneAt(key) ?? []);
  const seconds = (Math.max(start, ...times) - start) / 1000;
  await untilQuiet(stage);
  const { calls } = await requests();
  const { clients: atHydra } = await stage.server.tally();
  const figures = figuresOf(`Deletion of ${count}`);
  return [
    ...figures('clients/s', { rate: times.length === 0 ? 0 : times.length / seconds }),
    ...figures(`of ${count} objects`, { 'gone in the end': times.length }),
    ...figures('per client', { 'calls at Hydra': calls / count }),
    ...figures('clients', { 'left behind at Hydra': atHydra - watch.total() }),
  ];
}

function memory(process: SubjectProcess, when: string): readonly Figure[] {
  const { rss, peak } = memoryOf(process.pid);
  return figuresOf('Memory')('MB', { [`RSS after ${when}`]: rss, [`peak in ${when}`]: peak });
}

/** Both may have Secrets in one namespace: their names differ. */
const namesOf = ({ name }: Subject) => ({
  backlog: (index: number) => `${name}-${index}`,
  live: (index: number) => `${name}-live-${index}`,
});

async function create(
  { stage, subject }: Pick<Parts, 'stage' | 'subject'>,
  index: number,
  name: string,
): Promise<void> {
  const namespace = namespaceOf(index);
  await expectOk(stage, 'POST', subject.path(namespace), subject.object(namespace, name));
}

/** Nothing was asked of the authorization server for five seconds: a start is over by then, too. */
async function untilQuiet({ server }: Stage): Promise<void> {
  let last = { calls: '', at: performance.now() };
  while (performance.now() - last.at < QUIET_MS) {
    await sleep(POLL_MS);
    const calls = JSON.stringify((await server.tally()).calls);
    if (calls !== last.calls) {
      last = { calls, at: performance.now() };
    }
  }
}
