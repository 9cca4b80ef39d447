import { notAsServed } from './further-facts.ts';
import { isLost, isToldLost } from './soak-judge.ts';
import { conditionOf } from './soak-looks.ts';
import type { ServerName, ServerObject } from './soak-stage.ts';
import type { TrueRecord, Truth } from './soak-truth.ts';
import type { UsersObject } from './soak-users.ts';

/** The state that everything must reach when there are no more faults. */

/** What is not right yet, one sentence each. */
export function unsettled(truth: Truth, objects: readonly UsersObject[]): readonly string[] {
  const isThere = ({ name }: UsersObject) => truth.objects.has(name);
  return [
    ...objects
      .filter((object) => object.deleted && isThere(object))
      .map(({ name }) => `${name} was deleted and is still there: ${told(truth, name)}`),
    ...objects.filter(({ deleted }) => !deleted).flatMap((object) => wrongWith(object, truth)),
    ...truth.further.documents.flatMap(notAsServed),
    ...wrongRecords(truth),
    ...wrongCalls(truth),
  ];
}

function wrongWith(user: UsersObject, truth: Truth): readonly string[] {
  const { name } = user;
  const object = truth.objects.get(name);
  const secret = truth.secrets.get(name);
  const client = truth.clients.find(({ clientId }) => clientId === secret?.clientId);
  if (object === undefined || secret === undefined || client === undefined) {
    return [
      `${name} has ${object ? 'an object' : 'no object'}, ${secret ? 'a Secret' : 'no Secret'}, ${client ? 'a client' : 'no client'}: ${told(truth, name)}`,
    ];
  }
  const record = truth.records.find(({ clientId }) => clientId === client.clientId);
  const isExcused = client.server === 'rotating' && isLost(client, record) && isToldLost(truth, name);
  const ready = conditionOf(object, 'Ready');
  const isReady =
    ready?.status === 'True' &&
    ready.observedGeneration === object.metadata.generation &&
    conditionOf(object, 'Reconciling') === undefined;
  const wrong: readonly (readonly [boolean, string])[] = [
    [!isReady && !isExcused, `${name} is not ready: ${told(truth, name)}`],
    [
      client.logoUri !== user.logoUri && !isExcused,
      `${name} was edited, and the server has ${client.logoUri}`,
    ],
    [secret.clientSecret !== client.clientSecret, `the Secret of ${name} doesn't show the client's secret`],
    [object.status?.clientId !== client.clientId, `the status of ${name} shows another client`],
    [client.server !== SERVER_IN_THE_END[user.server], `${name} has its client at ${client.server}`],
    ...wrongRestarts(user, record, truth),
  ];
  return wrong.flatMap(([isWrong, what]) => (isWrong ? [what] : []));
}

/** All of `leaving` have moved. */
const SERVER_IN_THE_END: Readonly<Record<ServerObject, ServerName | 'documents'>> = {
  steady: 'steady',
  rotating: 'rotating',
  leaving: 'rotating',
  documents: 'documents',
};

/** For the credential of each client after the first one, and at most once for each. */
function wrongRestarts(
  { name, replacements }: UsersObject,
  record: TrueRecord | undefined,
  { objects, further }: Truth,
): readonly (readonly [boolean, string])[] {
  const workload = further.workloads[name];
  if (workload === undefined) {
    return [];
  }
  const { generation, restartedAt = '' } = workload;
  const told = objects.get(name)?.status?.rolloutRestarts?.at ?? '';
  return [
    [
      restartedAt !== told,
      `${name} says that its workload was restarted at ${told}, and it was at ${restartedAt}`,
    ],
    [restartedAt === '' && record?.rotatedFor !== undefined, `the workload of ${name} was not restarted`],
    [generation > 1 + replacements, `the workload of ${name} was restarted ${generation - 1} times`],
  ];
}

/** A client without an object is removed with its record, unless it is out of reach. */
function wrongRecords(truth: Truth): readonly string[] {
  const inUse = new Set([...truth.objects.keys()].map((name) => truth.secrets.get(name)?.clientId));
  // A record stays until the URL of its withdrawn document is gone: about an hour.
  const withdrawn = new Set(
    truth.further.documents.filter(({ isWithdrawn }) => isWithdrawn).map(({ url }) => url),
  );
  const existing = new Set(truth.clients.map(({ clientId }) => clientId));
  return truth.records
    .filter((record) => !inUse.has(record.clientId) && !isOutOfReach(record, truth))
    .filter((record) => !withdrawn.has(record.clientId))
    .map(
      ({ object, clientId, role }) =>
        `client ${clientId} of ${object} ${existing.has(clientId) ? 'serves nobody' : 'is gone'}, and is recorded as ${role}`,
    );
}

/**
 * The token is lost, or perhaps lost while the client is gone: after an unanswered update, a refused token proves
 * nothing. The operator keeps trying for an hour.
 */
function isOutOfReach(record: TrueRecord, { clients, pending }: Truth): boolean {
  const client = clients.find(({ clientId }) => clientId === record.clientId);
  return client === undefined
    ? pending.some(({ kind, record: name }) => kind === 'Update' && name === record.name)
    : isLost(client, record);
}

/** Every call is settled, except those that explain why a client is out of reach. */
function wrongCalls(truth: Truth): readonly string[] {
  const outOfReach = new Set(
    truth.records.filter((record) => isOutOfReach(record, truth)).map(({ name }) => name),
  );
  return truth.pending
    .filter(({ kind, record }) => kind === 'Register' || !outOfReach.has(record))
    .map(({ kind, object }) => `the ledger still names ${kind} of ${object}`);
}

function told({ objects }: Truth, name: string): string {
  const object = objects.get(name);
  const ready = object && conditionOf(object, 'Ready');
  return `${ready?.status}, ${ready?.reason}: ${ready?.message}`;
}
