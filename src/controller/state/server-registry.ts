import type { AuthorizationServerStatus } from '../../api/authorization-server.ts';
import { boundedMs } from '../../api/durations.ts';
import type { ClientKey } from '../../core/client-key.ts';
import type { ServerConnection } from '../../core/connection.ts';
import type { Failure } from '../../core/failure.ts';
import { callAbandoned, callBegins, callEnds } from '../../core/health-calls.ts';
import { gateOf } from '../../core/health-gate.ts';
import { triedNow } from '../../core/health-probes.ts';
import { isSuspect } from '../../core/lost-tokens.ts';
import { managementMode } from '../../core/management.ts';
import type { CallKind, Gate, ObservedServer } from '../../core/observation.ts';
import type { Problem } from '../../core/problem.ts';
import { limitsKnown } from '../../core/rate-limits.ts';
import type { ServerRef } from '../../core/record.ts';
import { type Caller, NOBODY_WAITS, type Waiting } from '../../core/scope.ts';
import {
  type Asking,
  HEALTHY,
  type HealthCall,
  isCrowded,
  type ServerHealth,
} from '../../core/server-health.ts';
import type { ServerKey } from '../../core/server-key.ts';
import { type CallThatMayLack, lacksCall, withUnsupported } from '../../core/unsupported-calls.ts';
import type { Endpoints } from '../../oauth/discovery.ts';
import { isSameJson, type JsonObject } from '../../oauth/json.ts';
import type { Clock, Log } from '../ports.ts';
import { RegistrationTurns, type TurnTaken } from './registration-turns.ts';
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
  /** The last request of a person for a try that was obeyed. */
  readonly handledReconcileAt?: string | undefined;
}

type RegisteredBy = Pick<ServerConnection, 'uid' | 'configuredIssuer' | 'management'>;

export class ServerRegistry {
  readonly #states = new Map<ServerKey, ServerState>();
  readonly #health = new Map<ServerKey, ServerHealth>();
  readonly #waiters = new Waiters();
  readonly #turns = new RegistrationTurns();
  readonly #turnOf = new WeakMap<HealthCall, TurnTaken>();
  /** Servers of which a waiting client is woken when their turn comes. */
  readonly #timed = new Set<ServerKey>();
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
      return { available: true, ref, connection: this.#asLearned(key, state.connection), gate };
    }
    const problem = state?.problem ?? {
      reason: 'Queued' as const,
      message: 'The server has not been looked at yet.',
    };
    return { available: false, ...forClients(ref, problem), endpoints: state?.endpoints };
  }

  /** The connection without the calls that the server is known to lack. */
  #asLearned(key: ServerKey, connection: ServerConnection): ServerConnection {
    const lacking = this.lackingCalls(key);
    const { dialect } = connection;
    const { updateEffect, deleteEffect } = dialect;
    return lacking.length === 0
      ? connection
      : {
          ...connection,
          dialect: {
            ...dialect,
            ...(lacking.includes('Update') ? { updateEffect: { ...updateEffect, supported: false } } : {}),
            ...(lacking.includes('Deregister')
              ? { deleteEffect: { ...deleteEffect, supported: false } }
              : {}),
          },
        };
  }

  /** The calls that the server is known to lack. */
  lackingCalls(key: ServerKey): readonly CallThatMayLack[] {
    const { unsupported } = this.health(key);
    const version = this.#states.get(key)?.connection?.version;
    if (unsupported.length === 0 || version === undefined) {
      return [];
    }
    const around = { version, namespaces: this.#namespacesAt(key), now: this.#clock.now() };
    return (['Update', 'Deregister'] as const).filter((kind) => lacksCall(unsupported, kind, around));
  }

  /** The server answered that it has no such call, though it knows the client. */
  metUnsupported(key: ServerKey, kind: CallThatMayLack, caller: Caller): void {
    const version = this.#states.get(key)?.connection?.version;
    if (version !== undefined) {
      const health = this.health(key);
      const met = { ...caller, kind, version, at: this.#clock.now() };
      this.setHealth(key, { ...health, unsupported: withUnsupported(health.unsupported, met) });
      this.#changed(key);
    }
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

  /** A person asks for a try of what waits for the server. */
  tryNow(key: ServerKey): void {
    this.setHealth(key, triedNow(this.health(key), this.#clock.now()));
    this.wakeAll(key);
  }

  /** What an earlier process wrote into status, at the first round of the server object. */
  restorePauses(key: ServerKey, pauses: Parameters<typeof limitsKnown>[0]): void {
    if (!this.#health.has(key)) {
      this.setHealth(key, { ...HEALTHY, rateLimits: limitsKnown(pauses, this.#clock.now()) });
    }
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
    const intervalMs = this.#intervalMs(key);
    const now = this.#clock.now();
    const needsToken =
      call.kind === 'Register' && this.#states.get(key)?.connection?.admission.kind === 'ClientCredentials';
    const gate = gateOf(this.health(key), { ...call, needsToken }, now, intervalMs, waiting);
    const isTooSoon = call.kind === 'Register' && intervalMs > 0 && this.#turnAt(key, now) > now;
    return gate.open && isTooSoon ? behindOthers(intervalMs, now) : gate;
  }

  /** When the server object may register as far as others at the same endpoint are concerned. */
  #turnAt(key: ServerKey, now: number): number {
    const endpoint = this.#registrationEndpoint(key);
    return endpoint === undefined ? now : this.#turns.dueAt(endpoint, key, this.#intervalMs(key), now);
  }

  #registrationEndpoint(key: ServerKey): string | undefined {
    const connection = this.#states.get(key)?.connection;
    return connection && endpointName(connection);
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
    const now = this.#clock.now();
    const call = { ...asking, begunAt: now };
    const endpoint = call.kind === 'Register' ? this.#registrationEndpoint(key) : undefined;
    if (endpoint !== undefined) {
      this.#takeTurn(key, endpoint, call);
    }
    this.#health.set(key, callBegins(this.health(key), call));
    return call;
  }

  #takeTurn(key: ServerKey, endpoint: string, call: HealthCall): void {
    const turn = this.#turns.begun(endpoint, key, this.#intervalMs(key), call.begunAt);
    this.#turnOf.set(call, turn);
    if (!turn.isKept) {
      const health = this.health(key);
      this.#health.set(key, { ...health, crowdedAt: call.begunAt });
      this.#telling.crowded(key);
      if (!isCrowded(health, call.begunAt)) {
        this.#changed(key);
      }
    }
  }

  #endTurn(call: HealthCall, wasSent: boolean): void {
    const turn = this.#turnOf.get(call);
    if (turn !== undefined) {
      this.#turns.ended(turn, wasSent, this.#clock.now());
    }
  }

  /** Ends a call that was not sent. */
  abandon(key: ServerKey, call: HealthCall): void {
    this.#endTurn(call, false);
    this.#health.set(key, callAbandoned(this.health(key), call));
    this.#wakeReady(key);
    this.#forgetUnused(key);
  }

  /** Ends a call, with its result. */
  leave(key: ServerKey, call: HealthCall, failure: Failure | undefined): void {
    this.#endTurn(call, true);
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
      (after.failures === 0 || before.failures > 0) &&
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
    const now = this.#clock.now();
    this.#waiters.waits(client, servers, now);
    for (const [server, isReady] of servers) {
      const intervalMs = isReady ? this.#intervalMs(server) : 0;
      if (intervalMs > 0) {
        this.#waitsForTurn(server, intervalMs, now);
      }
    }
  }

  #waitsForTurn(key: ServerKey, intervalMs: number, now: number): void {
    const endpoint = this.#registrationEndpoint(key);
    if (endpoint !== undefined) {
      this.#turns.waits(endpoint, key, intervalMs, now);
    }
    const dueInMs = this.#turnAt(key, now) - now;
    if (dueInMs > 0 && !this.#timed.has(key)) {
      this.#timed.add(key);
      void this.#clock.sleep(dueInMs).then(() => {
        this.#timed.delete(key);
        this.wakeOne(key);
      });
    }
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

/** Clients that need nothing learn only from a round of their own when they are read, or tried, next. */
const readsOther = (
  { connection: before }: Partial<ServerState> = {},
  { connection: after }: ServerState,
): boolean =>
  before !== undefined && after !== undefined && !isSameJson(termsOfVisits(before), termsOfVisits(after));

const termsOfVisits = ({ drift, recovery, verification }: ServerConnection) => ({
  ...drift,
  ...recovery,
  verification: [verification.mode, verification.intervalMs ?? null],
});

/** The same for all server objects that register at one address over the same proxy. */
function endpointName({ registrationEndpoint, transport }: ServerConnection): string | undefined {
  const url = URL.parse(registrationEndpoint);
  return url === null ? undefined : `${url.origin}${url.pathname} ${transport?.proxyUrl ?? ''}`;
}

/** A client that waits for longer says so in its status. */
const QUEUED_MS = 10_000;

const behindOthers = (intervalMs: number, now: number): Gate => ({
  open: false,
  reason: intervalMs > QUEUED_MS ? 'AuthorizationServerPaused' : 'Queued',
  message:
    'Another server object registered at the same registration endpoint; the next registration follows after dialectOverrides.registrationInterval.',
  until: now + Math.max(QUEUED_MS, intervalMs),
});

/** Fields that may exclude or readmit registered clients. After other changes these clients are not requeued. */
const enforcesOther = (
  { connection: before }: Partial<ServerState> = {},
  { connection: after }: ServerState,
): boolean =>
  before !== undefined &&
  [before, after].some((connection) => connection?.policy?.enforce === 'Existing') &&
  before.version !== after?.version;
