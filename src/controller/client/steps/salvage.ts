import type { Failure } from '../../../core/failure.ts';
import type { Observation } from '../../../core/observation.ts';
import { toRegistrationSecret } from '../../../core/record.ts';
import { type Registration, registered } from '../../../core/recorded.ts';
import type { Context } from '../../context.ts';
import { toRegistrationObject } from '../../state/cached-objects.ts';
import { circumstancesOf, recordAnswer } from './record-answer.ts';
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
  context: Context,
): Promise<boolean> {
  if (partial === undefined) {
    return false;
  }
  const { attempt } = registration;
  const { record, content } = registered(registration, partial, circumstancesOf(o, context));
  if (!record.managed) {
    return false;
  }
  const secret = toRegistrationSecret(
    { ...record, role: 'owed' },
    content,
    context.settings.operatorNamespace,
  );
  const written = await recordAnswer('create', attempt, secret, o, context);
  if (written !== undefined) {
    context.caches.registrations.learn(toRegistrationObject(written));
    context.ledger.settle(attempt);
  }
  warn(reason, 'Register', `${message}. That client is removed again, and another registered`, o, context);
  return true;
}
