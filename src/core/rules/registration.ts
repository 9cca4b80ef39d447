import type { Action, RegisterStep, UpdateStep } from '../action.ts';
import type { ServerConnection } from '../connection.ts';
import { currentRecord } from '../current-record.ts';
import { setbackOf, unansweredUpdate } from '../earlier-calls.ts';
import { homeOf, type RecordAtServer } from '../home.ts';
import type { Observation, ObservedClient } from '../observation.ts';
import { isProblem } from '../problem.ts';
import { isAt, isDeclaredBy, metadataHash, type RegistrationRecord } from '../record.ts';
import { isRestored } from '../restored.ts';
import { isRotationRequested } from '../rotation-request.ts';
import { onHold, overQuota, tooManyEnded } from './holds.ts';
import { blocked, gated, stall, wait } from './rests.ts';
import { documentOf } from './wanted.ts';

/** Rules about the client at the server: registered, as the spec says, with a key that isn't too old. */

export function theRecordIsMissing(o: Observation): Action | undefined {
  const clientId = o.object?.status.clientId;
  const shown = o.secrets.find(
    (secret) => isRestored(secret) || (secret.ownerUid === o.object?.uid && secret.shows !== undefined),
  )?.shows;
  if (currentRecord(o) !== undefined || (clientId === undefined && shown === undefined)) {
    return undefined;
  }
  if (isRotationRequested(o, undefined) || isBrought(o, clientId)) {
    return undefined;
  }
  const what = clientId === undefined ? `${shown}` : `of client ${clientId}`;
  return stall(
    'RegistrationRecordMissing',
    `The registration Secret ${what} is gone from the operator’s namespace. Restore it from a backup; or have another client registered, and this one left behind: kubectl annotate oac ${o.name} -n ${o.namespace} oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite`,
  );
}

/** A person brings what manages the client: it is adopted, and proven by that. */
const isBrought = ({ adoptable }: Observation, clientId: string | undefined): boolean =>
  adoptable !== undefined &&
  !isProblem(adoptable) &&
  (clientId === undefined || clientId === adoptable.clientId);

export function itIsNotRegistered(o: Observation): Action | undefined {
  return currentRecord(o) === undefined ? register(o, undefined) : undefined;
}

/** A new registration was asked for: by annotation, or by an edit where the server can't change a client. */
export function itIsToBeReplaced(o: Observation): Action | undefined {
  const record = currentRecord(o);
  return record !== undefined && isRotationRequested(o, record) ? register(o, record) : undefined;
}

/** The server at which the client in use is registered, where it is the one that may be used and can be called. */
export function serverOfClient(o: Observation): RecordAtServer | undefined {
  const record = currentRecord(o);
  const home = record && homeOf(o, record);
  return home?.kind === 'AtServer' && o.server.available && isAt(home.record, o.server.ref)
    ? home
    : undefined;
}

/** The spec names another server, or its name is another server's now: the client is registered there, and the one before ends. */
export function theServerWasChanged(o: Observation): Action | undefined {
  const { object, server } = o;
  const record = currentRecord(o);
  if (record === undefined || object?.desired.valid !== true) {
    return undefined;
  }
  const { authorizationServerRef: named = record.server, replacement: terms } = object.desired.spec;
  if (isAt(record, named)) {
    return server.available && serverOfClient(o) === undefined
      ? theServerIsAnother(o, object, record, terms?.policy)
      : undefined;
  }
  if (!server.available) {
    return wait(server.reason, server.message);
  }
  return terms?.policy === 'Manual'
    ? replacement(o, object, record, `It is registered at ${record.server.kind} ${record.server.name}.`)
    : register(o, record);
}

/** Nobody asked for a replacement: that the object of this name is another one may be a mistake. */
function theServerIsAnother(
  o: Observation,
  { uid }: ObservedClient,
  record: RegistrationRecord,
  policy: 'Automatic' | 'Manual' | undefined,
): Action | undefined {
  if (policy === 'Automatic') {
    return register(o, record);
  }
  const { kind, name } = record.server;
  const annotate = `kubectl annotate oac ${o.name} -n ${o.namespace} oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite`;
  return stall(
    'ReplacementPending',
    `Client ${record.clientId} is registered at the server that ${kind} ${name} named before. The object of this name is another one now, and nothing shows that it is the same server, so nothing of the client is sent to it. The client is left as it is. To have another client registered at the present server, which ends this one: ${annotate}. If it is the same server, a platform engineer says so on the record: kubectl -n <namespace of the operator> annotate secret oac-${uid}-${record.attempt} oauth-registrar.dev/server-uid=<uid of the server object> --overwrite`,
  );
}

export function theMetadataDiffers(o: Observation): Action | undefined {
  const { object, server } = o;
  const record = currentRecord(o);
  if (record === undefined || object?.desired.valid !== true) {
    return undefined;
  }
  if (!server.available) {
    const isEdited = !isDeclaredBy(record, object.desired.hash);
    return isEdited ? wait(server.reason, server.message) : undefined;
  }
  const at = serverOfClient(o);
  if (at === undefined) {
    return undefined;
  }
  const differs = record.metadataHash !== metadataHash(object.desired.hash, at.connection.shape);
  const isUnanswered = at.connection.dialect.updateEffect.supported && unansweredUpdate(o, record);
  return differs || isUnanswered
    ? update(o, object, at, {
        keys: keysToCome(o, record),
        because: differs ? 'Edited' : 'Unanswered',
      })
    : undefined;
}

/** A key that the operator made is due to be followed by a new one, or to go after the overlap. */
export function aKeyIsDue(o: Observation): Action | undefined {
  const { object } = o;
  const at = serverOfClient(o);
  const keys = at === undefined ? 'Keep' : keysToCome(o, at.record);
  return object === undefined || at === undefined || keys === 'Keep'
    ? undefined
    : stepOf(update(o, object, at, { keys, because: 'KeyIsDue' }));
}

/** For what has time: what stands in the way at this moment doesn't make the client less ready. */
export const stepOf = (action: Action | undefined): Action | undefined =>
  action?.type === 'Rest' ? undefined : action;

function keysToCome({ object, now }: Observation, record: RegistrationRecord): UpdateStep['keys'] {
  const spec = object?.desired.valid ? object.desired.spec.generatedKey : undefined;
  if (spec === undefined) {
    return 'Keep';
  }
  if (record.keyCreatedAt === undefined || (record.keyRotatesAt ?? Number.POSITIVE_INFINITY) <= now) {
    return 'Rotate';
  }
  return (record.keyRetiresAt ?? Number.POSITIVE_INFINITY) <= now ? 'Retire' : 'Keep';
}

/** A registration, or why it can't be; `replaces`: of a client that another takes the place of. */
export function register(o: Observation, replaces: RegistrationRecord | undefined): Action | undefined {
  const { object, server } = o;
  if (!object?.desired.valid) {
    return undefined;
  }
  if (!server.available) {
    return wait(server.reason, server.message);
  }
  const wanted = documentOf(o, object, server.connection);
  if (isProblem(wanted)) {
    return stall(wanted.reason, wanted.message);
  }
  const { connection, ref, gate, registerGate = gate } = server;
  const hash = metadataHash(object.desired.hash, connection.shape);
  const basis = basisOf(object, hash, connection);
  const step: RegisterStep = {
    type: 'Register',
    object,
    ...wanted,
    statement: ownStatement(o),
    hash,
    ref,
    connection,
    basis,
    replaces,
  };
  return (
    overQuota(o, connection, replaces) ??
    tooManyEnded(o, ref) ??
    onHold(o, connection) ??
    blocked(o, 'Register', basis) ??
    // A person who asks for another client may know why the server is suspected.
    (replaces !== undefined && isRotationRequested(o, replaces) ? undefined : gated(gate)) ??
    gated(registerGate) ??
    step
  );
}

/** An update, or why it can't be. */
export function update(
  o: Observation,
  object: ObservedClient,
  at: RecordAtServer,
  { keys, because }: Pick<UpdateStep, 'keys' | 'because'>,
): Action | undefined {
  const { record, connection, gate } = at;
  const hash = object.desired.valid ? metadataHash(object.desired.hash, connection.shape) : '';
  // Claims of a statement of its own may have changed.
  const isAsRegistered = record.metadataHash === hash && o.statement === undefined;
  const wanted = documentOf(o, object, connection, isAsRegistered);
  if (isProblem(wanted)) {
    return stall(wanted.reason, wanted.message);
  }
  const basis = `${basisOf(object, hash, connection)} ${keys} ${because}`;
  const setback = setbackOf(o, 'Update', basis);
  if (setback?.reason === 'RegistrationAccessTokenLost' && connection.recovery.tokenLost === 'Reregister') {
    return register(o, record);
  }
  if (setback?.reason === 'UpdateUnsupported') {
    return replacement(o, object, record, setback.message);
  }
  const step: UpdateStep = {
    type: 'Update',
    object,
    at,
    ...wanted,
    statement: ownStatement(o),
    keys,
    because,
    hash,
    basis,
  };
  return blocked(o, 'Update', basis) ?? gated(gate) ?? step;
}

/** The server can't change the client: what then is the user's choice. */
function replacement(
  o: Observation,
  { desired }: ObservedClient,
  record: RegistrationRecord,
  why: string,
): Action | undefined {
  const policy = desired.valid ? desired.spec.replacement?.policy : undefined;
  switch (policy) {
    case 'Automatic':
      return register(o, record);
    case 'Manual':
      return stall(
        'ReplacementPending',
        `The client can’t be changed, and is to be registered anew when you say so: kubectl annotate oac ${o.name} -n ${o.namespace} oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite. ${why}`,
      );
    default:
      return stall('UpdateUnsupported', why);
  }
}

const ownStatement = ({ statement }: Observation) => (isProblem(statement) ? undefined : statement);

const basisOf = (object: ObservedClient, hash: string, connection: ServerConnection): string =>
  [
    object.uid,
    hash,
    connection.version,
    object.reconcileRequestedAt ?? '',
    object.rotateRequestedAt ?? '',
  ].join(' ');
