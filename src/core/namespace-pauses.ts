import { SHARES } from '../api/shares.ts';
import { backoff } from './backoff.ts';

/**
 * Namespaces whose registrations at one server got no answer while those of other namespaces did. The cause is what
 * they send, not the server, so their pause grows each time. Times are milliseconds since the epoch.
 */
export type NamespacePauses = ReadonlyMap<string, NamespacePause>;

interface NamespacePause {
  /** Each lost registration of one client counts 1, of several clients of the namespace 2. */
  readonly strikes: number;
  readonly until: number;
}

export const NO_PAUSES: NamespacePauses = new Map();

/** Fewer strikes cause no pause: the setbacks of one or two clients are enough. */
const PATIENCE = 3;
const PAUSES = { firstMs: 8_000, longestMs: 300_000 };
const FORGOTTEN_MS = 3_600_000;
const MAX_REMEMBERED = SHARES.pausedNamespaces.most;

export function pausedLonger(
  pauses: NamespacePauses,
  namespace: string,
  isSeveral: boolean,
  now: number,
): NamespacePauses {
  const strikes = (pauses.get(namespace)?.strikes ?? 0) + (isSeveral ? 2 : 1);
  const until = strikes < PATIENCE ? now : now + backoff(PAUSES, strikes - PATIENCE);
  const others = [...pauses].filter(
    ([other, pause]) => other !== namespace && now < pause.until + FORGOTTEN_MS,
  );
  return new Map([...others.slice(1 - MAX_REMEMBERED), [namespace, { strikes, until }]]);
}

/** When the namespace's pause ends; `undefined` where it has none. */
export function pausedFor(pauses: NamespacePauses, namespace: string, now: number): number | undefined {
  const until = pauses.get(namespace)?.until ?? 0;
  return now < until ? until : undefined;
}

/** A registration of the namespace succeeded. */
export function pauseEnded(pauses: NamespacePauses, namespace: string): NamespacePauses {
  return pauses.has(namespace) ? new Map([...pauses].filter(([other]) => other !== namespace)) : pauses;
}
