import { execute } from '../../../src/controller/client/execute.ts';
import type { StepResult } from '../../../src/controller/client/round.ts';
import type { Decision, Step } from '../../../src/core/action.ts';
import type { Observation } from '../../../src/core/observation.ts';
import { plan } from '../../../src/core/plan.ts';
import { planned } from '../fixtures/steps.ts';
import { type InMemoryOptions, type OperatorInMemory, operatorInMemory } from './operator-in-memory.ts';

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

/** Takes the step that is planned for these objects. Throws where another one is. */
export async function take<Type extends Step['type']>(
  type: Type,
  options: InMemoryOptions,
  more: Partial<Extract<Step, { readonly type: Type }>> = {},
  prepare: (operator: OperatorInMemory) => void = () => {},
): Promise<Taken> {
  const operator = operatorInMemory(options);
  prepare(operator);
  const o = operator.observe();
  const step = planned(type, o, more);
  const result = await execute(step, { o, round: operator.round, context: operator.context });
  return {
    ...operator,
    o,
    result,
    wrote: operator.writes.map(({ what }) => what),
    told: operator.events.map(({ type: kind, reason, action }) => `${kind} ${reason} ${action}`),
    next: () => plan(operator.observe()),
  };
}
