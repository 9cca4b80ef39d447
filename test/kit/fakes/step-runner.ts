import { EVENTS } from '../../../src/api/events.ts';
import { execute } from '../../../src/controller/client/execute.ts';
import type { StepResult } from '../../../src/controller/client/round.ts';
import type { LedgerEntry } from '../../../src/controller/durable/ledger-entry.ts';
import type { HttpOutcome } from '../../../src/controller/ports.ts';
import type { Decision, Step } from '../../../src/core/action.ts';
import type { Observation, PendingCall, Setback } from '../../../src/core/observation.ts';
import { plan } from '../../../src/core/plan.ts';
import { storedServerKey } from '../../../src/core/server-key.ts';
import { CLIENT } from '../fixtures/objects.ts';
import { planned } from '../fixtures/steps.ts';
import { type InMemoryOptions, type OperatorInMemory, operatorInMemory } from './operator-in-memory.ts';

/** The attempt of the first call, with the random numbers of the operator in memory. */
export const ATTEMPT = 'iiiiiiiiii';
export const SERVER = storedServerKey('ClusterAuthorizationServer/corporate');
/** The registration Secret of the client. */
export const NAME = 'oac-uid-1-a1';

export const NO_ANSWER: HttpOutcome = {
  kind: 'noAnswer',
  reason: 'Timeout',
  detail: 'no answer within 30 s',
};

/** A call of an earlier round in the ledger. Default: an update of the client that was interrupted. */
export const leaveCall =
  (call: Partial<LedgerEntry>, state: PendingCall['state'] = 'interrupted') =>
  ({ ledger }: OperatorInMemory): void =>
    ledger.leave(
      {
        attempt: 'a0',
        kind: 'Update',
        client: CLIENT,
        registrationSecret: NAME,
        server: SERVER,
        timeoutMs: 1,
        startedAt: '2026-05-01T11:58:00Z',
        ...call,
      },
      state,
    );

/** Another client of the namespace is being registered. */
export const registersAnother = leaveCall(
  {
    attempt: 'a2',
    kind: 'Register',
    registrationSecret: 'oac-uid-2-a2',
    client: { namespace: 'shop', name: 'basket', uid: 'uid-2' },
  },
  'underWay',
);

export const setbacksOf = ({ memory, round }: OperatorInMemory): readonly Setback[] =>
  memory.setbacks(round.key);

/** The content of the registration Secret that the round has read or written. */
export const contentOf = ({ round }: OperatorInMemory) => round.contents.get(NAME);

/** The result of a step that leaves nothing to do. */
export const DONE: StepResult = { kind: 'done' };

/** One step that was taken, and what it left. */
export interface Taken extends OperatorInMemory {
  readonly o: Observation;
  readonly result: StepResult;
  /** What was written, without the bodies. */
  readonly wrote: readonly string[];
  /** Type, reason and action of each Event. */
  readonly told: readonly string[];
  /** What is planned after it, by what the operator itself wrote and learned. */
  next(): Decision;
}

export interface TakeOptions<Type extends Step['type']> extends InMemoryOptions {
  /** Parts of the step that are to be otherwise than planned. */
  readonly step?: Partial<Extract<Step, { readonly type: Type }>>;
  /** Before anything is observed. */
  readonly before?: (operator: OperatorInMemory) => void | Promise<void>;
  /** When the step is planned and not yet taken. */
  readonly meanwhile?: (operator: OperatorInMemory) => void;
}

/** Takes the step that is planned for these objects. Throws where another one is. */
export async function take<Type extends Step['type']>(
  type: Type,
  { step = {}, before, meanwhile, ...options }: TakeOptions<Type>,
): Promise<Taken> {
  const operator = operatorInMemory(options);
  await before?.(operator);
  const o = operator.observe();
  const action = planned(type, o, step);
  meanwhile?.(operator);
  const { round, context } = operator;
  const result = await execute(action, { o, round, context });
  return {
    ...operator,
    o,
    result,
    wrote: operator.writes.map(({ what }) => what),
    told: operator.events.map(({ reason, action: doing }) => `${EVENTS[reason].type} ${reason} ${doing}`),
    next: () => plan(operator.observe()),
  };
}
