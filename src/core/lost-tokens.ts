import { SHARES } from '../api/shares.ts';
import type { Gate } from './observation.ts';
import type { Caller } from './scope.ts';

/**
 * Registration access tokens that a server refused. If several are refused within a short time, the server has probably
 * lost them (its data or keys were restored or replaced), not the clients. Each namespace counts once, since a tenant
 * can lose tokens on purpose. Where one namespace has all the clients, each client counts. Times are milliseconds since
 * the epoch.
 */
export interface LostTokens {
  /** At most one per client, the earliest first. */
  readonly losses: readonly Loss[];
  /** How many namespaces have clients at the server, as of the last loss. */
  readonly namespaces: number;
}

interface Loss extends Caller {
  readonly at: number;
}

export const NONE_LOST: LostTokens = { losses: [], namespaces: 0 };

const MOST_NEEDED = 3;
const SUSPICION_MS = 600_000;
const MAX_REMEMBERED = SHARES.lostTokens.most;
const MAX_OF_NAMESPACE = SHARES.lostTokensOfNamespace.most;

/** The interval between updates at a suspected server. */
const SUSPECT_PROBE_MS = 60_000;
/** The shortest wait while another client's update tests the server. */
const BEHIND_PROBE_MS = 5_000;

export function isSuspect(lost: LostTokens, now: number): boolean {
  return countedTimes(lost, now).length >= needed(lost);
}

/** How many namespaces make a suspicion; where one namespace has all the clients, how many clients. */
const needed = ({ namespaces }: LostTokens): number =>
  namespaces <= 1 ? MOST_NEEDED : Math.min(MOST_NEEDED, namespaces);

/** When each namespace, or each client where there is one namespace, lost its last token; the earliest first. */
function countedTimes({ losses, namespaces }: LostTokens, now: number): readonly number[] {
  const last = new Map(
    lately(losses, now).map((loss) => [namespaces <= 1 ? loss.client : loss.namespace, loss.at]),
  );
  return [...last.values()].toSorted((a, b) => a - b);
}

/** Adds a loss. The number per namespace is capped, so that one namespace doesn't displace the losses of others. */
export function withLostToken(
  { losses }: LostTokens,
  { namespace, client }: Caller,
  namespaces: number,
  now: number,
): LostTokens {
  const others = lately(losses, now).filter((loss) => loss.client !== client);
  const own = others.filter((loss) => loss.namespace === namespace);
  const dropped = own.length >= MAX_OF_NAMESPACE ? own[0] : undefined;
  const kept = others.filter((loss) => loss !== dropped).slice(1 - MAX_REMEMBERED);
  return { losses: [...kept, { namespace, client, at: now }], namespaces };
}

/** Whether one client may test if the server accepts tokens again; else when to retry. */
export function suspectGate(lost: LostTokens, inFlight: number, now: number): Gate {
  const due = (lost.losses.at(-1)?.at ?? 0) + SUSPECT_PROBE_MS;
  return inFlight === 0 && now >= due
    ? { open: true }
    : {
        open: false,
        reason: 'AuthorizationServerSuspect',
        message: suspicion(lost, now),
        until: Math.max(due, now + BEHIND_PROBE_MS),
      };
}

/** When a suspicion ends by itself, in milliseconds since the epoch; `undefined` where there is none. */
export const suspicionEnds = (lost: LostTokens, now: number): number | undefined =>
  isSuspect(lost, now) ? (countedTimes(lost, now).at(-needed(lost)) ?? now) + SUSPICION_MS : undefined;

export function suspicion(lost: LostTokens, now: number): string {
  const { namespaces } = lost;
  const count = countedTimes(lost, now).length;
  const whose = namespaces <= 1 ? `${count} clients` : `clients of ${count} namespaces`;
  return `The server refused the registration access tokens of ${whose} within ten minutes: the server, not the clients, may have lost them. One update a minute is tried; check whether the server's data or keys were restored or replaced.`;
}

const lately = (losses: readonly Loss[], now: number): readonly Loss[] =>
  losses.filter(({ at }) => now - at < SUSPICION_MS);
