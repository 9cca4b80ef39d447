import type { Failure } from './failure.ts';
import { accepted, afterRefusal, isItsOwn } from './health-admission.ts';
import { delayAfterCall } from './health-probes.ts';
import { NONE_LOST, withLostToken } from './lost-tokens.ts';
import { type NamespacePauses, pausedLonger, pauseEnded } from './namespace-pauses.ts';
import { type LimitedCalls, limited, limitedCalls, notLimited } from './rate-limits.ts';
import { type Caller, concerns, isOneClient, NOBODY_WAITS, onlyOf, type Scope, widened } from './scope.ts';
import {
  counted,
  type HealthCall,
  isCounted,
  type ServerHealth,
  type Surroundings,
} from './server-health.ts';
import { supportedAgain } from './unsupported-calls.ts';

const ALONE: Surroundings = { waiting: NOBODY_WAITS, namespaces: 1 };

const FAILURES_BEFORE_PROBING = 3;

/** The health while a call is under way. Each call ends with {@link callEnds} or {@link callAbandoned}. */
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
  const paused = pauseAsked(call, failure);
  if (failure !== undefined && paused === 'tokens') {
    return withPause(paused, ended, call, failure, now);
  }
  const after = call.kind === 'Register' ? { ...ended, registeredAt: now } : ended;
  if (call.kind === 'Register' && failure?.kind === 'TokenRefused' && !isItsOwn(after, call, failure)) {
    return afterRefusal(after, call, failure, around.waiting, now);
  }
  if (failure?.reason === 'RegistrationAccessTokenLost') {
    return tokenLost(after, call, around, now);
  }
  if (failure !== undefined && paused !== undefined) {
    return withPause(paused, after, call, failure, now);
  }
  const heard = failure?.kind === 'Unknown' ? after : { ...after, rateLimits: unlimited(after, call) };
  return failure?.serverTrouble ? troubled(heard, call, failure, now) : answered(heard, call, failure, now);
}

function tokenLost(
  health: ServerHealth,
  call: HealthCall,
  { namespaces }: Surroundings,
  now: number,
): ServerHealth {
  const lostTokens = withLostToken(health.lostTokens, call, namespaces, now);
  return call.isAdopted ? health : { ...health, lostTokens };
}

function unlimited({ rateLimits }: ServerHealth, { kind }: HealthCall): ServerHealth['rateLimits'] {
  const after = notLimited(rateLimits, limitedCalls(kind));
  return kind === 'Register' ? notLimited(after, 'tokens') : after;
}

/** The endpoint whose calls have to wait; `undefined`: the failure asks for no pause. */
function pauseAsked({ kind }: HealthCall, failure: Failure | undefined): LimitedCalls | undefined {
  if (failure?.kind !== 'Transient') {
    return undefined;
  }
  if (failure.isOfTokenEndpoint) {
    return 'tokens';
  }
  const isOfEndpoint = failure.serverTrouble && !failure.perhapsOwn;
  return isOfEndpoint && failure.retryAfterMs !== undefined ? limitedCalls(kind) : undefined;
}

/** Only calls of this endpoint wait. The server answers, so it is not in trouble. */
function withPause(
  calls: LimitedCalls,
  health: ServerHealth,
  call: HealthCall,
  failure: Failure,
  now: number,
): ServerHealth {
  return {
    ...health,
    rateLimits: limited(health.rateLimits, calls, failure.retryAfterMs ?? 0, now),
    failedLast: call,
    lastError: failure.detail ?? failure.message,
    lastErrorBrief: failure.message,
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
    hasProbeAnswered: undefined,
    answeredProbes: 0,
    resumedAt: isOpen && health.phase !== 'Open' ? now : health.resumedAt,
    lastError: failure?.detail,
    lastErrorBrief: undefined,
    unsupported: failure === undefined ? supportedAgain(health.unsupported, call.kind) : health.unsupported,
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
  const fails = health.phase !== 'Silent' && failures >= FAILURES_BEFORE_PROBING && !isOneClient(metBy);
  return {
    ...health,
    ...counted(health, call, now),
    metBy,
    failures,
    answeredProbes: 0,
    troubledAt: health.failures === 0 ? now : health.troubledAt,
    phase: silent ? 'Silent' : fails ? 'Failing' : health.phase,
    nextProbeAt: again ? health.nextProbeAt : now + delayAfterCall(health, failures),
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
