import type { ClientKey } from '../../core/client-key.ts';
import type { RegistrationContent } from '../../core/content.ts';
import type { Observation } from '../../core/observation.ts';
import type { StepContext } from './step-context.ts';

/** `done`: observe again. `later`: the API server didn't accept a write; retry after a pause. */
export type StepResult = { readonly kind: 'done' } | { readonly kind: 'later'; readonly why: string };

/** State of one round. */
export interface Round {
  readonly key: ClientKey;
  /** Contents that were just written or read, by the name of their registration Secret; they need no further read. */
  readonly contents: Map<string, RegistrationContent>;
}

export const DONE: StepResult = { kind: 'done' };

export const later = (why: string): StepResult => ({ kind: 'later', why });

/** Input of a step. */
export interface StepInput {
  /** The observation for which the step was planned. */
  readonly o: Observation;
  readonly round: Round;
  readonly context: StepContext;
}
