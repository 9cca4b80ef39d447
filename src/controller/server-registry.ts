import type { AuthorizationServerStatus } from '../api/authorization-server.ts';
import { boundedMs } from '../api/durations.ts';
import type { Failure } from '../core/classify.ts';
import type { ManagementTerms, ServerConnection } from '../core/connection.ts';
import { isSuspect } from '../core/lost-tokens.ts';
import { managementMode } from '../core/management.ts';
import type { CallKind, Gate, ObservedServer } from '../core/observation.ts';
import type { Problem } from '../core/problem.ts';
import type { ServerRef } from '../core/record.ts';
import {
  callAbandoned,
  callBegins,
  callEnds,
  gateOf,
  HEALTHY,
  type HealthCall,
  type ServerHealth,
} from '../core/server-health.ts';
import type { Endpoints } from '../oauth/discovery.ts';
import { isSameJson, type JsonObject } from '../oauth/json.ts';
import type { Clock } from './ports.ts';

/**
 * What this process knows of each server: how to call it, how it is doing, and which clients wait for it.
 * Keys are those of `serverKey`.
 */
export interface ServerState {
  readonly connection: ServerConnection | undefined;
  readonly problem: Problem | undefined;
  /** Known also while the server can't be called. */
  readonly endpoints: Endpoints | undefined;
  readonly management: NonNullable<AuthorizationServerStatus['management']>;
  readonly admissionAccepted: boolean;
  /** A JWK set: what the server must know to verify what the operator signs. */
  readonly signingKeys: JsonObject | undefined;
  /** A person wants nothing to be sent. */
  readonly suspended: boolean;
}

export class ServerRegistry {
  readonly #states = new Map<string, ServerState>();
  readonly #health = new Map<string, ServerHealth>();
  readonly #waiters = new Map<string, Set<string>>();
  readonly #clock: Clock;
  readonly #wake: (clientKey: string) => void;
  readonly #changed: (serverKey: string) => void;
  readonly #concernsRegistered: (serverKey: string) => void;

  constructor(options: {
    readonly clock: Clock;
    readonly wake: (clientKey: string) => void;
    /** The server's own status may have to say something else. */
    readonly changed: (serverKey: string) => void;
    /** Another server object has the name, or other endpoints, or other bounds for clients that exist: all clients at it look again. */
    readonly concernsRegistered: (serverKey: string) => void;
  }) {
    this.#clock = options.clock;
    this.#wake = options.wake;
    this.#changed = options.changed;
    this.#concernsRegistered = options.concernsRegistered;
  }

  state(key: string): ServerState | undefined {
    return this.#states.get(key);
  }

  /** How many servers something is known of. */
  get size(): number {
    return new Set([...this.#states.keys(), ...this.#health.keys()]).size;
  }

  health(key: string): ServerHealth {
    return this.#health.get(key) ?? HEALTHY;
  }

  /** The server as a client may use it for a call of this kind. */
  view(key: string, ref: ServerRef, call: CallKind): ObservedServer {
    const state = this.#states.get(key);
    if (state?.connection !== undefined) {
      const gate = naming(ref, this.gate(key, call, state.connection.version));
      return { available: true, ref, connection: state.connection, gate };
    }
    const problem = state?.problem ?? {
      reason: 'Queued' as const,
      message: 'The server has not been looked at yet.',
    };
    return { available: false, ...forClients(ref, problem), endpoints: state?.endpoints };
  }

  /** Keeps what was found; whoever waits looks again if it matters to them. */
  set(key: string, state: ServerState): void {
    const before = this.#states.get(key);
    this.#states.set(key, state);
    if (
      before?.connection?.version !== state.connection?.version ||
      before?.problem?.message !== state.problem?.message ||
      before?.suspended !== state.suspended
    ) {
      this.wakeAll(key);
    }
    const isOther = before?.connection?.uid !== state.connection?.uid && state.connection !== undefined;
    const isMoved = before?.endpoints !== undefined && !isSameJson(before.endpoints, state.endpoints);
    if (isOther || isMoved || enforcesOther(before, state)) {
      this.#concernsRegistered(key);
    }
  }

  setHealth(key: string, health: ServerHealth): void {
    this.#health.set(key, health);
  }

  /** The server object is gone. Calls under way still end here. */
  remove(key: string): void {
    this.#states.delete(key);
    this.wakeAll(key);
  }

  gate(key: string, call: CallKind, version: string): Gate {
    if (this.#states.get(key)?.suspended) {
      return {
        open: false,
        reason: 'Suspended',
        message: 'Nothing is sent until spec.suspend of the server object is unset.',
      };
    }
    return gateOf(this.health(key), call, version, this.#clock.now(), this.#intervalMs(key));
  }

  /** Begins a call; `undefined` where the server's state forbids it. What it gives must go to `leave` or `abandon`. */
  enter(key: string, kind: CallKind, version: string): HealthCall | undefined {
    if (!this.gate(key, kind, version).open) {
      return undefined;
    }
    this.#health.set(key, callBegins(this.health(key), kind));
    return { kind, version, begunAt: this.#clock.now() };
  }

  /** Ends a call that was not made after all. */
  abandon(key: string, { kind }: HealthCall): void {
    this.#health.set(key, callAbandoned(this.health(key), kind));
    this.wakeAll(key);
  }

  /** Ends a call, with what it showed. */
  leave(key: string, call: HealthCall, failure: Failure | undefined): void {
    const before = this.health(key);
    const after = callEnds(before, call, failure, this.#clock.now());
    this.#health.set(key, after);
    if (concernsAll(before, after, call)) {
      this.wakeAll(key);
    }
    const interval = this.#intervalMs(key);
    if (call.kind === 'Register' && interval > 0) {
      void this.#clock.sleep(interval).then(() => this.wakeOne(key));
    }
    const isQuiet =
      after.phase === 'Open' && before.phase === 'Open' && after.pausedUntil === before.pausedUntil;
    const isSuspected =
      isSuspect(after.lostTokens, this.#clock.now()) !== isSuspect(before.lostTokens, this.#clock.now());
    if (!isQuiet || isSuspected || after.refusedAdmission !== before.refusedAdmission) {
      this.#changed(key);
    }
  }

  #intervalMs(key: string): number {
    return boundedMs(
      'registrationInterval',
      this.#states.get(key)?.connection?.dialect.registrationInterval ?? '0s',
    );
  }

  /** What a first answered registration shows of the server. */
  learn(key: string, managed: boolean, terms: ManagementTerms): void {
    const management = managementMode(managed, terms);
    const state = this.#states.get(key);
    if (state !== undefined && (state.management !== management || !state.admissionAccepted)) {
      this.#states.set(key, { ...state, management, admissionAccepted: true });
      this.#changed(key);
    }
  }

  /** This client has something to do as soon as the server permits it. */
  wait(key: string, clientKey: string): void {
    const waiters = this.#waiters.get(key) ?? new Set();
    this.#waiters.set(key, waiters.add(clientKey));
  }

  isWaitedFor(key: string): boolean {
    return (this.#waiters.get(key)?.size ?? 0) > 0;
  }

  wakeAll(key: string): void {
    const waiters = this.#waiters.get(key) ?? [];
    this.#waiters.delete(key);
    for (const client of waiters) {
      this.#wake(client);
    }
  }

  /** Lets one of those who wait find out. */
  wakeOne(key: string): void {
    const waiters = this.#waiters.get(key);
    const [client] = waiters ?? [];
    if (client !== undefined) {
      waiters?.delete(client);
      this.#wake(client);
    }
  }

  /** Those who wait in one namespace, for whichever server. */
  wakeNamespace(namespace: string): void {
    for (const waiters of this.#waiters.values()) {
      for (const client of [...waiters].filter((key) => key.startsWith(`${namespace}/`))) {
        waiters.delete(client);
        this.#wake(client);
      }
    }
  }
}

/**
 * Whether those who wait have reason to look again: the server is in trouble or well again, or it was found out whether
 * it accepts the credential. While that isn't known, the next one may find out.
 */
function concernsAll(before: ServerHealth, after: ServerHealth, { kind }: HealthCall): boolean {
  const turned = (before.phase === 'Open') !== (after.phase === 'Open');
  const isRegistration = kind === 'Register';
  const foundOut =
    before.acceptedVersion !== after.acceptedVersion ||
    before.refusedAdmission?.version !== after.refusedAdmission?.version;
  const isOpen = after.acceptedVersion === undefined && after.refusedAdmission === undefined;
  return turned || (isRegistration && (foundOut || isOpen));
}

const naming = (ref: ServerRef, gate: Gate): Gate =>
  gate.open ? gate : { ...gate, message: `${ref.kind} ${ref.name}: ${gate.message}` };

/** Tenants read which server and which reason; the details of a cluster server are the platform team's. */
function forClients(ref: ServerRef, { reason, message }: Problem): Problem {
  if (ref.kind === 'AuthorizationServer') {
    return { reason, message: `AuthorizationServer ${ref.name}: ${message}` };
  }
  return {
    reason,
    message: `ClusterAuthorizationServer ${ref.name} is not ready (${reason}); its status says more to the platform team.`,
  };
}

/** Clients that are registered may be outside now, or within again. A change of any other field makes them look in vain. */
const enforcesOther = (
  { connection: before }: Partial<ServerState> = {},
  { connection: after }: ServerState,
): boolean =>
  before !== undefined &&
  [before, after].some((connection) => connection?.policy?.enforce === 'Existing') &&
  before.version !== after?.version;
