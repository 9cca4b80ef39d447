import { readFile, writeFile } from 'node:fs/promises';
import { collectionPath } from '../../../src/adapters/kubernetes/paths.ts';
import { RESOURCES } from '../../../src/api/kubernetes.ts';
import { tenantPath } from '../../kit/emulator/tenants.ts';
import { startTcpProxy, type TcpProxy } from '../../kit/fakes/tcp-proxy.ts';
import type { AuditEvent } from '../../kit/testbed/audit-log.ts';
import { OPERATOR_NAMESPACE, OPERATOR_USER } from '../../kit/testbed/testbed.ts';
import { createIn, expectOk, USERS } from '../clients.ts';
import { type Figure, figuresOf } from '../figure.ts';
import { credential, secretsPath } from '../objects.ts';
import type { BenchOperator, Install } from '../operator.ts';
import { pooled } from '../pace.ts';
import { memoryOf } from '../process-usage.ts';
import { countRequests } from '../request-counts.ts';
import type { Stage } from '../stage.ts';
import { meterCpu } from '../usage-meter.ts';
import { cpuFigures, requestFigures } from './common.ts';

/** Half of those that a namespace may have. */
const SERVERS_PER_NAMESPACE = 10;

interface Options {
  readonly count: number;
  /** By how many milliseconds the operator's requests to the API server are delayed; 0: no proxy. */
  readonly slowMs: number;
}

/**
 * The operator starts after `count` AuthorizationServers and one client of each were created, ten in each namespace. All
 * are issuers of the one authorization server, with endpoints of their own.
 */
export async function manyServers(
  stage: Stage,
  { count, slowMs }: Options,
  note: (what: string) => void,
): Promise<readonly Figure[]> {
  note(`creating ${count} servers and clients`);
  await createAll(stage, count);
  const slowed = slowMs === 0 ? undefined : await slowInstall(stage, slowMs);
  const watch = await stage.watch();
  try {
    await watch.until('the watch shows all', () => watch.total() === count);
    note('working');
    const position = await stage.controlPlane.auditPosition();
    const requests = await countRequests(stage);
    const cpu = meterCpu(stage);
    const start = performance.now();
    const ready = watch.until('all are ready', () => watch.ready() === count);
    const { operator, ended } = await whileItEnds(() => stage.startOperator(slowed?.install), ready);
    const seconds = (performance.now() - start) / 1000;
    const used = cpu(operator);
    await operator.idle();
    const counted = await requests();
    const memory = memoryOf(operator.pid);
    const lease = leaseOf(await stage.controlPlane.audit(position));
    await operator.stop();
    const figures = figuresOf(titleOf({ count, slowMs }));
    return [
      ...figures('s', { 'start to all Ready': seconds }),
      ...figures('clients/s', { 'rate from the start on': count / seconds }),
      ...figures('times', { 'the operator lost the lead and was started again': ended }),
      ...figures('s', { 'longest time between two renewals of the Lease': lease }),
      ...requestFigures(figures, counted, count),
      ...cpuFigures(figures, used, count),
      ...figures('MB', { 'RSS of the operator': memory.rss, 'peak of the operator': memory.peak }),
    ];
  } finally {
    watch.stop();
    await slowed?.proxy.kill();
  }
}

const titleOf = ({ count, slowMs }: Options): string =>
  `${count} servers, one client each${slowMs === 0 ? '' : `, API server slowed by ${slowMs} ms`}`;

const namespaceAt = (index: number): string => `bench-servers-${Math.floor(index / SERVERS_PER_NAMESPACE)}`;

async function createAll(stage: Stage, count: number): Promise<void> {
  const { initialAccessToken } = stage.server;
  await pooled(Math.ceil(count / SERVERS_PER_NAMESPACE), USERS, async (index) => {
    const name = namespaceAt(index * SERVERS_PER_NAMESPACE);
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await expectOk(stage, 'POST', '/api/v1/namespaces', namespace);
    await expectOk(stage, 'POST', secretsPath(name), credential(name, initialAccessToken));
  });
  await pooled(count, USERS, (index) => createServerAndClient(stage, index));
}

async function createServerAndClient(stage: Stage, index: number): Promise<void> {
  const { issuer, spec } = stage.server;
  const [namespace, name] = [namespaceAt(index), `server-${index}`];
  await expectOk(stage, 'POST', collectionPath(RESOURCES.authorizationServer, namespace), {
    apiVersion: 'oauth-registrar.dev/v1alpha1',
    kind: 'AuthorizationServer',
    metadata: { namespace, name },
    spec: { issuer: new URL(issuer).origin + tenantPath(index), ...spec },
  });
  await createIn(stage, namespace, `client-${index}`, { kind: 'AuthorizationServer', name });
}

/** The operator that `deploy/` installs, with a proxy between it and the API server. */
async function slowInstall(
  { controlPlane }: Stage,
  slowMs: number,
): Promise<{ readonly proxy: TcpProxy; readonly install: Install }> {
  const { hostname, port } = new URL(controlPlane.url);
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) }, slowMs);
  const account = { namespace: OPERATOR_NAMESPACE, serviceAccount: 'oauth-registrar' };
  const direct = await controlPlane.kubeconfigFor(account);
  const kubeconfig = direct.replace('.kubeconfig', '-slow.kubeconfig');
  const text = await readFile(direct, 'utf8');
  const slow = text.replaceAll(controlPlane.url, `https://127.0.0.1:${proxy.port}`);
  await writeFile(kubeconfig, slow, { mode: 0o600 });
  return { proxy, install: { kubeconfig, namespace: OPERATOR_NAMESPACE } };
}

/** The longest time between two renewals, in seconds. */
function leaseOf(events: readonly AuditEvent[]): number | undefined {
  const times = events
    .filter(
      ({ user, resource, verb, code }) =>
        user === OPERATOR_USER && resource === 'leases' && verb !== 'get' && code < 300,
    )
    .map(({ timestamp }) => timestamp)
    .toSorted((a, b) => a - b);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  return gaps.length === 0 ? undefined : Math.max(...gaps) / 1000;
}

/**
 * An operator that loses the lead ends; it is started again, as the kubelet does.
 *
 * @param ready resolves when there is nothing more to wait for
 * @returns the one that runs then, and how many ended before it
 */
async function whileItEnds(
  start: () => Promise<BenchOperator>,
  ready: Promise<void>,
): Promise<{ readonly operator: BenchOperator; readonly ended: number }> {
  for (let ended = 0; ; ended++) {
    const operator = await start();
    const hasEnded = await Promise.race([ready.then(() => false), operator.exited.then(() => true)]);
    if (!hasEnded) {
      return { operator, ended };
    }
  }
}
