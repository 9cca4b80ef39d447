import type { Clock, Log } from '../ports.ts';

/** People wait for what follows from their edit of a list. */
const EVERY_MS = 15_000;

interface Options {
  readonly clock: Clock;
  readonly log: Log;
  /** Whether there is something to look at. */
  readonly isNeeded: () => boolean;
  /** If it rejects, that is logged, and the next one follows. */
  readonly visit: () => Promise<void>;
}

/** Looks at lists that people edit, every 15 s, while there is something in them: an installation without such entries costs nothing. */
export class ListVisits {
  readonly #options: Options;
  readonly #ending = new AbortController();
  #isUnderWay = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** A list may have its first entry now. */
  begin(): void {
    if (!this.#isUnderWay && this.#options.isNeeded()) {
      this.#isUnderWay = true;
      void this.#goOn();
    }
  }

  stop(): void {
    this.#ending.abort();
  }

  async #goOn(): Promise<void> {
    const { clock, isNeeded, visit, log } = this.#options;
    const { signal } = this.#ending;
    while (isNeeded() && !signal.aborted) {
      await clock.sleep(EVERY_MS, signal);
      if (!signal.aborted) {
        await visit().catch((error: unknown) =>
          log.error('lists that people edit: an error of the operator', { error }),
        );
      }
    }
    this.#isUnderWay = false;
  }
}
