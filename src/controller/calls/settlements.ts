import type { ClientKey } from '../../core/client-key.ts';
import type { PendingCall } from '../../core/observation.ts';
import type { RegistrationRecord } from '../../core/record.ts';
import type { Context } from '../context.ts';

/** Settles ledger entries without a call: a step found that their effect no longer matters. */

/**
 * Settles an unanswered call of an earlier round. Its effect is known by now: it is recorded, reported as a suspected
 * orphan, or doesn't matter.
 */
export function settleCall(
  { attempt }: Pick<PendingCall, 'attempt'>,
  { ledger }: Pick<Context, 'ledger'>,
): void {
  ledger.settle(attempt);
}

/**
 * Settles all calls about a record: it is deleted together with its client, or left to people.
 *
 * @param client `namespace/name`
 */
export function settleCallsOf(
  { registrationSecret }: Pick<RegistrationRecord, 'registrationSecret'>,
  client: ClientKey,
  { ledger }: Pick<Context, 'ledger'>,
): void {
  for (const call of ledger.callsOf(client)) {
    if (call.registrationSecret === registrationSecret) {
      ledger.settle(call.attempt);
    }
  }
}
