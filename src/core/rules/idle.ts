import type { Reason } from '../../api/reasons.ts';
import { rfc3339 } from '../../api/time.ts';
import { defined } from '../../oauth/objects.ts';
import { asSentence } from '../../oauth/text.ts';
import type { Idle } from '../action.ts';
import { setbackOf } from '../earlier-calls.ts';
import { keptIfAny } from '../kept-text.ts';
import type { Gate, Observation, ObservedClient, Setback, SetbackAction } from '../observation.ts';
import { isReconcileRequested } from '../reconcile-request.ts';
import { isRemembered } from '../remembered-refusal.ts';

/** The ways to be idle. */

export const idle = (state: Idle['state'], reason: Reason, message: string, until?: number): Idle =>
  defined({ type: 'Idle', state, reason, message, until });

/** Waits until something changes, or until `until` (milliseconds since the epoch). */
export const wait = (reason: Reason, message: string, until?: number): Idle =>
  idle('Waiting', reason, message, until);

/** Waits for a person. */
export const stall = (reason: Reason, message: string): Idle => idle('Stalled', reason, message);

/** Nothing more happens, and nobody needs to act: the object ended as its spec says. */
export const ended = (message: string): Idle => idle('Ended', 'Ended', message);

export const gone = (until?: number): Idle => idle('Gone', 'Deleting', 'The object is gone.', until);

/** The reason not to retry yet, where the action failed before with the same basis. */
export function blocked(o: Observation, action: SetbackAction, basis: string): Idle | undefined {
  const setback = setbackOf(o, action, basis) ?? spreadBy(o, action);
  if (setback === undefined || o.now >= setback.retryAt) {
    return undefined;
  }
  const { kind, reason, retryAt, awaitsServer = false } = setback;
  const until = Number.isFinite(retryAt) ? retryAt : undefined;
  const waiting = idle(kind === 'Terminal' ? 'Stalled' : 'Waiting', reason, withNextTry(setback), until);
  return awaitsServer ? { ...waiting, awaitsServer } : waiting;
}

/** A shorter pause is over before anybody reads of it, and status would be written for each try. */
const TOLD_PAUSE_MS = 60_000;

/** Of a call to the server: why it failed, and when the same is tried again, where that takes longer than a minute. */
export function withNextTry(setback: Setback): string {
  const { action, kind, message, since, at = since, retryAt, awaitsServer } = setback;
  const isTold = isRemembered(action) || action === 'Deregister';
  const isSoon = kind === 'Transient' && retryAt - at <= TOLD_PAUSE_MS;
  if (!isTold || isSoon || !Number.isFinite(retryAt)) {
    return message;
  }
  const earlier = awaitsServer ? ', or as soon as the server answers again after an outage' : '';
  return `${asSentence(message)} It is tried again at ${rfc3339(retryAt)}${earlier}.`;
}

/**
 * After a start, an object that was refused before waits for its turn even where its next request is another one: an
 * upgrade, or an edit of a server object, may change those of all. What a person did to this object is done at once.
 */
function spreadBy({ object, setbacks }: Observation, action: SetbackAction): Setback | undefined {
  const refused = setbacks.find((setback) => setback.action === action && setback.spreadUntil !== undefined);
  if (refused?.spreadUntil === undefined || object === undefined) {
    return undefined;
  }
  const { generation, status, reconcileRequestedAt, rotateRequestedAt } = object;
  const isTouched =
    generation !== status.observedGeneration ||
    keptIfAny(reconcileRequestedAt) !== status.lastHandledReconcileAt ||
    keptIfAny(rotateRequestedAt) !== status.lastHandledRotateAt;
  return isTouched ? undefined : { ...refused, retryAt: refused.spreadUntil };
}

/** The reason to wait, where the state of the server permits no call now. A person who asks for a try is answered. */
export function gated(gate: Gate, object?: ObservedClient): Idle | undefined {
  if (gate.open) {
    return undefined;
  }
  const answer = isReconcileRequested(object) ? ' The requested reconciliation waits for that, too.' : '';
  return { ...wait(gate.reason, `${gate.message}${answer}`, gate.until), awaitsServer: true };
}
