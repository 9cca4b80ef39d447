import type { Secret } from '../../../api/kubernetes.ts';
import type { Substitution } from '../../../core/drift.ts';
import { earlierRegistrations } from '../../../core/recent-calls.ts';
import { toRegistrationSecret } from '../../../core/record.ts';
import type { Circumstances, Recorded } from '../../../core/recorded-answer.ts';
import { presentable } from '../../../oauth/error-response.ts';
import type { Finish } from '../../calls/guarded-call.ts';
import { toRegistrationObject } from '../../state/cached-objects.ts';
import { DONE, later, type StepInput, type StepResult } from '../round.ts';
import { warn } from './report.ts';

/** How an answer is recorded. */
interface Recording {
  /** The call that was answered. */
  readonly attempt: string;
  /** The record that the answer changes; absent: the client has none yet. */
  readonly replaces?: { readonly resourceVersion: string };
  /** Choices of the server that the answer showed; absent: none. */
  readonly learned?: readonly Substitution[];
  /** Whether the call's ledger entry is settled as soon as the answer is recorded. Default: true. */
  readonly settles?: boolean;
}

/**
 * Creates or updates the record of a client, and caches it, so that the round continues without a watch event or a read.
 * Must be called before anything uses the answer.
 *
 * @returns the Secret as written; `undefined`: the API server doesn't accept it now. Then recording continues in the
 * background and the client waits for it: this round must do nothing else to the client.
 */
export async function record(
  { record: wanted, content }: Recorded,
  { attempt, replaces, learned, settles = true }: Recording,
  input: StepInput,
): Promise<Secret | undefined> {
  const { round, context } = input;
  const { operatorNamespace } = context.settings;
  const secret = toRegistrationSecret(wanted, content, operatorNamespace, replaces?.resourceVersion);
  const onRefused = (message: string) => {
    const what = `Registration Secret ${operatorNamespace}/${wanted.registrationSecret} was refused by the API server: ${presentable(message, [])}`;
    warn('RecordWriteRefused', 'Record', what, input);
  };
  const kind = replaces === undefined ? 'create' : 'update';
  if (learned !== undefined) {
    context.memory.learn(round.key, learned);
  }
  const written = await context.calls.record({ kind, attempt, secret, settles, onRefused });
  if (written !== undefined) {
    round.contents.set(wanted.registrationSecret, content);
    context.caches.registrations.learn(toRegistrationObject(written));
  }
  return written;
}

/** The answer of a call is recorded, and nothing is left to do. */
export const SETTLED: Finish<StepResult> = { entry: 'Settle', result: DONE };

/** The answer of a call isn't recorded yet: see {@link record}. */
export const RECORDING: Finish<StepResult> = { entry: 'Recording', result: DONE };

/** The result where what a truncated answer brought could not be recorded. */
export const TORN_NOT_STORED: StepResult = later(
  'The credentials of an answer that was cut off are not recorded yet; they are in the journal',
);

/** What an answer that arrives now doesn't say itself. */
export const circumstancesOf = ({ o, context: { clock, settings } }: StepInput): Circumstances => ({
  namespaceUid: o.namespaceUid,
  installation: settings.installation.id,
  now: clock.now(),
  earlierRegistrations: earlierRegistrations(o),
});
