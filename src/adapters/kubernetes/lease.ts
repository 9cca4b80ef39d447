import { type KubernetesObject, RESOURCES } from '../../api/kubernetes.ts';
import { microTime } from '../../api/time.ts';
import type { Clock, KubernetesApi, Log } from '../../controller/ports.ts';
import { isNewer } from '../../controller/state/object-cache.ts';
import { cureOf } from './cure.ts';

interface ClaimOptions {
  readonly api: KubernetesApi;
  /** Namespace and name of the Lease. */
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How long other processes wait after the last renewal of ours that they saw. */
  readonly leaseDurationMs: number;
}

/** A Lease of coordination.k8s.io/v1. */
export interface Lease extends KubernetesObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/**
 * The Lease as last read, and since when it is unchanged, by our own clock. Clocks of other machines are not trusted.
 */
interface SeenLease {
  readonly lease: Lease;
  readonly sinceMs: number;
}

/** How an attempt to take or renew the Lease ended. */
type ClaimOutcome =
  | { readonly kind: 'ours'; readonly transitions: number }
  | { readonly kind: 'others'; readonly holder: string }
  /** The version is earlier than one that was written: the API server's data was restored from a backup. */
  | { readonly kind: 'wentBack' }
  /** Not written, or the outcome is unknown: the next attempt reads the Lease again. */
  | { readonly kind: 'unknown' };

interface LeaseClaim {
  /** Reads the Lease, unless our last write is known to be current, and writes it if we may take it. */
  attempt(): Promise<ClaimOutcome>;
  /** Writes the Lease without a holder if we hold it. Tries three times; then the Lease expires by itself. */
  giveUp(): Promise<void>;
}

/** One process's claim to the Lease. Calls must not overlap. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: reads and writes of one Lease share what is known about it
export function createClaim(options: ClaimOptions): LeaseClaim {
  const { api, clock, log, identity, namespace, name } = options;
  let seen: SeenLease | undefined;
  let current = false;
  let transitions = 0;
  /** Version of the last write that was answered. */
  let writtenVersion: string | undefined;

  const look = async (): Promise<boolean> => {
    const answer = await api.get<Lease>(RESOURCES.lease, { namespace, name });
    current = answer.ok || answer.status === 404;
    if (answer.ok) {
      seen = seenSince(seen, answer.object, clock.monotonic());
    }
    if (!answer.ok && current) {
      seen = undefined;
    }
    if (!answer.ok && !current) {
      log.warn('the lease could not be read', { ...answer, cure: cureOf(answer.status) });
    }
    return current;
  };
  const write = async (spec: Lease['spec']): Promise<boolean> => {
    const lease: Lease = { metadata: { name, namespace }, ...seen?.lease, ...(spec && { spec }) };
    const answer = await (seen === undefined
      ? api.create(RESOURCES.lease, lease)
      : api.replace(RESOURCES.lease, lease));
    current = answer.ok;
    if (answer.ok) {
      seen = { lease: answer.object, sinceMs: clock.monotonic() };
      writtenVersion = answer.object.metadata.resourceVersion;
    }
    if (!answer.ok && answer.status !== 409) {
      log.warn('the lease could not be written', { ...answer, cure: cureOf(answer.status) });
    }
    return answer.ok;
  };
  const attempt = async (): Promise<ClaimOutcome> => {
    const holdsIt = current && seen?.lease.spec?.holderIdentity === identity;
    if (!holdsIt && !(await look())) {
      return { kind: 'unknown' };
    }
    if (seen !== undefined && isNewer(writtenVersion, seen.lease.metadata.resourceVersion)) {
      return { kind: 'wentBack' };
    }
    const holder = seen && rivalOf(seen, options);
    if (holder !== undefined) {
      return { kind: 'others', holder };
    }
    const spec = claimed(seen?.lease.spec, transitions, options);
    if (!(await write(spec))) {
      return { kind: 'unknown' };
    }
    transitions = spec.leaseTransitions;
    return { kind: 'ours', transitions };
  };
  const giveUp = async (): Promise<void> => {
    for (let tries = 0; tries < 3; tries += 1) {
      if (!current && !(await look())) {
        continue;
      }
      if (seen?.lease.spec?.holderIdentity !== identity) {
        return;
      }
      const now = microTime(clock.now());
      if (await write({ ...seen.lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now })) {
        return;
      }
    }
    log.warn('the lease could not be given up; it ends by itself', { namespace, name });
  };
  return { attempt, giveUp };
}

/** The other holder of the Lease; undefined if it is ours, released or expired. */
function rivalOf({ lease, sinceMs }: SeenLease, options: ClaimOptions): string | undefined {
  const { holderIdentity: holder = '', leaseDurationSeconds = 0 } = lease.spec ?? {};
  if (holder === '' || holder === options.identity) {
    return undefined;
  }
  const durationMs = leaseDurationSeconds * 1_000 || options.leaseDurationMs;
  return options.clock.monotonic() - sinceMs < durationMs ? holder : undefined;
}

/** What to write to take or renew the Lease. `transitions` is for a Lease that doesn't exist. */
function claimed(
  before: Lease['spec'],
  transitions: number,
  { clock, identity, leaseDurationMs }: ClaimOptions,
) {
  const now = microTime(clock.now());
  const ours = before?.holderIdentity === identity;
  const known = before?.leaseTransitions ?? transitions;
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseDurationMs / 1_000),
    acquireTime: ours ? (before.acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: before === undefined || ours ? known : known + 1,
  };
}

/** Keeps the earlier time while the content of the Lease is unchanged. */
function seenSince(before: SeenLease | undefined, lease: Lease, nowMs: number): SeenLease {
  const unchanged = before !== undefined && JSON.stringify(before.lease.spec) === JSON.stringify(lease.spec);
  return { lease, sinceMs: unchanged ? before.sinceMs : nowMs };
}
