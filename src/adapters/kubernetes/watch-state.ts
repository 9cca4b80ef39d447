import { backoff } from '../../core/backoff.ts';
import type { WatchEvent } from './watch-stream.ts';

/**
 * What the reflector does next, as data.
 *
 * ```
 *            listed                    410, malformed, undecodable deletion
 *   list ────────────▶ watch ──┬──────────────────────────────────────────▶ list
 *    ▲ │ failed          ▲     │ ended, failed
 *    └─┘ (after a wait)  └─────┘ (after a wait)
 * ```
 */
export type WatchState =
  | { readonly phase: 'list'; readonly failures: number }
  | { readonly phase: 'watch'; readonly failures: number; readonly resourceVersion: string };

export type WatchInput =
  /** A complete list was read, and the handlers have it. */
  | { readonly kind: 'listed'; readonly resourceVersion: string }
  /** An event other than ERROR was read, and the handlers have it. */
  | { readonly kind: 'event'; readonly event: Exclude<WatchEvent, { readonly type: 'ERROR' }> }
  /** The server ended the watch, as it does when its time is over. */
  | { readonly kind: 'ended' }
  /** List or watch failed, with the status of HTTP or of an ERROR event; 0 if there is none. */
  | { readonly kind: 'failed'; readonly status: number }
  /** What was read can't be used: only a new list shows the current state. */
  | { readonly kind: 'unusable' };

export const INITIAL_STATE: WatchState = { phase: 'list', failures: 0 };

/**
 * `failures` counts the ends since the last event. So a server that accepts and drops every watch, or answers every
 * watch with 410, is not called in a tight loop.
 */
export function step(state: WatchState, input: WatchInput): WatchState {
  switch (input.kind) {
    case 'listed':
      return { phase: 'watch', failures: state.failures, resourceVersion: input.resourceVersion };
    case 'event':
      return {
        phase: 'watch',
        failures: 0,
        resourceVersion: input.event.object.metadata.resourceVersion ?? '',
      };
    case 'ended':
      return { ...state, failures: state.failures + 1 };
    case 'failed':
      return needsList(input.status, state.failures)
        ? { phase: 'list', failures: state.failures + 1 }
        : { ...state, failures: state.failures + 1 };
    case 'unusable':
      return { phase: 'list', failures: state.failures + 1 };
  }
}

const PAUSES = { firstMs: 200, longestMs: 30_000 };
const PERSISTENT_FAILURES = 3;

/** Wait before the next list or watch: none without failures, then 0.2 s doubling up to 30 s, with jitter of half. */
export function backoffMs(failures: number, random: () => number): number {
  if (failures === 0) {
    return 0;
  }
  return backoff(PAUSES, failures - 1) * (0.5 + random() / 2);
}

/**
 * 410: the server no longer has the events since our version. 400: the server can't read our version. 500 and 504
 * several times: the server may fail at the event after our version, and only a list gets past it.
 */
function needsList(status: number, failures: number): boolean {
  if (status === 410 || status === 400) {
    return true;
  }
  return (status === 500 || status === 504) && failures >= PERSISTENT_FAILURES;
}
