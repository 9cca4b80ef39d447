import type { ClientKey } from '../../core/client-key.ts';
import type { PendingCall } from '../../core/observation.ts';
import type { RegistrationRecord } from '../../core/record.ts';
import type { Context } from '../context.ts';

/** Ledger entries that end without a call of their own: a step has found out that nothing has to be known of them. */

/**
 * A call of an earlier round that had no answer. Its effect is known by now: it is recorded, reported as a suspected
 * orphan, or of no consequence.
 */
export function settleCall(
  { attempt }: Pick<PendingCall, 'attempt'>,
  { ledger }: Pick<Context, 'ledger'>,
): void {
  ledger.settle(attempt);
}

/**
 * All calls about a record: it is gone, and its client with it, or it is left to people.
 *
 * @param client `namespace/name`
 */
export function settleCallsOf(
  { registrationSecret }: Pick<RegistrationRecord, 'registrationSecret'>,
  client: ClientKey,
  { ledger }: Pick<Context, 'ledger'>,
): void {
  for (const { attempt, record } of ledger.callsOf(client)) {
    if (record === registrationSecret) {
      ledger.settle(attempt);
    }
  }
}
