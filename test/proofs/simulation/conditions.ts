import type { Behaviour } from './authorization-server.ts';

/** What a life meets with. */

/** How reliable everything is at the moment. Shares are of calls, from 0 to 1. */
export interface Weather {
  readonly latencyMs: number;
  readonly apiFaults: number;
  readonly serverFaults: number;
  /** How much later than the answer was given up an effect may come. */
  readonly lateMs: number;
  /** How late a watch may be. */
  readonly lagMs: number;
  readonly relists: number;
}

export const CALM: Weather = {
  latencyMs: 0,
  apiFaults: 0,
  serverFaults: 0,
  lateMs: 0,
  lagMs: 0,
  relists: 0,
};

/** A process is dropped at its port call of this number, counted over all processes, before or after the effect. */
export interface Crash {
  readonly at: number;
  readonly when: 'before' | 'after';
  readonly journal: 'kept' | 'lost';
}

export interface Conditions {
  readonly seed: number;
  readonly weather: Weather;
  readonly behaviour: Behaviour;
  /** Whether the server object says what the server rotates. */
  readonly dialect: object;
  readonly crashes: readonly Crash[];
  /** Moments inside calls, counted over all processes, at which something throws that never should. */
  readonly throws: readonly number[];
  /** Port calls at which another replica takes the lead. */
  readonly leadChanges: readonly number[];
  /** Whether a replaced leader knows it at once; else it believes for up to 20 s that it still leads. */
  readonly strictLease: boolean;
}
