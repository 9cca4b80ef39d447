import type { Failure } from './classify.ts';
import { isSuspect, suspectGate, withLostToken } from './lost-tokens.ts';
import type { CallKind, Gate } from './observation.ts';
import { admissionProbeAt, type RefusedAdmission, refusedAgain, withProber } from './refused-admission.ts';

/**
 * How a server is doing, as far as the calls to it have shown: decides whether the next call may go.
 *
 * ```
 *         3 failures in a row
 *   Open ─────────────────────▶ Failing ─┐ discovery answers      a call is answered
 *     │                                  ├───────────────────▶ OneAtATime ─────▶ Open
 *     └───────────────────────▶ Silent ──┘
 *       a POST's outcome is unknown
 * ```
 * Beside it, two facts of their own: a pause that the server asked for, and a refused admission credential. Both are
 * about the server, so one probe finds out, not one call per client.
 */
export interface ServerHealth {
  readonly phase: 'Open' | 'Failing' | 'Silent' | 'OneAtATime';
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly nextProbeAt: number;
  /** Milliseconds since the epoch, by the server's `Retry-After`. */
  readonly pausedUntil: number;
  readonly refusedAdmission: RefusedAdmission | undefined;
  /** Calls under way, and how many of them are registrations. */
  readonly inFlight: number;
  readonly registering: number;
  /** Of the connection whose credential the server is known to accept; before, one registration finds out. */
  readonly acceptedVersion: string | undefined;
  /** When a failure was last counted, in milliseconds since the epoch: calls begun before it say the same again. */
  readonly countedAt: number;
  readonly lastError: string | undefined;
  /** When the last registration ended, in milliseconds since the epoch. */
  readonly registeredAt: number;
  /** When a registration was last answered, if only by a refusal, in milliseconds since the epoch. */
  readonly registrationAnsweredAt: number;
  /** When registration access tokens were refused lately, in milliseconds since the epoch. */
  readonly lostTokens: readonly number[];
}

export const HEALTHY: ServerHealth = {
  phase: 'Open',
  failures: 0,
  nextProbeAt: 0,
  pausedUntil: 0,
  refusedAdmission: undefined,
  inFlight: 0,
  registering: 0,
  acceptedVersion: undefined,
  countedAt: Number.NEGATIVE_INFINITY,
  lastError: undefined,
  registeredAt: Number.NEGATIVE_INFINITY,
  registrationAnsweredAt: Number.NEGATIVE_INFINITY,
  lostTokens: [],
};

const FAILURES_BEFORE_PROBING = 3;
const FIRST_PROBE_MS = 2_000;
const LONGEST_PROBE_MS = 60_000;

export interface HealthCall {
  readonly kind: CallKind;
  /** Of the connection that it uses. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly begunAt: number;
}

/**
 * Whether a call may go now. `version` is that of the connection it would use.
 *
 * @param intervalMs least time between two registrations
 */
export function gateOf(
  health: ServerHealth,
  call: CallKind,
  version: string,
  now: number,
  intervalMs = 0,
): Gate {
  const gate = gateOfHealth(health, call, version, now);
  const isTooSoon = health.registering > 0 || now < health.registeredAt + intervalMs;
  return gate.open && call === 'Register' && intervalMs > 0 && isTooSoon
    ? {
        ...closed('Queued', 'The server takes one registration at a time, with a pause between.'),
        until: now + LONGEST_TURN_MS,
      }
    : gate;
}

/** Whoever waits for its turn is woken; should that be missed, it looks by itself. */
const LONGEST_TURN_MS = 10_000;

function gateOfHealth(health: ServerHealth, call: CallKind, version: string, now: number): Gate {
  const {
    phase,
    pausedUntil,
    refusedAdmission,
    inFlight,
    nextProbeAt,
    lastError,
    registering,
    acceptedVersion,
    lostTokens,
  } = health;
  if (now < pausedUntil) {
    const until = new Date(pausedUntil).toISOString().replace(/\.\d+Z$/, 'Z');
    return closed('AuthorizationServerPaused', `The server asked for a pause until ${until}.`);
  }
  if (phase === 'Silent' && call === 'Register') {
    return closed(
      'AuthorizationServerPaused',
      'A registration got no answer; nothing is registered until the server answers discovery.',
    );
  }
  if (phase === 'OneAtATime' && inFlight > 0) {
    return closed('AuthorizationServerPaused', 'The server was in trouble; one call at a time is tried now.');
  }
  if (call === 'Register' && refusedAdmission?.version === version) {
    const mayProbe = now >= refusedAdmission.nextProbeAt && inFlight === 0;
    return mayProbe ? OPEN : closed(refusedAdmission.reason, refusedAdmission.message);
  }
  if (call === 'Register' && acceptedVersion !== version && registering > 0) {
    return closed('Queued', 'A first registration finds out whether the server accepts the credential.');
  }
  if (call === 'Update' && isSuspect(lostTokens, now)) {
    return suspectGate(lostTokens, inFlight, now);
  }
  if (phase === 'Failing' && (now < nextProbeAt || inFlight > 0)) {
    return closed(
      'AuthorizationServerUnavailable',
      `The server is failing; one call at a time is tried. ${lastError}`,
    );
  }
  return OPEN;
}

const OPEN: Gate = { open: true };
const closed = (
  reason: Extract<Gate, { open: false }>['reason'],
  message: string,
): Extract<Gate, { open: false }> => ({
  open: false,
  reason,
  message,
});

export function callBegins(health: ServerHealth, kind: CallKind): ServerHealth {
  return moved(health, kind, 1);
}

/** A call that was not made after all. */
export function callAbandoned(health: ServerHealth, kind: CallKind): ServerHealth {
  return moved(health, kind, -1);
}

function moved(health: ServerHealth, kind: CallKind, by: 1 | -1): ServerHealth {
  const registering = health.registering + (kind === 'Register' ? by : 0);
  return { ...health, inFlight: health.inFlight + by, registering };
}

/** What a finished call shows. `failure` is `undefined` for a success. */
export function callEnds(
  health: ServerHealth,
  call: HealthCall,
  failure: Failure | undefined,
  now: number,
): ServerHealth {
  const isRegistration = call.kind === 'Register';
  const ended = moved(health, call.kind, -1);
  const after = isRegistration ? { ...ended, registeredAt: now } : ended;
  if (isRegistration && failure?.kind === 'TokenRefused') {
    const acceptedVersion = after.acceptedVersion === call.version ? undefined : after.acceptedVersion;
    return {
      ...after,
      acceptedVersion,
      ...counted(after, call, now),
      refusedAdmission: refusedOnce(after, call, failure, now),
    };
  }
  if (failure?.reason === 'RegistrationAccessTokenLost') {
    return { ...after, lostTokens: withLostToken(after.lostTokens, now) };
  }
  if (failure?.serverTrouble) {
    return troubled(after, call, failure, now);
  }
  const answered = { ...after, phase: answeredPhase(after), failures: 0, lastError: undefined };
  if (call.kind === 'Update' && failure === undefined) {
    return { ...answered, lostTokens: [] };
  }
  return isRegistration
    ? {
        ...answered,
        registrationAnsweredAt: now,
        acceptedVersion: call.version,
        refusedAdmission: undefined,
      }
    : answered;
}

/** Of calls that were under way together, the first failure stands for all. */
const isCounted = ({ countedAt }: ServerHealth, { begunAt }: HealthCall): boolean => begunAt < countedAt;

const counted = (health: ServerHealth, call: HealthCall, now: number) =>
  isCounted(health, call) ? {} : { countedAt: now };

/** A server that answers is open again; but after a lost registration only discovery ends the silence. */
const answeredPhase = ({ phase }: ServerHealth): ServerHealth['phase'] =>
  phase === 'Silent' ? 'Silent' : 'Open';

function troubled(health: ServerHealth, call: HealthCall, failure: Failure, now: number): ServerHealth {
  const again = isCounted(health, call);
  const failures = health.failures + (again ? 0 : 1);
  const { retryAfterMs } = failure;
  const pausedUntil =
    retryAfterMs === undefined ? health.pausedUntil : Math.max(health.pausedUntil, now + retryAfterMs);
  const silent = call.kind === 'Register' && failure.kind === 'Unknown';
  const fails = health.phase !== 'Silent' && failures >= FAILURES_BEFORE_PROBING;
  return {
    ...health,
    ...counted(health, call, now),
    failures,
    pausedUntil,
    phase: silent ? 'Silent' : fails ? 'Failing' : health.phase,
    nextProbeAt: again ? health.nextProbeAt : now + probeDelay(failures),
    lastError: failure.message,
  };
}

function refusedOnce(
  health: ServerHealth,
  call: HealthCall,
  failure: Failure,
  now: number,
): RefusedAdmission {
  const { version } = call;
  const before = health.refusedAdmission?.version === version ? health.refusedAdmission : undefined;
  return before !== undefined && isCounted(health, call)
    ? before
    : refusedAgain(before, version, failure, now);
}

const probeDelay = (failures: number): number =>
  Math.min(FIRST_PROBE_MS * 2 ** Math.min(failures, 10), LONGEST_PROBE_MS);

/**
 * What a due probe brings: where discovery answered, calls may be tried again, one at a time. Either way the next one
 * is due later; much later where it answered and no client waits to be woken by it.
 */
export function probed(
  health: ServerHealth,
  answered: boolean,
  now: number,
  isWaitedFor = true,
): ServerHealth {
  const failures = answered ? health.failures : health.failures + 1;
  const delay = answered && !isWaitedFor ? LONGEST_PROBE_MS : probeDelay(failures);
  const { refusedAdmission } = health;
  return {
    ...health,
    failures,
    phase: answered && health.phase !== 'Open' ? 'OneAtATime' : health.phase,
    nextProbeAt: health.nextProbeAt > now ? health.nextProbeAt : now + delay,
    pausedUntil: health.pausedUntil > now ? health.pausedUntil : 0,
    refusedAdmission: refusedAdmission && withProber(refusedAdmission, now),
  };
}

/** When the next probe is due, in milliseconds since the epoch; `undefined` while nothing waits for one. */
export function nextProbe({
  phase,
  nextProbeAt,
  pausedUntil,
  refusedAdmission,
}: ServerHealth): number | undefined {
  const due = [
    ...(phase === 'Open' ? [] : [nextProbeAt]),
    ...(pausedUntil > 0 ? [pausedUntil] : []),
    ...(refusedAdmission === undefined ? [] : [admissionProbeAt(refusedAdmission)]),
  ];
  return due.length === 0 ? undefined : Math.max(Math.min(...due), pausedUntil);
}
