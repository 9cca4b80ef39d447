import type { Gate } from './observation.ts';
import type { Caller } from './scope.ts';

/**
 * Registration access tokens that a server refused: some within a short time are the server's loss (its data or keys
 * were restored or replaced), not each client's. A namespace counts once, since a tenant can lose tokens on purpose; only
 * where one namespace has all the clients, its clients count. Times are milliseconds since the epoch.
 */
export interface LostTokens {
  /** At most one of each client, the earliest first. */
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
const MAX_REMEMBERED = 100;
const MAX_OF_NAMESPACE = 20;

/** How often an update is tried at a server that is suspected. */
const SUSPECT_PROBE_MS = 60_000;
/** Another one is finding out. */
const BEHIND_PROBE_MS = 5_000;

export function isSuspect(lost: LostTokens, now: number): boolean {
  return countedTimes(lost, now).length >= needed(lost);
}

/** In so many namespaces; where one has all the clients, so many of its clients. */
const needed = ({ namespaces }: LostTokens): number =>
  namespaces <= 1 ? MOST_NEEDED : Math.min(MOST_NEEDED, namespaces);

/** When each namespace, or each client where there is one namespace, lost its last token; the earliest first. */
function countedTimes({ losses, namespaces }: LostTokens, now: number): readonly number[] {
  const last = new Map(
    lately(losses, now).map((loss) => [namespaces <= 1 ? loss.client : loss.namespace, loss.at]),
  );
  return [...last.values()].toSorted((a, b) => a - b);
}

/** Each namespace keeps its last ones: many of one don't push out another's. */
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

/** Whether one client may find out if the tokens are good again; else when it makes sense to ask again. */
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
  return `The server refused the registration access tokens of ${whose} within ten minutes: it, not they, may have lost them. One update a minute is tried; look whether its data or keys were restored or replaced.`;
}

const lately = (losses: readonly Loss[], now: number): readonly Loss[] =>
  losses.filter(({ at }) => now - at < SUSPICION_MS);
