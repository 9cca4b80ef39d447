import { type Further, identifying, notAsServed } from './further-facts.ts';
import { FURTHER, type FurtherClient } from './further-load.ts';
import { type breaches, isReported, unaccounted } from './oracle.ts';
import type { ServerClient, Snapshot } from './snapshot.ts';

/** What must hold of what not every client has. */

export const documentClients = (further: Further): readonly ServerClient[] =>
  identifying(further).map(({ url, object, attempt, body }) => ({
    server: 'documents' as const,
    id: url,
    secret: '',
    object,
    attempt,
    logoUri: (JSON.parse(body) as { readonly logo_uri?: string }).logo_uri,
  }));

/** @param former client_id of each object before the changes */
export function furtherBreaches(
  seen: Snapshot,
  former: ReadonlyMap<string, string>,
): ReturnType<typeof breaches> {
  const { further = { documents: [], workloads: {} } } = seen;
  return [
    ...unaccounted(seen),
    ...Object.entries(FURTHER).flatMap(([name, wanted]) => notAsWanted(name, wanted, seen, former)),
    ...further.documents.flatMap(notAsServed),
    ...notRestartedOnce(seen, further),
  ];
}

function notAsWanted(
  name: string,
  { change, at, keepsFormer }: FurtherClient,
  seen: Snapshot,
  former: ReadonlyMap<string, string>,
): readonly string[] {
  const object = seen.objects.find(({ metadata }) => metadata.name === name);
  const own = seen.clients.filter(
    (client) => client.object === name && !(isReported(client, seen.suspects) && !isRecorded(client, seen)),
  );
  if (change === 'delete') {
    return [
      ...(object === undefined ? [] : [`${name} is not gone`]),
      ...own.map(({ id }) => `${name} is gone, and its client ${id} is left`),
    ];
  }
  const before = former.get(name);
  const client = own.find(({ id }) => id === object?.status?.clientId);
  const ready = object?.status?.conditions?.find(({ type }) => type === 'Ready');
  const isNew = client?.id !== before;
  const others = own.filter((one) => one !== client).map(({ id }) => id);
  const isShown = seen.secrets[name]?.clientId === client?.id;
  const served = object?.status?.conditions?.find(({ type }) => type === 'DocumentServed');
  const wrong: readonly (readonly [boolean, string])[] = [
    [ready?.status !== 'True' || ready.observedGeneration !== object?.metadata.generation, 'is not ready'],
    [client === undefined, `shows client ${object?.status?.clientId}, which does not exist`],
    [client !== undefined && client.server !== at, `is at ${client?.server}, not at ${at}`],
    [!isShown, `has a Secret that shows client ${seen.secrets[name]?.clientId}`],
    [
      isNew !== (change === 'create' || change === 'replace' || name.startsWith('moved')),
      `has client ${client?.id}, and had ${before}`,
    ],
    [others.join() !== (keepsFormer ? (before ?? '') : ''), `has the clients ${others} besides`],
    [change === 'edit' && client?.logoUri === undefined, 'was not edited at the server'],
    [at === 'documents' && served?.status !== 'True', `says of its document: ${served?.message}`],
  ];
  return wrong.flatMap(([isWrong, what]) =>
    isWrong ? [`${name} ${what}: ${ready?.reason} ${ready?.message}`] : [],
  );
}

/** Written once when it was created, and once for the restart. */
function notRestartedOnce({ objects }: Snapshot, { workloads }: Further): readonly string[] {
  return Object.entries(workloads).flatMap(([name, { generation, restartedAt }]) => {
    const told = objects.find(({ metadata }) => metadata.name === name)?.status?.rolloutRestarts?.at;
    return generation === 2 && restartedAt === told
      ? []
      : [`Deployment ${name} was written ${generation} times, for ${restartedAt}, and status says ${told}`];
  });
}

const isRecorded = ({ id }: ServerClient, { records }: Snapshot): boolean =>
  records.some(({ clientId }) => clientId === id);

/** What must hold at every moment, not only in the end. Called with two looks in their order. */
export function breaksAtOnce(before: Snapshot, now: Snapshot): readonly string[] {
  const ended = (before.further?.documents ?? []).filter(
    ({ body, isWithdrawn: isOver }) => body === undefined || isOver,
  );
  const back = (now.further?.documents ?? []).filter(
    ({ url, body, isWithdrawn: isOver }) =>
      body !== undefined && !isOver && ended.some((one) => one.url === url),
  );
  const there = new Set([...before.clients, ...now.clients].map(({ id }) => id));
  const shown = Object.entries(now.secrets).filter(([name, { clientId }]) => {
    const object = now.objects.find(({ metadata }) => metadata.name === name);
    const mustWork =
      object !== undefined && object.metadata.deletionTimestamp === undefined && name !== 'stated';
    return mustWork && clientId !== '' && !there.has(clientId);
  });
  return [
    ...back.map(({ url }) => `the document ${url} was ended, and is served again`),
    ...shown.map(([name, { clientId }]) => `the Secret of ${name} shows client ${clientId}, which has ended`),
  ];
}
