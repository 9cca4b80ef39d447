import { rfc3339 } from '../../api/time.ts';
import type { Action, DeregisterStep } from '../action.ts';
import { leftBehindEnd, lifetimeEnd } from '../clock-visits.ts';
import { currentRecord, departedRecords, lastRecordOf, surplusRecords } from '../current-record.ts';
import { setbackOf } from '../earlier-calls.ts';
import { deletionOf, homeOf } from '../home.ts';
import type { Observation, ObservedClient, Setback } from '../observation.ts';
import { overlapEnd } from '../overlap.ts';
import type { RegistrationRecord } from '../record.ts';
import { claimsOf } from '../restored.ts';
import { gone, stall, wait } from './rests.ts';
import { isShared, rivalName } from './rivals.ts';

/** Rules about the end of an object, of a client, and of registrations that nobody uses. */

/** How long a vanished object's registration is kept, in case the object comes back by a restore. */
export const ABSENCE_GRACE_MS = 60_000;
/** How long a deletion waits for a server that doesn't confirm, before the object is let go. */
export const DELETION_PATIENCE_MS = 60_000;
/** How long deregistration is tried after that. */
export const DEREGISTRATION_PATIENCE_MS = 3_600_000;

export function aRegistrationOutlivedItsObject(o: Observation): Action | undefined {
  const claimed = claimsOf(o).map(({ record }) => record);
  const records = departedRecords(o).filter((record) => !claimed.includes(record));
  if (records.length === 0) {
    return undefined;
  }
  if (o.object === undefined && !o.absence.proven) {
    const graceEnds = o.absence.since + ABSENCE_GRACE_MS;
    return o.now < graceEnds ? gone(graceEnds) : { type: 'ConfirmAbsence' };
  }
  for (const record of records) {
    const step = outlives(o, record)
      ? ({ type: 'Retain', object: undefined, record } as const)
      : ended(o, record, 'Departed');
    if (step !== undefined) {
      return step;
    }
  }
  return o.object === undefined ? gone() : undefined;
}

/** Of several clients of one object only the one that served it outlives it. */
const outlives = (o: Observation, record: RegistrationRecord): boolean =>
  record.retain &&
  record.role === 'current' &&
  lastRecordOf(o, record.client.uid) === record &&
  !isRetained(o, record.client);

/** What is to be done now about a client that nobody uses; `undefined`: nothing before the next try is due. */
function ended(
  o: Observation,
  record: RegistrationRecord,
  because: DeregisterStep['because'],
): Action | undefined {
  if (isShared(o, record)) {
    return { type: 'Release', record, role: 'left-behind', setback: shared(o) };
  }
  const setback = setbackOf(o, 'Deregister', record.secretName);
  if (setback !== undefined && isGivenUp(o, record, setback)) {
    return { type: 'Release', record, role: 'left-behind', setback };
  }
  return setback === undefined || o.now >= setback.retryAt ? deregister(o, record, because) : undefined;
}

/** Its namespace is gone, the server object with it, and after a time whoever might have looked for the client. */
export function aClientLeftBehindIsOver(o: Observation): Action | undefined {
  const record = o.records.find((left) => {
    const isOfAnother = left.namespaceUid !== '' && left.namespaceUid !== o.namespaceUid;
    return (o.namespaceUid === '' || isOfAnother) && (leftBehindEnd(left) ?? o.now + 1) <= o.now;
  });
  return record && { type: 'Forget', record };
}

export function theObjectIsGone({ object }: Observation): Action | undefined {
  return object === undefined ? gone() : undefined;
}

export function theObjectIsBeingDeleted(o: Observation): Action | undefined {
  const { object } = o;
  if (!object?.deleting) {
    return undefined;
  }
  // What is owed doesn't hold the object: its deregistration goes on when the object is gone.
  const record = currentRecord(o);
  if (record === undefined) {
    return object.hasFinalizer ? { type: 'RemoveFinalizer', object } : gone();
  }
  if (isShared(o, record)) {
    return { type: 'Release', record, role: 'left-behind', setback: shared(o) };
  }
  if (object.retained && mayOutlive(o, record) && !isRetained(o, object)) {
    return { type: 'Retain', object, record };
  }
  const setback = setbackOf(o, 'Deregister', record.secretName);
  if (setback !== undefined && object.abandoned) {
    return { type: 'Release', record, role: 'left-behind', setback };
  }
  if (setback !== undefined && holds(o, record) && !o.namespaceTerminating) {
    return o.now >= setback.retryAt
      ? deregister(o, record, 'Deleting')
      : wait(setback.reason, `${setback.message} ${giveUp(o, object)}`, setback.retryAt);
  }
  if (
    setback === undefined ||
    (setback.kind === 'Transient' && o.now >= setback.retryAt && !isOverdue(o, setback))
  ) {
    return deregister(o, record, 'Deleting');
  }
  if (setback.kind === 'Terminal' || isOverdue(o, setback)) {
    return { type: 'Release', record, role: setback.kind === 'Terminal' ? 'left-behind' : 'owed', setback };
  }
  const until = Math.min(setback.retryAt, setback.since + DELETION_PATIENCE_MS);
  return wait(setback.reason, setback.message, until);
}

/** A client that was registered or edited when its server permitted it stays kept; none becomes so afterwards. */
export const mayOutlive = (o: Observation, record: RegistrationRecord): boolean =>
  record.retain || deletionOf(o, record)?.retainDenied !== true;

/** Of several clients of one object the one that serves it is kept; the others end. */
const isRetained = ({ records }: Observation, { uid }: { readonly uid: string }): boolean =>
  records.some(({ role, client }) => role === 'retained' && client.uid === uid);

export function thereAreSurplusRecords(o: Observation): Action | undefined {
  for (const record of surplusRecords(o, currentRecord(o)).filter((surplus) => isUnused(o, surplus))) {
    const step = ended(o, record, 'Surplus');
    if (step !== undefined) {
      return step;
    }
  }
  return undefined;
}

/** The overlap is over, and workloads were given the client that took its place. */
const isUnused = (o: Observation, surplus: RegistrationRecord): boolean =>
  overlapEnd(o, surplus) <= o.now &&
  !o.secrets.some(({ ownerUid, shows }) => ownerUid === o.object?.uid && shows === surplus.secretName);

/** The lifetime that the spec gives is over: the object goes, or only its client and its Secret do. */
export function itsLifetimeIsOver(o: Observation): Action | undefined {
  const { object } = o;
  const end = object && lifetimeEnd(object);
  if (object?.desired.valid !== true || end === undefined || o.now < end) {
    return undefined;
  }
  if (object.desired.spec.lifetime?.onExpiry !== 'Deregister') {
    return { type: 'DeleteObject', object };
  }
  const record = currentRecord(o) ?? surplusRecords(o, currentRecord(o))[0];
  if (record !== undefined) {
    const setback = setbackOf(o, 'Deregister', record.secretName);
    return ended(o, record, 'Expired') ?? (setback && wait(setback.reason, setback.message, setback.retryAt));
  }
  const secret = o.secrets.find(({ ownerUid }) => ownerUid === object.uid);
  return secret === undefined
    ? stall(
        'Expired',
        `The lifetime ended at ${rfc3339(end)}; the client and its Secret are removed. Delete the object, or raise spec.lifetime.expiresAfter, which registers a client anew.`,
      )
    : { type: 'RemoveSecret', secret };
}

/** The server object wants deletions confirmed before an object goes. */
const holds = (o: Observation, record: RegistrationRecord): boolean =>
  deletionOf(o, record)?.unconfirmed === 'Hold';

const shared = (o: Observation): Setback => ({
  action: 'Deregister',
  kind: 'Terminal',
  reason: 'ClientAlreadyManaged',
  message: `It is the client of ${rivalName(o)}.`,
  attempts: 0,
  since: o.now,
  retryAt: Number.POSITIVE_INFINITY,
  basis: '',
  ambiguous: false,
});

const giveUp = ({ namespace, name }: Observation, { uid }: ObservedClient): string =>
  `To let the object go and leave the client behind: kubectl annotate oac ${name} -n ${namespace} oauth-registrar.dev/abandon=${uid}`;

const isOverdue = (o: Observation, setback: Setback): boolean =>
  o.namespaceTerminating || o.now - setback.since >= DELETION_PATIENCE_MS;

/** Time in which a person wants nothing to be sent doesn't count. */
function isGivenUp(o: Observation, record: RegistrationRecord, { kind, reason, since }: Setback): boolean {
  const patience = deletionOf(o, record)?.retryForMs ?? DEREGISTRATION_PATIENCE_MS;
  return kind === 'Terminal' || (reason !== 'Suspended' && o.now - since >= patience);
}

const deregister = (
  o: Observation,
  record: RegistrationRecord,
  because: DeregisterStep['because'],
): DeregisterStep => ({
  type: 'Deregister',
  home: homeOf(o, record),
  because,
  basis: record.secretName,
});
