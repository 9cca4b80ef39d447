import { createHash } from 'node:crypto';
import type { ServerKind } from '../api/authorization-server.ts';
import type { KubernetesObject, Secret } from '../api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../api/names.ts';
import type { ClientInformation } from '../oauth/client-information.ts';
import type { Endpoints } from '../oauth/discovery.ts';
import { canonicalJson, isJsonObject, type JsonObject, parseJsonObject } from '../oauth/json.ts';
import { Sensitive } from '../oauth/sensitive.ts';

/**
 * What a server answered, recorded: one registration Secret per answered POST, in the operator's namespace.
 *
 * Its labels and annotations are the {@link RegistrationRecord}: enough to plan, and all that is kept in memory.
 * Its data is the {@link RegistrationContent}: read only when a call is made or a workload Secret rendered.
 */
export interface RegistrationRecord {
  readonly secretName: string;
  readonly resourceVersion: string;
  readonly role: RecordRole;
  readonly attempt: string;
  readonly client: ClientIdentity;
  readonly namespaceUid: string;
  readonly installation: string;
  readonly server: ServerRef;
  readonly issuer: string;
  readonly clientId: string;
  /** Of the metadata last sent; see {@link metadataHash}. */
  readonly metadataHash: string;
  /** Counts the changes of what a workload may see, from 1. */
  readonly revision: number;
  /** RFC 3339. */
  readonly registeredAt: string;
  /** RFC 3339. */
  readonly clientSecretExpiresAt?: string;
  /** RFC 3339. */
  readonly registrationAccessTokenExpiresAt?: string;
  /** Whether the answer brought a token and a URI to manage the client with. */
  readonly managed: boolean;
}

/**
 * `current`: shown to workloads. `owed`: its object is gone, deregistration is still being tried. `left-behind`: given
 * up; kept so that people can find the client.
 */
export type RecordRole = 'current' | 'owed' | 'left-behind';

export interface ClientIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface ServerRef {
  readonly kind: ServerKind;
  readonly name: string;
}

/** The secret part. */
export interface RegistrationContent {
  readonly information: ClientInformation;
  /** The document last sent. */
  readonly sent: JsonObject;
  /** The origin that issued the token: that of the registration endpoint. */
  readonly registrationEndpoint: string;
  /** Origins, besides that one, that the token may go to. */
  readonly allowedOrigins: readonly string[];
  /** As they were when the client was registered: the Secret can be rendered though the server object is gone. */
  readonly endpoints: Endpoints;
}

/** Identifies a document by its canonical form. Versioned, so that a later form never looks like an edit. */
export function metadataHash(document: JsonObject): string {
  return `v1:${createHash('sha256').update(canonicalJson(document)).digest('base64url')}`;
}

export function recordName(uid: string, attempt: string): string {
  return `oac-${uid}-${attempt}`;
}

/** The Secret to write. `resourceVersion`, where given, makes the write conditional on nobody else's. */
export function toRegistrationSecret(
  record: Omit<RegistrationRecord, 'resourceVersion'>,
  content: RegistrationContent,
  operatorNamespace: string,
  resourceVersion?: string,
): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: record.secretName,
      namespace: operatorNamespace,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      labels: labelsOf(record),
      annotations: annotationsOf(record),
    },
    type: 'Opaque',
    data: encode(content),
  };
}

function labelsOf(record: Omit<RegistrationRecord, 'resourceVersion'>): Record<string, string> {
  return {
    [LABELS.registration]: 'true',
    [LABELS.role]: record.role,
    [LABELS.clientNamespace]: record.client.namespace,
    [LABELS.clientName]: labelValue(record.client.name),
    [LABELS.clientUid]: record.client.uid,
  };
}

/** A label value holds 63 characters; longer names are cut, and the annotation has them whole. */
function labelValue(name: string): string {
  return name.slice(0, 63).replace(/[^A-Za-z0-9]+$/, '');
}

function annotationsOf(record: Omit<RegistrationRecord, 'resourceVersion'>): Record<string, string> {
  const { clientSecretExpiresAt, registrationAccessTokenExpiresAt } = record;
  return {
    [ANNOTATIONS.attempt]: record.attempt,
    [ANNOTATIONS.client]: `${record.client.namespace}/${record.client.name}`,
    [ANNOTATIONS.namespaceUid]: record.namespaceUid,
    [ANNOTATIONS.installation]: record.installation,
    [ANNOTATIONS.server]: `${record.server.kind}/${record.server.name}`,
    [ANNOTATIONS.issuer]: record.issuer,
    [ANNOTATIONS.clientId]: record.clientId,
    [ANNOTATIONS.metadataHash]: record.metadataHash,
    [ANNOTATIONS.revision]: String(record.revision),
    [ANNOTATIONS.registeredAt]: record.registeredAt,
    [ANNOTATIONS.managed]: String(record.managed),
    ...(clientSecretExpiresAt === undefined
      ? {}
      : { [ANNOTATIONS.clientSecretExpiresAt]: clientSecretExpiresAt }),
    ...(registrationAccessTokenExpiresAt === undefined
      ? {}
      : { [ANNOTATIONS.registrationAccessTokenExpiresAt]: registrationAccessTokenExpiresAt }),
  };
}

/** Reads the metadata of a registration Secret. `undefined` where it isn't one, or was damaged by hand. */
export function toRecord({ metadata }: KubernetesObject): RegistrationRecord | undefined {
  const labels = metadata.labels ?? {};
  const annotations = metadata.annotations ?? {};
  const [namespace, name] = (annotations[ANNOTATIONS.client] ?? '').split('/');
  const [kind, server] = (annotations[ANNOTATIONS.server] ?? '').split('/');
  const uid = labels[LABELS.clientUid];
  const role = labels[LABELS.role];
  const clientId = annotations[ANNOTATIONS.clientId];
  if (!namespace || !name || !uid || !server || !clientId || !isServerKind(kind) || !isRole(role)) {
    return undefined;
  }
  return {
    secretName: metadata.name,
    resourceVersion: metadata.resourceVersion ?? '',
    role,
    client: { namespace, name, uid },
    server: { kind, name: server },
    clientId,
    ...remainingFacts(annotations),
  };
}

function remainingFacts(annotations: Readonly<Record<string, string>>) {
  const clientSecretExpiresAt = annotations[ANNOTATIONS.clientSecretExpiresAt];
  const registrationAccessTokenExpiresAt = annotations[ANNOTATIONS.registrationAccessTokenExpiresAt];
  return {
    attempt: annotations[ANNOTATIONS.attempt] ?? '',
    namespaceUid: annotations[ANNOTATIONS.namespaceUid] ?? '',
    installation: annotations[ANNOTATIONS.installation] ?? '',
    issuer: annotations[ANNOTATIONS.issuer] ?? '',
    metadataHash: annotations[ANNOTATIONS.metadataHash] ?? '',
    revision: Number(annotations[ANNOTATIONS.revision]) || 1,
    registeredAt: annotations[ANNOTATIONS.registeredAt] ?? '',
    managed: annotations[ANNOTATIONS.managed] === 'true',
    ...(clientSecretExpiresAt === undefined ? {} : { clientSecretExpiresAt }),
    ...(registrationAccessTokenExpiresAt === undefined ? {} : { registrationAccessTokenExpiresAt }),
  };
}

const isRole = (role: string | undefined): role is RecordRole =>
  role === 'current' || role === 'owed' || role === 'left-behind';

const isServerKind = (kind: string | undefined): kind is ServerKind =>
  kind === 'AuthorizationServer' || kind === 'ClusterAuthorizationServer';

const KEYS = {
  clientId: 'client_id',
  clientSecret: 'client_secret',
  clientSecretExpiresAt: 'client_secret_expires_at',
  registrationAccessToken: 'registration_access_token',
  registrationClientUri: 'registration_client_uri',
  registered: 'registered.json',
  sent: 'sent.json',
  server: 'server.json',
} as const;

function encode({ information, sent, registrationEndpoint, allowedOrigins, endpoints }: RegistrationContent) {
  const entries = {
    [KEYS.clientId]: information.clientId,
    [KEYS.clientSecret]: information.clientSecret?.reveal(),
    [KEYS.clientSecretExpiresAt]: information.clientSecretExpiresAt?.toString(),
    [KEYS.registrationAccessToken]: information.registrationAccessToken?.reveal(),
    [KEYS.registrationClientUri]: information.registrationClientUri,
    [KEYS.registered]: JSON.stringify(information.metadata),
    [KEYS.sent]: JSON.stringify(sent),
    [KEYS.server]: JSON.stringify({ registrationEndpoint, allowedOrigins, endpoints }),
  };
  return Object.fromEntries(
    Object.entries(entries).flatMap(([key, value]) => (value === undefined ? [] : [[key, base64(value)]])),
  );
}

/** Reads the data of a registration Secret. `undefined` where it was damaged by hand. */
export function toContent(secret: Secret): RegistrationContent | undefined {
  const value = (key: string) => fromBase64(secret.data?.[key]);
  const clientId = value(KEYS.clientId);
  const server = parseJsonObject(value(KEYS.server) ?? '');
  if (!clientId || typeof server?.['registrationEndpoint'] !== 'string') {
    return undefined;
  }
  const origins = server['allowedOrigins'];
  return {
    information: {
      clientId,
      ...sensitive('clientSecret', value(KEYS.clientSecret)),
      ...sensitive('registrationAccessToken', value(KEYS.registrationAccessToken)),
      ...present('registrationClientUri', value(KEYS.registrationClientUri)),
      ...present('clientSecretExpiresAt', seconds(value(KEYS.clientSecretExpiresAt))),
      metadata: parseJsonObject(value(KEYS.registered) ?? '') ?? {},
    },
    sent: parseJsonObject(value(KEYS.sent) ?? '') ?? {},
    registrationEndpoint: server['registrationEndpoint'],
    allowedOrigins: Array.isArray(origins) ? origins.filter((origin) => typeof origin === 'string') : [],
    endpoints: isJsonObject(server['endpoints']) ? (server['endpoints'] as Endpoints) : {},
  };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const fromBase64 = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : Buffer.from(text, 'base64').toString();

const seconds = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

const present = <Name extends string, Value>(name: Name, value: Value | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { [N in Name]?: Value };

const sensitive = <Name extends string>(name: Name, value: string | undefined) =>
  present(name, value === undefined ? undefined : new Sensitive(value));
