import type { Failure } from '../../../core/failure.ts';
import type { Observation } from '../../../core/observation.ts';
import { type Recorded, type Registration, registered } from '../../../core/recorded.ts';
import type { Context } from '../../context.ts';
import type { Round } from '../round.ts';
import { circumstancesOf, record } from './record.ts';
import { warn } from './report.ts';

/**
 * An answer that was cut off, but not before it named the client and brought what manages it: the client is recorded as
 * one to be deregistered, since nobody knows what the rest said.
 *
 * @returns false where that wasn't read
 */
export async function salvage(
  registration: Registration,
  { partial, message, reason }: Failure,
  o: Observation,
  round: Round,
  context: Context,
): Promise<boolean> {
  if (partial === undefined) {
    return false;
  }
  const { attempt } = registration;
  const found = registered(registration, partial, circumstancesOf(o, context));
  if (!found.record.managed) {
    return false;
  }
  const owed: Recorded = { ...found, record: { ...found.record, role: 'owed' } };
  const written = await record(owed, { attempt }, o, round, context);
  if (written !== undefined) {
    context.ledger.settle(attempt);
  }
  warn(reason, 'Register', `${message}. That client is removed again, and another registered`, o, context);
  return true;
}
