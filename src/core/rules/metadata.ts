import { storedTime } from '../../api/time.ts';
import type { Action, UpdateStep } from '../action.ts';
import { documentBasis, seenByAllFrom } from '../document-visits.ts';
import { setbackOf, unansweredUpdate } from '../earlier-calls.ts';
import { isCredentialShown } from '../given-credential.ts';
import type { Reachable, Registered } from '../narrowed.ts';
import { documentOf } from '../permitted-document.ts';
import { isProblem } from '../problem.ts';
import { isDeclaredBy, metadataHash } from '../record.ts';
import { basisText } from '../remembered-refusal.ts';
import { isHeldByUsers, keyRetirement, secretsShowing } from '../retirement.ts';
import { usableName } from '../workload.ts';
import { callTooSoon } from './floor.ts';
import { blocked, gated, stall, wait, withNextTry } from './idle.ts';
import { basisOf, ownStatement } from './registration.ts';
import { replace, replaceUnchangeable } from './replacement.ts';
import type { Rule } from './rule.ts';

/** Rules that update a registered client: its metadata and its generated keys. */

export const editWaiting: Rule<Registered> = {
  finding: 'EditWaiting',
  found: 'The spec was edited, and the server is not available.',
  follows: 'The client waits for the server.',
  decide: ({ object, current, server }) =>
    server.available || isDeclaredBy(current, object.desired.hash)
      ? undefined
      : wait(server.reason, server.message),
};

export const metadataDiffers: Rule<Reachable> = {
  finding: 'MetadataDiffers',
  found:
    'The spec or the defaults of the server object changed since the client was registered, or an update got no answer.',
  follows: 'The client is updated; where the server has no way to do that, replacement.onEdit decides.',
  decide: (o) => {
    const { object, current, at } = o;
    const { clientId } = current;
    const differs = current.metadataHash !== metadataHash(object.desired.hash, at.connection.shape);
    if (differs) {
      const message = `The spec or the server object has changed since client ${clientId} was last sent.`;
      return planUpdate(o, { keys: keysToCome(o), because: 'Edited', message });
    }
    if (current.document?.withdrawnAt !== undefined) {
      const message = `The document of client ${clientId} was withdrawn, and the object needs it.`;
      return planUpdate(o, { keys: keysToCome(o), because: 'Drifted', message });
    }
    if (isDocumentLost(o)) {
      const message = `What is served as the document of client ${clientId} is another one, or none.`;
      return planUpdate(o, { keys: keysToCome(o), because: 'Drifted', message });
    }
    const isUnanswered = at.connection.dialect.updateEffect.supported && unansweredUpdate(o, current);
    const message = `An update of client ${clientId} got no answer, so it is not known what is registered.`;
    return isUnanswered ? planUpdate(o, { keys: keysToCome(o), because: 'Unanswered', message }) : undefined;
  },
};

/** So many checks fail before a document is given to be served again. */
const TRIES_TO_SEE = 3;

/** Its ConfigMap may be lost: it is written again, once for each time it was published. */
function isDocumentLost(o: Reachable): boolean {
  const { document } = o.current;
  const failed = document && setbackOf(o, 'CheckDocument', documentBasis(o, o.current, document));
  return (
    document !== undefined &&
    failed?.reason === 'DocumentDiffers' &&
    failed.attempts >= TRIES_TO_SEE &&
    failed.since > storedTime(document.publishedAt) - 1_000 &&
    o.now >= seenByAllFrom(document)
  );
}

/** A client that was read in mode `Correct` has another `metadataHash`, so it is updated by {@link metadataDiffers}. */
export const driftReported: Rule<Reachable> = {
  finding: 'DriftReported',
  found: 'A read reported that somebody changed the client at the server, and drift.mode is Correct by now.',
  follows: 'The client is updated.',
  decide: (o) => {
    const { current, at } = o;
    const { drift, dialect } = at.connection;
    const message = `Somebody changed client ${current.clientId} at the server, and drift.mode is Correct.`;
    return current.drifted && drift.mode === 'Correct' && dialect.updateEffect.supported
      ? planUpdate(o, { keys: keysToCome(o), because: 'Drifted', message })
      : undefined;
  },
};

export const keyDue: Rule<Reachable> = {
  finding: 'KeyDue',
  found: 'A key that the operator made is due to be followed by another, or to go after its overlap.',
  follows:
    'The client is updated with the keys of today. What stands in the way does not make it less ready.',
  decide: (o) => {
    const keys = keysToCome(o);
    if (keys === 'Keep') {
      return undefined;
    }
    const { clientId } = o.current;
    const message =
      keys === 'Rotate'
        ? `Client ${clientId} is due for another key.`
        : `The overlap of the key that client ${clientId} had before is over.`;
    return unlessIdle(planUpdate(o, { keys, because: 'KeyIsDue', message }));
  },
};

const DAY_MS = 24 * 3_600_000;

function keysToCome(o: Reachable): UpdateStep['keys'] {
  const { spec, current, now } = o;
  if (spec.credential?.generatedKey === undefined) {
    return 'Keep';
  }
  const { keyCreatedAt, keyRotatesAt = Number.POSITIVE_INFINITY } = current;
  if (isFormerKeyShown(o)) {
    return 'Keep';
  }
  // A key that is made days from now was made by a wrong clock: its times say nothing.
  if (keyCreatedAt === undefined || storedTime(keyCreatedAt) > now + DAY_MS || keyRotatesAt <= now) {
    return 'Rotate';
  }
  const isOver = (current.keyRetiresAt ?? Number.POSITIVE_INFINITY) <= now;
  return isOver && !isHeldByUsers(o, keyRetirement(o, current)) ? 'Retire' : 'Keep';
}

/** Whether the Secret may still show the key of before, as where it could not be written since. */
const isFormerKeyShown = (o: Reachable): boolean =>
  o.current.keyRetiresAt !== undefined &&
  secretsShowing(o, o.current).length > 0 &&
  usableName(o, o.current) === undefined &&
  !isCredentialShown(o, o.current);

/** Drops `Idle`: the work isn't urgent, so what delays it must not make the client less ready. */
export const unlessIdle = (action: Action): Action | undefined =>
  action.type === 'Idle' ? undefined : action;

/** An update, or the reason to wait; or a registration, where an update can't help any more. */
export function planUpdate(
  o: Reachable,
  { keys, because, message }: Pick<UpdateStep, 'keys' | 'because' | 'message'>,
): Action {
  const { object, at, current } = o;
  const { connection, gate } = at;
  const otherwise = identifiedOtherwise(o);
  if (otherwise !== undefined) {
    return replaceUnchangeable(o, otherwise);
  }
  const hash = metadataHash(object.desired.hash, connection.shape);
  // The claims of the client's own software statement may have changed, which the hash doesn't show.
  const isAsRegistered = current.metadataHash === hash && o.statement === undefined;
  const wanted = documentOf(o, connection, isAsRegistered);
  if (isProblem(wanted)) {
    return stall(wanted.reason, wanted.message);
  }
  const basis = basisText(basisOf(o, hash, connection), keys, because);
  const setback = setbackOf(o, 'Update', basis);
  if (setback?.reason === 'RegistrationAccessTokenLost' && connection.recovery.tokenLost === 'Reregister') {
    const lost = `The server refuses the registration access token of client ${current.clientId}, and recovery.tokenLost is Reregister.`;
    return replace(o, lost);
  }
  if (setback?.reason === 'UpdateUnsupported' && o.now < setback.retryAt) {
    const action = replaceUnchangeable(o, withNextTry(setback));
    return action.type === 'Idle' && Number.isFinite(setback.retryAt)
      ? { ...action, until: Math.min(action.until ?? setback.retryAt, setback.retryAt) }
      : action;
  }
  return (
    blocked(o, 'Update', basis) ??
    callTooSoon(o, 'Update', because === 'Edited' ? 'Asked' : 'Automatic', connection) ??
    gated(gate, object) ?? {
      type: 'Update',
      message,
      object,
      at,
      ...wanted,
      statement: ownStatement(o),
      keys,
      because,
      hash,
      basis,
    }
  );
}

/**
 * The document of a client and its registration differ in form, and in `client_id`: neither is changed to the other.
 * `undefined`: the client is identified as the server object says.
 */
function identifiedOtherwise({ current, at: { connection } }: Reachable): string | undefined {
  const isDocument = current.document !== undefined;
  if (isDocument === (connection.documents !== undefined)) {
    return undefined;
  }
  const [before, now] = isDocument
    ? ['is identified by a document', 'registers clients']
    : ['was registered', 'identifies clients by documents'];
  return `Client ${current.clientId} ${before}, and by identification.mode the server object ${now}: the client stays as it is. Set the mode back.`;
}
