import { SHARES } from '../../api/shares.ts';
import { type ServerKey, serverKey, serverNamed } from '../../core/server-key.ts';

/** Key for calls that go to no authorization server; no server object has it. */
export const NO_SERVER = serverKey({ kind: 'ClusterAuthorizationServer', name: '' }, '');

/** A call that needs a slot. */
export interface SlotRequest {
  /** Key of `serverKey`. */
  readonly server: ServerKey;
  /** Namespace of the client. */
  readonly namespace: string;
  /** The server object's limit of concurrent calls. */
  readonly limit: number;
  /** Deregistrations go before other calls of their namespace. */
  readonly isEnding: boolean;
}

/**
 * Bounds the concurrent calls. Waiting calls take turns:
 *
 * ```
 * ClusterAuthorizationServer   one line for the server; namespaces take turns, and while two of them want to call,
 *                              each has half of the server's limit at most
 * AuthorizationServer          one line for all servers of the namespace, which has so many calls together
 * ```
 */
export class Slots {
  readonly #lines = new Map<string, Line>();

  /**
   * Waits for a slot, then runs `effect`. The slot is released when `effect` resolves, rejects or throws. The number of
   * waiting calls is not bounded here: check {@link Slots.isCrowded} before.
   */
  async withSlot<T>(place: SlotRequest, effect: () => Promise<T>): Promise<T> {
    const name = lineOf(place);
    const line = this.#lines.get(name) ?? new Line(isOwn(place.server));
    this.#lines.set(name, line);
    await line.acquire(place);
    try {
      return await effect();
    } finally {
      line.release(place);
      if (line.isEmpty) {
        this.#lines.delete(name);
      }
    }
  }

  /** Whether so many calls of the namespace wait for its own servers that no further one should wait. */
  isCrowded(place: Pick<SlotRequest, 'server' | 'namespace'>): boolean {
    const waiting = this.#lines.get(lineOf(place))?.othersWaiting ?? 0;
    return isOwn(place.server) && waiting >= SHARES.roundsThatWait.most;
  }
}

/** Concurrent calls to a server, by its key and its object's `limit`. */
export const callsAt = (server: ServerKey, limit: number): number =>
  isOwn(server) ? Math.min(limit, SHARES.callsToOwnServers.most) : limit;

const isOwn = (server: ServerKey): boolean => serverNamed(server).kind === 'AuthorizationServer';

const lineOf = ({ server, namespace }: Pick<SlotRequest, 'server' | 'namespace'>): string =>
  isOwn(server) ? `namespace ${namespace}` : server;

interface WaitingCall {
  readonly place: SlotRequest;
  readonly go: () => void;
}

interface Turn {
  readonly endings: WaitingCall[];
  readonly others: WaitingCall[];
}

/** Calls that wait for the same slots. At a cluster server namespaces take turns; in a namespace its servers do. */
class Line {
  readonly #isOwn: boolean;
  readonly #taken = new Map<string, number>();
  /** In the order of their turns: the first has waited longest since its last turn. */
  readonly #waiting = new Map<string, Turn>();
  #total = 0;
  othersWaiting = 0;

  constructor(isOwnLine: boolean) {
    this.#isOwn = isOwnLine;
  }

  get isEmpty(): boolean {
    return this.#total === 0 && this.#waiting.size === 0;
  }

  acquire(place: SlotRequest): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const name = this.#turnOf(place);
    const turn = this.#waiting.get(name) ?? { endings: [], others: [] };
    this.#waiting.set(name, turn);
    (place.isEnding ? turn.endings : turn.others).push({ place, go: resolve });
    this.othersWaiting += place.isEnding ? 0 : 1;
    this.#serve();
    return promise;
  }

  release(place: SlotRequest): void {
    const name = this.#turnOf(place);
    const left = (this.#taken.get(name) ?? 1) - 1;
    if (left > 0) {
      this.#taken.set(name, left);
    } else {
      this.#taken.delete(name);
    }
    this.#total -= 1;
    this.#serve();
  }

  #turnOf({ namespace, server }: SlotRequest): string {
    return this.#isOwn ? server : namespace;
  }

  #serve(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const name = this.#turnOf(next.place);
      this.#taken.set(name, (this.#taken.get(name) ?? 0) + 1);
      this.#total += 1;
      next.go();
    }
  }

  /** The first in turn for which a slot is free; it moves to the end of the turns. */
  #next(): WaitingCall | undefined {
    for (const [name, turn] of this.#waiting) {
      const queue = turn.endings.length > 0 ? turn.endings : turn.others;
      const [first] = queue;
      if (first !== undefined && this.#hasRoom(name, first.place)) {
        queue.shift();
        this.othersWaiting -= first.place.isEnding ? 0 : 1;
        this.#waiting.delete(name);
        if (turn.endings.length + turn.others.length > 0) {
          this.#waiting.set(name, turn);
        }
        return first;
      }
    }
    return undefined;
  }

  #hasRoom(name: string, { limit, isEnding }: SlotRequest): boolean {
    const taken = this.#taken.get(name) ?? 0;
    if (this.#isOwn) {
      const reserve = isEnding ? SHARES.endingsAtOwnServers.most : 0;
      return taken < limit && this.#total < SHARES.callsToOwnServers.most + reserve;
    }
    const share = Math.ceil((limit * SHARES.callsToClusterServer.most) / 100);
    return this.#total < limit && (taken < share || this.#waiting.size === 1);
  }
}
