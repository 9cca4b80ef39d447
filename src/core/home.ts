import { sha256 } from '../oauth/sha256.ts';
import { originOf } from '../oauth/url.ts';
import type { DeletionTerms, ServerConnection } from './connection.ts';
import type { Gate, Observation, PresentServer } from './observation.ts';
import { isAt, type RegistrationRecord, type ServerRef } from './record.ts';

/**
 * Whether a server object is the one at which a client is registered. A name proves nothing: it can be given to another
 * object. Only this file decides it, and every step sends its requests by this decision.
 *
 * | The record's server object | What a step may use |
 * | --- | --- |
 * | has the uid that the record names | its connection |
 * | has another uid, and leads to the same issuer, registration origin and, for a namespaced one, namespace uid | its connection, at the record's own management address |
 * | is gone, is another one, or the record names no uid | the record alone, with what it holds |
 */
export type Home = RecordAtServer | RecordAlone;

/** The server object is gone, can't be called now, or isn't the one at which the client is registered. */
interface RecordAlone {
  readonly kind: 'Alone';
  readonly record: RegistrationRecord;
  /** The server object is there, and can't be called now. */
  readonly isItsServerThere: boolean;
}

/**
 * A record and the connection of its own server object. A class, so that nothing but {@link homeAt} can bring a record and
 * a connection together.
 */
export class RecordAtServer {
  readonly kind = 'AtServer';
  readonly record: RegistrationRecord;
  readonly ref: ServerRef;
  readonly connection: ServerConnection;
  /** Whether the state of the server permits an update now. */
  readonly gate: Gate;
  /** Private, so that an object literal can't be taken for one. */
  readonly #isRecreated: boolean;

  private constructor(
    record: RegistrationRecord,
    { ref, connection, gate }: Pick<RecordAtServer, 'ref' | 'connection' | 'gate'>,
    isRecreated: boolean,
  ) {
    this.record = record;
    this.ref = ref;
    this.connection = connection;
    this.gate = gate;
    this.#isRecreated = isRecreated;
  }

  /** See {@link homeAt}. */
  static decide(record: RegistrationRecord, facts: PresentServer | undefined, namespaceUid: string): Home {
    const bond = facts === undefined ? 'Other' : bondOf(record, facts, namespaceUid);
    return facts?.view.available && (bond === 'Same' || bond === 'Recreated')
      ? new RecordAtServer(record, facts.view, bond === 'Recreated')
      : { kind: 'Alone', record, isItsServerThere: bond === 'Same' || bond === 'Unknown' };
  }

  /** The server object was deleted and created again, and leads to the same server. */
  get isRecreated(): boolean {
    return this.#isRecreated;
  }

  /** The same place, after the operator itself wrote the record. */
  written(resourceVersion: string): RecordAtServer {
    return new RecordAtServer({ ...this.record, resourceVersion }, this, this.#isRecreated);
  }
}

/**
 * Decides whether a client is registered at the server object that has the name today.
 *
 * @param facts of the server object that has the name today; `undefined` where none has
 * @param namespaceUid of the client's namespace today
 */
export const homeAt = RecordAtServer.decide;

/** The same, of a record of this observation. */
export const homeOf = (o: Observation, record: RegistrationRecord): Home =>
  homeAt(record, factsOf(o, record), o.namespaceUid);

/** Where the client of the current record is registered, if that is the server of the spec and can be called. */
export function serverOfClient(o: Observation, current: RegistrationRecord): RecordAtServer | undefined {
  const home = homeOf(o, current);
  return home.kind === 'AtServer' && o.server.available && isAt(current, o.server.ref) ? home : undefined;
}

/** The server object that has the record's name today, whether or not the client is registered there. */
export const factsOf = (
  { servers }: Observation,
  { server }: RegistrationRecord,
): PresentServer | undefined => servers.find(({ ref }) => isAt({ server }, ref));

/** The deletion terms of the record's own server object, also while it can't be called. */
export function deletionOf(o: Observation, record: RegistrationRecord): DeletionTerms | undefined {
  const facts = factsOf(o, record);
  return facts !== undefined && bondOf(record, facts, o.namespaceUid) !== 'Other'
    ? facts.deletion
    : undefined;
}

type Bond = 'Same' | 'Recreated' | 'Unknown' | 'Other';

/** `Unknown`: another object has the name, and it isn't known now to which server it leads. */
function bondOf(record: RegistrationRecord, { ref, uid, view }: PresentServer, namespaceUid: string): Bond {
  if (!isAt(record, ref) || record.serverUid === undefined) {
    return 'Other';
  }
  if (record.serverUid === uid) {
    return 'Same';
  }
  if (ref.kind === 'AuthorizationServer' && record.namespaceUid !== namespaceUid) {
    return 'Other';
  }
  if (!view.available) {
    return 'Unknown';
  }
  const { issuer, registrationEndpoint } = view.connection;
  const leadsThere = issuer === record.issuer && originOf(registrationEndpoint) === record.registrationOrigin;
  return leadsThere ? 'Recreated' : 'Other';
}

/**
 * Whether two clients with the same client_id may be the same client: they are registered at one server object; or at
 * two of the same kind and registration origin, where a tenant can't claim another tenant's client.
 */
export function mayShareClients(a: RegisteredAt, b: RegisteredAt): boolean {
  if (a.server.kind !== b.server.kind || a.clientId !== b.clientId) {
    return false;
  }
  const isOneNamespace = a.client.namespace === b.client.namespace;
  const isReachable = a.server.kind === 'ClusterAuthorizationServer' || isOneNamespace;
  const isSameObject = a.serverUid !== undefined && a.serverUid === b.serverUid;
  const isSameName = a.server.name === b.server.name && a.issuer === b.issuer;
  const isSameOrigin = a.registrationOrigin !== undefined && a.registrationOrigin === b.registrationOrigin;
  return isSameObject || (isReachable && (isSameOrigin || isSameName));
}

/**
 * Whether the end of the client of `record` would end the client of `other`: they may be the same client; or two
 * namespaced server objects lead to one registration origin, and nobody but the server could have named the client to
 * `other`.
 */
export const isInUseBy = (other: RegisteredAt, record: RegisteredAt): boolean =>
  mayShareClients(other, record) ||
  (other.clientId === record.clientId &&
    other.server.kind === record.server.kind &&
    other.registrationOrigin !== undefined &&
    other.registrationOrigin === record.registrationOrigin &&
    other.ownPath === undefined);

/**
 * The names under which a record is indexed, so that the records that {@link isInUseBy} concerns are found without a look
 * at every record with the client_id: many servers count their clients. One name for most records.
 */
export function namesOfClient(record: RegisteredAt): readonly string[] {
  const { server, registrationOrigin, ownPath } = record;
  const isForAll = server.kind === 'AuthorizationServer' && ownPath === undefined;
  return isForAll && registrationOrigin !== undefined
    ? [...namesInReach(record), nameForAll(record, registrationOrigin)]
    : namesInReach(record);
}

/** The names of {@link namesOfClient} under which the records are that have the client of this one. */
export function namesOfSharers(record: RegisteredAt): readonly string[] {
  const { server, registrationOrigin } = record;
  return server.kind === 'AuthorizationServer' && registrationOrigin !== undefined
    ? [...namesInReach(record), nameForAll(record, registrationOrigin)]
    : namesInReach(record);
}

/** By registration origin; and by the origin of the issuer, which records of one server object have in common. */
function namesInReach({
  server,
  client,
  clientId,
  issuer,
  registrationOrigin,
}: RegisteredAt): readonly string[] {
  const reach = server.kind === 'ClusterAuthorizationServer' ? '' : client.namespace;
  const ofIssuer = URL.parse(issuer)?.origin ?? issuer;
  return [...new Set([registrationOrigin ?? ofIssuer, ofIssuer])].map((origin) =>
    hashed(`${reach} ${clientId} ${origin}`),
  );
}

/** Of clients that the objects of any namespace may have at namespaced servers of one origin. */
const nameForAll = ({ clientId }: RegisteredAt, origin: string): string => hashed(`* ${clientId} ${origin}`);

/** Short, since each record has one; a collision costs a look at another record. */
const hashed = (name: string): string => sha256(name).slice(0, 11);

type RegisteredAt = Pick<
  RegistrationRecord,
  'server' | 'serverUid' | 'registrationOrigin' | 'ownPath' | 'clientId' | 'client' | 'issuer'
>;
