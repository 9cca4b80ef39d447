import type { Reason } from '../../api/reasons.ts';
import { defined } from '../../oauth/objects.ts';
import type { Idle } from '../action.ts';
import { setbackOf } from '../earlier-calls.ts';
import { keptIfAny } from '../kept-text.ts';
import type { Gate, Observation, ObservedClient, Setback, SetbackAction } from '../observation.ts';
import { isReconcileRequested } from '../reconcile-request.ts';

/** The ways to be idle. */

export const idle = (state: Idle['state'], reason: Reason, message: string, until?: number): Idle =>
  defined({ type: 'Idle', state, reason, message, until });

/** Waits until something changes, or until `until` (milliseconds since the epoch). */
export const wait = (reason: Reason, message: string, until?: number): Idle =>
  idle('Waiting', reason, message, until);

/** Waits for a person. */
export const stall = (reason: Reason, message: string): Idle => idle('Stalled', reason, message);

export const gone = (until?: number): Idle => idle('Gone', 'Deleting', 'The object is gone.', until);

/** The reason not to retry yet, where the action failed before with the same basis. */
export function blocked(o: Observation, action: SetbackAction, basis: string): Idle | undefined {
  const setback = setbackOf(o, action, basis) ?? spreadBy(o, action);
  if (setback === undefined || o.now >= setback.retryAt) {
    return undefined;
  }
  const { kind, reason, message, retryAt, awaitsServer = false } = setback;
  const until = Number.isFinite(retryAt) ? retryAt : undefined;
  const waiting = idle(kind === 'Terminal' ? 'Stalled' : 'Waiting', reason, message, until);
  return awaitsServer ? { ...waiting, awaitsServer } : waiting;
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
