import type { Failure } from '../../../core/failure.ts';
import { type Recorded, type Registration, recordRegistration } from '../../../core/recorded-answer.ts';
import type { EntryEnd } from '../../calls/guarded-call.ts';
import type { StepInput } from '../round.ts';
import { circumstancesOf, record } from './record.ts';
import { warn } from './report.ts';

/**
 * A truncated answer that contains the client id and the means to manage the client: records the client as one to
 * deregister, since the rest of the answer is unknown.
 *
 * @returns what happens to the call's entry; `undefined` if the answer lacks these members
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
  warn(
    reason,
    'Register',
    `${message}. That client is removed again, and another registered after a pause, at most recovery.maxAttempts times`,
    input,
  );
  return written === undefined ? 'Recording' : 'Settle';
}
