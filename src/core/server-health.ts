import { type LostTokens, NONE_LOST } from './lost-tokens.ts';
import { type NamespacePauses, NO_PAUSES } from './namespace-pauses.ts';
import type { CallKind } from './observation.ts';
import { NO_LIMITS, type RateLimits } from './rate-limits.ts';
import type { RefusedAdmission, Witness } from './refused-admission.ts';
import type { Caller, Scope, Waiting } from './scope.ts';

/**
 * The health of a server, as far as calls have shown it. Calls change it (`health-calls.ts`), and probes
 * (`health-probes.ts`); `gateOf` decides whether the next call may go.
 *
 * ```
 *         3 failures in a row
 *   Open ─────────────────────▶ Failing ─┐ discovery answers      a call is answered
 *     │                                  ├───────────────────▶ OneAtATime ─────▶ Open
 *     └───────────────────────▶ Silent ──┘
 *       a POST's outcome is unknown
 * ```
 * A phase applies to those whose calls failed ({@link Scope}): one client, or one namespace, may have caused it. All
 * others test the server with one call at a time: if it is answered, the server is open; if not, the phase applies to
 * everybody.
 *
 * Three further facts are independent of the phase: a pause that the server asked for, a rate limit on calls of one kind,
 * and a refused admission credential. All concern the whole server, so one probe tests them, not one call per client.
 */
export interface ServerHealth {
  readonly phase: 'Open' | 'Failing' | 'Silent' | 'OneAtATime';
  /** Whose calls caused the phase, or may cause the next one. `undefined`: nobody's, or everybody's. */
  readonly metBy: Scope | undefined;
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly nextProbeAt: number;
  /** End of a pause of all calls, in milliseconds since the epoch, by the server's `Retry-After`. */
  readonly pausedUntil: number;
  readonly rateLimits: RateLimits;
  readonly refusedAdmission: RefusedAdmission | undefined;
  /**
   * Version of the connection whose credential the server is known to accept. Until it is known, first registrations
   * test the credential.
   */
  readonly acceptedVersion: string | undefined;
  /** Registrations that were refused while those of others were accepted, in the form of `aloneAs`. */
  readonly alone: readonly string[];
  readonly underWay: readonly HealthCall[];
  /**
   * When a failure was last counted, in milliseconds since the epoch: failures of calls begun before it aren't counted
   * again.
   */
  readonly countedAt: number;
  /** Whose call failed last: others go before this caller. */
  readonly failedLast: Caller | undefined;
  /**
   * The failure of the last call, for readers of the server object; `lastErrorBrief` is for readers of OAuthClients.
   */
  readonly lastError: string | undefined;
  readonly lastErrorBrief: string | undefined;
  /** When the last registration ended; `registrationAnsweredAt` is when one was last answered, also by a refusal. */
  readonly registeredAt: number;
  readonly registrationAnsweredAt: number;
  readonly lostTokens: LostTokens;
  readonly pauses: NamespacePauses;
}

export const HEALTHY: ServerHealth = {
  phase: 'Open',
  metBy: undefined,
  failures: 0,
  nextProbeAt: 0,
  pausedUntil: 0,
  rateLimits: NO_LIMITS,
  refusedAdmission: undefined,
  acceptedVersion: undefined,
  alone: [],
  underWay: [],
  countedAt: Number.NEGATIVE_INFINITY,
  failedLast: undefined,
  lastError: undefined,
  lastErrorBrief: undefined,
  registeredAt: Number.NEGATIVE_INFINITY,
  registrationAnsweredAt: Number.NEGATIVE_INFINITY,
  lostTokens: NONE_LOST,
  pauses: NO_PAUSES,
};

/** A call that asks whether it may go. */
export interface Asking extends Caller {
  readonly kind: CallKind;
  /** Version of the connection that the call uses. */
  readonly version: string;
}

export interface HealthCall extends Asking, Witness {
  /** Milliseconds since the epoch. */
  readonly begunAt: number;
  /** The client was adopted, so somebody else may have changed its token. */
  readonly isAdopted: boolean;
}

/** Facts about a call's surroundings, beside the server's health. */
export interface Surroundings {
  readonly waiting: Waiting;
  /** How many namespaces have clients at the server. */
  readonly namespaces: number;
}

/**
 * Whether a failure was counted since the call began: of calls that were under way together, only the first failure
 * counts.
 */
export const isCounted = ({ countedAt }: ServerHealth, { begunAt }: HealthCall): boolean =>
  begunAt < countedAt;

/** The part of the health that counts the failure of this call. */
export const counted = (health: ServerHealth, call: HealthCall, now: number) =>
  isCounted(health, call) ? {} : { countedAt: now };
