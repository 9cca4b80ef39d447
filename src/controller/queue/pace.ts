import { SHARES } from '../../api/shares.ts';
import { backoff } from '../../core/backoff.ts';
import type { Clock } from '../ports.ts';
import { Fifo } from './fifo.ts';

const FIRST_PAUSE_MS = 250;
/** This time without a reconciliation decrements the count by one. */
const CALM_MS = 10_000;

interface Entry {
  /** Reconciliations that changes caused, minus the decrements by time; as of `at`. */
  readonly looks: number;
  /** Time of the last such reconciliation, by the monotonic clock. */
  readonly at: number;
  /** Whether it changed since. */
  isChanged: boolean;
}

/**
 * Delay between a change of an object, or of what the operator wrote for it, and its reconciliation: none, unless changes
 * repeat. Then the delay doubles up to the longest, and shrinks while nothing changes. Under endless edits or reverts the
 * operator reconciles the latest state, not each one.
 */
export class Pace {
  readonly #entries = new Fifo<string, Entry>();
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #longestMs: number;

  constructor(clock: Pick<Clock, 'monotonic'>, longestMs: number) {
    this.#clock = clock;
    this.#longestMs = longestMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The object changed. Returns the delay of its next reconciliation, in milliseconds. */
  changed(key: string): number {
    const now = this.#clock.monotonic();
    const entry = this.#entries.get(key) ?? { looks: 0, at: now, isChanged: true };
    entry.isChanged = true;
    this.#entries.push(key, entry);
    return Math.max(0, entry.at + this.#pauseAfter(looksAt(entry, now)) - now);
  }

  /** Its reconciliation begins. */
  lookedAt(key: string): void {
    const now = this.#clock.monotonic();
    const entry = this.#entries.get(key);
    if (entry?.isChanged) {
      this.#entries.delete(key);
      this.#entries.push(key, { looks: looksAt(entry, now) + 1, at: now, isChanged: false });
    }
    this.#dropCalm(now);
  }

  #pauseAfter(looks: number): number {
    const over = Math.round(looks) - SHARES.looksAtOnce.most;
    return over < 0 ? 0 : backoff({ firstMs: FIRST_PAUSE_MS, longestMs: this.#longestMs }, over);
  }

  /** The object was deleted. */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** Ordered by the last reconciliation: the first one has been unchanged for the longest time. */
  #dropCalm(now: number): void {
    for (let [key, entry] = this.#first(); entry !== undefined; [key, entry] = this.#first()) {
      if (entry.isChanged || looksAt(entry, now) > 0) {
        return;
      }
      this.#entries.delete(key);
    }
  }

  #first(): readonly [string, Entry | undefined] {
    return [this.#entries.firstKey ?? '', this.#entries.first];
  }
}

const looksAt = ({ looks, at }: Entry, now: number): number => Math.max(0, looks - (now - at) / CALM_MS);
