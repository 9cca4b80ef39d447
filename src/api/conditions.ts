import { cut, visible } from '../oauth/text.ts';
import type { ConditionType } from './condition-types.ts';
import type { Reason } from './reasons.ts';

/** A condition in status, as Kubernetes' `metav1.Condition`. An earlier release may have written other types. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number | undefined;
}

/** A condition before it has a time and a generation. */
export interface NewCondition {
  readonly type: ConditionType;
  readonly status: Condition['status'];
  readonly reason: Reason;
  readonly message: string;
}

/** Message of a condition that has the cause in common with Ready, which is the first. */
export const SEE_READY = 'See the condition Ready.';

const MAX_MESSAGE = 1024;

/**
 * What goes into status: exactly the given conditions, in their order. A condition whose status stays the same keeps its
 * transition time, so that nothing changes on a resync.
 *
 * @param time RFC 3339, for conditions whose status is new.
 */
export function toConditions(
  conditions: readonly NewCondition[],
  previous: readonly Condition[],
  generation: number,
  time: string,
): readonly Condition[] {
  return conditions.map((condition) => {
    const before = previous.find(({ type }) => type === condition.type);
    const unchanged = before?.status === condition.status;
    return {
      type: condition.type,
      status: condition.status,
      observedGeneration: generation,
      lastTransitionTime: unchanged ? before.lastTransitionTime : time,
      reason: condition.reason,
      message: cut(visible(condition.message), MAX_MESSAGE),
    };
  });
}

/** What the CRD puts into a new object, so that `kubectl get` says something before the operator does. */
export const NOT_YET_SEEN: Condition = {
  type: 'Ready',
  status: 'Unknown',
  reason: 'Queued' satisfies Reason,
  message: 'Not yet seen by the operator. Is it running?',
  lastTransitionTime: '1970-01-01T00:00:00Z',
};
