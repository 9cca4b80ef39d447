import { backoff } from './backoff.ts';
import { admissionProbeAt, withProber } from './refused-admission.ts';
import type { ServerHealth } from './server-health.ts';

const FIRST_PROBE_MS = 2_000;
const LONGEST_PROBE_MS = 60_000;

/** Milliseconds from a failure to the next probe, after this number of failures in a row. */
export const probeDelay = (failures: number): number =>
  backoff({ firstMs: FIRST_PROBE_MS, longestMs: LONGEST_PROBE_MS }, failures);

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
