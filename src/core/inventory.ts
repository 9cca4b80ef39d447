import type { ServerKind } from '../api/authorization-server.ts';
import { type Condition, NOT_YET_SEEN } from '../api/conditions.ts';
import { storedTime } from '../api/time.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { effectiveDialect } from '../dialects/presets.ts';
import { lifetimeEnd } from './clock-visits.ts';
import { lifeEndAt } from './due.ts';
import type { ClientObject, ObservedClient } from './observation.ts';
import { chosenServer } from './server-access.ts';
import { keyOfServer, type ServerKey, serverKey } from './server-key.ts';
import type { ServerObject } from './server-object.ts';

/**
 * The inventory: one row for each OAuthClient and each server object, made from what is in the cluster's objects alone.
 * The kubectl plugin and the inventory page show these rows. Times are milliseconds since the epoch.
 */

/** Status of the condition Ready. */
export type Readiness = Condition['status'];

interface InventoryState {
  readonly ready: Readiness;
  /** Of the condition Ready. */
  readonly reason: string;
  readonly message: string;
  readonly suspended: boolean;
  readonly conditions: readonly Condition[];
}

/** One OAuthClient. */
export interface InventoryRow extends InventoryState {
  readonly namespace: string;
  readonly name: string;
  /** Where the client is registered, or is to be registered. `undefined`: no server is named, and none was chosen yet. */
  readonly server: ServerKey | undefined;
  readonly issuer: string | undefined;
  readonly clientId: string | undefined;
  /** The Secret that workloads mount. */
  readonly secretName: string | undefined;
  /** `Kind.group/name` of the Pods and Jobs that own the object. */
  readonly owners: readonly string[];
  /** What the client is for, and for which session, by the labels `purpose` and `session`. */
  readonly purpose: string | undefined;
  readonly session: string | undefined;
  readonly deleting: boolean;
  /** Whether the status is about the present spec. */
  readonly isCurrent: boolean;
  /** NaN where the object does not say so. */
  readonly createdAt: number;
  readonly registeredAt: number | undefined;
  /** The registration access token is renewed before it expires, so this end is not in `ends`. */
  readonly tokenExpiresAt: number | undefined;
  /** The first to end first. An end that is over stays in it for as long as status shows it. */
  readonly ends: readonly InventoryEnd[];
}

/**
 * What ends:
 *
 * - `Lifetime`: the client, by spec.lifetime
 * - `ClientSecret`: the client secret expires
 * - `Registration`: the server ends the registration, by lifetimes.client of its dialect
 * - `FormerClient`: a client that was replaced is removed at the server
 */
export const END_KINDS = ['Lifetime', 'ClientSecret', 'Registration', 'FormerClient'] as const;
export type EndKind = (typeof END_KINDS)[number];

export interface InventoryEnd {
  readonly what: EndKind;
  readonly at: number;
  /** Whether the operator renews it before, without a person. */
  readonly isRenewed: boolean;
  /** Of a client that was replaced. */
  readonly clientId?: string;
}

/** One AuthorizationServer or ClusterAuthorizationServer. Counts are 0 where status has none. */
export interface InventoryServer extends InventoryState {
  readonly key: ServerKey;
  readonly kind: ServerKind;
  /** Of an AuthorizationServer. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly issuer: string | undefined;
  readonly isDefault: boolean;
  readonly clients: number;
  readonly owed: number;
  readonly leftBehind: number;
  readonly suspectedOrphans: number;
  readonly pausedUntil: number | undefined;
}

/** @param servers those that the reader may see: the end of a registration is known only with its server object */
export function inventoryRows(
  clients: Iterable<ClientObject>,
  servers: Iterable<ServerObject>,
): readonly InventoryRow[] {
  const dialects = new Map<ServerKey, Dialect>();
  for (const server of servers) {
    if (server.spec !== undefined) {
      dialects.set(
        keyOfServer(server),
        effectiveDialect(server.spec.dialect, server.spec.dialectOverrides ?? {}),
      );
    }
  }
  return [...clients].map((client) => rowOf(client, dialects));
}

function rowOf(
  { metadata: { namespace = '', name }, observed }: ClientObject,
  dialects: ReadonlyMap<ServerKey, Dialect>,
): InventoryRow {
  const { desired, status, purpose } = observed;
  const ref = serverShownOf(observed);
  const server = ref && serverKey(ref, namespace);
  return {
    namespace,
    name,
    server,
    ...stateOf(status.conditions, desired.valid && desired.spec.suspend),
    issuer: status.issuer,
    clientId: status.clientId,
    secretName: status.secretName,
    owners: observed.owners,
    purpose: purpose.purpose,
    session: purpose.session,
    deleting: observed.deleting,
    isCurrent: status.observedGeneration === observed.generation,
    createdAt: observed.createdAt,
    registeredAt: knownTime(status.registeredAt),
    tokenExpiresAt: knownTime(status.registrationAccessTokenExpiresAt),
    ends: endsOf(observed, server && dialects.get(server)),
  };
}

/** A client that is registered stays at its server until another one is registered elsewhere. */
function serverShownOf(object: ObservedClient) {
  const named = object.desired.valid ? object.desired.spec.authorizationServerRef : undefined;
  const isRegistered = object.status.clientId !== undefined;
  const shown = object.status.authorizationServerRef;
  return isRegistered && shown !== undefined ? shown : (named ?? chosenServer(object) ?? shown);
}

function stateOf(conditions: readonly Condition[] = [], suspended: boolean): InventoryState {
  const ready = conditions.find(({ type }) => type === 'Ready') ?? NOT_YET_SEEN;
  return { ready: ready.status, reason: ready.reason, message: ready.message, suspended, conditions };
}

function endsOf(object: ObservedClient, dialect: Dialect | undefined): readonly InventoryEnd[] {
  const { status, desired } = object;
  const { registeredAt, clientSecretExpiresAt } = status;
  const isRenewed =
    desired.valid && desired.spec.replacement.onExpiry === 'Automatic' && !desired.spec.suspend;
  const secretEnd = knownTime(clientSecretExpiresAt);
  // A secret that expired before it was issued says that a clock or a unit is wrong: nothing ends then.
  const isOfUse = secretEnd !== undefined && !(secretEnd <= storedTime(registeredAt));
  const ends = [
    endAt('Lifetime', lifetimeEnd(object), false),
    endAt('ClientSecret', isOfUse ? secretEnd : undefined, isRenewed),
    endAt(
      'Registration',
      registeredAt && dialect ? finite(lifeEndAt(registeredAt, dialect)) : undefined,
      isRenewed,
    ),
    ...(status.retiring ?? []).map(({ clientId, endsAt }) => {
      const end = endAt('FormerClient', knownTime(endsAt), false);
      return end && { ...end, clientId };
    }),
  ];
  return ends.filter((end) => end !== undefined).toSorted((one, other) => one.at - other.at);
}

const endAt = (what: EndKind, at: number | undefined, isRenewed: boolean): InventoryEnd | undefined =>
  at === undefined ? undefined : { what, at, isRenewed };

const finite = (time: number | undefined): number | undefined =>
  time !== undefined && Number.isFinite(time) ? time : undefined;

const knownTime = (text: string | undefined): number | undefined => finite(storedTime(text));

/** By kind, namespace and name. */
export const inventoryServers = (servers: Iterable<ServerObject>): readonly InventoryServer[] =>
  [...servers].map(inventoryServer).toSorted((one, other) => (one.key < other.key ? -1 : 1));

function inventoryServer(object: ServerObject): InventoryServer {
  const { status, spec, metadata, kind } = object;
  return {
    key: keyOfServer(object),
    kind: kind === 'AuthorizationServer' ? kind : 'ClusterAuthorizationServer',
    namespace: metadata.namespace,
    name: metadata.name,
    issuer: status.issuer ?? spec?.issuer,
    isDefault: object.isDefault,
    ...stateOf(status.conditions, spec?.suspend === true),
    clients: status.clients ?? 0,
    owed: status.owed ?? 0,
    leftBehind: status.leftBehind ?? 0,
    suspectedOrphans: status.suspectedOrphans ?? 0,
    pausedUntil: knownTime(status.pausedUntil),
  };
}
