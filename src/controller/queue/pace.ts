import { SHARES } from '../../api/shares.ts';
import { backoff } from '../../core/backoff.ts';
import type { Clock } from '../ports.ts';
import { Fifo } from './fifo.ts';

const FIRST_PAUSE_MS = 250;
/** So long without a look takes one back from those that were counted. */
const CALM_MS = 10_000;

interface Entry {
  /** Looks that somebody's changes brought about, less those that time took back; as it was at `at`. */
  readonly looks: number;
  /** When it was last looked at for that reason, by the monotonic clock. */
  readonly at: number;
  /** Changed since. */
  isChanged: boolean;
}

/**
 * How soon an object is looked at after somebody changed it, or what the operator wrote for it: at once, unless that
 * happens again and again. Then pauses double up to the longest, and shrink as it is left in peace: who edits without an
 * end, or undoes what the operator does, gets the last state looked at, and not each.
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

  /** It was changed. Gives how long its next look has to wait, in milliseconds. */
  changed(key: string): number {
    const now = this.#clock.monotonic();
    const entry = this.#entries.get(key) ?? { looks: 0, at: now, isChanged: true };
    entry.isChanged = true;
    this.#entries.push(key, entry);
    return Math.max(0, entry.at + this.#pauseAfter(looksAt(entry, now)) - now);
  }

  /** It is looked at now. */
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

  /** It is gone. */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** Each was pushed at its last look: the first has been calm for the longest. */
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
