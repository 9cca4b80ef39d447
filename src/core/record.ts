import type { ServerKind } from '../api/authorization-server.ts';
import { DURATIONS, type DurationName } from '../api/durations.ts';
import { type KubernetesObject, keyOf, type Secret } from '../api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../api/names.ts';
import { durationMs } from '../api/schema.ts';
import { storedTime } from '../api/time.ts';
import { canonicalJson } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';
import { sha256 } from '../oauth/sha256.ts';
import { type ClientKey, storedClientKey } from './client-key.ts';
import { encodeContent, type RegistrationContent } from './content.ts';
import { type DocumentState, readDocumentState, storedDocumentState } from './document-state.ts';
import { keptIfAny } from './kept-text.ts';
import { isNewerFormat } from './newer-version.ts';
import { labelValue } from './short-name.ts';

/**
 * What a server answered, recorded: one registration Secret per answered POST, in the operator's namespace.
 *
 * Its labels and annotations are the {@link RegistrationRecord}: enough to plan, and all that is kept in memory.
 * Its data is the {@link RegistrationContent}: read only when a call is made or a workload Secret rendered.
 */
export interface RegistrationRecord {
  readonly registrationSecret: string;
  readonly resourceVersion: string;
  readonly role: RecordRole;
  readonly attempt: string;
  /** Attempt of the last call whose answer was stored here; absent until the first update. */
  readonly writtenBy?: string;
  readonly client: ClientIdentity;
  readonly purpose: Purpose;
  readonly namespaceUid: string;
  readonly installation: string;
  readonly server: ServerRef;
  /** uid of the server object; absent in records of earlier versions, until it is found out. */
  readonly serverUid?: string;
  readonly issuer: string;
  /** Origin of the endpoint at which the client was registered; absent where `serverUid` is. */
  readonly registrationOrigin?: string;
  /** The server object of a namespace reached the server by a CA or a proxy of its own: its answers prove nothing to others. */
  readonly ownPath?: true;
  readonly clientId: string;
  /** Hash of the document that was sent last; see {@link metadataHash}. */
  readonly metadataHash: string;
  /** Counts the changes of what a workload may see, from 1. */
  readonly revision: number;
  /** RFC 3339. */
  readonly registeredAt: string;
  /** RFC 3339. */
  readonly clientSecretExpiresAt?: string;
  /** RFC 3339: when the client secret was given, where a later answer than the first gave it. */
  readonly secretIssuedAt?: string;
  /** RFC 3339. */
  readonly registrationAccessTokenExpiresAt?: string;
  /** RFC 3339: when the registration access token was given, where it expires. */
  readonly tokenIssuedAt?: string;
  /** Whether there are a registration access token and a URI to manage the client with. */
  readonly managed: boolean;
  /** The authentication method for which the server gave no client secret: the client can't be used. */
  readonly secretMissingFor?: string;
  /** The client was adopted, not registered for its object. */
  readonly adopted?: true;
  /** Somebody changed the client at the server; a read reported that, and no update was answered since. */
  readonly drifted?: true;
  /** Whether the client outlives its object, by `deletionPolicy`. */
  readonly retain: boolean;
  /** RFC 3339: when the client was left behind. */
  readonly leftAt?: string;
  /** `client_name` that was sent last, noted when the client is owed or left behind, so that people find it at the server. */
  readonly displayName?: string;
  /** The server announced an end of the secret that is no later than the registration, or than the end of the replaced secret: no replacement follows from it. */
  readonly endIsFixed?: true;
  /** Registrations of this object in the hour before this one; see `earlierRegistrations`. */
  readonly earlierRegistrations?: string;
  /** Name of the registration Secret whose client this one replaces. */
  readonly replaces?: string;
  /** RFC 3339: since when the client that this one replaced serves again in place of this one. */
  readonly replacementUndoneAt?: string;
  /** RFC 3339: since when this client serves again, after its replacement of the other was undone. */
  readonly replacementMadeAt?: string;
  /** Value of the annotation that asked for this registration, or that was there when it was made; see `keptText`. */
  readonly rotatedFor?: string;
  /** RFC 3339: when the key in use was made, where the operator makes them. */
  readonly keyCreatedAt?: string;
  /** Milliseconds since the epoch: when the next key replaces the current one. */
  readonly keyRotatesAt?: number;
  /** Milliseconds since the epoch: when the former key is no longer published. */
  readonly keyRetiresAt?: number;
  /** The client is identified by a document of the operator's, at the URL that is its client_id. */
  readonly document?: DocumentState;
}

/**
 * `current`: shown to workloads. `owed`: its object is gone, deregistration is still being tried. `retained`: kept for a
 * later object of the same name. `left-behind`: given up; kept so that people can find the client.
 */
export type RecordRole = 'current' | 'owed' | 'retained' | 'left-behind';

export interface ClientIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * What the client is for, by the labels of its object. It lets readers of the records see which agent or run had the
 * client.
 */
export interface Purpose {
  readonly purpose?: string;
  readonly session?: string;
}

/** Reads the labels of an OAuthClient or of a registration Secret. */
export function purposeOf(labels: Readonly<Record<string, string>> = {}): Purpose {
  const { [LABELS.purpose]: purpose, [LABELS.session]: session } = labels;
  if (!purpose && !session) {
    return UNKNOWN_PURPOSE;
  }
  return defined({ purpose: purpose || undefined, session: session || undefined });
}

/** Shared to save memory, since most clients have it. */
const UNKNOWN_PURPOSE: Purpose = {};

/** ` (purpose p, session s)`; empty where neither is known. */
export function describePurpose({ purpose, session }: Purpose): string {
  const parts = [
    ...(purpose === undefined ? [] : [`purpose ${purpose}`]),
    ...(session === undefined ? [] : [`session ${session}`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

export interface ServerRef {
  readonly kind: ServerKind;
  readonly name: string;
}

export const isAt = ({ server }: Pick<RegistrationRecord, 'server'>, { kind, name }: ServerRef): boolean =>
  server.kind === kind && server.name === name;

/**
 * Identifies the inputs of a registration: `<hash of the members that the OAuthClient declares>.<shape of the server>`.
 * Versioned, so that a new form of the hash doesn't look like an edit. Where the hash differs, the documents themselves
 * are compared before anything is sent.
 */
export function metadataHash(declared: string, shape: string): string {
  return `v1:${declared}.${shape}`;
}

/** Hash of the members that an OAuthClient declares. */
export function declaredHash(declared: unknown): string {
  return sha256(canonicalJson(declared));
}

/** Whether the record was made from these declared members, with any shape of the server. */
export function isDeclaredBy(record: Pick<RegistrationRecord, 'metadataHash'>, declared: string): boolean {
  return record.metadataHash.startsWith(`v1:${declared}.`);
}

export function recordName(uid: string, attempt: string): string {
  return `oac-${uid}-${attempt}`;
}

/** The Secret to write. With `resourceVersion`, the write fails with a conflict if somebody else wrote since. */
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
      name: record.registrationSecret,
      namespace: operatorNamespace,
      ...defined({ resourceVersion }),
      labels: labelsOf(record),
      annotations: annotationsOf(record),
    },
    type: 'Opaque',
    data: encodeContent(content),
  };
}

function labelsOf(record: Omit<RegistrationRecord, 'resourceVersion'>): Record<string, string> {
  return {
    [LABELS.registration]: 'true',
    [LABELS.role]: record.role,
    [LABELS.clientNamespace]: record.client.namespace,
    [LABELS.clientName]: labelValue(record.client.name),
    [LABELS.clientUid]: record.client.uid,
    ...defined({ [LABELS.purpose]: record.purpose.purpose, [LABELS.session]: record.purpose.session }),
  };
}

function annotationsOf(record: Omit<RegistrationRecord, 'resourceVersion'>): Record<string, string> {
  const facts = {
    [ANNOTATIONS.attempt]: record.attempt,
    [ANNOTATIONS.writtenBy]: record.writtenBy,
    [ANNOTATIONS.client]: keyOf(record.client),
    [ANNOTATIONS.namespaceUid]: record.namespaceUid,
    [ANNOTATIONS.installation]: record.installation,
    [ANNOTATIONS.server]: `${record.server.kind}/${record.server.name}`,
    [ANNOTATIONS.serverUid]: record.serverUid,
    [ANNOTATIONS.issuer]: record.issuer,
    [ANNOTATIONS.registrationOrigin]: record.registrationOrigin,
    [ANNOTATIONS.ownPath]: record.ownPath && 'true',
    [ANNOTATIONS.clientId]: record.clientId,
    [ANNOTATIONS.metadataHash]: record.metadataHash,
    [ANNOTATIONS.revision]: String(record.revision),
    [ANNOTATIONS.registeredAt]: record.registeredAt,
    [ANNOTATIONS.managed]: String(record.managed),
    [ANNOTATIONS.secretMissingFor]: record.secretMissingFor,
    [ANNOTATIONS.adopted]: record.adopted && 'true',
    [ANNOTATIONS.drifted]: record.drifted && 'true',
    [ANNOTATIONS.deletionPolicy]: record.retain ? 'Retain' : undefined,
    [ANNOTATIONS.clientSecretExpiresAt]: record.clientSecretExpiresAt,
    [ANNOTATIONS.secretIssuedAt]: record.secretIssuedAt,
    [ANNOTATIONS.registrationAccessTokenExpiresAt]: record.registrationAccessTokenExpiresAt,
    [ANNOTATIONS.tokenIssuedAt]: record.tokenIssuedAt,
    [ANNOTATIONS.leftAt]: record.leftAt,
    [ANNOTATIONS.displayName]: record.displayName,
    [ANNOTATIONS.endIsFixed]: record.endIsFixed && 'true',
    [ANNOTATIONS.earlierRegistrations]: record.earlierRegistrations,
    [ANNOTATIONS.replaces]: record.replaces,
    [ANNOTATIONS.replacementUndoneAt]: record.replacementUndoneAt,
    [ANNOTATIONS.replacementMadeAt]: record.replacementMadeAt,
    [ANNOTATIONS.rotateRequestedAt]: record.rotatedFor,
    [ANNOTATIONS.keyCreatedAt]: record.keyCreatedAt,
    [ANNOTATIONS.keyRotatesAt]: record.keyRotatesAt && new Date(record.keyRotatesAt).toISOString(),
    [ANNOTATIONS.keyRetiresAt]: record.keyRetiresAt && new Date(record.keyRetiresAt).toISOString(),
    [ANNOTATIONS.servedDocument]: record.document && storedDocumentState(record.document),
  };
  return Object.fromEntries(Object.entries(facts).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

/** The OAuthClient that a registration Secret names. */
export const clientOfRecord = ({ metadata }: KubernetesObject): ClientKey =>
  storedClientKey(metadata.annotations?.[ANNOTATIONS.client] ?? '');

/**
 * The OAuthClient of a registration Secret that a newer version of the operator wrote, by its format or by a value that
 * this version doesn't know. `undefined`: it is of this version, or names no OAuthClient.
 */
export function clientOfNewerRecord(secret: KubernetesObject): ClientKey | undefined {
  return isNewerRecord(secret) && secret.metadata.annotations?.[ANNOTATIONS.client]
    ? clientOfRecord(secret)
    : undefined;
}

function isNewerRecord({ metadata: { labels = {}, annotations = {} } }: KubernetesObject): boolean {
  const [kind] = (annotations[ANNOTATIONS.server] ?? '').split('/');
  const { [LABELS.role]: role, [ANNOTATIONS.deletionPolicy]: policy } = { ...labels, ...annotations };
  return (
    isNewerFormat(annotations[ANNOTATIONS.format]) ||
    (!!role && !isRole(role)) ||
    (!!kind && !isServerKind(kind)) ||
    (policy !== undefined && policy !== 'Retain')
  );
}

/**
 * Reads the metadata of a registration Secret. `undefined` where it isn't one, was damaged by hand, or was written by a
 * newer version.
 */
export function toRecord(secret: KubernetesObject): RegistrationRecord | undefined {
  const { metadata } = secret;
  const labels = metadata.labels ?? {};
  const annotations = metadata.annotations ?? {};
  const [namespace, name] = (annotations[ANNOTATIONS.client] ?? '').split('/');
  const [kind, server] = (annotations[ANNOTATIONS.server] ?? '').split('/');
  const uid = labels[LABELS.clientUid];
  const role = labels[LABELS.role];
  const clientId = annotations[ANNOTATIONS.clientId];
  const isReadable = namespace && name && uid && server && clientId && !isNewerRecord(secret);
  if (!isReadable || !isServerKind(kind) || !isRole(role)) {
    return undefined;
  }
  return {
    registrationSecret: metadata.name,
    resourceVersion: metadata.resourceVersion ?? '',
    role,
    client: { namespace, name, uid },
    purpose: purposeOf(labels),
    server: { kind, name: server },
    clientId,
    ...remainingFacts(annotations, metadata.creationTimestamp),
  };
}

function remainingFacts(annotations: Readonly<Record<string, string>>, creationTimestamp = '') {
  const text = (name: string) => annotations[name] ?? '';
  return {
    attempt: text(ANNOTATIONS.attempt),
    namespaceUid: text(ANNOTATIONS.namespaceUid),
    installation: text(ANNOTATIONS.installation),
    issuer: text(ANNOTATIONS.issuer),
    metadataHash: text(ANNOTATIONS.metadataHash),
    revision: Number(annotations[ANNOTATIONS.revision]) || 1,
    ...timesIn(annotations, creationTimestamp),
    managed: annotations[ANNOTATIONS.managed] === 'true',
    retain: annotations[ANNOTATIONS.deletionPolicy] === 'Retain',
    ...defined({
      adopted: annotations[ANNOTATIONS.adopted] === 'true' ? (true as const) : undefined,
      drifted: annotations[ANNOTATIONS.drifted] === 'true' ? (true as const) : undefined,
      secretMissingFor: keptIfAny(annotations[ANNOTATIONS.secretMissingFor]),
      writtenBy: annotations[ANNOTATIONS.writtenBy],
      serverUid: annotations[ANNOTATIONS.serverUid],
      registrationOrigin: annotations[ANNOTATIONS.registrationOrigin],
      ownPath: annotations[ANNOTATIONS.ownPath] === 'true' ? (true as const) : undefined,
      endIsFixed: annotations[ANNOTATIONS.endIsFixed] === 'true' ? (true as const) : undefined,
      earlierRegistrations: annotations[ANNOTATIONS.earlierRegistrations],
      replaces: annotations[ANNOTATIONS.replaces],
      rotatedFor: keptIfAny(annotations[ANNOTATIONS.rotateRequestedAt]),
      displayName: annotations[ANNOTATIONS.displayName],
      document: readDocumentState(annotations[ANNOTATIONS.servedDocument]),
    }),
  };
}

/** Two clocks that are right differ less. */
export const CLOCKS_DIFFER_MS = 60_000;

/** The times of a record. One that can't be is left out, or replaced by the nearest one that can. */
function timesIn(annotations: Readonly<Record<string, string>>, creationTimestamp: string) {
  const text = (name: string) => keptTime(annotations[name]);
  const registeredAt = notLater(annotations[ANNOTATIONS.registeredAt] ?? '', creationTimestamp);
  const clientSecretExpiresAt = text(ANNOTATIONS.clientSecretExpiresAt);
  const registrationAccessTokenExpiresAt = text(ANNOTATIONS.registrationAccessTokenExpiresAt);
  const keyCreatedAt = text(ANNOTATIONS.keyCreatedAt);
  const ofKey = (name: string, longest: DurationName, otherwise: 'Now' | 'Longest') =>
    keyCreatedAt === undefined || annotations[name] === undefined
      ? undefined
      : within(storedTime(annotations[name]), storedTime(keyCreatedAt), longestMs(longest), otherwise);
  return {
    registeredAt,
    ...defined({
      replacementUndoneAt: text(ANNOTATIONS.replacementUndoneAt),
      replacementMadeAt: text(ANNOTATIONS.replacementMadeAt),
      clientSecretExpiresAt,
      secretIssuedAt: notAfter(text(ANNOTATIONS.secretIssuedAt), clientSecretExpiresAt),
      registrationAccessTokenExpiresAt,
      tokenIssuedAt: notAfter(text(ANNOTATIONS.tokenIssuedAt), registrationAccessTokenExpiresAt),
      leftAt: notBefore(text(ANNOTATIONS.leftAt), registeredAt),
      keyCreatedAt,
      // A key is followed too early rather than never, and the former one goes too late rather than too early.
      keyRotatesAt: ofKey(ANNOTATIONS.keyRotatesAt, 'rotateAfter', 'Now'),
      keyRetiresAt: ofKey(ANNOTATIONS.keyRetiresAt, 'keyOverlap', 'Longest'),
    }),
  };
}

/** RFC 7591 is of 2015: no client is older. */
const OLDEST_CLIENT_MS = Date.parse('2015-01-01T00:00:00Z');

/**
 * When the client was registered: before its record was written, whatever a wrong clock said. A record that was restored
 * from a backup is younger than its client.
 */
function notLater(registeredAt: string, creationTimestamp: string): string {
  const time = storedTime(registeredAt);
  const isAhead = time > storedTime(creationTimestamp) + CLOCKS_DIFFER_MS;
  return isAhead || !(time >= OLDEST_CLIENT_MS) ? creationTimestamp : registeredAt;
}

const keptTime = (text: string | undefined): string | undefined =>
  Number.isNaN(storedTime(text)) ? undefined : text;

/** `undefined` where one of the two times is wrong, since the other one comes before it. */
const notAfter = (time: string | undefined, end: string | undefined): string | undefined =>
  storedTime(time) > storedTime(end) ? undefined : time;

const notBefore = (time: string | undefined, start: string): string | undefined =>
  storedTime(time) < storedTime(start) ? undefined : time;

const longestMs = (name: DurationName): number => durationMs(DURATIONS[name].most);

const within = (time: number, from: number, lengthMs: number, otherwise: 'Now' | 'Longest'): number =>
  time >= from && time <= from + lengthMs ? time : from + (otherwise === 'Now' ? 0 : lengthMs);

const isRole = (role: string | undefined): role is RecordRole =>
  role === 'current' || role === 'owed' || role === 'retained' || role === 'left-behind';

const isServerKind = (kind: string | undefined): kind is ServerKind =>
  kind === 'AuthorizationServer' || kind === 'ClusterAuthorizationServer';
