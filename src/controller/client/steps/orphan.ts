import type { EventReason } from '../../../api/events.ts';
import { RESOURCES } from '../../../api/kubernetes.ts';
import type { DocumentHosting } from '../../../core/identification.ts';
import type { PendingCall } from '../../../core/observation.ts';
import type { OrphanTraits } from '../../../core/orphan-entry.ts';
import { serverNamed } from '../../../core/server-key.ts';
import { listOfSuspects } from '../../../core/suspects.ts';
import type { Finish } from '../../calls/guarded-call.ts';
import { DONE, later, notDone, type StepInput, type StepResult } from '../round.ts';
import { SETTLED } from './record.ts';
import { warn } from './report.ts';

/** What readers of the list learn besides the call. */
interface SaidOfOrphan {
  /** Why the answer is unknown; the list names the server separately. */
  readonly said: string;
  readonly traits: OrphanTraits;
}

/**
 * A registration with unknown outcome: lists, reports and counts it. A full list delays nothing.
 *
 * @param why for readers of the client's object
 * @returns with `Settle` for the call's entry, unless the suspicion could not be listed yet
 */
export async function reportOrphan(
  attempt: string,
  reason: EventReason,
  why: string,
  { said, traits }: SaidOfOrphan,
  input: StepInput,
): Promise<Finish<StepResult>> {
  const { context } = input;
  const entry = context.ledger.entry(attempt);
  if (entry === undefined) {
    return SETTLED;
  }
  const reported = await context.orphans.report(entry, said, traits);
  if (reported === 'NotYet') {
    return {
      entry: 'Interrupt',
      result: later('A registration without an answer is not listed as a suspected orphan yet'),
    };
  }
  const where = `${entry.server}, ${entry.startedAt}`;
  const unlisted =
    reported === 'ListFull' ? `. It is not listed: ConfigMap ${listOfSuspects(entry.server)} is full` : '';
  context.counters.orphanSuspected(serverNamed(entry.server));
  warn(reason, 'Register', `${why}. A client may exist that nobody knows (${where})${unlisted}`, input);
  return SETTLED;
}

const STOPPED = 'The operator stopped before it recorded an answer';
const NOT_RECORDED = 'No answer was recorded; the log of the operator says why';

/** A registration of an earlier round or process that was interrupted. */
export async function reportInterrupted(call: PendingCall, input: StepInput): Promise<StepResult> {
  const { attempt } = call;
  const { context } = input;
  const why = context.ledger.isInherited(attempt) ? STOPPED : NOT_RECORDED;
  const { server } = input.o;
  if (call.isOwn && context.settings.documents !== undefined) {
    return removeUnknown(call, context.settings.documents, input);
  }
  const traits = server.available ? { issuer: server.connection.issuer } : {};
  const told = { said: why, traits };
  const { entry, result } = await reportOrphan(attempt, 'RegistrationOutcomeUnknown', why, told, input);
  if (entry === 'Settle') {
    context.calls.settle({ attempt });
  }
  return result;
}

/** The document of a registration that was not recorded: nobody was told of its URL. */
async function removeUnknown(
  { attempt, registrationSecret: name }: PendingCall,
  { namespace }: DocumentHosting,
  { context }: StepInput,
): Promise<StepResult> {
  const gone = await context.api.delete(RESOURCES.configMap, { namespace, name });
  if (!gone.ok && gone.reason !== 'NotFound') {
    return notDone('The document of an interrupted registration is not removed', gone);
  }
  context.calls.settle({ attempt });
  return DONE;
}
