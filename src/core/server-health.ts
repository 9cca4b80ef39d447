import { backoff } from './backoff.ts';
import type { Failure } from './failure.ts';
import { type LostTokens, NONE_LOST, withLostToken } from './lost-tokens.ts';
import { type NamespacePauses, NO_PAUSES, pausedLonger, pauseEnded } from './namespace-pauses.ts';
import type { CallKind } from './observation.ts';
import {
  admissionProbeAt,
  type RefusedAdmission,
  refusedAgain,
  type Witness,
  withProber,
} from './refused-admission.ts';
import {
  type Caller,
  concerns,
  isOneClient,
  NOBODY_WAITS,
  onlyOf,
  type Scope,
  type Waiting,
  widened,
} from './scope.ts';

/**
 * The health of a server, as far as calls have shown it. `gateOf` decides whether the next call may go.
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
 * Two further facts are independent of the phase: a pause that the server asked for, and a refused admission
 * credential. Both concern the whole server, so one probe tests them, not one call per client.
 */
export interface ServerHealth {
  readonly phase: 'Open' | 'Failing' | 'Silent' | 'OneAtATime';
  /** Whose calls caused the phase, or may cause the next one. `undefined`: nobody's, or everybody's. */
  readonly metBy: Scope | undefined;
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly nextProbeAt: number;
  /** Milliseconds since the epoch, by the server's `Retry-After`. */
  readonly pausedUntil: number;
  readonly refusedAdmission: RefusedAdmission | undefined;
  /**
   * Version of the connection whose credential the server is known to accept. Until it is known, first registrations
   * test the credential.
   */
  readonly acceptedVersion: string | undefined;
  /** Registrations that were refused while those of others were accepted, in the form of {@link aloneAs}. */
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

const FIRST_PROBE_MS = 2_000;
const LONGEST_PROBE_MS = 60_000;

const probeDelay = (failures: number): number =>
  backoff({ firstMs: FIRST_PROBE_MS, longestMs: LONGEST_PROBE_MS }, failures);

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

const ALONE: Surroundings = { waiting: NOBODY_WAITS, namespaces: 1 };

const FAILURES_BEFORE_PROBING = 3;
const MAX_ALONE = 64;

export function callBegins(health: ServerHealth, call: HealthCall): ServerHealth {
  return { ...health, underWay: [...health.underWay, call] };
}

/** The health after a call that was not made after all. */
export function callAbandoned(health: ServerHealth, call: HealthCall): ServerHealth {
  return { ...health, underWay: health.underWay.filter((other) => other !== call) };
}

/** The health after a finished call. `failure` is `undefined` for a success. */
export function callEnds(
  health: ServerHealth,
  call: HealthCall,
  failure: Failure | undefined,
  now: number,
  around: Surroundings = ALONE,
): ServerHealth {
  const ended = callAbandoned(health, call);
  const isNoToken = failure?.kind === 'TokenRefused' && failure.credential === undefined;
  if (failure?.unsent || (isNoToken && call.kind !== 'Register')) {
    return ended;
  }
  const after = call.kind === 'Register' ? { ...ended, registeredAt: now } : ended;
  if (call.kind === 'Register' && failure?.kind === 'TokenRefused' && !isItsOwn(after, call, failure)) {
    return afterRefusal(after, call, failure, around.waiting, now);
  }
  if (failure?.reason === 'RegistrationAccessTokenLost') {
    const { lostTokens } = after;
    return call.isAdopted
      ? after
      : { ...after, lostTokens: withLostToken(lostTokens, call, around.namespaces, now) };
  }
  return failure?.serverTrouble ? troubled(after, call, failure, now) : answered(after, call, failure, now);
}

/**
 * Whether the refusal concerns this call alone: it is no clear refusal of the credential, and registrations of others
 * were accepted with it.
 */
const isItsOwn = ({ acceptedVersion, alone }: ServerHealth, call: HealthCall, { credential }: Failure) =>
  (credential === 'Denied' && acceptedVersion === call.version) ||
  (credential === 'Doubted' && alone.includes(aloneAs(call)));

const aloneAs = ({ version, client, document }: Omit<Witness & Asking, 'kind'>): string =>
  `${version} ${client} ${document}`;

function afterRefusal(
  health: ServerHealth,
  call: HealthCall,
  failure: Failure,
  waiting: Waiting,
  now: number,
): ServerHealth {
  const { version } = call;
  const before = health.refusedAdmission?.version === version ? health.refusedAdmission : undefined;
  const isProven = health.acceptedVersion === version;
  const isAgain = isCounted(health, call);
  const { namespace, client, document } = call;
  const refusedAdmission = refusedAgain(before, {
    version,
    witness: { namespace, client, document },
    failure,
    isCounted: isAgain,
    waiting,
    isProven,
    now,
  });
  return {
    ...health,
    ...counted(health, call, now),
    failedLast: call,
    refusedAdmission,
    acceptedVersion: isProven && refusedAdmission.decided ? undefined : health.acceptedVersion,
  };
}

function answered(
  health: ServerHealth,
  call: HealthCall,
  failure: Failure | undefined,
  now: number,
): ServerHealth {
  const phase = phaseAfterAnswer(health, call);
  const isOpen = phase === 'Open';
  const after = {
    ...health,
    phase,
    metBy: isOpen ? undefined : health.metBy,
    failures: 0,
    lastError: failure?.detail,
    lastErrorBrief: undefined,
  };
  if (call.kind === 'Update' && failure === undefined) {
    return { ...after, lostTokens: NONE_LOST };
  }
  if (call.kind !== 'Register') {
    return after;
  }
  const wasSilent = health.phase === 'Silent' && isOpen;
  return {
    ...after,
    registrationAnsweredAt: now,
    ...(failure?.kind === 'TokenRefused' ? {} : accepted(health, call)),
    pauses: pausesAfter(health.pauses, wasSilent ? health.metBy : undefined, call, failure, now),
  };
}

/** The server accepts the credential, so clients that were refused with it were refused for their documents. */
function accepted({ refusedAdmission, alone }: ServerHealth, { version, client }: HealthCall) {
  const witnesses = refusedAdmission?.version === version ? refusedAdmission.witnesses : [];
  const others = witnesses.filter((witness) => witness.client !== client);
  const known = others.map((witness) => aloneAs({ version, ...witness }));
  return {
    acceptedVersion: version,
    refusedAdmission: undefined,
    alone: others.length === 0 ? alone : [...new Set([...alone, ...known])].slice(-MAX_ALONE),
  };
}

/** Lengthens the pause of the namespace whose registrations got no answer while one of another namespace did. */
function pausesAfter(
  pauses: NamespacePauses,
  metBy: Scope | undefined,
  { namespace }: Caller,
  failure: Failure | undefined,
  now: number,
): NamespacePauses {
  const left = failure === undefined ? pauseEnded(pauses, namespace) : pauses;
  return metBy === undefined || metBy === 'All' || metBy.namespace === namespace
    ? left
    : pausedLonger(left, metBy.namespace, !isOneClient(metBy), now);
}

/** Of calls that were under way together, only the first failure counts. */
const isCounted = ({ countedAt }: ServerHealth, { begunAt }: HealthCall): boolean => begunAt < countedAt;

const counted = (health: ServerHealth, call: HealthCall, now: number) =>
  isCounted(health, call) ? {} : { countedAt: now };

/**
 * A server that answers is open again. But after a lost registration, only two things end the silence: discovery, or a
 * registration of a caller outside the scope that was begun since.
 */
function phaseAfterAnswer(health: ServerHealth, call: HealthCall): ServerHealth['phase'] {
  if (health.phase !== 'Silent') {
    return 'Open';
  }
  const isProof = call.kind === 'Register' && !concerns(health.metBy, call) && !isCounted(health, call);
  return isProof ? 'Open' : 'Silent';
}

function troubled(health: ServerHealth, call: HealthCall, failure: Failure, now: number): ServerHealth {
  const again = isCounted(health, call);
  const silent = call.kind === 'Register' && failure.kind === 'Unknown';
  const metBy = metNow(health, call, failure, silent);
  const isWider = metBy !== health.metBy && health.metBy !== undefined;
  // Failures of one client alone say little about another client.
  const before = isWider ? Math.min(health.failures, 1) : health.failures;
  const failures = before + (again ? 0 : 1);
  const { retryAfterMs } = failure;
  const pausedUntil =
    retryAfterMs === undefined ? health.pausedUntil : Math.max(health.pausedUntil, now + retryAfterMs);
  const fails = health.phase !== 'Silent' && failures >= FAILURES_BEFORE_PROBING && !isOneClient(metBy);
  return {
    ...health,
    ...counted(health, call, now),
    metBy,
    failures,
    pausedUntil,
    phase: silent ? 'Silent' : fails ? 'Failing' : health.phase,
    nextProbeAt: again ? health.nextProbeAt : now + probeDelay(failures),
    failedLast: call,
    lastError: failure.detail ?? failure.message,
    lastErrorBrief: failure.message,
  };
}

/**
 * A failure that the call itself may have caused concerns its caller first; a server that can't be reached concerns
 * everybody.
 */
function metNow(
  { phase, metBy }: ServerHealth,
  call: HealthCall,
  failure: Failure,
  silent: boolean,
): Scope | undefined {
  if (phase === 'Silent' && !silent) {
    return metBy;
  }
  if (failure.kind !== 'Unknown' && !failure.perhapsOwn) {
    return 'All';
  }
  if (phase === 'Open') {
    return silent ? onlyOf(call) : widened(metBy, call);
  }
  return metBy === undefined ? 'All' : widened(metBy, call);
}

/**
 * Applies the result of a probe. If discovery answered, calls are retried one at a time. The next probe is due later in
 * both cases, and much later if discovery answered and no client waits for the server.
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
    ...(refusedAdmission?.decided ? [admissionProbeAt(refusedAdmission)] : []),
  ];
  return due.length === 0 ? undefined : Math.max(Math.min(...due), pausedUntil);
}
