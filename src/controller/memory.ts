import type { Absence, Setback, SetbackAction } from '../core/observation.ts';

/** What is remembered of a client between two looks, by `namespace/name`. Lost with the process, at no harm. */
export class Memory {
  readonly #setbacks = new Map<string, Partial<Record<SetbackAction, Setback>>>();
  readonly #absences = new Map<string, Absence>();

  setbacks(key: string): Readonly<Partial<Record<SetbackAction, Setback>>> {
    return this.#setbacks.get(key) ?? {};
  }

  setBack(key: string, action: SetbackAction, setback: Setback): void {
    this.#setbacks.set(key, { ...this.#setbacks.get(key), [action]: setback });
  }

  succeeded(key: string, action: SetbackAction): void {
    const { [action]: _, ...others } = this.#setbacks.get(key) ?? {};
    if (Object.keys(others).length === 0) {
      this.#setbacks.delete(key);
      return;
    }
    this.#setbacks.set(key, others);
  }

  absence(key: string, now: number): Absence {
    const absence = this.#absences.get(key) ?? { since: now, proven: false };
    this.#absences.set(key, absence);
    return absence;
  }

  absenceProven(key: string): void {
    const absence = this.#absences.get(key);
    this.#absences.set(key, { since: absence?.since ?? 0, proven: true });
  }

  /** The object exists (again). */
  present(key: string): void {
    this.#absences.delete(key);
  }

  forget(key: string): void {
    this.#setbacks.delete(key);
    this.#absences.delete(key);
  }
}
