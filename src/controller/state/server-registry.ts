import type { AuthorizationServerStatus } from '../../api/authorization-server.ts';
import { boundedMs } from '../../api/durations.ts';
import type { ClientKey } from '../../core/client-key.ts';
import type { ServerConnection } from '../../core/connection.ts';
import type { Failure } from '../../core/failure.ts';
import { callAbandoned, callBegins, callEnds } from '../../core/health-calls.ts';
import { gateOf } from '../../core/health-gate.ts';
import { isSuspect } from '../../core/lost-tokens.ts';
import { managementMode } from '../../core/management.ts';
import type { CallKind, Gate, ObservedServer } from '../../core/observation.ts';
import type { Problem } from '../../core/problem.ts';
import type { ServerRef } from '../../core/record.ts';
import { type Caller, NOBODY_WAITS, type Waiting } from '../../core/scope.ts';
import { type Asking, HEALTHY, type HealthCall, type ServerHealth } from '../../core/server-health.ts';
import type { ServerKey } from '../../core/server-key.ts';
import type { Endpoints } from '../../oauth/discovery.ts';
import { isSameJson, type JsonObject } from '../../oauth/json.ts';
import type { Clock, Log } from '../ports.ts';
import { forClients, naming, ServerTelling } from './server-telling.ts';
import { Waiters } from './waiters.ts';
import { wokenBy } from './woken-by.ts';

/**
 * What this process knows of each server: how to call it, how it is doing, and which clients wait for it.
 */
export interface ServerState {
  readonly connection: ServerConnection | undefined;
  readonly problem: Problem | undefined;
  /** Also known while the server can't be called. */
  readonly endpoints: Endpoints | undefined;
  readonly management: NonNullable<AuthorizationServerStatus['management']>;
  readonly admissionAccepted: boolean;
  /** The issuer at which clients were registered, and by which server object; `undefined` where none was. */
  readonly registered: { readonly uid: string; readonly issuer: string } | undefined;
  /** A JWK set: what the server must know to verify what the operator signs. */
  readonly signingKeys: JsonObject | undefined;
  /** A person suspended the server: nothing may be sent. */
  readonly suspended: boolean;
}

type RegisteredBy = Pick<ServerConnection, 'uid' | 'configuredIssuer' | 'management'>;

export class ServerRegistry {
  readonly #states = new Map<ServerKey, ServerState>();
  readonly #health = new Map<ServerKey, ServerHealth>();
  readonly #waiters = new Waiters();
  readonly #clock: Clock;
  readonly #wake: (client: ClientKey) => void;
  readonly #changed: (server: ServerKey) => void;
  readonly #concernsRegistered: (server: ServerKey) => void;
  readonly #namespacesAt: (server: ServerKey) => number;
  readonly #telling: ServerTelling;

  constructor(options: {
    readonly clock: Clock;
    readonly wake: (client: ClientKey) => void;
    /** The server's status may have to change. */
    readonly changed: (server: ServerKey) => void;
    /**
     * The server object was deleted or replaced; or its endpoints, its bounds for existing clients, or what it says about
     * reads and losses changed: requeues all its clients.
     */
    readonly concernsRegistered: (server: ServerKey) => void;
    /** How many namespaces have clients there. */
    readonly namespacesAt: (server: ServerKey) => number;
    /** Logs details of failed calls that the clients' objects don't show. */
    readonly log: Pick<Log, 'warn'>;
  }) {
    this.#clock = options.clock;
    this.#wake = options.wake;
    this.#changed = options.changed;
    this.#concernsRegistered = options.concernsRegistered;
    this.#namespacesAt = options.namespacesAt;
    this.#telling = new ServerTelling(options);
  }

  state(key: ServerKey): ServerState | undefined {
    return this.#states.get(key);
  }

  /** Number of servers with state here. */
  get size(): number {
    return new Set([...this.#states.keys(), ...this.#health.keys()]).size;
  }

  health(key: ServerKey): ServerHealth {
    return this.#health.get(key) ?? HEALTHY;
  }

  /** The server as a client may use it for a call of this kind. */
  view(key: ServerKey, ref: ServerRef, kind: CallKind, caller: Caller): ObservedServer {
    const state = this.#states.get(key);
    if (state?.connection !== undefined) {
      const { version } = state.connection;
      const gate = naming(ref, this.gate(key, { ...caller, kind, version }));
      return { available: true, ref, connection: state.connection, gate };
    }
    const problem = state?.problem ?? {
      reason: 'Queued' as const,
      message: 'The server has not been looked at yet.',
    };
    return { available: false, ...forClients(ref, problem), endpoints: state?.endpoints };
  }

  /** Stores the result of discovery; wakes the waiting clients that it concerns. */
  set(key: ServerKey, state: ServerState): void {
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
    if (isOther || isMoved || enforcesOther(before, state) || readsOther(before, state)) {
      this.#concernsRegistered(key);
    }
  }

  /** Whether registrations are known to be refused because of this connection's credential. */
  isAdmissionRefused(key: ServerKey, version: string): boolean {
    const { refusedAdmission } = this.health(key);
    return refusedAdmission?.version === version && refusedAdmission.decided;
  }

  setHealth(key: ServerKey, health: ServerHealth): void {
    this.#health.set(key, health);
  }

  /** The server object was deleted, which the status of its clients shows. Calls under way still end here. */
  remove(key: ServerKey): void {
    this.#states.delete(key);
    this.wakeAll(key);
    this.#concernsRegistered(key);
    this.#forgetUnused(key);
  }

  /** The state of a deleted server is removed with the last call to it. */
  #forgetUnused(key: ServerKey): void {
    if (!this.#states.has(key) && this.health(key).underWay.length === 0) {
      this.#health.delete(key);
      this.#telling.forget(key);
    }
  }

  gate(key: ServerKey, call: Asking): Gate {
    if (this.#states.get(key)?.suspended) {
      return {
        open: false,
        reason: 'Suspended',
        message: 'Nothing is sent until spec.suspend of the server object is unset.',
      };
    }
    const waiting = this.#waitingBeside(key, call);
    return gateOf(this.health(key), call, this.#clock.now(), this.#intervalMs(key), waiting);
  }

  /** Evaluated only when needed. */
  #waitingBeside(key: ServerKey, caller: Caller): Waiting {
    const { phase, refusedAdmission } = this.health(key);
    return phase === 'Open' && refusedAdmission === undefined
      ? NOBODY_WAITS
      : this.#waiters.beside(key, caller, this.#clock.now());
  }

  /** Begins a call; `undefined` where the server's state forbids it. The result must be passed to `leave` or `abandon`. */
  enter(key: ServerKey, asking: Omit<HealthCall, 'begunAt'>): HealthCall | undefined {
    if (!this.gate(key, asking).open) {
      return undefined;
    }
    const call = { ...asking, begunAt: this.#clock.now() };
    this.#health.set(key, callBegins(this.health(key), call));
    return call;
  }

  /** Ends a call that was not sent. */
  abandon(key: ServerKey, call: HealthCall): void {
    this.#health.set(key, callAbandoned(this.health(key), call));
    this.#wakeReady(key);
    this.#forgetUnused(key);
  }

  /** Ends a call, with its result. */
  leave(key: ServerKey, call: HealthCall, failure: Failure | undefined): void {
    const before = this.health(key);
    const now = this.#clock.now();
    const waiting = this.#waiters.beside(key, call, now);
    const after = callEnds(before, call, failure, now, { waiting, namespaces: this.#namespacesAt(key) });
    this.#health.set(key, after);
    switch (wokenBy(before, after, call)) {
      case 'All':
        this.wakeAll(key);
        break;
      case 'Ready':
        this.#wakeReady(key);
        break;
      case 'One':
        this.wakeOne(key, call);
        break;
      case 'Nobody':
    }
    this.#telling.log(key, call, failure);
    this.#tell(key, call, before, after);
    this.#forgetUnused(key);
  }

  #tell(key: ServerKey, call: HealthCall, before: ServerHealth, after: ServerHealth): void {
    const interval = this.#intervalMs(key);
    if (call.kind === 'Register' && interval > 0) {
      void this.#clock.sleep(interval).then(() => this.wakeOne(key, call));
    }
    const isQuiet =
      after.phase === 'Open' &&
      before.phase === 'Open' &&
      after.pausedUntil === before.pausedUntil &&
      after.rateLimits === before.rateLimits;
    const isSuspected =
      isSuspect(after.lostTokens, this.#clock.now()) !== isSuspect(before.lostTokens, this.#clock.now());
    const isRefused = after.refusedAdmission !== before.refusedAdmission;
    if (!isQuiet || isSuspected || isRefused || this.#telling.isDue(key, before, after)) {
      this.#changed(key);
    }
  }

  #intervalMs(key: ServerKey): number {
    return boundedMs(
      'registrationInterval',
      this.#states.get(key)?.connection?.dialect.registrationInterval ?? '0s',
    );
  }

  /** What the first answered registration shows about the server. */
  learn(
    key: ServerKey,
    managed: boolean,
    { uid, configuredIssuer: issuer, management: terms }: RegisteredBy,
  ): void {
    const management = managementMode(managed, terms);
    const state = this.#states.get(key);
    const isKnown = state?.registered?.uid === uid;
    if (state !== undefined && (state.management !== management || !state.admissionAccepted || !isKnown)) {
      const registered = isKnown ? state.registered : { uid, issuer };
      this.#states.set(key, { ...state, management, admissionAccepted: true, registered });
      this.#changed(key);
    }
  }

  /**
   * Sets the servers for which this client waits. The value: whether it would call at once if the server permitted it, and
   * waits for nothing else.
   */
  waits(client: ClientKey, servers: ReadonlyMap<ServerKey, boolean>): void {
    this.#waiters.waits(client, servers, this.#clock.now());
  }

  isWaitedFor(key: ServerKey): boolean {
    return this.#waiters.isWaitedFor(key);
  }

  wakeAll(key: ServerKey): void {
    this.#wakeThese(this.#waiters.takeAll(key));
  }

  #wakeReady(key: ServerKey): void {
    this.#wakeThese(this.#waiters.takeReady(key));
  }

  /** Wakes one waiting client as a test: if possible one of another namespace than the last that failed. */
  wakeOne(key: ServerKey, last = this.health(key).failedLast): void {
    const client = this.#waiters.takeOne(key, last);
    this.#wakeThese(client === undefined ? [] : [client]);
  }

  /** Wakes the clients of one namespace that wait for any server. */
  wakeNamespace(namespace: string): void {
    this.#wakeThese(this.#waiters.takeNamespace(namespace));
  }

  #wakeThese(clients: readonly ClientKey[]): void {
    for (const client of clients) {
      this.#wake(client);
    }
  }
}

/** Clients that need nothing learn only from a round of their own when they are read next. */
const readsOther = (
  { connection: before }: Partial<ServerState> = {},
  { connection: after }: ServerState,
): boolean =>
  before !== undefined &&
  after !== undefined &&
  !isSameJson({ ...before.drift, ...before.recovery }, { ...after.drift, ...after.recovery });

/** Fields that may exclude or readmit registered clients. After other changes these clients are not requeued. */
const enforcesOther = (
  { connection: before }: Partial<ServerState> = {},
  { connection: after }: ServerState,
): boolean =>
  before !== undefined &&
  [before, after].some((connection) => connection?.policy?.enforce === 'Existing') &&
  before.version !== after?.version;
