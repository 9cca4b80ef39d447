import type { Secret } from '../../api/kubernetes.ts';
import type { ClientKey } from '../../core/client-key.ts';
import type { PendingCall } from '../../core/observation.ts';
import type { RegistrationRecord } from '../../core/record.ts';
import type { Context } from '../context.ts';
import { type CallHandlers, type CallTerms, type GuardedCall, guarded } from './guarded-call.ts';
import { type PacedCall, paced } from './paced-call.ts';
import { type RecordedAnswer, recordAnswer } from './record-answer.ts';
import { settleCall, settleCallsOf } from './settlements.ts';

/** Everything a step can do with calls. It has no access to the ledger's and the registry's methods that begin and end them. */
export interface Calls {
  /** See {@link guarded}. */
  guarded<R>(call: GuardedCall, terms: CallTerms, handlers: CallHandlers<R>): Promise<R | undefined>;
  /** See {@link paced}. */
  paced<R>(call: PacedCall, terms: CallTerms, make: () => Promise<R>): Promise<R | undefined>;
  /** See {@link recordAnswer}. */
  record(answer: RecordedAnswer): Promise<Secret | undefined>;
  /** See {@link settleCall}. */
  settle(call: Pick<PendingCall, 'attempt'>): void;
  /** See {@link settleCallsOf}. */
  settleAllOf(record: Pick<RegistrationRecord, 'registrationSecret'>, client: ClientKey): void;
}

export const createCalls = (context: Context): Calls => ({
  guarded: (call, terms, handlers) => guarded(call, terms, handlers, context),
  paced: (call, terms, make) => paced(call, terms, make, context),
  record: (answer) => recordAnswer(answer, context),
  settle: (call) => settleCall(call, context),
  settleAllOf: (record, client) => settleCallsOf(record, client, context),
});
