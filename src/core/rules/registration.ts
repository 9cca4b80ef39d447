import type { Action } from '../action.ts';
import type { ServerConnection } from '../connection.ts';
import { renderingProblem } from '../expected-rendering.ts';
import { requestRotation } from '../kubectl-command.ts';
import type { Registrable, UnavailableServer, Usable } from '../narrowed.ts';
import type { Observation, ObservedClient } from '../observation.ts';
import { documentOf } from '../permitted-document.ts';
import { isProblem } from '../problem.ts';
import { metadataHash, type RegistrationRecord } from '../record.ts';
import { basisText } from '../remembered-refusal.ts';
import { isRestored } from '../restored-object.ts';
import { isRotationRequested } from '../rotation-request.ts';
import { callTooSoon } from './floor.ts';
import { onHold, overQuota, tooManyEnded } from './holds.ts';
import { blocked, gated, stall, wait } from './idle.ts';
import type { Rule } from './rule.ts';
import { conflictWaiting } from './secret.ts';

/** Rules about an object without a client: one is registered, unless a client of the object may exist already. */

export const recordMissing: Rule<Usable> = {
  finding: 'RecordMissing',
  found: 'Status or a Secret shows that the object has a client, and no record holds it.',
  follows:
    'Nothing is registered until a person asks for another client, or brings what manages this one by spec.adopt.',
  decide: (o) => {
    const { object, current, secrets } = o;
    const { clientId } = object.status;
    const shown = secrets.find(
      (secret) => isRestored(secret) || (secret.ownerUid === object.uid && secret.shows !== undefined),
    )?.shows;
    if (current !== undefined || (clientId === undefined && shown === undefined)) {
      return undefined;
    }
    if (isRotationRequested(o, undefined) || isBrought(o, clientId)) {
      return undefined;
    }
    const what = clientId === undefined ? `${shown}` : `of client ${clientId}`;
    return stall(
      'RegistrationRecordMissing',
      `The registration Secret ${what} is gone from the operator's namespace. Restore it from a backup; or have another client registered, and this one left behind: ${requestRotation(o)}`,
    );
  },
};

/** Whether `spec.adopt` names the credentials of the missing client. */
const isBrought = ({ adoptable }: Observation, clientId: string | undefined): boolean =>
  adoptable !== undefined &&
  !isProblem(adoptable) &&
  (clientId === undefined || clientId === adoptable.clientId);

export const serverUnavailable: Rule<UnavailableServer, Action> = {
  finding: 'ServerUnavailable',
  found: 'The object has no client, and the server that it names is not available.',
  follows: 'The client waits for the server.',
  decide: ({ reason, message }) => wait(reason, message),
};

export const clientUnregistered: Rule<Registrable, Action> = {
  finding: 'ClientUnregistered',
  found: 'The object has no client.',
  follows: 'One is registered, where policy, quota, the state of the server and earlier failures permit it.',
  decide: (o) =>
    planRegistration(o, undefined, `The object has no client at ${o.server.ref.kind} ${o.server.ref.name}.`),
};

/**
 * A registration, or the reason to wait.
 *
 * @param replaces the record of the client that is replaced
 * @param message why it is made, in one sentence
 */
export function planRegistration(
  o: Registrable,
  replaces: RegistrationRecord | undefined,
  message: string,
): Action {
  const { object, server } = o;
  const { connection, ref, gate, registerGate = gate } = server;
  const wanted = documentOf(o, connection);
  if (isProblem(wanted)) {
    return stall(wanted.reason, wanted.message);
  }
  const { name, spec } = o;
  const unrenderable = renderingProblem({ name, spec, document: wanted.document, connection, ref });
  if (unrenderable !== undefined) {
    return stall('TemplateInvalid', unrenderable);
  }
  const hash = metadataHash(object.desired.hash, connection.shape);
  const basis = basisOf(o, hash, connection);
  // A person who asks for another client may know why the server is suspected.
  const isAsked = replaces !== undefined && isRotationRequested(o, replaces);
  return (
    overQuota(o, replaces) ??
    tooManyEnded(o, ref) ??
    onHold(o) ??
    (replaces === undefined ? conflictWaiting(o) : undefined) ??
    blocked(o, 'Register', basis) ??
    callTooSoon(o, 'Register', isAsked ? 'Asked' : 'Automatic', connection) ??
    (isAsked ? undefined : gated(gate, object)) ??
    gated(registerGate, object) ?? {
      type: 'Register',
      message,
      object,
      ...wanted,
      statement: ownStatement(o),
      hash,
      ref,
      connection,
      basis,
      replaces,
    }
  );
}

export const ownStatement = ({ statement }: Pick<Observation, 'statement'>) =>
  isProblem(statement) ? undefined : statement;

/** What a registration or an update is tried with. A setback holds only for the same basis. */
export const basisOf = (
  o: Pick<Observation, 'statement'> & { readonly object: ObservedClient },
  hash: string,
  connection: ServerConnection,
): string =>
  basisText(
    o.object.uid,
    hash,
    connection.version,
    o.object.reconcileRequestedAt ?? '',
    o.object.rotateRequestedAt ?? '',
    ownStatement(o)?.version ?? '',
  );
