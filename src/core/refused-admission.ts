import type { Reason } from '../api/reasons.ts';
import type { Failure } from './classify.ts';

/**
 * A server that refused the credential that admits registrations: it would refuse every client's, so one client at a
 * time is woken to find out. Times are milliseconds since the epoch.
 */
export interface RefusedAdmission {
  /** Of the connection that was refused; another one is worth a try at once. */
  readonly version: string;
  readonly reason: Reason;
  readonly message: string;
  readonly attempts: number;
  readonly nextProbeAt: number;
  /** When a client was last woken to find out. */
  readonly wokenAt?: number | undefined;
}

const FIRST_PROBE_MS = 60_000;
const LONGEST_PROBE_MS = 600_000;

/** After a refusal; `before` is an earlier one of the same connection. */
export function refusedAgain(
  before: RefusedAdmission | undefined,
  version: string,
  { reason, message }: Failure,
  now: number,
): RefusedAdmission {
  const attempts = (before?.attempts ?? 0) + 1;
  const delay = Math.min(FIRST_PROBE_MS * 2 ** Math.min(attempts - 1, 10), LONGEST_PROBE_MS);
  return { version, reason, message, attempts, nextProbeAt: now + delay };
}

/** Once a client was woken to find out. */
export const withProber = (refused: RefusedAdmission, now: number): RefusedAdmission =>
  refused.nextProbeAt > now ? refused : { ...refused, wokenAt: now };

/** A client was woken to probe and may have gone away: another is woken a minute later. */
export const admissionProbeAt = ({ nextProbeAt, wokenAt }: RefusedAdmission): number =>
  Math.max(nextProbeAt, wokenAt === undefined ? 0 : wokenAt + FIRST_PROBE_MS);
