import type { ClientKey } from '../../core/client-key.ts';

/** An answer that was read and isn't recorded yet. */
export interface Unrecorded {
  /** The API server's words, where it refused even the minimal record. */
  readonly refused: string | undefined;
}

/** What is read and not recorded yet, by client and attempt. */
export class UnrecordedAnswers {
  readonly #clients = new Map<ClientKey, Map<string, Unrecorded>>();
  #idle: (() => void)[] = [];

  add(client: ClientKey, attempt: string): void {
    const attempts = this.#clients.get(client) ?? new Map<string, Unrecorded>();
    this.#clients.set(client, attempts.set(attempt, attempts.get(attempt) ?? { refused: undefined }));
  }

  refused(client: ClientKey, attempt: string, message: string): void {
    this.#clients.get(client)?.set(attempt, { refused: message });
  }

  remove(client: ClientKey, attempt: string): void {
    const attempts = this.#clients.get(client);
    attempts?.delete(attempt);
    if (attempts?.size === 0) {
      this.#clients.delete(client);
    }
    if (this.#clients.size === 0) {
      for (const resolve of this.#idle.splice(0)) {
        resolve();
      }
    }
  }

  of(client: ClientKey): Unrecorded | undefined {
    const pending = [...(this.#clients.get(client)?.values() ?? [])];
    return pending.find(({ refused }) => refused !== undefined) ?? pending[0];
  }

  async idle(): Promise<void> {
    if (this.#clients.size > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }
}
