import type { Gate } from './observation.ts';

/**
 * Registration access tokens that a server refused: some within a short time are the server's loss (its data or keys
 * were restored or replaced), not each client's. Times are milliseconds since the epoch.
 */
const LOST_BEFORE_SUSPICION = 3;
const SUSPICION_MS = 600_000;
const MAX_REMEMBERED = 100;

/** How often an update is tried at a server that is suspected. */
export const SUSPECT_PROBE_MS = 60_000;
/** Another one is finding out. */
const BEHIND_PROBE_MS = 5_000;

export const isSuspect = (lostTokens: readonly number[], now: number): boolean =>
  lately(lostTokens, now).length >= LOST_BEFORE_SUSPICION;

export const withLostToken = (lostTokens: readonly number[], now: number): readonly number[] =>
  [...lately(lostTokens, now), now].slice(-MAX_REMEMBERED);

/** Whether one client may find out if the tokens are good again; else when it makes sense to ask again. */
export function suspectGate(lostTokens: readonly number[], inFlight: number, now: number): Gate {
  const due = (lostTokens.at(-1) ?? 0) + SUSPECT_PROBE_MS;
  return inFlight === 0 && now >= due
    ? { open: true }
    : {
        open: false,
        reason: 'AuthorizationServerSuspect',
        message: suspicion(lostTokens),
        until: Math.max(due, now + BEHIND_PROBE_MS),
      };
}

/** When a suspicion ends by itself, in milliseconds since the epoch; `undefined` where there is none. */
export const suspicionEnds = (lostTokens: readonly number[], now: number): number | undefined =>
  isSuspect(lostTokens, now)
    ? (lately(lostTokens, now).at(-LOST_BEFORE_SUSPICION) ?? now) + SUSPICION_MS
    : undefined;

export const suspicion = ({ length }: readonly number[]): string =>
  `The server refused the registration access tokens of ${length} clients within ten minutes: it, not they, may have lost them. One update a minute is tried; look whether its data or keys were restored or replaced.`;

const lately = (lostTokens: readonly number[], now: number): readonly number[] =>
  lostTokens.filter((at) => now - at < SUSPICION_MS);
