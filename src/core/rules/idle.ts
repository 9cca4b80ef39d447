import type { Reason } from '../../api/reasons.ts';
import { defined } from '../../oauth/objects.ts';
import type { Idle } from '../action.ts';
import { setbackOf } from '../earlier-calls.ts';
import type { Gate, Observation, SetbackAction } from '../observation.ts';

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
  const setback = setbackOf(o, action, basis);
  if (setback === undefined || o.now >= setback.retryAt) {
    return undefined;
  }
  const { kind, reason, message, retryAt } = setback;
  const until = Number.isFinite(retryAt) ? retryAt : undefined;
  return idle(kind === 'Terminal' ? 'Stalled' : 'Waiting', reason, message, until);
}

/** The reason to wait, where the state of the server permits no call now. */
export function gated(gate: Gate): Idle | undefined {
  return gate.open ? undefined : { ...wait(gate.reason, gate.message, gate.until), awaitsServer: true };
}
