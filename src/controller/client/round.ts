import type { ClientKey } from '../../core/client-key.ts';
import type { RegistrationContent } from '../../core/content.ts';
import type { Substitution } from '../../core/drift.ts';
import type { Observation } from '../../core/observation.ts';
import type { StepContext } from './step-context.ts';

/** `done`: look again. `later`: the API server didn't take a write; look again after a pause. */
export type StepResult = { readonly kind: 'done' } | { readonly kind: 'later'; readonly why: string };

/** What one round of looking, planning and doing holds on to. */
export interface Round {
  readonly key: ClientKey;
  /** Contents that were just written or read, by the name of their registration Secret: saves reading them. */
  readonly contents: Map<string, RegistrationContent>;
  /** What an answer in this round showed of the server's own choices. */
  learned: readonly Substitution[] | undefined;
}

export const DONE: StepResult = { kind: 'done' };

export const later = (why: string): StepResult => ({ kind: 'later', why });

/** What a step works with. */
export interface StepInput {
  /** What was observed, and what the step was planned for. */
  readonly o: Observation;
  readonly round: Round;
  readonly context: StepContext;
}
