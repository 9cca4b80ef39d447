import type { Observation, PendingCall, Setback, SetbackAction } from './observation.ts';
import type { RegistrationRecord } from './record.ts';

/** What earlier calls about a client ended with, and what their missing answers leave in doubt. */

/** What went wrong before with just this: another basis is another try. */
export function setbackOf(o: Observation, action: SetbackAction, basis: string): Setback | undefined {
  return o.setbacks.find((setback) => setback.action === action && setback.basis === basis);
}

/** Updates and reads of this client whose answers nobody has: each may have brought another token, secret or address. */
export function unansweredCalls(o: Observation, { secretName }: RegistrationRecord): readonly PendingCall[] {
  return o.calls.filter(
    ({ kind, record, state }) =>
      (kind === 'Update' || kind === 'Read') && record === secretName && state === 'interrupted',
  );
}

/** Whether what is registered isn't known. */
export const unansweredUpdate = (o: Observation, record: RegistrationRecord): boolean =>
  unansweredCalls(o, record).some(({ kind }) => kind === 'Update');

/** Whether a refusal may be the token's, not the client's, end: it was refused before, or may have been rotated. */
export function isTokenInDoubt(o: Observation, record: RegistrationRecord): boolean {
  const isLost = (reason: string) => reason === 'RegistrationAccessTokenLost';
  return (
    unansweredCalls(o, record).length > 0 ||
    o.setbacks.some(
      ({ action, reason, ambiguous }) => action === 'Update' && (ambiguous || isLost(reason)),
    ) ||
    (o.object?.status.conditions ?? []).some(({ reason }) => isLost(reason))
  );
}
