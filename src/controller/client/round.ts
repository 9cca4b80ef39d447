import type { EventReason } from '../../api/events.ts';
import type { ClientKey } from '../../core/client-key.ts';
import type { RegistrationContent } from '../../core/content.ts';
import type { Observation } from '../../core/observation.ts';
import { presentable } from '../../oauth/error-response.ts';
import { isRefusal } from '../state/refused-writes.ts';
import type { StepContext } from './step-context.ts';

/** `done`: observe again. */
export type StepResult = { readonly kind: 'done' } | Unfinished;

/** The round ends before the client comes to rest, and another one follows after a pause that grows. */
export interface Unfinished {
  readonly kind: 'later';
  /** For status and an Event, which tell what lasts: see `unfinished.ts`. */
  readonly reason: EventReason;
  /** What stands in the way, for those who read the object, without a full stop. */
  readonly why: string;
  /** The API server refuses something, so an unchanged retry fails, too: that is told at once. */
  readonly isRefused: boolean;
  /** It is the status itself that is not written. */
  readonly isStatus?: boolean;
}

/** State of one round. */
export interface Round {
  readonly key: ClientKey;
  /** Contents that were just written or read, by the name of their registration Secret; they need no further read. */
  readonly contents: Map<string, RegistrationContent>;
}

export const DONE: StepResult = { kind: 'done' };

/** @param why as in {@link Unfinished} */
export const later = (why: string, reason: EventReason = 'APIServerUnavailable'): Unfinished => ({
  kind: 'later',
  reason,
  why,
  isRefused: false,
});

/**
 * The API server did not do what the round needs.
 *
 * @param what what was not done, such as `Secret x is not written`
 */
export function notDone(
  what: string,
  result: { readonly status: number; readonly message: string },
): Unfinished {
  const isRefused = isRefusal(result);
  const why = `${what}: ${presentable(result.message, [])}`;
  return { kind: 'later', reason: isRefused ? 'WriteRefused' : 'APIServerUnavailable', why, isRefused };
}

/** Input of a step. */
export interface StepInput {
  /** The observation for which the step was planned. */
  readonly o: Observation;
  readonly round: Round;
  readonly context: StepContext;
}
