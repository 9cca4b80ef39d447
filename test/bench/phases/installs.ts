import type { AuditEvent } from '../../kit/testbed/audit-log.ts';
import type { ClientWatch } from '../client-watch.ts';
import { createIn, deleteClients, USERS } from '../clients.ts';
import { type Figure, figuresOf } from '../figure.ts';
import { makeInstalls, makeServers, SERVER, type TenantInstall } from '../install.ts';
import { namespaceOf } from '../objects.ts';
import type { BenchOperator, Install } from '../operator.ts';
import { pooled } from '../pace.ts';
import { isRead } from '../request-counts.ts';
import type { Stage } from '../stage.ts';
import { meterCpu } from '../usage-meter.ts';

/** The same backlog of `count` twice: by one operator for all namespaces, then by `installs` that share nothing. */
export async function compareInstalls(
  stage: Stage,
  { installs: number, count }: { readonly installs: number; readonly count: number },
  note: (what: string) => void,
): Promise<readonly Figure[]> {
  await makeServers(stage);
  const installs = await makeInstalls(stage, number);
  const watch = await stage.watch();
  const parts = { stage, watch, count };
  try {
    note('one operator');
    const one = await workOff(parts, 'one', [undefined]);
    await removeAll(parts, one.operators);
    note(`${number} operators`);
    const position = await stage.controlPlane.auditPosition();
    const all = await workOff(parts, 'all', installs);
    const foreign = (await stage.controlPlane.audit(position)).filter(isForeign(installs));
    await Promise.all(all.operators.map((operator) => operator.stop()));
    const figures = figuresOf(`${number} installs, backlog of ${count}`);
    return [
      ...figures('clients/s', { 'rate of one operator': one.rate, 'rate of all together': all.rate }),
      ...figures('times', { 'all together, by one': all.rate / one.rate }),
      ...figures('cores', {
        'kube-apiserver with one operator': one.apiServerCores,
        'kube-apiserver with all': all.apiServerCores,
      }),
      ...figures('requests', { "writes to what is another's": foreign.length }),
    ];
  } finally {
    watch.stop();
  }
}

interface Parts {
  readonly stage: Stage;
  readonly watch: ClientWatch;
  readonly count: number;
}

interface WorkedOff {
  readonly operators: readonly BenchOperator[];
  /** From the start of the first process on. */
  readonly rate: number;
  readonly apiServerCores: number | undefined;
}

/**
 * The operators still run. `undefined`: the one that `deploy/` installs.
 *
 * @param prefix of names that are new: the Secrets of deleted clients stay, since no garbage collector runs
 */
async function workOff(
  { stage, watch, count }: Parts,
  prefix: string,
  installs: readonly (Install | undefined)[],
): Promise<WorkedOff> {
  await pooled(count, USERS, (index) => createIn(stage, namespaceOf(index), `${prefix}-${index}`, SERVER));
  await watch.until('the watch shows all', () => watch.total() === count);
  const cpu = meterCpu(stage);
  const operators = await Promise.all(installs.map((install) => stage.startOperator(install)));
  await watch.until('all are ready', () => watch.ready() === count);
  const start = Math.min(...operators.map(({ startedAt }) => startedAt));
  const seconds = (performance.now() - start) / 1000;
  const used = cpu()['kube-apiserver'];
  await Promise.all(operators.map((operator) => operator.idle()));
  return { operators, rate: count / seconds, apiServerCores: used && used / seconds };
}

async function removeAll({ stage, watch }: Parts, operators: readonly BenchOperator[]): Promise<void> {
  await deleteClients(stage);
  await watch.until('all are gone', () => watch.total() === 0);
  await Promise.all(operators.map((operator) => operator.idle()));
  await Promise.all(operators.map((operator) => operator.stop()));
}

/** A write of one of them to what is in none of its own namespaces, or in no namespace at all. */
const isForeign =
  (installs: readonly TenantInstall[]) =>
  ({ user, verb, namespace = '', stage }: AuditEvent): boolean => {
    const install = installs.find((other) => other.user === user);
    if (install === undefined || stage !== 'ResponseComplete' || isRead(verb)) {
      return false;
    }
    return namespace !== install.namespace && !install.tenants.includes(namespace);
  };
