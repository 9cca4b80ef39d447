import type { ConfigMap, KubernetesObject } from '../../../src/api/kubernetes.ts';
import { LABELS } from '../../../src/api/names.ts';
import { toDocumentObject } from '../../../src/core/served-document.ts';
import { DOCUMENTS_NAMESPACE, type DocumentsProcess } from '../../kit/testbed/documents.ts';
import type { Testbed } from '../../kit/testbed/testbed.ts';
import { list } from './cluster-reads.ts';
import { FURTHER, type FurtherClient } from './further-load.ts';
import { type breaches, isReported, unaccounted } from './oracle.ts';
import type { ServerClient, Snapshot } from './snapshot.ts';

/** Facts about what not every client has, and what must hold of them. */

export interface Further {
  readonly documents: readonly Served[];
  /** Deployment → how often its spec was written, and for which credential it was restarted last. */
  readonly workloads: Readonly<
    Record<string, { readonly generation: number; readonly restartedAt?: string }>
  >;
}

/** A ConfigMap with a document, and what its public URL answers. */
interface Served {
  readonly url: string;
  /** Name of the OAuthClient. */
  readonly object: string;
  readonly attempt: string;
  /** `undefined`: the ConfigMap is gone. */
  readonly body: string | undefined;
  readonly isWithdrawn: boolean;
  /** The body that is answered, or the status where it is not 200. */
  readonly answer: string | number;
}

/** @param known URLs of documents that were ever there, with their objects; new ones are added */
export async function readFurther(
  testbed: Testbed,
  ns: string,
  documents: DocumentsProcess,
  known: Map<string, Served>,
): Promise<Further> {
  const maps = await list<ConfigMap>(
    testbed,
    `/api/v1/namespaces/${DOCUMENTS_NAMESPACE}/configmaps?labelSelector=${LABELS.document},${LABELS.clientNamespace}=${ns}`,
  );
  for (const url of known.keys()) {
    known.set(url, { ...(known.get(url) as Served), body: undefined });
  }
  for (const map of maps) {
    const { served } = toDocumentObject(map);
    if (served !== undefined) {
      const { name, labels = {} } = map.metadata;
      known.set(served.url, {
        url: served.url,
        object: labels[LABELS.clientName] ?? '',
        attempt: name.slice(name.lastIndexOf('-') + 1),
        body: served.body,
        isWithdrawn: isWithdrawn(served.body),
        answer: 0,
      });
    }
  }
  const answered = await Promise.all(
    [...known.values()].map(async (one) => {
      const { status, body } = await documents.fetch(one.url);
      return { ...one, answer: status === 200 ? body : status };
    }),
  );
  const deployments = await list<Deployment>(testbed, `/apis/apps/v1/namespaces/${ns}/deployments`);
  return {
    documents: answered,
    workloads: Object.fromEntries(
      deployments.map(({ metadata, spec }) => [
        metadata.name,
        {
          generation: metadata.generation ?? 0,
          restartedAt: spec.template.metadata.annotations?.['kubectl.kubernetes.io/restartedAt'] ?? '',
        },
      ]),
    ),
  };
}

interface Deployment extends KubernetesObject {
  readonly spec: {
    readonly template: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } };
  };
}

const isWithdrawn = (body: string): boolean =>
  (JSON.parse(body) as { readonly client_name?: string }).client_name === 'Withdrawn';

/** A client exists while its document is served and not withdrawn. */
export const documentClients = ({ documents }: Further): readonly ServerClient[] =>
  documents
    .filter(({ body, isWithdrawn: ended }) => body !== undefined && !ended)
    .map(({ url, object, attempt, body = '' }) => ({
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

/** What is served is what the ConfigMap has; where that is gone, nothing is. */
const notAsServed = ({ url, object, body, answer }: Served): readonly string[] =>
  answer === (body ?? 410)
    ? []
    : [`the document ${url} of ${object} is not served as it is written: ${answer}`];

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
