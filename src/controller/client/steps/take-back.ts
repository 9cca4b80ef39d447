import { rfc3339 } from '../../../api/time.ts';
import { overlapEndFrom } from '../../../core/overlap.ts';
import type { RegistrationRecord } from '../../../core/record.ts';
import type { StepInput, StepResult } from '../round.ts';
import { mark } from './mark.ts';
import { subjectOf } from './report.ts';

/**
 * Lets the client that the current one replaced serve again: one write of the record of the replacement. The Secret is
 * written next, and the client that served until now ends after an overlap.
 */
export async function takeBack(
  current: RegistrationRecord,
  former: RegistrationRecord,
  input: StepInput,
): Promise<StepResult> {
  const { o, context } = input;
  const now = rfc3339(o.now);
  const marked = await (current.replaces === former.registrationSecret
    ? mark(current, { replacementUndoneAt: now, replacementMadeAt: null }, context)
    : mark(former, { replacementUndoneAt: null, replacementMadeAt: now }, context));
  if (marked.kind === 'done') {
    const ends = rfc3339(overlapEndFrom(o, current, former, o.now));
    context.events.record({
      reason: 'Registered',
      action: 'Replace',
      message: `Client ${former.clientId}, which is still registered at ${former.issuer}, serves again in place of client ${current.clientId}, which ends at ${ends}.`,
      regarding: subjectOf(o, former),
    });
  }
  return marked;
}
