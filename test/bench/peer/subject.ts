import type { WatchedKind } from '../client-watch.ts';
import type { Requester } from '../request-counts.ts';

/** One of the two that are compared: what its users write, and how it is started. */
export interface Subject {
  readonly name: string;
  readonly requester: Requester;
  readonly kind: WatchedKind;
  /** Of one namespace. */
  readonly path: (namespace: string) => string;
  /** An ordinary web application; the same for both. Its Secret is `NAME-oauth`. */
  readonly object: (namespace: string, name: string) => object;
  readonly start: () => Promise<SubjectProcess>;
}

export interface SubjectProcess {
  readonly pid: number;
  /** `performance.now()` just before the process was made. */
  readonly startedAt: number;
  readonly stop: () => Promise<unknown>;
}
