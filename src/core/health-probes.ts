import { backoff } from './backoff.ts';
import { NO_PAUSES } from './namespace-pauses.ts';
import { withoutPauses } from './rate-limits.ts';
import { admissionProbeAt, tryNow, withProber } from './refused-admission.ts';
import type { ServerHealth } from './server-health.ts';

const FIRST_PROBE_MS = 2_000;
const LONGEST_PROBE_MS = 60_000;
const LONGEST_ANSWERED_MS = 600_000;

/** Least time between the ends of two probes. */
const SHORTEST_PROBE_MS = 500;
/** A probe of a server that doesn't answer is one GET, so in the first minutes of an outage probes follow each other soon. */
const OUTAGE_PROBES: readonly { readonly untilMs: number; readonly everyMs: number }[] = [
  { untilMs: 300_000, everyMs: 3_000 },
  { untilMs: 1_800_000, everyMs: 10_000 },
];

/** So many calls in a row may fail before discovery was tried. */
const FAILURES_OF_CALLS = 3;

/** Milliseconds from the begin of a probe without an answer to the next one, so long after the outage began. */
export const outageProbeDelay = (sinceMs: number): number =>
  OUTAGE_PROBES.find(({ untilMs }) => sinceMs < untilMs)?.everyMs ?? LONGEST_PROBE_MS;

/** Milliseconds from a failure to the next probe, after this number of failures in a row. */
const probeDelay = (failures: number): number =>
  backoff({ firstMs: FIRST_PROBE_MS, longestMs: LONGEST_PROBE_MS }, failures);

/**
 * Milliseconds from a failed call to the next probe. Where discovery answers and calls fail, each probe leads to another
 * call, so the delay grows.
 */
export const delayAfterCall = ({ hasProbeAnswered }: ServerHealth, failures: number): number =>
  hasProbeAnswered === true || failures > FAILURES_OF_CALLS ? probeDelay(failures) : FIRST_PROBE_MS;

/** The probe that was made. */
interface Probe {
  readonly answered: boolean;
  /** Milliseconds since the epoch. Default: now. */
  readonly begunAt?: number;
  /** Whether a client waits for the server. Default: true. */
  readonly isWaitedFor?: boolean;
}

/**
 * Applies the result of a probe. If discovery answered, calls are retried one at a time. The next probe is due later in
 * both cases, and much later if discovery answered and no client waits for the server.
 */
export function probed(
  health: ServerHealth,
  { answered, isWaitedFor = true, ...probe }: Probe,
  now: number,
): ServerHealth {
  const begunAt = probe.begunAt ?? now;
  const { refusedAdmission, phase, metBy } = health;
  const wasOut = health.hasProbeAnswered === false || metBy === 'All' || phase !== 'Open';
  return {
    ...health,
    hasProbeAnswered: health.failures > 0 || phase !== 'Open' ? answered : undefined,
    answeredProbes: answered ? health.answeredProbes + 1 : 0,
    resumedAt: answered && wasOut ? now : health.resumedAt,
    phase: answered && phase !== 'Open' ? 'OneAtATime' : phase,
    nextProbeAt:
      health.nextProbeAt > now
        ? health.nextProbeAt
        : nextAfter(health, { answered, begunAt, isWaitedFor }, now),
    refusedAdmission: refusedAdmission && withProber(refusedAdmission, now),
  };
}

/** An answered probe tells nothing new until a call ends, so those that follow it come later each time. */
function nextAfter(
  { failures, troubledAt, answeredProbes }: ServerHealth,
  { answered, begunAt, isWaitedFor }: Required<Probe>,
  now: number,
): number {
  if (answered) {
    const pauses = {
      firstMs: isWaitedFor ? probeDelay(failures) : LONGEST_PROBE_MS,
      longestMs: LONGEST_ANSWERED_MS,
    };
    return now + backoff(pauses, answeredProbes);
  }
  return Math.max(begunAt + outageProbeDelay(now - troubledAt), now + SHORTEST_PROBE_MS);
}

/** When the next probe is due, in milliseconds since the epoch; `undefined` while nothing waits for one. */
export function nextProbe({
  phase,
  failures,
  hasProbeAnswered,
  nextProbeAt,
  refusedAdmission,
}: ServerHealth): number | undefined {
  const isDoubted = failures > 0 && hasProbeAnswered !== true;
  const due = [
    ...(phase === 'Open' && !isDoubted ? [] : [nextProbeAt]),
    ...(refusedAdmission?.decided ? [admissionProbeAt(refusedAdmission)] : []),
  ];
  return due.length === 0 ? undefined : Math.min(...due);
}

/** A person asks for a try: pauses end, what failed is retried, and what is tested by one call is tested now. */
export function triedNow(health: ServerHealth, now: number): ServerHealth {
  const { refusedAdmission } = health;
  return {
    ...health,
    rateLimits: withoutPauses(health.rateLimits),
    pauses: NO_PAUSES,
    resumedAt: now,
    nextProbeAt: Math.min(health.nextProbeAt, now),
    refusedAdmission: refusedAdmission && tryNow(refusedAdmission, now),
  };
}
