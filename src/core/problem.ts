import type { Reason } from '../api/reasons.ts';

/** Something that a person has to fix, or that passes. */
export interface Problem {
  readonly reason: Reason;
  readonly message: string;
}

export function isProblem(value: object | undefined): value is Problem {
  return value !== undefined && 'reason' in value && 'message' in value;
}
