import { isReason, REASONS } from '../api/reasons.ts';
import type { Cell } from './print.ts';

/** The condition of this type in a status, if it has one. */
export const conditionOf = <C extends { readonly type: string }>(
  status: { readonly conditions?: readonly C[] | undefined } | undefined,
  type: string,
): C | undefined => status?.conditions?.find((condition) => condition.type === type);

/** The line with the cure that the table of reasons has; none for a reason that it lacks, or after which nothing is to do. */
export function cureLine(reason: string | undefined): readonly Cell[] {
  const cure = reason !== undefined && isReason(reason) ? REASONS[reason].cure : 'Nothing to do.';
  return cure === 'Nothing to do.' ? [] : [{ text: `Cure: ${cure}`, tone: 'waiting' }];
}
