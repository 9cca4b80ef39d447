/**
 * Registration access tokens that a server refused: some within a short time are the server's loss (its data or keys
 * were restored or replaced), not each client's. Times are milliseconds since the epoch.
 */
const LOST_BEFORE_SUSPICION = 3;
const SUSPICION_MS = 600_000;
const MAX_REMEMBERED = 100;

/** How often an update is tried at a server that is suspected. */
export const SUSPECT_PROBE_MS = 60_000;

export const isSuspect = (lostTokens: readonly number[], now: number): boolean =>
  lately(lostTokens, now).length >= LOST_BEFORE_SUSPICION;

export const withLostToken = (lostTokens: readonly number[], now: number): readonly number[] =>
  [...lately(lostTokens, now), now].slice(-MAX_REMEMBERED);

export const suspicion = ({ length }: readonly number[]): string =>
  `The server refused the registration access tokens of ${length} clients within ten minutes: it, not they, may have lost them. One update a minute is tried; look whether its data or keys were restored or replaced.`;

const lately = (lostTokens: readonly number[], now: number): readonly number[] =>
  lostTokens.filter((at) => now - at < SUSPICION_MS);
