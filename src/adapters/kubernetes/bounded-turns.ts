import { NO_SERVER, Slots } from '../../controller/state/slots.ts';

interface Bounds {
  /** How many effects run at the same time. */
  readonly limit: number;
  /** How many of one caller wait. */
  readonly waitingOfCaller: number;
  /** How many wait together. */
  readonly waiting: number;
}

/** Runs effects of callers who take turns. How many wait is bounded, for each caller and together. */
export class BoundedTurns {
  readonly #bounds: Bounds;
  readonly #slots = new Slots();
  readonly #waiting = new Map<string, number>();
  #total = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /** Whether so many wait that no further one of the caller may. */
  isFull(caller: string): boolean {
    const { waiting, waitingOfCaller } = this.#bounds;
    return this.#total >= waiting || (this.#waiting.get(caller) ?? 0) >= waitingOfCaller;
  }

  /** Waits for a turn of the caller, then runs `effect`; check {@link BoundedTurns.isFull} before. */
  inTurn<T>(caller: string, effect: () => Promise<T>): Promise<T> {
    this.#count(caller, 1);
    const place = { server: NO_SERVER, namespace: caller, limit: this.#bounds.limit, isEnding: false };
    return this.#slots.withSlot(place, () => {
      this.#count(caller, -1);
      return effect();
    });
  }

  #count(caller: string, by: 1 | -1): void {
    this.#total += by;
    const waiting = (this.#waiting.get(caller) ?? 0) + by;
    if (waiting === 0) {
      this.#waiting.delete(caller);
    } else {
      this.#waiting.set(caller, waiting);
    }
  }
}
