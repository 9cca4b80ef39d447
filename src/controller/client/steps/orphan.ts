import type { Reason } from '../../../api/reasons.ts';
import type { Observation } from '../../../core/observation.ts';
import { serverNamed } from '../../../core/server-key.ts';
import { listOfSuspects } from '../../../core/suspects.ts';
import type { Context } from '../../context.ts';
import { DONE, later, type StepResult } from '../round.ts';
import { warn } from './report.ts';

/**
 * A registration whose end nobody knows: listed, told and counted. A full list holds up nothing.
 *
 * @param why for people who look at the client
 * @param said the same for those who look at the list, which names the server beside it
 */
export async function reportOrphan(
  attempt: string,
  reason: Reason,
  why: string,
  said: string,
  o: Observation,
  context: Context,
): Promise<StepResult> {
  const entry = context.ledger.entry(attempt);
  if (entry === undefined) {
    return DONE;
  }
  const reported = await context.orphans.report(entry, said);
  if (reported === 'NotYet') {
    return later('the suspected orphan could not be listed');
  }
  const where = `${entry.server}, ${entry.startedAt}`;
  const unlisted =
    reported === 'ListFull' ? `. It is not listed: ConfigMap ${listOfSuspects(entry.server)} is full` : '';
  context.counters.orphanSuspected(serverNamed(entry.server));
  warn(reason, 'Register', `${why}. A client may exist that nobody knows (${where})${unlisted}`, o, context);
  context.ledger.settle(attempt);
  return DONE;
}
