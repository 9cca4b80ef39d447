import type { Reason } from '../api/reasons.ts';
import type { Action, DeregisterStep, Rest } from './action.ts';
import {
  currentRecord,
  departedRecords,
  formerSecrets,
  isPublished,
  setbackOf,
  surplusRecords,
  wantedOf,
} from './find.ts';
import type {
  Gate,
  Observation,
  ObservedClient,
  PendingCall,
  ServerConnection,
  Setback,
  SetbackAction,
} from './observation.ts';
import type { RegistrationRecord } from './record.ts';

/** How long a vanished object's registration is kept, in case the object comes back by a restore. */
export const ABSENCE_GRACE_MS = 60_000;
/** How long a deletion waits for a server that doesn't confirm, before the object is let go. */
export const DELETION_PATIENCE_MS = 60_000;
/** How long deregistration is tried after that. */
export const DEREGISTRATION_PATIENCE_MS = 3_600_000;

type Rule = (o: Observation) => Action | undefined;

/** The whole behaviour: the first rule that has something to say decides. */
const RULES: readonly Rule[] = [
  aCallIsUnderWay,
  aRegistrationWasInterrupted,
  aCallOutlivedItsRecord,
  anotherInstallationManagesIt,
  aRegistrationOutlivedItsObject,
  theObjectIsGone,
  theObjectIsBeingDeleted,
  theSpecCannotBeUsed,
  theRecordIsMissing,
  theFinalizerIsMissing,
  thereAreSurplusRecords,
  itIsNotRegistered,
  theWorkloadSecretDiffers,
  theMetadataDiffers,
  aFormerSecretIsLeft,
];

/** Pure and synchronous. Called again after every step, until it rests. */
export function plan(observation: Observation): Action {
  for (const rule of RULES) {
    const action = rule(observation);
    if (action !== undefined) {
      return action;
    }
  }
  return rest('Ready', 'Registered', 'The client is registered and its Secret is up to date.');
}

function aCallIsUnderWay({ calls, now }: Observation): Action | undefined {
  const call = calls.find(({ state }) => state === 'underWay');
  return (
    call &&
    wait('Queued', `A call (${call.kind}) begun at ${call.startedAt} is not settled yet.`, now + 5_000)
  );
}

function aRegistrationWasInterrupted({ calls, records }: Observation): Action | undefined {
  const call = calls.find(({ kind, state }) => kind === 'Register' && state === 'interrupted');
  const isRecorded = records.some(({ secretName }) => secretName === call?.record);
  return call && { type: isRecorded ? 'SettleCall' : 'ReportOrphan', call };
}

function aCallOutlivedItsRecord({ calls, records }: Observation): Action | undefined {
  const isRecorded = (call: PendingCall) => records.some(({ secretName }) => secretName === call.record);
  const call = calls.find((pending) => pending.kind !== 'Register' && !isRecorded(pending));
  return call && { type: 'SettleCall', call };
}

function anotherInstallationManagesIt({ object, installation }: Observation): Action | undefined {
  const other = object?.status.installation;
  if (other === undefined || other === installation) {
    return undefined;
  }
  return stall(
    'ManagedElsewhere',
    `Installation “${other}” registered this client; this one is “${installation}”.`,
  );
}

function aRegistrationOutlivedItsObject(o: Observation): Action | undefined {
  const [record] = departedRecords(o);
  if (record === undefined) {
    return undefined;
  }
  if (o.object === undefined && !o.absence.proven) {
    const graceEnds = o.absence.since + ABSENCE_GRACE_MS;
    return o.now < graceEnds ? gone(graceEnds) : { type: 'ConfirmAbsence' };
  }
  const setback = setbackOf(o, 'Deregister', record.secretName);
  if (setback !== undefined && isGivenUp(o, setback)) {
    return { type: 'Release', record, role: 'left-behind', setback };
  }
  if (setback !== undefined && o.now < setback.retryAt) {
    return o.object === undefined ? gone(setback.retryAt) : undefined;
  }
  return deregister(record, 'Departed');
}

function theObjectIsGone({ object }: Observation): Action | undefined {
  return object === undefined ? gone() : undefined;
}

function theObjectIsBeingDeleted(o: Observation): Action | undefined {
  const { object } = o;
  if (!object?.deleting) {
    return undefined;
  }
  const record = currentRecord(o) ?? surplusRecords(o)[0];
  if (record === undefined) {
    return object.hasFinalizer ? { type: 'RemoveFinalizer', object } : gone();
  }
  const setback = setbackOf(o, 'Deregister', record.secretName);
  if (
    setback === undefined ||
    (setback.kind === 'Transient' && o.now >= setback.retryAt && !isOverdue(o, setback))
  ) {
    return deregister(record, 'Deleting');
  }
  if (setback.kind === 'Terminal' || isOverdue(o, setback)) {
    return { type: 'Release', record, role: setback.kind === 'Terminal' ? 'left-behind' : 'owed', setback };
  }
  return wait(setback.reason, setback.message, setback.retryAt);
}

function theSpecCannotBeUsed({ object }: Observation): Action | undefined {
  return object?.desired.valid === false ? stall('InvalidSpec', object.desired.problem) : undefined;
}

function theRecordIsMissing(o: Observation): Action | undefined {
  const clientId = o.object?.status.clientId;
  const shown = o.secrets.find(
    ({ ownerUid, shows }) => ownerUid === o.object?.uid && shows !== undefined,
  )?.shows;
  if (currentRecord(o) !== undefined || (clientId === undefined && shown === undefined)) {
    return undefined;
  }
  const what = clientId === undefined ? `${shown}` : `of client ${clientId}`;
  return stall(
    'RegistrationRecordMissing',
    `The registration Secret ${what} is gone from the operator’s namespace. Restore it from a backup; or delete this object and create it again, which registers another client.`,
  );
}

function theFinalizerIsMissing({ object }: Observation): Action | undefined {
  return object && !object.hasFinalizer ? { type: 'AddFinalizer', object } : undefined;
}

function thereAreSurplusRecords(o: Observation): Action | undefined {
  for (const record of surplusRecords(o)) {
    const setback = setbackOf(o, 'Deregister', record.secretName);
    if (setback === undefined || o.now >= setback.retryAt) {
      return setback !== undefined && isGivenUp(o, setback)
        ? { type: 'Release', record, role: 'left-behind', setback }
        : deregister(record, 'Surplus');
    }
  }
  return undefined;
}

function itIsNotRegistered(o: Observation): Action | undefined {
  const { object, server } = o;
  if (currentRecord(o) !== undefined || !object?.desired.valid) {
    return undefined;
  }
  if (!server.available) {
    return wait(server.reason, server.message);
  }
  const { document, hash } = object.desired;
  const basis = basisOf(object, hash, server.connection);
  return (
    blocked(o, 'Register', basis) ??
    gated(server.gate) ?? {
      type: 'Register',
      object,
      document,
      hash,
      ref: server.ref,
      connection: server.connection,
      basis,
    }
  );
}

function theWorkloadSecretDiffers(o: Observation): Action | undefined {
  const { object } = o;
  const record = currentRecord(o);
  const wanted = wantedOf(o);
  if (object === undefined || record === undefined || wanted === undefined || isPublished(o)) {
    return undefined;
  }
  const basis = `${wanted.name} ${object.reconcileRequestedAt ?? ''}`;
  return blocked(o, 'Publish', basis) ?? { type: 'Publish', object, record, wanted, basis };
}

function theMetadataDiffers(o: Observation): Action | undefined {
  const { object, server } = o;
  const record = currentRecord(o);
  if (record === undefined || !object?.desired.valid || record.metadataHash === object.desired.hash) {
    return undefined;
  }
  if (!record.managed) {
    return stall(
      'UpdateUnsupported',
      `The server gave no registration access token or address for client ${record.clientId}, so its registration can’t be changed. Take the edit back, or delete this object and create it again.`,
    );
  }
  if (!server.available) {
    return wait(server.reason, server.message);
  }
  const { document, hash } = object.desired;
  const basis = basisOf(object, hash, server.connection);
  return (
    blocked(o, 'Update', basis) ??
    gated(server.gate) ?? {
      type: 'Update',
      record,
      document,
      hash,
      ref: server.ref,
      connection: server.connection,
      basis,
    }
  );
}

function aFormerSecretIsLeft(o: Observation): Action | undefined {
  const [secret] = formerSecrets(o);
  return secret && { type: 'RemoveSecret', secret };
}

const basisOf = (object: ObservedClient, hash: string, connection: ServerConnection): string =>
  [object.uid, hash, connection.version, object.reconcileRequestedAt ?? ''].join(' ');

function blocked(o: Observation, action: SetbackAction, basis: string): Rest | undefined {
  const setback = setbackOf(o, action, basis);
  if (setback === undefined || o.now >= setback.retryAt) {
    return undefined;
  }
  const { kind, reason, message, retryAt } = setback;
  const until = Number.isFinite(retryAt) ? retryAt : undefined;
  return rest(kind === 'Terminal' ? 'Stalled' : 'Waiting', reason, message, until);
}

function gated(gate: Gate): Rest | undefined {
  return gate.open ? undefined : wait(gate.reason, gate.message);
}

const isOverdue = (o: Observation, setback: Setback): boolean =>
  o.namespaceTerminating || o.now - setback.since >= DELETION_PATIENCE_MS;

const isGivenUp = (o: Observation, setback: Setback): boolean =>
  setback.kind === 'Terminal' || o.now - setback.since >= DEREGISTRATION_PATIENCE_MS;

const deregister = (record: RegistrationRecord, because: DeregisterStep['because']): DeregisterStep => ({
  type: 'Deregister',
  record,
  because,
  basis: record.secretName,
});

const rest = (state: Rest['state'], reason: Reason, message: string, until?: number): Rest => ({
  type: 'Rest',
  state,
  reason,
  message,
  ...(until === undefined ? {} : { until }),
});

const wait = (reason: Reason, message: string, until?: number): Rest =>
  rest('Waiting', reason, message, until);

const stall = (reason: Reason, message: string): Rest => rest('Stalled', reason, message);

const gone = (until?: number): Rest => rest('Gone', 'Deleting', 'The object is gone.', until);
