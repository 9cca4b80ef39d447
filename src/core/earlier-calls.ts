import type { Observation, PendingCall, Setback, SetbackAction } from './observation.ts';
import type { RegistrationRecord } from './record.ts';

/** How earlier calls about a client ended, and what is uncertain because answers are missing. */

/** The setback of this action with this basis. A setback with another basis doesn't count. */
export function setbackOf(
  o: Pick<Observation, 'setbacks'>,
  action: SetbackAction,
  basis: string,
): Setback | undefined {
  return o.setbacks.find((setback) => setback.action === action && setback.basis === basis);
}

/** The reason of a deregistration whose client is gone at the server, while what is left here is not removed yet. */
export const GONE_ALREADY = 'Deleting';

/** Whether the client is gone at the server, so that nothing is sent for it again. */
export const isGoneAlready = (setback: Setback | undefined): boolean => setback?.reason === GONE_ALREADY;

/** Updates and reads of this client whose answers were lost: each may have rotated its token, secret or address. */
export function unansweredCalls(
  o: Observation,
  { registrationSecret }: RegistrationRecord,
): readonly PendingCall[] {
  return o.calls.filter(
    (call) =>
      (call.kind === 'Update' || call.kind === 'Read') &&
      call.registrationSecret === registrationSecret &&
      call.state === 'interrupted',
  );
}

/** Whether it is unknown what is registered. */
export const unansweredUpdate = (o: Observation, record: RegistrationRecord): boolean =>
  unansweredCalls(o, record).some(({ kind }) => kind === 'Update');

/**
 * Whether a refused token may be out of date while the client exists: it was refused before, or may have been
 * rotated.
 */
export function isTokenInDoubt(o: Observation, record: RegistrationRecord): boolean {
  const isLost = (reason: string) => reason === 'RegistrationAccessTokenLost';
  return (
    unansweredCalls(o, record).length > 0 ||
    o.setbacks.some(
      ({ action, reason, ambiguous }) =>
        (action === 'Update' && ambiguous) || ((action === 'Update' || action === 'Read') && isLost(reason)),
    ) ||
    (o.object?.status.conditions ?? []).some(({ reason }) => isLost(reason))
  );
}
