import { SHARES } from '../../api/shares.ts';
import type { Clock } from '../../controller/ports.ts';
import { sha256 } from '../../oauth/sha256.ts';

/**
 * Bounded memory of answers to questions. Keys are kept as their hash: a long one takes no more memory, and a token is
 * not kept. The oldest answer is forgotten first, and what is outdated is forgotten with the next answer.
 */
export class RememberedAnswers<T> {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #keptMsOf: (answer: T) => number;
  readonly #known = new Map<string, { readonly answer: T; readonly until: number }>();
  readonly #asked = new Map<string, Promise<T>>();

  /** @param keptMsOf for how long an answer is remembered, in milliseconds; 0: not at all */
  constructor(clock: Pick<Clock, 'monotonic'>, keptMsOf: (answer: T) => number) {
    this.#clock = clock;
    this.#keptMsOf = keptMsOf;
  }

  /** Hashes of the questions whose answers are kept, the oldest first. */
  get keys(): readonly string[] {
    return [...this.#known.keys()];
  }

  /** The remembered answer, or that of `ask`. Calls that come while the same question is asked share its answer. */
  async of(question: string, ask: () => Promise<T>): Promise<T> {
    const key = sha256(question);
    const known = this.#known.get(key);
    if (known !== undefined && this.#clock.monotonic() < known.until) {
      return known.answer;
    }
    return this.#asked.get(key) ?? this.#askOnce(key, ask);
  }

  /** What follows the answer is done once, and not by each call that shares it: a later one could end a newer ask. */
  #askOnce(key: string, ask: () => Promise<T>): Promise<T> {
    const asked = ask()
      .then((answer) => {
        this.#keep(key, answer);
        return answer;
      })
      .finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    return asked;
  }

  #keep(key: string, answer: T): void {
    const keptMs = this.#keptMsOf(answer);
    if (keptMs === 0) {
      return;
    }
    const now = this.#clock.monotonic();
    this.#known.delete(key);
    this.#known.set(key, { answer, until: now + keptMs });
    for (const [oldest, { until }] of this.#known) {
      if (now < until && this.#known.size <= SHARES.accessReviewsKept.most) {
        return;
      }
      this.#known.delete(oldest);
    }
  }
}
