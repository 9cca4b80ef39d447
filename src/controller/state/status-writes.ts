import type { ClientKey } from '../../core/client-key.ts';
import type { ServerKey } from '../../core/server-key.ts';
import type { Lead } from '../ports.ts';

/**
 * Writes of status that are under way. While one is, a change of that status which the watch shows is most likely its
 * own; another writer makes it fail with a conflict. At all other times somebody else wrote: a former leader whose
 * request was delayed, or a person.
 */
export class StatusWrites {
  readonly #underWay = new Map<ClientKey | ServerKey, number>();
  readonly #lead: Lead;

  constructor(lead: Lead) {
    this.#lead = lead;
  }

  isUnderWay(key: ClientKey | ServerKey): boolean {
    return this.#underWay.has(key);
  }

  /** @returns `undefined` where another process leads: a leader that was frozen knows less than the present one */
  async write<T>(key: ClientKey | ServerKey, put: () => Promise<T>): Promise<T | undefined> {
    if (!this.#lead.held()) {
      return undefined;
    }
    this.#underWay.set(key, (this.#underWay.get(key) ?? 0) + 1);
    try {
      return await put();
    } finally {
      const left = (this.#underWay.get(key) ?? 1) - 1;
      if (left === 0) {
        this.#underWay.delete(key);
      } else {
        this.#underWay.set(key, left);
      }
    }
  }
}
