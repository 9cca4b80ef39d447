import type { ClientKey } from '../../core/client-key.ts';
import type { Absence, Setback, SetbackAction } from '../../core/observation.ts';

/** The API server gives every request a minute; so much for what lies between. */
const LATEST_EFFECT_MS = 90_000;

/** What is remembered of a client between two looks, by `namespace/name`. Lost with the process, at no harm. */
export class Memory {
  readonly #setbacks = new Map<string, readonly Setback[]>();
  readonly #absences = new Map<string, Absence>();
  readonly #reads = new Map<string, number>();
  readonly #unanswered = new Map<string, number>();
  /** When the first client was looked at. */
  #since: number | undefined;

  setbacks(key: ClientKey): readonly Setback[] {
    return this.#setbacks.get(key) ?? [];
  }

  /** Deregistrations are remembered each by its record; of every other action only the last try counts. */
  setBack(key: ClientKey, setback: Setback): void {
    const { action, basis } = setback;
    const isReplaced = (other: Setback) =>
      other.action === action && (other.basis === basis || action !== 'Deregister');
    this.#setbacks.set(key, [...this.setbacks(key).filter((other) => !isReplaced(other)), setback]);
  }

  /** What went wrong before with the same action, whatever its basis, is over; of deregistrations only that record's. */
  succeeded(key: ClientKey, action: SetbackAction, basis: string): void {
    const isOver = (other: Setback) =>
      other.action === action && (other.basis === basis || action !== 'Deregister');
    const left = this.setbacks(key).filter((other) => !isOver(other));
    if (left.length === 0) {
      this.#setbacks.delete(key);
      return;
    }
    this.#setbacks.set(key, left);
  }

  /** When the client was last read; of one that wasn't yet, since when it is known: nothing is remembered of it. */
  readAt(key: ClientKey, createdAt: number | undefined, now: number): number {
    this.#since ??= now;
    return this.#reads.get(key) ?? Math.max(this.#since, createdAt || 0);
  }

  wasRead(key: ClientKey, now: number): void {
    this.#reads.set(key, now);
  }

  /** A write of its status had no answer: it may yet take effect, over what was written since. */
  statusUnanswered(key: ClientKey, now: number): void {
    this.#unanswered.set(key, now + LATEST_EFFECT_MS);
  }

  /** When its status is to be looked at again for that; `undefined` where no write is open any more. */
  statusKnownAt(key: ClientKey, now: number): number | undefined {
    const at = this.#unanswered.get(key);
    if (at !== undefined && at <= now) {
      this.#unanswered.delete(key);
      return undefined;
    }
    return at;
  }

  absence(key: ClientKey, now: number): Absence {
    const absence = this.#absences.get(key) ?? { since: now, proven: false };
    this.#absences.set(key, absence);
    return absence;
  }

  absenceProven(key: ClientKey): void {
    const absence = this.#absences.get(key);
    this.#absences.set(key, { since: absence?.since ?? 0, proven: true });
  }

  /** The object exists (again). */
  present(key: ClientKey): void {
    this.#absences.delete(key);
  }

  forget(key: ClientKey): void {
    this.#setbacks.delete(key);
    this.#absences.delete(key);
    this.#reads.delete(key);
    this.#unanswered.delete(key);
  }
}
