import { backoff } from '../../core/backoff.ts';
import type { ApiResult, Clock } from '../ports.ts';

/**
 * The API server refuses the write for what is in it or for where it goes (quota, policy, validation): the same again is
 * refused again. A conflict, too many requests and a credential that is renewed pass by themselves.
 */
export const isRefusal = ({ status }: { readonly status: number }): boolean =>
  status >= 400 && status < 500 && ![401, 408, 409, 429].includes(status);

/** Where writes may be refused. */
export const PLACES = {
  /** Secrets of workloads, in their namespace. */
  workload: (namespace: string) => `workload ${namespace}`,
  /** Whole registration Secrets of this namespace's clients, in the operator's. */
  record: (namespace: string) => `record ${namespace}`,
  /** All registration Secrets, even minimal ones. */
  records: () => 'records',
} as const;

interface WriteRefusal {
  /** The API server's words. */
  readonly message: string;
  /** Milliseconds since the epoch: before, nothing is tried. */
  readonly retryAt: number;
}

const PAUSES = { firstMs: 2_000, longestMs: 300_000 };

/**
 * Where the API server refused a write: what would have to be written there after a registration is tried there before
 * it, without being stored, until that is admitted. As long as nothing is refused, nothing is tried.
 *
 * *Guarantees*: one try at a time for each place, with pauses that grow, however many clients wait there.
 */
export class RefusedWrites {
  readonly #places = new Map<string, { readonly tries: number; readonly refusal: WriteRefusal }>();
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  refused(place: string, message: string): void {
    this.#refuse(place, message, this.#places.get(place)?.tries ?? 0);
  }

  admitted(place: string): void {
    this.#places.delete(place);
  }

  /** Whether a write was refused there, and none was admitted since. */
  isRefusing(place: string): boolean {
    return this.#places.has(place);
  }

  /**
   * Resolves with why nothing may be sent now that would have to be written there; `undefined`: it may.
   *
   * @param tryIt creates the object without storing it
   */
  async check(place: string, tryIt: () => Promise<ApiResult<unknown>>): Promise<WriteRefusal | undefined> {
    const known = this.#places.get(place);
    if (known === undefined) {
      return undefined;
    }
    if (this.#clock.now() < known.refusal.retryAt) {
      return known.refusal;
    }
    // Whoever comes while it is tried waits for the next time.
    this.#refuse(place, known.refusal.message, known.tries + 1);
    const result = await tryIt();
    // One of that name is there already: everything else was looked at before.
    if (result.ok || result.reason === 'AlreadyExists') {
      this.admitted(place);
      return undefined;
    }
    return this.#refuse(place, result.message, known.tries + 1);
  }

  #refuse(place: string, message: string, tries: number): WriteRefusal {
    const refusal = { message, retryAt: this.#clock.now() + backoff(PAUSES, tries) };
    this.#places.set(place, { tries, refusal });
    return refusal;
  }
}
