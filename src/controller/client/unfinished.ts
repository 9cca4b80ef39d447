import type { ClientKey } from '../../core/client-key.ts';
import { observe } from './observe.ts';
import { later, type Unfinished } from './round.ts';
import { withCure } from './setbacks.ts';
import type { StepContext } from './step-context.ts';
import { subjectOf } from './steps/report.ts';
import { writeStatus } from './write-status.ts';

/** Rounds that end before the client comes to rest: no object waits for long without a word. */

/** What lasts for so long is told; a conflict or a short failure passes by itself. */
const TELL_AFTER_MS = 10_000;

/** Tells what stands in the way, once it lasts: one Event and one line in the log, and status for as long as it does. */
export async function tellUnfinished(
  key: ClientKey,
  { reason, why, isRefused, isStatus = false }: Unfinished,
  context: StepContext,
): Promise<void> {
  const { clock, events, log, memory } = context;
  const now = clock.now();
  const { since, isTold } = memory.waitsFor(key, reason, now);
  if (!isRefused && now - since < TELL_AFTER_MS) {
    return;
  }
  const o = observe(key, context);
  const message = withCure(why, reason);
  if (!isTold) {
    memory.waitTold(key);
    log.warn('a round does not come to its end', { client: key, reason, why });
    if (o.object !== undefined) {
      events.record({ reason, action: 'Reconcile', message, regarding: subjectOf(o, undefined) });
    }
  }
  if (o.object !== undefined && !isStatus) {
    await writeStatus(o, { type: 'Idle', state: 'Waiting', reason, message }, key, context);
  }
}

/** A round threw. What it threw is in the log alone. */
export const FAILED_ROUND: Unfinished = later('The operator met an error of its own', 'RoundFailed');
