import { SHARES } from '../../api/shares.ts';
import { rfc3339 } from '../../api/time.ts';
import { asSentence } from '../../oauth/text.ts';
import type { Action } from '../action.ts';
import { leftBehindEnd } from '../clock-visits.ts';
import { currentRecord, departedRecords, lastRecordOf } from '../current-record.ts';
import { isGoneAlready, setbackOf } from '../earlier-calls.ts';
import { deletionOf } from '../home.ts';
import { abandonClient } from '../kubectl-command.ts';
import type { Observation, ObservedClient, Setback } from '../observation.ts';
import type { RegistrationRecord } from '../record.ts';
import { claimsOf } from '../restored-object.ts';
import {
  DELETION_PATIENCE_MS,
  endClient,
  isOwnCredentialRefused,
  planDeregistration,
  planRelease,
  spareClient,
  whyEnded,
} from './deregistration.ts';
import { planHeldEnding } from './documents.ts';
import { gone, wait, withNextTry } from './idle.ts';
import { isRetained, mayOutlive } from './retention.ts';
import type { Rule } from './rule.ts';

/** Rules about objects that are gone or being deleted, and about the clients that they leave. */

/** How long the client of a vanished object is kept, in case a restore brings the object back. */
const ABSENCE_GRACE_MS = 60_000;

export const recordOutlivesObject: Rule<Observation> = {
  finding: 'RecordOutlivesObject',
  found: 'There is a record of an object that is gone.',
  follows:
    'After a grace period, and when the API server confirms that the object is gone, its client is deregistered, or kept by deletionPolicy Retain.',
  decide: (o) => {
    const claimed = claimsOf(o).map(({ record }) => record);
    const records = departedRecords(o).filter((record) => !claimed.includes(record));
    if (records.length === 0) {
      return undefined;
    }
    if (o.object === undefined && !o.absence.proven) {
      const graceEnds = o.absence.since + ABSENCE_GRACE_MS;
      const message = 'Records of the object are left, and the API server has not confirmed that it is gone.';
      return o.now < graceEnds ? gone(graceEnds) : { type: 'ConfirmAbsence', message };
    }
    for (const record of records) {
      const step = outlives(o, record) ? planRetention(undefined, record) : endClient(o, record, 'Departed');
      if (step !== undefined) {
        return step;
      }
    }
    return o.object === undefined ? gone() : undefined;
  },
};

/** Of several clients of one object, only the one that served it is retained. */
const outlives = (o: Observation, record: RegistrationRecord): boolean =>
  record.retain &&
  record.role === 'current' &&
  lastRecordOf(o, record.client.uid) === record &&
  !isRetained(o, record.client);

const planRetention = (object: ObservedClient | undefined, record: RegistrationRecord): Action => ({
  type: 'Retain',
  message: `The object of client ${record.clientId} ${object === undefined ? 'is gone' : 'is being deleted'}, and its deletionPolicy is Retain.`,
  object,
  record,
});

/**
 * The namespace is gone, and its server object too, so the record is of use only while somebody may look for the
 * client.
 */
export const leftBehindRecordExpired: Rule<Observation> = {
  finding: 'LeftBehindRecordExpired',
  found:
    'A client was left behind at a server of a namespace that is gone, and the time to look for it is over.',
  follows: 'Its record is removed.',
  decide: (o) => {
    const record = o.records.find((left) => {
      const isOfAnother = left.namespaceUid !== '' && left.namespaceUid !== o.namespaceUid;
      return (o.namespaceUid === '' || isOfAnother) && (leftBehindEnd(left) ?? o.now + 1) <= o.now;
    });
    return (
      record && {
        type: 'Forget',
        message: `Client ${record.clientId} was left behind more than ${SHARES.leftBehindDays.most} days ago, and its namespace is gone.`,
        record,
      }
    );
  },
};

export const objectGone: Rule<Observation, Action> = {
  finding: 'ObjectGone',
  found: 'The object is gone.',
  follows: 'Nothing more is done for it.',
  decide: () => gone(),
};

export const objectDeleting: Rule<Observation> = {
  finding: 'ObjectDeleting',
  found: 'The object is being deleted.',
  follows:
    'Its client is deregistered, or kept by deletionPolicy Retain; then the finalizer is removed. A client that can not be deregistered in time is released: deregistration goes on without the object, or it is left behind.',
  decide: (o) => {
    const { object } = o;
    if (!object?.deleting) {
      return undefined;
    }
    // A record of role `owed` doesn't hold the object: its deregistration is retried after the object is gone.
    const record = currentRecord(o);
    if (record === undefined) {
      const message = 'The object is being deleted and has no client.';
      return object.hasFinalizer ? { type: 'RemoveFinalizer', message, object } : gone();
    }
    const spared = spareClient(o, record);
    if (spared !== undefined) {
      return spared;
    }
    if (object.retained && mayOutlive(o, record) && !isRetained(o, object)) {
      return planRetention(object, record);
    }
    const setback = setbackOf(o, 'Deregister', record.registrationSecret);
    if (record.document !== undefined && !isGoneAlready(setback)) {
      const why = whyEnded('Deleting', record.clientId);
      const action = setback && unwithdrawn(o, object, record, setback);
      return action ?? planHeldEnding(o, record, record.document, 'Deleting', why);
    }
    return setback === undefined
      ? planDeregistration(o, record, 'Deleting')
      : afterSetback(o, object, record, setback);
  },
};

/** The API server did not let a document be withdrawn or removed. `undefined`: that is due to be tried again. */
function unwithdrawn(
  o: Observation,
  object: ObservedClient,
  record: RegistrationRecord,
  setback: Setback,
): Action | undefined {
  if (object.abandoned) {
    return planRelease(record, 'left-behind', setback, GIVEN_UP_BY_PERSON);
  }
  const end = setback.since + DELETION_PATIENCE_MS;
  if (o.namespaceTerminating || o.now >= end) {
    return planRelease(record, 'owed', setback, GOES_ON);
  }
  return o.now >= setback.retryAt
    ? undefined
    : wait(
        setback.reason,
        `${asSentence(withNextTry(setback))} ${letGoAt(setback)}`,
        Math.min(setback.retryAt, end),
      );
}

const GIVEN_UP_BY_PERSON = 'A person gives it up by annotation';
const GOES_ON = 'Its deregistration goes on without the object';

/** After a failed deregistration: retry, wait, or release the client. */
function afterSetback(
  o: Observation,
  object: ObservedClient,
  record: RegistrationRecord,
  setback: Setback,
): Action {
  if (isGoneAlready(setback)) {
    return planDeregistration(o, record, 'Deleting');
  }
  if (object.abandoned) {
    return planRelease(record, 'left-behind', setback, GIVEN_UP_BY_PERSON);
  }
  if (deletionOf(o, record)?.unconfirmed === 'Hold' && !o.namespaceTerminating) {
    return o.now >= setback.retryAt
      ? planDeregistration(o, record, 'Deleting')
      : wait(setback.reason, `${asSentence(withNextTry(setback))} ${giveUp(o, object)}`, setback.retryAt);
  }
  if (setback.kind === 'Terminal' || isOwnCredentialRefused(setback)) {
    return planRelease(record, 'left-behind', setback, 'Its deregistration is given up');
  }
  if (o.namespaceTerminating || o.now - setback.since >= DELETION_PATIENCE_MS) {
    return planRelease(record, 'owed', setback, GOES_ON);
  }
  const until = Math.min(setback.retryAt, setback.since + DELETION_PATIENCE_MS);
  return o.now >= setback.retryAt
    ? planDeregistration(o, record, 'Deleting')
    : wait(setback.reason, `${asSentence(withNextTry(setback))} ${letGoAt(setback)}`, until);
}

const letGoAt = ({ since }: Setback): string =>
  `The deletion waits until ${rfc3339(since + DELETION_PATIENCE_MS)} at the latest. Then the object goes, and the operator goes on to remove the client.`;

const giveUp = (o: Observation, { uid }: ObservedClient): string =>
  `To let the object go and leave the client behind: ${abandonClient(o, uid)}`;
