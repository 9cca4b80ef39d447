import type { Reason } from '../../api/reasons.ts';
import type { Observation } from '../../core/observation.ts';
import { serverNamed } from '../../core/server-name.ts';
import type { Context } from '../context.ts';
import { warn } from './report.ts';
import { DONE, later, type StepResult } from './round.ts';

/** A registration whose end nobody knows: listed, told and counted. */
export async function reportOrphan(
  attempt: string,
  reason: Reason,
  why: string,
  o: Observation,
  context: Context,
): Promise<StepResult> {
  const entry = context.ledger.entry(attempt);
  if (entry === undefined) {
    return DONE;
  }
  if (!(await context.orphans.report(entry, why))) {
    return later('the suspected orphan could not be listed');
  }
  const where = `${entry.server}, ${entry.startedAt}`;
  context.counters.orphanSuspected(serverNamed(entry.server));
  warn(reason, 'Register', `${why}. A client may exist that nobody knows (${where})`, o, context);
  context.ledger.settle(attempt);
  return DONE;
}
