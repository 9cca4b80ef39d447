import type { Behaviour } from './authorization-server.ts';

/** The conditions of a life: faults, crashes, changes of the lead. */

/** How reliable everything is at this time. Shares are of calls, from 0 to 1. */
export interface Weather {
  readonly latencyMs: number;
  readonly apiFaults: number;
  readonly serverFaults: number;
  /** How long after the end of the wait for an answer its effect may still occur. */
  readonly lateMs: number;
  /** Longest delay of a watch. */
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

/** A process is dropped at the port call with this number, counted over all processes, before or after the effect. */
export interface Crash {
  readonly at: number;
  readonly when: 'before' | 'after';
  readonly journal: 'kept' | 'lost';
}

export interface Conditions {
  readonly seed: number;
  readonly weather: Weather;
  readonly behaviour: Behaviour;
  /** What the server object declares about rotation. */
  readonly dialect: object;
  /** How the clients prove themselves, as `spec.credential` has it. Default: by the server's secret. */
  readonly credential?: 'generatedKey' | 'serviceAccount';
  /** All clients name the same ServiceAccount. */
  readonly sharesAccount?: boolean;
  /** A software statement that the server object gives to each registration. Default: none. */
  readonly statement?: string;
  /** `verification.interval` of the server object, in milliseconds. Default: none. */
  readonly verifiesEveryMs?: number;
  readonly crashes: readonly Crash[];
  /** Moments inside calls, counted over all processes, at which something throws that never should. */
  readonly throws: readonly number[];
  /** Port calls at which another replica takes the lead. */
  readonly leadChanges: readonly number[];
  /** The wall clock of the operator's machine is set at the port call with this number, to be ahead by so much. */
  readonly clockJumps: readonly { readonly at: number; readonly aheadMs: number }[];
  /** For how long from the start the API server fails at each write of a Secret of tenants. Default: never. */
  readonly withoutSecretsMs?: number;
  /** Whether a replaced leader knows it at once; otherwise it believes for up to 20 s that it still leads. */
  readonly strictLease: boolean;
}
