import { backoff } from '../../core/backoff.ts';
import type { ApiResult, Clock } from '../ports.ts';

/**
 * Whether the API server refuses the write for its content or its namespace (quota, policy, validation), so that an
 * unchanged retry fails, too. Conflicts, throttling and expired credentials pass by themselves.
 */
export const isRefusal = ({ status }: { readonly status: number }): boolean =>
  status >= 400 && status < 500 && ![401, 408, 409, 429].includes(status);

/** Where writes may be refused. */
export const PLACES = {
  /** Secrets of workloads, in their namespace. */
  workload: (namespace: string) => `workload ${namespace}`,
  /** Complete registration Secrets of this namespace's clients, in the operator's namespace. */
  record: (namespace: string) => `record ${namespace}`,
  /** All registration Secrets, even minimal ones. */
  records: () => 'records',
} as const;

interface WriteRefusal {
  /** The API server's message. */
  readonly message: string;
  /** Time of the next dry run, in milliseconds since the epoch. */
  readonly retryAt: number;
}

const PAUSES = { firstMs: 2_000, longestMs: 300_000 };

/**
 * Places where the API server refused a write. Before a registration that would need a write there, the operator makes a
 * dry run of that write, until one is admitted. Without a refusal there are no dry runs.
 *
 * *Guarantees*: one dry run at a time for each place, with backoff, however many clients wait there.
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

  /** Whether a write was refused there, and none has been admitted since. */
  isRefusing(place: string): boolean {
    return this.#places.has(place);
  }

  /**
   * Resolves with the reason why no registration that needs a write there may be sent now; `undefined`: it may.
   *
   * @param tryIt creates the object as a dry run
   */
  async check(place: string, tryIt: () => Promise<ApiResult<unknown>>): Promise<WriteRefusal | undefined> {
    const known = this.#places.get(place);
    if (known === undefined) {
      return undefined;
    }
    if (this.#clock.now() < known.refusal.retryAt) {
      return known.refusal;
    }
    // Clients that ask during a dry run wait for the next one.
    this.#refuse(place, known.refusal.message, known.tries + 1);
    const result = await tryIt();
    // An object with that name exists: the API server checks everything else before that.
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
