import { type NewCondition, SEE_READY, toConditions } from '../api/conditions.ts';
import { unknownAnnotationMessage } from '../api/names.ts';
import type { OAuthClientStatus } from '../api/oauth-client.ts';
import type { Reason } from '../api/reasons.ts';
import { rfc3339, timeOf } from '../api/time.ts';
import { defined, omit } from '../oauth/objects.ts';
import type { Idle } from './action.ts';
import { isRenewalDue, lifetimeEnd } from './clock-visits.ts';
import { currentRecord, surplusRecords } from './current-record.ts';
import type { Substitution } from './drift.ts';
import { knownEnd } from './due.ts';
import { forgottenAs } from './forgotten-client.ts';
import { unlessToHandOver } from './handed-over.ts';
import { serverOfClient } from './home.ts';
import { isOurs } from './installation.ts';
import { keptIfAny } from './kept-text.ts';
import { managementMode } from './management.ts';
import { notOfferedNow } from './not-offered.ts';
import type { Observation, ObservedClient } from './observation.ts';
import { overlapEnd } from './overlap.ts';
import type { RegistrationRecord } from './record.ts';
import { refusalToKeep } from './remembered-refusal.ts';
import { restartsDone } from './restarts.ts';
import { shownNotice } from './retirement.ts';
import { chosenServer } from './server-access.ts';
import { knownCredential } from './shown-credential.ts';
import { documentCondition } from './summarize-document.ts';
import { moveConditions } from './summarize-migration.ts';
import { isHeldByGate, verificationShown } from './verification.ts';
import { isWithoutSecret, publishedName, usableName } from './workload.ts';

/**
 * The only author of an OAuthClient's status. It is computed from the last observation and the reason to be idle.
 *
 * Nothing in it changes on a resync, so an unchanged object is never written.
 *
 * @param learned what the server registered instead of what was sent, where this round got an answer
 * @param secretNote what of `spec.secret` has no effect (see `unusedNames`), where the Secret was written since the last
 *   status
 */
export function summarize(
  o: Observation,
  object: ObservedClient,
  found: Idle,
  learned: readonly Substitution[] | undefined,
  secretNote?: string,
): OAuthClientStatus {
  if (found.reason === 'WrittenByNewerVersion') {
    return leftAsItWas(o, object, found);
  }
  const record = currentRecord(o);
  const idle = unlessToHandOver(object, found, record, learned);
  const published = idle === found ? shownSecret(o, idle, record) : undefined;
  const status =
    record === undefined && idle.state === 'Ended' ? withoutClient(object.status) : object.status;
  const secretName = secretShown(o, published, status);
  const substitutions = learned ?? (record === undefined ? [] : (status.substitutions ?? []));
  const verification = verificationShown(o, record);
  const conditions = [
    ...toConditions(
      [
        ...conditionsOf(o, idle, record, published, secretNote),
        ...documentCondition(o, record),
        ...verification.conditions,
        ...notOfferedCondition(o, substitutions),
        ...moveConditions(o, found),
      ],
      status.conditions ?? [],
      object.generation,
      rfc3339(o.now),
    ),
  ];
  return defined({
    observedGeneration: object.generation,
    clientId: record?.clientId ?? status.clientId,
    issuer: record?.issuer ?? status.issuer,
    // Written once: otherwise two installations would take the client from each other in turn.
    installation: reportedInstallation(o, status.installation ?? record?.installation),
    secretName,
    registeredAt: record?.registeredAt ?? status.registeredAt,
    clientSecretExpiresAt: record?.clientSecretExpiresAt,
    registrationAccessTokenExpiresAt: record?.registrationAccessTokenExpiresAt,
    endsAt: timeOf(lifetimeEnd(object)),
    retiring: retiringClients(o, record),
    lastHandledReconcileAt: handledReconcile(o, object, idle, record) ?? status.lastHandledReconcileAt,
    lastHandledRotateAt: keptIfAny(record?.rotatedFor ?? status.lastHandledRotateAt),
    authorizationServerRef: serverShown(o, object, record),
    credential: knownCredential(o, record),
    binding: bindingOf(secretName),
    substitutions: substitutions.length === 0 ? undefined : substitutions.slice(),
    refusal: refusalToKeep(o.setbacks, object.status, isSettled(o, idle)),
    verification: verification.kept,
    rolloutRestarts: restartsShown(o, object),
    conditions,
  });
}

/**
 * What the discovery document excludes. Where its lists aren't known, the condition stays as it was, for as long as the
 * spec does.
 */
function notOfferedCondition(
  o: Observation,
  substitutions: readonly Substitution[],
): readonly NewCondition[] {
  const now = notOfferedNow(o, substitutions);
  const note = now === 'Unknown' ? earlierNote(o.object) : now.note;
  return note === undefined
    ? []
    : [{ type: 'MetadataNotOffered', status: 'True', reason: 'MetadataNotOffered', message: note }];
}

function earlierNote(object: ObservedClient | undefined): string | undefined {
  const before = object?.status.conditions?.find(({ type }) => type === 'MetadataNotOffered');
  return before?.observedGeneration === object?.generation ? before?.message : undefined;
}

/** A newer version knows what is true of the client: only why nothing goes on is said. */
function leftAsItWas(o: Observation, { generation, status }: ObservedClient, idle: Idle): OAuthClientStatus {
  const { reason, message } = idle;
  const before = status.conditions ?? [];
  const wasReady = before.some((condition) => condition.type === 'Ready' && condition.status === 'True');
  const [ready, stalled] = toConditions(
    [
      { type: 'Ready', status: wasReady ? 'True' : 'False', reason, message },
      { type: 'Stalled', status: 'True', reason, message: SEE_READY },
    ],
    before,
    generation,
    rfc3339(o.now),
  );
  const replaced = ['Ready', 'Stalled', 'Reconciling', 'Paused'];
  const kept = before.filter(({ type }) => !replaced.includes(type));
  const conditions = [ready, ...kept, stalled].filter((condition) => condition !== undefined);
  return { ...status, observedGeneration: generation, conditions };
}

/** Whether the object has what its spec wants, and nothing of it is due for renewal. */
const isSettled = (o: Observation, { state }: Idle): boolean => state === 'Ready' && !isRenewalDue(o);

/** An earlier id of this installation is replaced by the present one. */
const reportedInstallation = ({ installation }: Observation, id: string | undefined): string | undefined =>
  id !== undefined && isOurs(id, installation) ? installation.id : id;

/**
 * A requested retry counts as handled only once it was sent: the server may be busy, or have asked for a pause.
 */
function handledReconcile(
  o: Observation,
  { reconcileRequestedAt }: ObservedClient,
  { state, awaitsServer = false }: Idle,
  record: RegistrationRecord | undefined,
): string | undefined {
  const isAfterLoss = o.suspects.count > 0 && record === undefined;
  const isStillWanted = state === 'Waiting' && (isAfterLoss || awaitsServer);
  return isStillWanted ? undefined : keptIfAny(reconcileRequestedAt);
}

/** Status after the client was removed on purpose, so that another one may be registered later. */
const withoutClient = (status: OAuthClientStatus): OAuthClientStatus =>
  omit(status, 'clientId', 'issuer', 'secretName', 'binding', 'registeredAt');

/** In place of the name of a Secret, where none is wanted and there is none. */
const NO_SECRET = '';

/** The server where the client is registered; before there is a client, the one where it is to be registered. */
function serverShown(
  { server }: Observation,
  object: ObservedClient,
  record: RegistrationRecord | undefined,
): OAuthClientStatus['authorizationServerRef'] {
  const { desired, status } = object;
  if (!desired.valid) {
    return record?.server ?? status.authorizationServerRef;
  }
  const shown = record?.server ?? desired.spec.authorizationServerRef ?? chosenServer(object) ?? server.ref;
  return shown && { kind: shown.kind, name: shown.name };
}

const MAX_RETIRING = 8;

/** Clients that were replaced and still exist, the first to end first. */
function retiringClients(
  o: Observation,
  record: RegistrationRecord | undefined,
): OAuthClientStatus['retiring'] {
  const retiring = surplusRecords(o, record)
    .map((surplus) => ({ surplus, end: overlapEnd(o, surplus) }))
    .filter(({ surplus, end }) => end > 0 && surplus.clientId !== record?.clientId)
    .toSorted((a, b) => a.end - b.end)
    .slice(0, MAX_RETIRING)
    .map(({ surplus: { clientId, issuer }, end }) => ({ clientId, issuer, endsAt: rfc3339(end) }));
  return retiring.length === 0 ? undefined : retiring;
}

/** Of an object that names workloads to restart. */
const restartsShown = (o: Observation, { desired }: ObservedClient): OAuthClientStatus['rolloutRestarts'] =>
  desired.valid && desired.spec.rolloutRestartTargets === undefined ? undefined : restartsDone(o);

/** Where the spec wants no Secret, status names none once there is none. */
const secretShown = (
  o: Observation,
  published: string | undefined,
  before: OAuthClientStatus,
): string | undefined => (isWithoutSecret(o) ? undefined : (published ?? before.secretName));

const bindingOf = (name: string | undefined) => (name === undefined ? undefined : { name });

/**
 * @param published name of the Secret that shows the record
 * @param secretNote as in {@link summarize}
 */
function conditionsOf(
  o: Observation,
  idle: Idle,
  record: RegistrationRecord | undefined,
  published: string | undefined,
  secretNote: string | undefined,
): readonly NewCondition[] {
  const { reason, message } = idle;
  const type = progressType(idle);
  return [
    {
      type: 'Ready',
      status: isUsable(o, idle, record, published ?? (record && usableName(o, record))) ? 'True' : 'False',
      reason,
      message: withAnnotationHint(`${message}${shownNotice(o)}`, o.object),
    },
    registeredCondition(o, idle, record),
    secretSynced(o, idle, published, secretNote),
    ...(type === undefined ? [] : [{ type, status: 'True', reason, message: SEE_READY } as const]),
  ];
}

function withAnnotationHint(message: string, object: ObservedClient | undefined): string {
  const unknown = object?.unknownAnnotation;
  return unknown === undefined ? message : `${unknownAnnotationMessage(unknown)} ${message}`;
}

/** The condition that says why the object is not as its spec wants it. A suspended one does not go on by itself. */
function progressType({ state, reason }: Idle): 'Paused' | 'Reconciling' | 'Stalled' | undefined {
  if (state === 'Waiting') {
    return reason === 'Suspended' ? 'Paused' : 'Reconciling';
  }
  return state === 'Stalled' ? 'Stalled' : undefined;
}

/** Another object may end the client, or the server doesn't know it. */
const DOUBTFUL: readonly Reason[] = ['ClientAlreadyManaged', 'ClientForgotten'];

/**
 * Whether workloads can use the Secret. An edit that waits or is refused, and a suspension, take nothing from a client that
 * works: the condition Reconciling, Stalled or Paused says what is not done.
 *
 * @param shown name of the Secret that shows the record, whatever its labels and annotations are
 */
function isUsable(
  o: Observation,
  { state, reason }: Idle,
  record: RegistrationRecord | undefined,
  shown: string | undefined,
): boolean {
  const { object } = o;
  if (state === 'Ready') {
    return true;
  }
  if (record === undefined || shown === undefined || object === undefined || object.deleting) {
    return false;
  }
  const isOver =
    isPast(lifetimeEnd(object), o.earliest) || isPast(knownEnd(record, serverOfClient(o, record)), o.now);
  const isForgotten = forgottenAs(o, record) !== undefined;
  // Also without a Secret, which could be held back: no server can fetch the document.
  const isUnseen = record.document !== undefined && record.document.seen === undefined;
  const isDoubtful = DOUBTFUL.includes(reason) || isForgotten || isUnseen || isHeldByGate(o, record);
  return state !== 'Gone' && !isDoubtful && !isOver;
}

const isPast = (end: number | undefined, now: number): boolean => end !== undefined && now >= end;

/**
 * Name of the Secret that shows the record. While the spec can't be used, or what it wants of the Secret can't be made, the
 * one from before serves.
 */
function shownSecret(
  o: Observation,
  { reason }: Idle,
  record: RegistrationRecord | undefined,
): string | undefined {
  const { object, secrets } = o;
  if (isWithoutSecret(o)) {
    return record && NO_SECRET;
  }
  const isSpecUnusable =
    object?.desired.valid === false || reason === 'InvalidSpec' || reason === 'TemplateInvalid';
  return isSpecUnusable
    ? secrets.find(
        ({ ownerUid, shows, projection }) =>
          ownerUid === object?.uid && shows === record?.registrationSecret && projection !== undefined,
      )?.name
    : publishedName(o, record);
}

function registeredCondition(
  o: Observation,
  { reason }: Idle,
  record: RegistrationRecord | undefined,
): NewCondition {
  if (record === undefined) {
    return { type: 'Registered', status: 'False', reason, message: SEE_READY };
  }
  if (forgottenAs(o, record) !== undefined) {
    return { type: 'Registered', status: 'False', reason: 'ClientForgotten', message: SEE_READY };
  }
  const text = `Client ${record.clientId} is registered at ${record.issuer}.`;
  return isUnmanaged(o, record)
    ? {
        type: 'Registered',
        status: 'True',
        reason: 'Unmanaged',
        message: `${text} The server gives no way to change or delete it: an edit needs a new registration, and a deletion leaves it behind.`,
      }
    : { type: 'Registered', status: 'True', ...standing(o, text) };
}

/** Names a reference to a server object that is gone, or that doesn't admit the namespace any more. */
function standing({ server }: Observation, text: string): Pick<NewCondition, 'reason' | 'message'> {
  return server.available || server.reason !== 'AuthorizationServerNotAvailable'
    ? { reason: 'Registered', message: text }
    : { reason: server.reason, message: `${text} ${SEE_READY}` };
}

/** While the server object isn't ready, the earlier condition stays. */
function isUnmanaged({ server, object }: Observation, { managed }: RegistrationRecord): boolean {
  if (server.available) {
    return managementMode(managed, server.connection.management) === 'None';
  }
  const before = object?.status.conditions?.find(({ type }) => type === 'Registered');
  return before?.reason === 'Unmanaged';
}

/**
 * What has no effect is said here and not by an Event: the client works, and an Event would be a fourth write. As long as
 * the Secret is not written again, the earlier note stays.
 */
function secretSynced(
  { object, setbacks }: Observation,
  { reason }: Idle,
  published: string | undefined,
  secretNote: string | undefined,
): NewCondition {
  if (published === NO_SECRET) {
    const message = 'No Secret is written: spec.secret.mode is None.';
    return { type: 'SecretSynced', status: 'True', reason: 'SecretSynced', message };
  }
  if (published === undefined) {
    const undone = setbacks.find((setback) => setback.reason === 'SecretWriteUndone');
    return undone === undefined
      ? { type: 'SecretSynced', status: 'False', reason, message: SEE_READY }
      : { type: 'SecretSynced', status: 'False', reason: undone.reason, message: undone.message };
  }
  const text = `Secret ${published} shows the current registration.`;
  const before = object?.status.conditions?.find(({ type }) => type === 'SecretSynced');
  const noted = before?.message.startsWith(text) ? before.message.slice(text.length).trim() : '';
  const message = `${text} ${secretNote ?? noted}`.trim();
  return { type: 'SecretSynced', status: 'True', reason: 'SecretSynced', message };
}
