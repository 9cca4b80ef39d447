import type { ServerKey } from '../../core/server-key.ts';

/** A server object waits at most for so many of its intervals. */
const MOST_INTERVALS = 3;
/** A server object that has not asked for this time, beyond its interval, waits no longer. */
const FRESH_MS = 15_000;
/** The longest interval that a server object may have. */
const REMEMBERED_MS = 3_600_000;

interface Endpoint {
  /** When the last registration ended, in milliseconds since the epoch. */
  lastAt: number;
  /** Registrations that are under way, by server object. */
  readonly underWay: Map<ServerKey, number>;
  /** Server objects that wait, in the order of their turns. */
  readonly waiting: Map<ServerKey, Turn>;
}

interface Turn {
  readonly sinceMs: number;
  readonly askedAt: number;
  readonly intervalMs: number;
}

/** A registration that is under way. */
export interface TurnTaken {
  readonly endpoint: string;
  readonly server: ServerKey;
  /** Whether the interval of the server object passed since the last registration of another one. */
  readonly isKept: boolean;
}

/**
 * Registrations at one registration endpoint, of all server objects that name it. A server object with an interval
 * waits for one interval after the last registration, whoever made it, and lets those go first that waited before it;
 * after three intervals it goes in any case. A server object without an interval never waits, and none waits for the
 * interval of another. Times are milliseconds since the epoch.
 */
export class RegistrationTurns {
  /** The first was used least recently. */
  readonly #endpoints = new Map<string, Endpoint>();

  get size(): number {
    return this.#endpoints.size;
  }

  /** A client of this server object waits to be registered. */
  waits(endpoint: string, server: ServerKey, intervalMs: number, now: number): void {
    const { waiting } = this.#at(endpoint);
    const sinceMs = freshTurn(waiting.get(server), now)?.sinceMs ?? now;
    waiting.set(server, { sinceMs, askedAt: now, intervalMs });
  }

  /** When the server object may register; a time that isn't later than `now`: it may do so now. */
  dueAt(endpoint: string, server: ServerKey, intervalMs: number, now: number): number {
    const known = this.#endpoints.get(endpoint);
    if (known === undefined) {
      return now;
    }
    const { lastAt, waiting } = known;
    const since = freshTurn(waiting.get(server), now)?.sinceMs ?? now;
    const isBlocked = isBusy(known, server) || isAfterOthers(known, server, now);
    const due = isBlocked ? now + intervalMs : lastAt + intervalMs;
    return Math.min(due, since + MOST_INTERVALS * intervalMs);
  }

  /** A registration begins. The result must be passed to {@link RegistrationTurns.ended}. */
  begun(endpoint: string, server: ServerKey, intervalMs: number, now: number): TurnTaken {
    const known = this.#at(endpoint);
    const isKept = intervalMs === 0 || (!isBusy(known, server) && now >= known.lastAt + intervalMs);
    known.waiting.delete(server);
    known.underWay.set(server, (known.underWay.get(server) ?? 0) + 1);
    return { endpoint, server, isKept };
  }

  /** @param wasSent whether the endpoint was called at all */
  ended({ endpoint, server }: TurnTaken, wasSent: boolean, now: number): void {
    const known = this.#at(endpoint);
    const left = (known.underWay.get(server) ?? 1) - 1;
    if (left > 0) {
      known.underWay.set(server, left);
    } else {
      known.underWay.delete(server);
    }
    known.lastAt = wasSent ? now : known.lastAt;
    this.#endpoints.delete(endpoint);
    this.#endpoints.set(endpoint, known);
    this.#forgetOld(now);
  }

  #at(endpoint: string): Endpoint {
    const known = this.#endpoints.get(endpoint) ?? {
      lastAt: Number.NEGATIVE_INFINITY,
      underWay: new Map(),
      waiting: new Map(),
    };
    this.#endpoints.set(endpoint, known);
    return known;
  }

  #forgetOld(now: number): void {
    for (const [endpoint, { lastAt, underWay }] of this.#endpoints) {
      if (underWay.size > 0 || now - lastAt < REMEMBERED_MS) {
        return;
      }
      this.#endpoints.delete(endpoint);
    }
  }
}

const isBusy = ({ underWay }: Endpoint, server: ServerKey): boolean =>
  underWay.size > (underWay.has(server) ? 1 : 0);

/** Whether another one waited before, and may register now. */
function isAfterOthers({ waiting, lastAt }: Endpoint, server: ServerKey, now: number): boolean {
  for (const [other, turn] of waiting) {
    if (other === server) {
      return false;
    }
    if (freshTurn(turn, now) === undefined) {
      waiting.delete(other);
    } else if (now >= lastAt + turn.intervalMs) {
      return true;
    }
  }
  return false;
}

const freshTurn = (turn: Turn | undefined, now: number): Turn | undefined =>
  turn !== undefined && now - turn.askedAt <= turn.intervalMs + FRESH_MS ? turn : undefined;
