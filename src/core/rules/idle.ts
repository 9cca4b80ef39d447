import type { Reason } from '../../api/reasons.ts';
import type { Idle } from '../action.ts';
import { setbackOf } from '../earlier-calls.ts';
import type { Gate, Observation, SetbackAction } from '../observation.ts';

/** Reasons to do nothing for now. */

export const idle = (state: Idle['state'], reason: Reason, message: string, until?: number): Idle => ({
  type: 'Idle',
  state,
  reason,
  message,
  ...(until === undefined ? {} : { until }),
});

/** Until something changes, or `until`. */
export const wait = (reason: Reason, message: string, until?: number): Idle =>
  idle('Waiting', reason, message, until);

/** Until a person acts. */
export const stall = (reason: Reason, message: string): Idle => idle('Stalled', reason, message);

export const gone = (until?: number): Idle => idle('Gone', 'Deleting', 'The object is gone.', until);

/** The same was tried before, with the same in hand, and it isn't time to try it again. */
export function blocked(o: Observation, action: SetbackAction, basis: string): Idle | undefined {
  const setback = setbackOf(o, action, basis);
  if (setback === undefined || o.now >= setback.retryAt) {
    return undefined;
  }
  const { kind, reason, message, retryAt } = setback;
  const until = Number.isFinite(retryAt) ? retryAt : undefined;
  return idle(kind === 'Terminal' ? 'Stalled' : 'Waiting', reason, message, until);
}

/** The server's state permits no call at this moment. */
export function gated(gate: Gate): Idle | undefined {
  return gate.open ? undefined : { ...wait(gate.reason, gate.message, gate.until), awaitsServer: true };
}
