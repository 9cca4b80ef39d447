import { cut, visible } from '../oauth/text.ts';
import type { Reason } from './reasons.ts';

/** Conditions in the sense of kstatus: `Ready` for all; `Reconciling` and `Stalled` only while they are true. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number | undefined;
}

export interface Finding {
  readonly type: string;
  readonly status: Condition['status'];
  readonly reason: Reason;
  readonly message: string;
}

const MAX_MESSAGE = 1024;

/**
 * The new conditions: exactly the findings, in their order. A condition whose status stays the same keeps its
 * transition time, so that nothing changes on a resync.
 *
 * @param time RFC 3339, for conditions whose status is new.
 */
export function toConditions(
  findings: readonly Finding[],
  previous: readonly Condition[],
  generation: number,
  time: string,
): readonly Condition[] {
  return findings.map((finding) => {
    const before = previous.find((condition) => condition.type === finding.type);
    const unchanged = before?.status === finding.status;
    return {
      type: finding.type,
      status: finding.status,
      observedGeneration: generation,
      lastTransitionTime: unchanged ? before.lastTransitionTime : time,
      reason: finding.reason,
      message: cut(visible(finding.message), MAX_MESSAGE),
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
