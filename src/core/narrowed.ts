import type { OAuthClientSpec } from '../api/oauth-client.ts';
import { currentRecord, surplusRecords } from './current-record.ts';
import { type Home, homeOf, type RecordAtServer, serverOfClient } from './home.ts';
import type { DesiredClient, Observation, ObservedClient, ObservedServer } from './observation.ts';
import type { RegistrationRecord } from './record.ts';

/**
 * Observation types that carry proven facts. Each is made once, before a chain of rules. The rules of that chain rely
 * on the facts without another check.
 *
 * ```
 * Observation ─ Usable ─┬─ Registrable ──┬─ Replaceable ─ Reachable
 *                       └─ Registered ───┘
 * ```
 */

/** The object is there, and its spec can be used. */
export interface Usable extends Observation {
  readonly object: UsableClient;
  readonly spec: OAuthClientSpec;
  /** The record that serves the object; `undefined` where it has no client. */
  readonly current: RegistrationRecord | undefined;
  /** Records of the object that don't serve it. */
  readonly surplus: readonly RegistrationRecord[];
}

export interface UsableClient extends ObservedClient {
  readonly desired: UsableSpec;
}

export type UsableSpec = Extract<DesiredClient, { readonly valid: true }>;
export type UnusableSpec = Extract<DesiredClient, { readonly valid: false }>;

/** The server that the spec names is available: a client can be registered there. */
export interface Registrable extends Usable {
  readonly server: AvailableServer;
}

type AvailableServer = Extract<ObservedServer, { readonly available: true }>;
export type UnavailableServer = Extract<ObservedServer, { readonly available: false }>;

/** The object has a client. */
export interface Registered extends Usable {
  readonly current: RegistrationRecord;
  readonly home: Home;
  /** The server at which the client is registered, where it is the server of the spec and can be called. */
  readonly at: RecordAtServer | undefined;
}

/** The object has a client, and another one can be registered at the server that the spec names. */
export interface Replaceable extends Registered {
  readonly server: AvailableServer;
}

/** The object has a client, at the server that the spec names, which can be called. */
export interface Reachable extends Replaceable {
  readonly at: RecordAtServer;
}

export function usable(o: Observation, object: ObservedClient, desired: UsableSpec): Usable {
  const current = currentRecord(o);
  const surplus = surplusRecords(o, current);
  return { ...o, object: { ...object, desired }, spec: desired.spec, current, surplus };
}

export function registered(o: Usable, current: RegistrationRecord): Registered {
  return { ...o, current, home: homeOf(o, current), at: serverOfClient(o, current) };
}

/** `undefined` where the server of the client isn't the server of the spec, or can't be called. */
export function reachable(o: Registered): Reachable | undefined {
  const { at, server } = o;
  return at !== undefined && server.available ? { ...o, at, server } : undefined;
}
