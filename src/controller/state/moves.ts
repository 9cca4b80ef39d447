import type { ClientKey } from '../../core/client-key.ts';
import type { ServerKey } from '../../core/server-key.ts';
import type { MoveCounts } from '../../core/summarize-migration.ts';

/** What a migration needs to know of its server object. */
interface MoveTerms {
  /** Changes when the clients are to move to another server. */
  readonly to: string;
  readonly maxConcurrent: number;
  readonly isSuspended: boolean;
}

/** Every client that is left is in exactly one of the sets. */
interface Move extends MoveTerms {
  readonly unjudged: Set<ClientKey>;
  readonly waiting: Set<ClientKey>;
  readonly refused: Set<ClientKey>;
  readonly moving: Set<ClientKey>;
  /** They have their turn, and the new server refuses them. */
  readonly stuck: Set<ClientKey>;
  /** Nothing is done for them now. They keep no other from moving. */
  readonly held: Set<ClientKey>;
  total: number;
  isBegun: boolean;
}

const leftOf = (move: Move): number => setsOf(move).reduce((sum, { size }) => sum + size, 0);

const setsOf = ({ unjudged, waiting, refused, moving, stuck, held }: Move) => [
  unjudged,
  waiting,
  refused,
  moving,
  stuck,
  held,
];

/**
 * Which clients move from one server object to another, and which wait for their turn. No client moves before all of
 * them were judged and none is refused; after that a refused one does not keep the others. At most `maxConcurrent`
 * clients move at the same time.
 */
export class Moves {
  readonly #moves = new Map<ServerKey, Move>();
  /** The server object that a client has to leave. */
  readonly #leaves = new Map<ClientKey, ServerKey>();
  readonly #wake: (client: ClientKey) => void;
  readonly #changed: (server: ServerKey) => void;

  /** @param changed the counts of a server object changed */
  constructor(wake: (client: ClientKey) => void, changed: (server: ServerKey) => void) {
    this.#wake = wake;
    this.#changed = changed;
  }

  get size(): number {
    return this.#moves.size;
  }

  /**
   * Begins a migration, or goes on with it under other terms.
   *
   * @param clients those that are registered at the server
   * @param before what an earlier process reached
   */
  begin(
    server: ServerKey,
    terms: MoveTerms,
    clients: () => Iterable<ClientKey>,
    before: Pick<MoveCounts, 'total' | 'isBegun'>,
  ): void {
    const known = this.#moves.get(server);
    if (known?.to === terms.to) {
      this.#moves.set(server, { ...known, ...terms });
    } else {
      const unjudged = new Set(clients());
      const none = {
        waiting: new Set<ClientKey>(),
        refused: new Set<ClientKey>(),
        moving: new Set<ClientKey>(),
        stuck: new Set<ClientKey>(),
        held: new Set<ClientKey>(),
      };
      this.#moves.set(server, { ...terms, ...before, unjudged, ...none });
      for (const client of unjudged) {
        this.#leaves.set(client, server);
        this.#wake(client);
      }
    }
    this.#giveTurns(server);
  }

  /** The migration was removed, or can't go on. */
  end(server: ServerKey): void {
    const move = this.#moves.get(server);
    this.#moves.delete(server);
    const clients = move === undefined ? [] : setsOf(move).flatMap((set) => [...set]);
    for (const client of clients) {
      this.#leaves.delete(client);
    }
  }

  hasTurn(server: ServerKey, client: ClientKey): boolean {
    const move = this.#moves.get(server);
    return move?.isSuspended === false && (move.moving.has(client) || move.stuck.has(client));
  }

  /** The client is one of those that have to move. `fits`: whether the new server can take it. */
  judged(server: ServerKey, client: ClientKey, fits: boolean): void {
    this.#put(server, client, fits ? 'waiting' : 'refused');
  }

  /** The new server refuses the client in its turn. It keeps its turn and tries again, beside those that move. */
  stuck(server: ServerKey, client: ClientKey): void {
    this.#put(server, client, 'stuck');
  }

  /** The client is suspended, or is being deleted: it has to move, and takes no turn now. */
  held(server: ServerKey, client: ClientKey): void {
    this.#put(server, client, 'held');
  }

  #put(server: ServerKey, client: ClientKey, as: 'waiting' | 'refused' | 'stuck' | 'held'): void {
    const move = this.#moves.get(server);
    const set = move?.[as];
    if (move === undefined || set === undefined || set.has(client)) {
      return;
    }
    for (const other of setsOf(move)) {
      other.delete(client);
    }
    set.add(client);
    this.#leaves.set(client, server);
    this.#changed(server);
    this.#giveTurns(server);
  }

  /** The client has moved, or is no longer one of those that have to. */
  settled(client: ClientKey): void {
    const server = this.#leaves.get(client);
    const move = server && this.#moves.get(server);
    this.#leaves.delete(client);
    if (server !== undefined && move !== undefined) {
      for (const set of setsOf(move)) {
        set.delete(client);
      }
      this.#changed(server);
      this.#giveTurns(server);
    }
  }

  /** `undefined`: the server object has no migration that goes on. */
  counts(server: ServerKey): MoveCounts | undefined {
    const move = this.#moves.get(server);
    if (move === undefined) {
      return undefined;
    }
    const left = leftOf(move);
    const total = move.isBegun ? Math.max(move.total, left) : left;
    const refused = move.refused.size + move.stuck.size;
    const isJudged = move.unjudged.size === 0;
    return { total, left, moving: move.moving.size, refused, isJudged, isBegun: move.isBegun };
  }

  #giveTurns(server: ServerKey): void {
    const move = this.#moves.get(server);
    const isReady = move?.isBegun || (move?.unjudged.size === 0 && move.refused.size === 0);
    if (move === undefined || move.isSuspended || !isReady) {
      return;
    }
    move.total = move.isBegun ? move.total : leftOf(move);
    move.isBegun = true;
    for (const client of move.waiting) {
      if (move.moving.size >= move.maxConcurrent) {
        return;
      }
      move.waiting.delete(client);
      move.moving.add(client);
      this.#wake(client);
    }
  }
}
