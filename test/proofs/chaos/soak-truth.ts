import type { Secret } from '../../../src/api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../../../src/api/names.ts';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import { decodeEntries } from '../../../src/controller/durable/ledger-entry.ts';
import { toContent } from '../../../src/core/content.ts';
import type { Emulator } from '../../kit/emulator/emulator.ts';
import { OPERATOR_NAMESPACE, type Testbed } from '../../kit/testbed/testbed.ts';
import { dataOf, decode, list } from './cluster-reads.ts';
import { type Further, identifying, readFurther } from './further-facts.ts';
import type { SoakScene } from './soak-scene.ts';
import { NAMESPACE, SERVERS, type ServerName } from './soak-stage.ts';

/** All facts, read without a proxy. */
export interface Truth {
  /** The clients in the servers' own lists, and the documents that identify one. */
  readonly clients: readonly TrueClient[];
  readonly objects: ReadonlyMap<string, OAuthClient>;
  readonly records: readonly TrueRecord[];
  readonly suspects: readonly Suspect[];
  readonly pending: readonly TrueCall[];
  /** Workload Secrets by name. */
  readonly secrets: ReadonlyMap<string, { readonly clientId: string; readonly clientSecret: string }>;
  readonly events: readonly TrueEvent[];
  readonly further: Further;
}

export interface TrueClient {
  readonly server: ServerName | 'documents';
  readonly clientId: string;
  readonly clientSecret: string;
  readonly token: string;
  /** Attempt id, from the marker. */
  readonly attempt: string;
  readonly clientUri: string;
  readonly logoUri: string;
}

export interface TrueRecord {
  /** Name of the registration Secret. */
  readonly name: string;
  readonly attempt: string;
  readonly clientId: string;
  readonly role: string;
  /** Name of the OAuthClient. */
  readonly object: string;
  readonly token: string;
  /** The request for another client that it answers. */
  readonly rotatedFor: string | undefined;
}

/** A call in the ledger. */
export interface TrueCall {
  readonly kind: string;
  /** Name of the OAuthClient. */
  readonly object: string;
  /** Name of the registration Secret. */
  readonly record: string;
}

export interface Suspect {
  readonly attempt: string;
  readonly object: string;
}

export interface TrueEvent {
  readonly reason: string;
  readonly object: string;
  readonly note: string;
}

export const ORPHANS_PATH = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/configmaps/oauth-registrar-suspected-orphans-namespaced`;

export async function readTruth({ testbed, servers, documents, knownDocuments }: SoakScene): Promise<Truth> {
  const own = `/api/v1/namespaces/${OPERATOR_NAMESPACE}`;
  // Records are read after the clients, so that a client made in between is not reported as unrecorded.
  const further = await readFurther(testbed, NAMESPACE, documents, knownDocuments);
  const registered = SERVERS.flatMap((name) =>
    servers[name].clients().map((client) => toClient(name, client)),
  );
  const [objects, records, secrets, events, orphans, ledger] = await Promise.all([
    list<OAuthClient>(testbed, `/apis/oauth-registrar.dev/v1alpha1/namespaces/${NAMESPACE}/oauthclients`),
    list<Secret>(testbed, `${own}/secrets?labelSelector=${LABELS.registration}`),
    list<Secret>(testbed, `/api/v1/namespaces/${NAMESPACE}/secrets?labelSelector=${LABELS.workload}`),
    list<ApiEvent>(testbed, `/apis/events.k8s.io/v1/namespaces/${NAMESPACE}/events`),
    dataOf(testbed, ORPHANS_PATH),
    dataOf(testbed, `${own}/configmaps/oauth-registrar-ledger`),
  ]);
  return {
    clients: [...registered, ...identified(further)],
    further,
    objects: new Map(objects.map((object) => [object.metadata.name, object])),
    records: records.map(toRecord),
    suspects: toSuspects(orphans),
    pending: decodeEntries(ledger).map(({ kind, client, registrationSecret: record }) => ({
      kind,
      object: client.name,
      record,
    })),
    secrets: new Map(secrets.map((secret) => [secret.metadata.name, toWorkload(secret)])),
    events: events.map(({ reason, note = '', regarding }) => ({
      reason,
      note,
      object: regarding?.name ?? '',
    })),
  };
}

interface ApiEvent {
  readonly reason: string;
  readonly note?: string;
  readonly regarding?: { readonly name?: string };
}

export async function readSuspects(testbed: Testbed): Promise<readonly Suspect[]> {
  return toSuspects(await dataOf(testbed, ORPHANS_PATH));
}

const toSuspects = (data: Readonly<Record<string, string>>): readonly Suspect[] =>
  Object.entries(data).map(([attempt, text]) => {
    const { client } = JSON.parse(text) as { readonly client: string };
    return { attempt, object: client.split('/')[1] ?? '' };
  });

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const toClient = (server: ServerName, client: ReturnType<Emulator['clients']>[number]): TrueClient => ({
  server,
  clientId: client.clientId,
  clientSecret: client.clientSecret ?? '',
  token: client.registrationAccessToken ?? '',
  attempt: text(client.metadata['client_name']),
  clientUri: text(client.metadata['client_uri']),
  logoUri: text(client.metadata['logo_uri']),
});

const identified = (further: Further): readonly TrueClient[] =>
  identifying(further).map(({ url, attempt, body }) => {
    const { client_uri, logo_uri } = JSON.parse(body) as Readonly<Record<string, unknown>>;
    return {
      server: 'documents',
      clientId: url,
      clientSecret: '',
      token: '',
      attempt,
      clientUri: text(client_uri),
      logoUri: text(logo_uri),
    };
  });

function toRecord(secret: Secret): TrueRecord {
  const { name, annotations = {}, labels = {} } = secret.metadata;
  return {
    name,
    attempt: annotations[ANNOTATIONS.attempt] ?? '',
    clientId: annotations[ANNOTATIONS.clientId] ?? '',
    role: labels[LABELS.role] ?? '',
    object: (annotations[ANNOTATIONS.client] ?? '').split('/')[1] ?? '',
    token: toContent(secret)?.information.registrationAccessToken?.reveal() ?? '',
    rotatedFor: annotations[ANNOTATIONS.rotateRequestedAt],
  };
}

const toWorkload = ({ data = {} }: Secret) => ({
  clientId: decode(data['client_id']),
  clientSecret: decode(data['client_secret']),
});
