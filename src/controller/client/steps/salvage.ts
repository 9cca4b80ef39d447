import { displayNameOf } from '../../../core/content.ts';
import type { Failure } from '../../../core/failure.ts';
import { isInUseBy } from '../../../core/home.ts';
import type { Recorded, Registration } from '../../../core/recorded-answer.ts';
import { defined } from '../../../oauth/objects.ts';
import type { EntryEnd } from '../../calls/guarded-call.ts';
import type { StepInput } from '../round.ts';
import { record } from './record.ts';
import { recordedOf } from './recorded-registration.ts';
import { warn } from './report.ts';

/**
 * A truncated answer that contains the client id and the means to manage the client: records the client as one to
 * deregister, since the rest of the answer is unknown. If it is the client that was to be replaced, it stays in use.
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
  const { attempt, step } = registration;
  const found = await recordedOf(registration, partial, input);
  if (!found.record.managed) {
    return undefined;
  }
  const isKnown = step.replaces !== undefined && isInUseBy(found.record, step.replaces);
  const displayName = displayNameOf(found.content.sent);
  const owed = { ...found.record, role: 'owed' as const, ...defined({ displayName }) };
  const kept: Recorded = isKnown ? found : { ...found, record: owed };
  const written = await record(kept, { attempt }, input);
  const what = isKnown
    ? 'It is the client that this object has already'
    : 'That client is removed again, and another registered after a pause, at most recovery.maxAttempts times';
  warn(reason, 'Register', `${message}. ${what}`, input);
  return written === undefined ? 'Recording' : 'Settle';
}
