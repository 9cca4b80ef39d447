import type { Condition } from '../../src/api/conditions.ts';
import type { ObjectMeta } from '../../src/api/kubernetes.ts';

/** What kstatus makes of an object; Flux, kpt and others wait for `Current`. */
export type KStatus = 'Current' | 'InProgress' | 'Failed' | 'Terminating';

interface AnyObject {
  readonly metadata: ObjectMeta;
  readonly status?:
    | {
        readonly observedGeneration?: number | undefined;
        readonly conditions?: readonly Condition[] | undefined;
      }
    | undefined;
}

/**
 * The rules of kstatus for kinds that it does not know (kubernetes-sigs/cli-utils, `pkg/kstatus/status`: `Compute`,
 * `checkGenericProperties`, `checkGeneration`, `checkReadyCondition`), in its order.
 */
export function kstatusOf({ metadata, status = {} }: AnyObject): KStatus {
  const { observedGeneration, conditions = [] } = status;
  if (metadata.deletionTimestamp !== undefined) {
    return 'Terminating';
  }
  if (observedGeneration !== undefined && observedGeneration !== metadata.generation) {
    return 'InProgress';
  }
  const abnormal = conditions.find(
    (condition) => ['Reconciling', 'Stalled'].includes(condition.type) && condition.status === 'True',
  );
  if (abnormal !== undefined) {
    return abnormal.type === 'Stalled' ? 'Failed' : 'InProgress';
  }
  const ready = conditions.find(({ type }) => type === 'Ready');
  return ready === undefined || ready.status === 'True' ? 'Current' : 'InProgress';
}
