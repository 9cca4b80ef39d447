import { boundedMs } from '../api/durations.ts';
import { SHARES } from '../api/shares.ts';
import type { Endpoints } from '../oauth/discovery.ts';
import { answeredOnce } from './answered-once.ts';
import { factsOf, homeOf } from './home.ts';
import type { Observation, ObservedClient, PendingCall, Setback, SetbackAction } from './observation.ts';
import { isAt, type RegistrationRecord } from './record.ts';
import {
  inputsHash,
  isInSync,
  type ObservedSecret,
  type WantedSecret,
  wantedSecret,
} from './workload-secret.ts';

/** Questions that more than one rule asks of an observation. */

/**
 * The record that serves the object: the one that the workload Secret shows, or a Secret under a former name, else the
 * one in status, else the first recorded; and if another takes its place, that one. Every answered registration is
 * recorded first and chosen later.
 */
export const currentRecord = answeredOnce(
  (o): RegistrationRecord | undefined => o.object && servingRecord(o.object, wantedOf(o)?.name, o),
);

/** The same, for those who don't have the whole observation yet. `wanted`: name of the workload Secret, if known. */
export function servingRecord(
  object: Pick<ObservedClient, 'uid' | 'status'>,
  wanted: string | undefined,
  { secrets, records }: Pick<Observation, 'secrets' | 'records'>,
): RegistrationRecord | undefined {
  const own = recordsOf({ records }, object.uid);
  const shown = secrets
    .filter(({ ownerUid }) => ownerUid === object.uid)
    .toSorted((a, b) => Number(b.name === wanted) - Number(a.name === wanted))
    .map(({ shows }) => own.find(({ secretName }) => secretName === shows));
  const chosen =
    shown.find((record) => record !== undefined) ??
    own.find(({ clientId }) => clientId === object.status.clientId) ??
    own[0];
  return chosen && lastSuccessor(chosen, own);
}

function lastSuccessor(chosen: RegistrationRecord, own: readonly RegistrationRecord[]): RegistrationRecord {
  let last = chosen;
  // As often as there are records: damaged by hand, they could replace each other in a circle.
  for (const _ of own) {
    last = own.find(({ replaces }) => replaces === last.secretName) ?? last;
  }
  return last;
}

/** Records of this object that don't serve it: to be deregistered. */
export function surplusRecords(o: Observation): readonly RegistrationRecord[] {
  const current = currentRecord(o);
  return o.records.filter(
    ({ client, role, secretName }) =>
      client.uid === o.object?.uid &&
      (role === 'current' || role === 'owed') &&
      secretName !== current?.secretName,
  );
}

/** Until when a surplus record's client stays registered beside the one that took its place. */
export function overlapEnd(o: Observation, surplus: RegistrationRecord): number {
  const successor = ownRecords(o).find(({ replaces }) => replaces === surplus.secretName);
  return successor === undefined ? 0 : Date.parse(successor.registeredAt) + overlapOf(o);
}

/**
 * How long a client stays registered beside the one that took its place, in milliseconds: as the spec says, and no longer
 * than the platform team permits.
 */
export function overlapOf({ object, server }: Observation): number {
  const overlap = object?.desired.valid ? object.desired.spec.replacement?.overlap : undefined;
  const most = server.available ? server.connection.policy?.maxOverlap : undefined;
  const wanted = boundedMs('overlap', overlap ?? DEFAULT_OVERLAP);
  return most === undefined ? wanted : Math.min(wanted, boundedMs('maxOverlap', most));
}

const DEFAULT_OVERLAP = '24h';

/** When the client ends by itself, in milliseconds since the epoch. `undefined`: never, as far as is known. */
export function lifetimeEnd({ desired, createdAt }: ObservedClient): number | undefined {
  const expiresAfter = desired.valid ? desired.spec.lifetime?.expiresAfter : undefined;
  return expiresAfter === undefined || Number.isNaN(createdAt)
    ? undefined
    : createdAt + boundedMs('expiresAfter', expiresAfter);
}

/** How long a client that was left behind at a server of the namespace is on record when that is gone. */
const REMEMBERED_MS = SHARES.leftBehindDays.most * 24 * 3_600_000;

/**
 * When the record of a client that was left behind ends, in milliseconds since the epoch: only at a server object of the
 * namespace, which is gone with it.
 */
export const leftBehindEnd = ({
  role,
  server,
  leftAt,
  registeredAt,
}: RegistrationRecord): number | undefined =>
  role === 'left-behind' && server.kind === 'AuthorizationServer'
    ? Date.parse(leftAt ?? registeredAt) + REMEMBERED_MS
    : undefined;

/** Timers don't reach further than some weeks; whoever looks too early looks again. */
const LONGEST_WAIT_MS = 12 * 3_600_000;

/** When time alone gives a reason to look again: the earliest of all. */
export function nextVisit(
  o: Observation,
  ...more: readonly (number | undefined)[]
): { readonly until?: number } {
  const due = [
    ...more,
    o.object && lifetimeEnd(o.object),
    ...surplusRecords(o).map((surplus) => overlapEnd(o, surplus)),
    // Nobody is told when a namespace goes.
    ...o.records.map(leftBehindEnd).map((end) => end && Math.max(end, o.now + LONGEST_WAIT_MS)),
    ...[...surplusRecords(o), ...departedRecords(o)].map(
      ({ secretName }) => setbackOf(o, 'Deregister', secretName)?.retryAt,
    ),
  ].filter((time) => time !== undefined && time > o.now);
  return due.length === 0 ? {} : { until: Math.min(...(due as number[]), o.now + LONGEST_WAIT_MS) };
}

/** Records of objects that are gone: none of this name, or another uid now bears it. */
export function departedRecords(o: Observation): readonly RegistrationRecord[] {
  return o.records.filter(
    ({ client, role }) => client.uid !== o.object?.uid && role !== 'left-behind' && role !== 'retained',
  );
}

/** A client that an earlier object of this name left to a later one, in the same namespace and at the same server. */
export function retainedRecord(o: Observation): RegistrationRecord | undefined {
  const { server } = o;
  return o.records.find(
    (record) =>
      record.role === 'retained' &&
      record.namespaceUid === o.namespaceUid &&
      server.available &&
      isAt(record, server.ref) &&
      // To take it over sends nothing: a record that names no uid yet is told apart by its issuer.
      (homeOf(o, record).kind === 'AtServer' ||
        (record.serverUid === undefined && record.issuer === server.connection.issuer)),
  );
}

const ownRecords = (o: Observation): readonly RegistrationRecord[] => recordsOf(o, o.object?.uid);

function recordsOf(
  { records }: Pick<Observation, 'records'>,
  uid: string | undefined,
): readonly RegistrationRecord[] {
  return records
    .filter(({ client, role }) => client.uid === uid && role === 'current')
    .toSorted((a, b) => compare(a.registeredAt, b.registeredAt) || compare(a.attempt, b.attempt));
}

/** The record that served an object of which nothing else is left. */
export function lastRecordOf(o: Observation, uid: string): RegistrationRecord | undefined {
  const records = recordsOf(o, uid);
  const [first] = records;
  return first && lastSuccessor(first, records);
}

const compare = (a: string, b: string): number => Number(a > b) - Number(a < b);

/** What the spec wants the workload Secret to be. `undefined` without an object whose spec can be used. */
export const wantedOf = answeredOnce((o): WantedSecret | undefined => {
  if (o.object?.desired.valid !== true) {
    return undefined;
  }
  return wantedSecret({ namespace: o.namespace, name: o.name, uid: o.object.uid }, o.object.desired.spec);
});

/** Whether the workload Secret shows the current registration as the spec wants it. */
export const isPublished = answeredOnce((o): boolean => {
  const wanted = wantedOf(o);
  const record = currentRecord(o);
  const observed = o.secrets.find(
    (secret) => secret.name === wanted?.name && secret.ownerUid === o.object?.uid,
  );
  if (
    wanted === undefined ||
    record === undefined ||
    observed === undefined ||
    o.object?.desired.valid !== true
  ) {
    return false;
  }
  const { keys = {}, include = [] } = o.object.desired.spec.secret ?? {};
  const endpoints = endpointsFor(o, record);
  return isInSync(observed, record, wanted, endpoints && inputsHash({ record, keys, include, endpoints }));
});

/** What workloads are told of the server at which the client is registered; `undefined`: what the record holds. */
export function endpointsFor(o: Observation, record: RegistrationRecord): Endpoints | undefined {
  const home = homeOf(o, record);
  if (home.kind === 'AtServer') {
    return home.connection.endpoints;
  }
  const view = factsOf(o, record)?.view;
  const isOwn = home.isItsServerThere || record.serverUid === undefined;
  return isOwn && view?.available === false ? view.endpoints : undefined;
}

/** Workload Secrets of this object under a name that the spec no longer gives. */
export function formerSecrets(o: Observation): readonly ObservedSecret[] {
  const wanted = wantedOf(o);
  return o.secrets.filter(({ name, ownerUid }) => ownerUid === o.object?.uid && name !== wanted?.name);
}

/** What went wrong before with just this: another basis is another try. */
export function setbackOf(o: Observation, action: SetbackAction, basis: string): Setback | undefined {
  return o.setbacks.find((setback) => setback.action === action && setback.basis === basis);
}

/** Updates and reads of this client whose answers nobody has: each may have brought another token, secret or address. */
export function unansweredCalls(o: Observation, { secretName }: RegistrationRecord): readonly PendingCall[] {
  return o.calls.filter(
    ({ kind, record, state }) =>
      (kind === 'Update' || kind === 'Read') && record === secretName && state === 'interrupted',
  );
}

/** Whether what is registered isn't known. */
export const unansweredUpdate = (o: Observation, record: RegistrationRecord): boolean =>
  unansweredCalls(o, record).some(({ kind }) => kind === 'Update');

/** Whether a refusal may be the token's, not the client's, end: it was refused before, or may have been rotated. */
export function isTokenInDoubt(o: Observation, record: RegistrationRecord): boolean {
  const isLost = (reason: string) => reason === 'RegistrationAccessTokenLost';
  return (
    unansweredCalls(o, record).length > 0 ||
    o.setbacks.some(
      ({ action, reason, ambiguous }) => action === 'Update' && (ambiguous || isLost(reason)),
    ) ||
    (o.object?.status.conditions ?? []).some(({ reason }) => isLost(reason))
  );
}

/** The OAuthClient that has the client already; one of another namespace isn't named. */
export const rivalName = ({ namespace, rival }: Observation): string =>
  rival?.client.namespace === namespace
    ? `OAuthClient ${rival.client.name}`
    : 'an OAuthClient of another namespace';
