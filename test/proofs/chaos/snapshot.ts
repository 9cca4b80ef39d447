import type { Secret } from '../../../src/api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../../../src/api/names.ts';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import { decodeEntries } from '../../../src/controller/durable/ledger-entry.ts';
import { OPERATOR_NAMESPACE, type Testbed } from '../../kit/testbed/testbed.ts';
import { dataOf, decode, list } from './cluster-reads.ts';
import type { Further } from './further-facts.ts';
import type { ServerName } from './load.ts';

/** All facts about one namespace's clients at one moment. */
export interface Snapshot {
  /** The clients in the servers' own lists: the truth. */
  readonly clients: readonly ServerClient[];
  readonly objects: readonly OAuthClient[];
  readonly records: readonly Recorded[];
  /** Listed suspected orphans. */
  readonly suspects: readonly { readonly attempt: string; readonly object: string }[];
  /** Calls in the ledger. */
  readonly pending: readonly { readonly kind: string; readonly object: string }[];
  /** Workload Secrets by name. */
  readonly secrets: Readonly<Record<string, WorkloadSecret>>;
  /** Secrets and tokens, which must never be in a log. */
  readonly secretValues: readonly string[];
  /** Of loads that have it. */
  readonly further?: Further;
}

export interface ServerClient {
  readonly server: ServerName | 'bank' | 'documents';
  readonly id: string;
  readonly secret: string;
  /** Name of the OAuthClient, by `client_uri`. */
  readonly object: string;
  /** By `client_name`, the marker. */
  readonly attempt: string;
  readonly logoUri: string | undefined;
}

export interface Recorded {
  readonly name: string;
  readonly object: string;
  readonly clientId: string;
  readonly role: string;
  /** The request that replaced the former client, if there was one. */
  readonly rotatedFor: string | undefined;
}

export interface WorkloadSecret {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Name of the registration Secret whose client it shows. */
  readonly shows: string | undefined;
}

/** `clientsOf`: the server's own list of the clients of a namespace. */
export async function takeSnapshot(
  testbed: Testbed,
  ns: string,
  clientsOf: (ns: string) => readonly ServerClient[],
): Promise<Snapshot> {
  const own = `/api/v1/namespaces/${OPERATOR_NAMESPACE}`;
  // Records are read after the clients, so that a client made in between is not reported as unrecorded.
  const clients = clientsOf(ns);
  const [objects, records, workload, orphans, ledger] = await Promise.all([
    list<OAuthClient>(testbed, `/apis/oauth-registrar.dev/v1alpha1/namespaces/${ns}/oauthclients`),
    list<Secret>(
      testbed,
      `${own}/secrets?labelSelector=${LABELS.registration},${LABELS.clientNamespace}=${ns}`,
    ),
    list<Secret>(testbed, `/api/v1/namespaces/${ns}/secrets?labelSelector=${LABELS.workload}`),
    dataOf(testbed, `${own}/configmaps/oauth-registrar-suspected-orphans-namespaced`),
    dataOf(testbed, `${own}/configmaps/oauth-registrar-ledger`),
  ]);
  const suspects = Object.entries(orphans).map(([attempt, text]) => ({
    attempt,
    ...(JSON.parse(text) as { readonly client: string }),
  }));
  return {
    clients,
    objects,
    records: records.map(toRecorded),
    suspects: suspects
      .filter(({ client }) => client.startsWith(`${ns}/`))
      .map(({ attempt, client }) => ({ attempt, object: client.slice(ns.length + 1) })),
    pending: decodeEntries(ledger)
      .filter(({ client }) => client.namespace === ns)
      .map(({ kind, client }) => ({ kind, object: client.name })),
    secrets: Object.fromEntries(workload.map((secret) => [secret.metadata.name, toWorkload(secret)])),
    secretValues: [...clients.map(({ secret }) => secret), ...records.map(tokenIn)].filter(Boolean),
  };
}

function toRecorded({ metadata }: Secret): Recorded {
  const { annotations = {}, labels = {} } = metadata;
  return {
    name: metadata.name,
    object: (annotations[ANNOTATIONS.client] ?? '').split('/')[1] ?? '',
    clientId: annotations[ANNOTATIONS.clientId] ?? '',
    role: labels[LABELS.role] ?? '',
    rotatedFor: annotations[ANNOTATIONS.rotateRequestedAt],
  };
}

const toWorkload = ({ data = {}, metadata }: Secret): WorkloadSecret => ({
  clientId: decode(data['client_id']),
  clientSecret: decode(data['client_secret']),
  shows: metadata.annotations?.[ANNOTATIONS.shows],
});

const tokenIn = ({ data = {} }: Secret): string => decode(data['registration_access_token']);
