import type { Action } from '../action.ts';
import { successorOf } from '../current-record.ts';
import { setbackOf } from '../earlier-calls.ts';
import { homeOf } from '../home.ts';
import { acceptServer, requestRotation } from '../kubectl-command.ts';
import { wantedServer } from '../migration.ts';
import type { Registered, Replaceable } from '../narrowed.ts';
import { secretEnd } from '../overlap.ts';
import { isAt, type RegistrationRecord, recordName, type ServerRef } from '../record.ts';
import { isRotationRequested } from '../rotation-request.ts';
import { endClient } from './deregistration.ts';
import { stall, wait } from './idle.ts';
import { planRegistration } from './registration.ts';
import type { Rule } from './rule.ts';

/** Rules that replace a client: on request, or because the server is another one. */

export const replacementRequested: Rule<Registered> = {
  finding: 'ReplacementRequested',
  found: 'A person asks for another client by annotation.',
  follows: 'Another client is registered in place of the one that there is, if that can be done now.',
  decide: (o) => {
    const action = requestedReplacement(o);
    return action?.type === 'Idle' ? undefined : action;
  },
};

/** Comes after the rules for edits: a replacement that is refused must not stand before an update. */
export const replacementWaiting: Rule<Registered> = {
  finding: 'ReplacementWaiting',
  found: 'A person asks for another client by annotation, and none can be registered now.',
  follows: 'The client stays in use. The reason is shown.',
  decide: requestedReplacement,
};

function requestedReplacement(o: Registered): Action | undefined {
  const { current, server } = o;
  if (!isRotationRequested(o, current)) {
    return undefined;
  }
  return server.available
    ? replace(
        { ...o, server },
        `An annotation asks for another client in place of client ${current.clientId}.`,
      )
    : wait(server.reason, server.message);
}

/** A client is registered at the new server; the former client ends after the overlap. */
export const serverChanged: Rule<Registered> = {
  finding: 'ServerChanged',
  found: 'The spec, or a migration, names another server than the one at which the client is registered.',
  follows:
    'Another client is registered there. If the client that was replaced before is still registered there, it serves again.',
  decide: (o) => {
    const { current, server } = o;
    const wanted = wantedServer(o);
    if (isAt(current, wanted)) {
      return undefined;
    }
    if (!server.available) {
      return wait(server.reason, server.message);
    }
    const why = `${whyThere(o, wanted)}, and client ${current.clientId} is registered at ${refText(current.server)}.`;
    return formerServesAgain(o, wanted, why) ?? replace({ ...o, server }, why);
  },
};

const refText = ({ kind, name }: ServerRef): string => `${kind} ${name}`;

const whyThere = ({ migration }: Registered, wanted: ServerRef): string =>
  migration === undefined
    ? `The spec names ${refText(wanted)}`
    : `The clients of ${refText(migration.from)} move to ${refText(wanted)}`;

/**
 * The client that the current one replaced, and that is still registered at the server that is wanted again, serves again.
 * `undefined`: there is none.
 */
function formerServesAgain(o: Registered, wanted: ServerRef, message: string): Action | undefined {
  const { current, surplus } = o;
  const former = surplus.find((record) => isWantedAgain(o, record, wanted));
  return former !== undefined && homeOf(o, former).kind === 'AtServer'
    ? { type: 'TakeBack', message, current, former }
    : undefined;
}

/**
 * Whether a client that was replaced is to serve again, since the object is to be at its server again: whatever is left of its
 * overlap, which was perhaps that of a migration that is no more. Not where a call may be ending it, and not where its document
 * was withdrawn: what ended under a path does not come back there.
 */
export function isWantedAgain(
  o: Registered,
  former: RegistrationRecord,
  wanted: ServerRef = wantedServer(o),
): boolean {
  const { current, calls, now } = o;
  const home = homeOf(o, former);
  return (
    former.role === 'current' &&
    former.document?.withdrawnAt === undefined &&
    successorOf(former, [current]) !== undefined &&
    isAt(former, wanted) &&
    !isAt(current, wanted) &&
    (home.kind === 'AtServer' || home.isItsServerThere) &&
    (secretEnd(former) ?? now + 1) > now &&
    !calls.some(({ registrationSecret }) => registrationSecret === former.registrationSecret)
  );
}

/** Nobody asked for a replacement: the server object may have been replaced by mistake. */
export const serverReplaced: Rule<Registered> = {
  finding: 'ServerReplaced',
  found: 'The server object that the client was registered at is gone, and another one bears its name.',
  follows:
    'Nothing of the client is sent to it, and a person has to act; by replacement.onEdit Automatic another client is registered.',
  decide: (o) => {
    const { at, current, server, spec } = o;
    const wanted = wantedServer(o);
    if (at !== undefined || !server.available || !isAt(current, wanted)) {
      return undefined;
    }
    const { kind, name } = current.server;
    if (spec.replacement.onEdit === 'Automatic') {
      const message = `${kind} ${name} is another object than the one at which client ${current.clientId} is registered.`;
      return replace({ ...o, server }, message);
    }
    return stall(
      'ReplacementPending',
      `Client ${current.clientId} is registered at the server that ${kind} ${name} named before. The object of this name is another one now, and nothing shows that it is the same server, so nothing of the client is sent to it. The client is left as it is. To have another client registered at the present server, which ends this one: ${requestRotation(o)}. If it is the same server, a platform engineer says so on the record: ${acceptServer(recordName(o.object.uid, current.attempt))}`,
    );
  },
};

/** Registers another client in place of the current one. */
export function replace(o: Replaceable, message: string): Action {
  const next = planRegistration(o, o.current, message);
  return next.type === 'Register' && hasOneByStatement(o) ? endFirst(o, message) : next;
}

/** Open banking servers have one client for each software statement, and let it manage itself. */
function hasOneByStatement({ at, statement }: Replaceable): boolean {
  const { management, statement: ofServer } = at?.connection ?? {};
  const isStated = statement !== undefined || ofServer?.given !== undefined || ofServer?.sign !== undefined;
  return management?.mode === 'ClientCredential' && isStated;
}

/** The workload has no client in between, so a person asks for it, having been told. */
function endFirst(o: Replaceable, message: string): Action {
  const { current } = o;
  if (!isRotationRequested(o, current)) {
    const told = `The server has one client for each software statement: client ${current.clientId} ends first, and the workload has none until the other one is registered.`;
    return askToReplace(o, `${told} ${message}`);
  }
  const { retryAt } = setbackOf(o, 'Deregister', current.registrationSecret) ?? {};
  const waiting = `Client ${current.clientId} is removed before another is registered, and the server has not confirmed that yet.`;
  return endClient(o, current, 'Replaced') ?? wait('Deleting', waiting, retryAt);
}

/** Applies `replacement.onEdit` where the server can't change the client. `why`: one or more sentences. */
export function replaceUnchangeable(o: Replaceable, why: string): Action {
  switch (o.spec.replacement.onEdit) {
    case 'Automatic':
      return replace(
        o,
        `The server gives no way to change client ${o.current.clientId}, and replacement.onEdit is Automatic.`,
      );
    case 'Manual':
      return askToReplace(o, why);
    case 'Never':
      return stall(
        'UpdateUnsupported',
        `${why} Or have another client registered now, with a new client_id: ${requestRotation(o)}`,
      );
  }
}

/** `why`: one or more sentences. */
export const askToReplace = (o: Registered, why: string): Action =>
  stall(
    'ReplacementPending',
    `Another client is registered when you ask for it: ${requestRotation(o)}. It has a new client_id. ${why}`,
  );
