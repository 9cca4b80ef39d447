import type { Action } from '../action.ts';
import { currentRecord } from '../current-record.ts';
import type { Observation } from '../observation.ts';
import { formerSecrets, isPublished, wantedOf } from '../workload.ts';
import { blocked } from './rests.ts';

/** Rules about the Secret that workloads mount. */

export function theWorkloadSecretDiffers(o: Observation): Action | undefined {
  const { object } = o;
  const record = currentRecord(o);
  const wanted = wantedOf(o);
  if (object === undefined || record === undefined || wanted === undefined || isPublished(o, record)) {
    return undefined;
  }
  const basis = `${wanted.name} ${object.generation} ${object.reconcileRequestedAt ?? ''}`;
  return blocked(o, 'Publish', basis) ?? { type: 'Publish', object, record, wanted, basis };
}

export function aFormerSecretIsLeft(o: Observation): Action | undefined {
  const [secret] = formerSecrets(o);
  return secret && { type: 'RemoveSecret', secret };
}
