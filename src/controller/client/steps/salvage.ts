import type { Failure } from '../../../core/failure.ts';
import { type Recorded, type Registration, recordRegistration } from '../../../core/recorded-answer.ts';
import type { EntryEnd } from '../../calls/guarded-call.ts';
import type { StepInput } from '../round.ts';
import { circumstancesOf, record } from './record.ts';
import { warn } from './report.ts';

/**
 * An answer that was cut off, but not before it named the client and brought what manages it: the client is recorded as
 * one to be deregistered, since nobody knows what the rest said.
 *
 * @returns what becomes of the call's entry; `undefined` where that wasn't read
 */
export async function salvage(
  registration: Registration,
  { partial, message, reason }: Failure,
  input: StepInput,
): Promise<EntryEnd | undefined> {
  if (partial === undefined) {
    return undefined;
  }
  const { attempt } = registration;
  const found = recordRegistration(registration, partial, circumstancesOf(input));
  if (!found.record.managed) {
    return undefined;
  }
  const owed: Recorded = { ...found, record: { ...found.record, role: 'owed' } };
  const written = await record(owed, { attempt }, input);
  warn(reason, 'Register', `${message}. That client is removed again, and another registered`, input);
  return written === undefined ? 'Recording' : 'Settle';
}
