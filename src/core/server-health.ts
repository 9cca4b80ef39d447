import { type LostTokens, NONE_LOST } from './lost-tokens.ts';
import { type NamespacePauses, NO_PAUSES } from './namespace-pauses.ts';
import type { CallKind } from './observation.ts';
import { NO_LIMITS, type RateLimits } from './rate-limits.ts';
import type { RefusedAdmission, Witness } from './refused-admission.ts';
import type { Caller, Scope, Waiting } from './scope.ts';
import { ALL_SUPPORTED, type UnsupportedCalls } from './unsupported-calls.ts';

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
 * Two further facts are independent of the phase: pauses of one endpoint, and a refused admission credential. A probe
 * tests the credential, not one call per client.
 */
export interface ServerHealth {
  readonly phase: 'Open' | 'Failing' | 'Silent' | 'OneAtATime';
  /** Whose calls caused the phase, or may cause the next one. `undefined`: nobody's, or everybody's. */
  readonly metBy: Scope | undefined;
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly nextProbeAt: number;
  /** When the failures began, and whether discovery has answered since; `undefined`: it was not tried since. */
  readonly troubledAt: number;
  readonly hasProbeAnswered: boolean | undefined;
  /** How often discovery was answered since the last call ended. */
  readonly answeredProbes: number;
  /** When the server last answered again after a failure, or a person asked for a try: what failed before is retried. */
  readonly resumedAt: number;
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
  /**
   * When a registration was last sent although the interval since the last one of another server object at the same
   * endpoint wasn't over, in milliseconds since the epoch.
   */
  readonly crowdedAt: number;
  readonly lostTokens: LostTokens;
  readonly unsupported: UnsupportedCalls;
  readonly pauses: NamespacePauses;
}

export const HEALTHY: ServerHealth = {
  phase: 'Open',
  metBy: undefined,
  failures: 0,
  nextProbeAt: 0,
  troubledAt: Number.NEGATIVE_INFINITY,
  hasProbeAnswered: undefined,
  answeredProbes: 0,
  resumedAt: Number.NEGATIVE_INFINITY,
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
  crowdedAt: Number.NEGATIVE_INFINITY,
  lostTokens: NONE_LOST,
  unsupported: ALL_SUPPORTED,
  pauses: NO_PAUSES,
};

const CROWDED_MS = 3_600_000;

/** Whether the interval between registrations could not be kept within the last hour, because of other server objects. */
export const isCrowded = ({ crowdedAt }: Pick<ServerHealth, 'crowdedAt'>, now: number): boolean =>
  now - crowdedAt < CROWDED_MS;

/** A call that asks whether it may go. */
export interface Asking extends Caller {
  readonly kind: CallKind;
  /** Version of the connection that the call uses. */
  readonly version: string;
  /** An access token has to be requested for the call. Default: false. */
  readonly needsToken?: boolean;
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
