import type { UpdateStep } from '../../../core/action.ts';
import type { RegistrationContent } from '../../../core/content.ts';
import { keyTimesOf } from '../../../core/document-keys.ts';
import { recordUpdate } from '../../../core/recorded-answer.ts';
import type { ClientInformation } from '../../../oauth/client-information.ts';
import { omit } from '../../../oauth/objects.ts';
import type { StepInput } from '../round.ts';
import { record } from './record.ts';

/**
 * A truncated answer to an update may contain a new token, secret or address; the old ones are then invalid (RFC 7592
 * section 2.2). Records the new ones, treats the registered metadata as unknown, and lets the update be retried with them.
 *
 * @returns false if they couldn't be recorded
 */
export async function keepTorn(
  step: UpdateStep,
  attempt: string,
  stored: RegistrationContent,
  partial: ClientInformation,
  input: StepInput,
): Promise<boolean> {
  const { context } = input;
  const { record: replaces } = step.at;
  const { information, sent, keys } = stored;
  if (partial.clientId !== replaces.clientId) {
    return true;
  }
  const answer = { ...partial, metadata: information.metadata };
  const before = { ...step, hash: replaces.metadataHash };
  const { record: renewed, content } = recordUpdate(
    before,
    stored,
    answer,
    { sent, keys },
    context.clock.now(),
  );
  const kept = omit(renewed, 'keyCreatedAt', 'keyRotatesAt', 'keyRetiresAt');
  const next = { record: { ...kept, ...keyTimesOf(replaces) }, content };
  const written = await record(next, { attempt, replaces, settles: false }, input);
  return written !== undefined;
}
