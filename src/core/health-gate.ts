import { rfc3339 } from '../api/time.ts';
import { isSuspect, suspectGate } from './lost-tokens.ts';
import { pausedFor } from './namespace-pauses.ts';
import type { Gate } from './observation.ts';
import { limitedCalls, limitMessage, limitsAt } from './rate-limits.ts';
import { admissionGate } from './refused-admission.ts';
import { concerns, isBehind, isOneClient, NOBODY_WAITS, type Waiting } from './scope.ts';
import type { Asking, HealthCall, ServerHealth } from './server-health.ts';

/** A client that waits for its turn is woken. If the wake-up is missed, the client retries after this time. */
const LONGEST_TURN_MS = 10_000;
const LONGEST_DOUBT_MS = 3_000;

/**
 * Whether a call may go now.
 *
 * @param intervalMs least time between two registrations
 */
export function gateOf(
  health: ServerHealth,
  call: Asking,
  now: number,
  intervalMs = 0,
  waiting = NOBODY_WAITS,
): Gate {
  const gate = gateOfHealth(health, call, waiting, now);
  const isTooSoon = registering(health).length > 0 || now < health.registeredAt + intervalMs;
  return gate.open && call.kind === 'Register' && intervalMs > 0 && isTooSoon
    ? {
        ...closed('Queued', 'The server takes one registration at a time, with a pause between.'),
        until: now + LONGEST_TURN_MS,
      }
    : gate;
}

function gateOfHealth(health: ServerHealth, call: Asking, waiting: Waiting, now: number): Gate {
  const { refusedAdmission, acceptedVersion, lostTokens, pauses } = health;
  const { kind, version, needsToken = false } = call;
  const limit = limitsAt(health.rateLimits, now).find(
    ({ calls }) => calls === limitedCalls(kind) || (needsToken && calls === 'tokens'),
  );
  if (limit !== undefined) {
    return { ...closed('AuthorizationServerPaused', limitMessage(limit)), until: limit.until };
  }
  const pausedAlone = kind === 'Register' ? pausedFor(pauses, call.namespace, now) : undefined;
  if (pausedAlone !== undefined) {
    return {
      ...closed(
        'AuthorizationServerPaused',
        `Registrations of namespace ${call.namespace} got no answer while those of others did. The next one is made at ${rfc3339(pausedAlone)}.`,
      ),
      until: pausedAlone,
    };
  }
  const cautious = silenceGate(health, call, waiting, now) ?? recoveryGate(health, call, waiting, now);
  if (cautious !== undefined) {
    return cautious;
  }
  if (kind === 'Register' && refusedAdmission?.version === version) {
    const { reason, brief } = refusedAdmission;
    switch (admissionGate(refusedAdmission, call, waiting, registering(health), now)) {
      case 'Open':
        return OPEN;
      case 'Refused':
        return closed(reason, brief);
      case 'InTurn':
        return inTurn('The server refused a registration; one at a time finds out why.', now);
    }
  }
  if (kind === 'Register' && acceptedVersion !== version && isFirstUnderWay(registering(health), call)) {
    return closed('Queued', 'A first registration finds out whether the server accepts the credential.');
  }
  if (kind === 'Update' && isSuspect(lostTokens, now)) {
    return suspectGate(lostTokens, health.underWay.length, now);
  }
  return failingGate(health, call, waiting, now) ?? OPEN;
}

/** The gate after a registration without an answer. */
function silenceGate(health: ServerHealth, call: Asking, waiting: Waiting, now: number): Gate | undefined {
  const { phase, metBy } = health;
  if (phase !== 'Silent' || call.kind !== 'Register') {
    return undefined;
  }
  if (concerns(metBy, call)) {
    return closed(
      'AuthorizationServerPaused',
      'A registration got no answer; nothing is registered until the server answers discovery.',
    );
  }
  return isBehind(metBy ?? 'All', call, waiting, registering(health))
    ? inTurn('A registration got no answer; one at a time finds out whether others do.', now)
    : undefined;
}

/** The gate after discovery answered again. */
function recoveryGate(health: ServerHealth, call: Asking, waiting: Waiting, now: number): Gate | undefined {
  const { phase, metBy, underWay } = health;
  if (phase !== 'OneAtATime') {
    return undefined;
  }
  const isConcerned = concerns(metBy, call);
  // The client whose call failed goes after the other clients.
  const isAfterOthers = isOneClient(metBy) && isConcerned && waiting.otherClients;
  const isBusy = isConcerned ? underWay.length > 0 : isBehind(metBy ?? 'All', call, waiting, underWay);
  return isBusy || isAfterOthers
    ? {
        ...closed('AuthorizationServerPaused', 'The server was in trouble; one call at a time is tried now.'),
        ...(isBusy && isConcerned ? {} : { until: now + LONGEST_DOUBT_MS }),
      }
    : undefined;
}

function failingGate(health: ServerHealth, call: Asking, waiting: Waiting, now: number): Gate | undefined {
  const { phase, metBy, underWay, nextProbeAt, lastErrorBrief } = health;
  if (phase !== 'Failing') {
    return undefined;
  }
  if (!concerns(metBy, call)) {
    return isBehind(metBy ?? 'All', call, waiting, underWay)
      ? inTurn('Calls of another namespace fail; one at a time finds out whether all do.', now)
      : undefined;
  }
  const text = 'The server is failing; one call at a time is tried.';
  return now < nextProbeAt || underWay.length > 0
    ? closed('AuthorizationServerUnavailable', `${text} ${lastErrorBrief}`)
    : undefined;
}

/**
 * Whether the call waits for a first registration that is under way. Two namespaces may have one each, so that a call
 * that hangs in one namespace doesn't block the other. A registration with another version of the connection shows
 * nothing about this one's credential.
 */
function isFirstUnderWay(underWay: readonly Asking[], { namespace, version }: Asking): boolean {
  const first = underWay.filter((call) => call.version === version);
  const namespaces = new Set(first.map((call) => call.namespace));
  return namespaces.size > 1 || namespaces.has(namespace);
}

const registering = ({ underWay }: ServerHealth): readonly HealthCall[] =>
  underWay.filter(({ kind }) => kind === 'Register');

const OPEN: Gate = { open: true };
type Closed = Extract<Gate, { open: false }>;
const closed = (reason: Closed['reason'], message: string): Closed => ({ open: false, reason, message });
const inTurn = (message: string, now: number): Closed => ({
  ...closed('Queued', message),
  until: now + LONGEST_DOUBT_MS,
});

/**
 * How a server is to all that would call it; what concerns one client or one namespace alone is left out. `Unavailable`:
 * no connection can be made.
 */
export const GATES = [
  'Open',
  'Paused',
  'OneAtATime',
  'Failing',
  'Silent',
  'AdmissionRefused',
  'Suspect',
  'Unavailable',
  'Suspended',
] as const;

/** The gate of a server that can be called, for metrics: what stops most comes first. */
export function gateShown(
  { phase, refusedAdmission, lostTokens, rateLimits }: ServerHealth,
  now: number,
): (typeof GATES)[number] {
  if (phase !== 'Open') {
    return phase;
  }
  if (refusedAdmission?.decided === true) {
    return 'AdmissionRefused';
  }
  if (isSuspect(lostTokens, now)) {
    return 'Suspect';
  }
  return limitsAt(rateLimits, now).length > 0 ? 'Paused' : 'Open';
}
