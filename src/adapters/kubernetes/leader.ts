import type { Clock, KubernetesApi, Lead, Log } from '../../controller/ports.ts';
import { withJitter } from '../../core/backoff.ts';
import { createClaim } from './lease.ts';

interface LeaderElectorOptions {
  /** Its deadline per call should permit a second attempt before `renewDeadlineMs`: for example 4 s. */
  readonly api: KubernetesApi;
  /** Namespace and name of the Lease. */
  readonly namespace: string;
  readonly name: string;
  /** Unique to this process: a pod's name and something random. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** How long other processes wait after the last renewal of ours that they saw. Default 15 s. */
  readonly leaseDurationMs?: number;
  /**
   * How long we lead after the start of our last answered renewal. Must be less than `leaseDurationMs`. Default 10 s.
   */
  readonly renewDeadlineMs?: number;
  /** Pause between two renewals, with a jitter of a fifth; other processes read twice as often. Default 2 s. */
  readonly retryPeriodMs?: number;
}

export interface LeaderElector extends Lead {
  /** Waits for the lease. Returns true when we hold it, false when `signal` aborted first. Call it once. */
  acquire(signal: AbortSignal): Promise<boolean>;
  /** Resolves when we lost a lease that we held, except by {@link LeaderElector.release}. This is final. */
  readonly lost: Promise<void>;
  /** Releases the lease, so that another process can take it at its next read. Does nothing if we don't hold it. */
  release(): Promise<void>;
}

/**
 * Leader election by a Lease of coordination.k8s.io/v1.
 *
 * ```
 *  we:      renewal starts ──── answered ────┤ renewDeadline after the start: we stop leading
 *  others:                    see it ├──────────────┤ leaseDuration after seeing it: they take the lease
 * ```
 * Guarantee: while the monotonic clocks of all processes run at about the same rate, at most one of them holds the lease.
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: all states of one election share its variables
export function createLeaderElector(options: LeaderElectorOptions): LeaderElector {
  const { clock, log, random, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = options;
  const claim = createClaim({ ...options, leaseDurationMs: options.leaseDurationMs ?? 15_000 });
  const lost = Promise.withResolvers<void>();
  const ending = new AbortController();
  let leading = false;
  let deadlineMs = 0;
  let transitions = 0;
  let renewing: Promise<unknown> = Promise.resolve();

  const held = () => leading && clock.monotonic() < deadlineMs;
  const pause = (ms: number, signal: AbortSignal) => clock.sleep(withJitter(ms, random), signal);
  const attempt = async () => {
    const startMs = clock.monotonic();
    const outcome = await claim.attempt();
    if (outcome.kind === 'ours') {
      deadlineMs = startMs + renewDeadlineMs;
    }
    return outcome;
  };
  const lose = (why: string) => {
    if (!leading) {
      return;
    }
    leading = false;
    ending.abort();
    log.warn('the lease is lost', { why });
    lost.resolve();
  };
  const renew = async () => {
    while (leading) {
      await pause(retryPeriodMs, ending.signal);
      if (!leading) {
        return;
      }
      const attempted = attempt();
      renewing = attempted;
      const outcome = await attempted;
      if (outcome.kind === 'others') {
        lose(`it is held by ${outcome.holder}`);
      }
      // The cached objects are wrong now: only a restart reads the current ones.
      if (outcome.kind === 'wentBack') {
        lose("the API server's data went back to an earlier time");
      }
      // Somebody cleared the Lease since: another process may have led meanwhile.
      if (outcome.kind === 'ours' && outcome.transitions !== transitions) {
        lose('it had to be taken again');
      }
    }
  };
  const watchDeadline = async () => {
    while (held()) {
      await clock.sleep(deadlineMs - clock.monotonic(), ending.signal);
    }
    lose('it could not be renewed in time');
  };
  const release = async () => {
    if (!leading) {
      return;
    }
    leading = false;
    ending.abort();
    await renewing;
    await claim.giveUp();
  };
  return {
    held,
    lost: lost.promise,
    release,
    async acquire(signal) {
      while (!signal.aborted) {
        const outcome = await attempt();
        leading = outcome.kind === 'ours' && clock.monotonic() < deadlineMs;
        if (outcome.kind === 'ours') {
          transitions = outcome.transitions;
        }
        if (leading) {
          break;
        }
        // A read is cheap: candidates read the Lease twice as often as the holder renews it.
        await pause(retryPeriodMs / 2, signal);
      }
      if (signal.aborted) {
        await release();
      }
      if (!leading) {
        return false;
      }
      void renew();
      void watchDeadline();
      return true;
    },
  };
}
