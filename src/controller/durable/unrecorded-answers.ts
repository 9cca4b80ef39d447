import type { ClientKey } from '../../core/client-key.ts';

/** An answer that was read and isn't recorded yet. */
export interface Unrecorded {
  /** The API server's words, where it refused even the minimal record. */
  readonly refused: string | undefined;
}

/** What is read and not recorded yet, by client and attempt. */
export class UnrecordedAnswers {
  readonly #clients = new Map<ClientKey, Map<string, Unrecorded>>();
  readonly #most: number;
  /** Those that the API server has not refused: it may still take them at once. */
  #undecided = 0;
  #idle: (() => void)[] = [];
  #room: (() => void)[] = [];

  /** @param most answers that may wait before {@link UnrecordedAnswers.room} is used up */
  constructor(most: number) {
    this.#most = most;
  }

  add(client: ClientKey, attempt: string): void {
    const attempts = this.#clients.get(client) ?? new Map<string, Unrecorded>();
    this.#clients.set(client, attempts);
    if (!attempts.has(attempt)) {
      attempts.set(attempt, UNDECIDED);
      this.#undecided += 1;
    }
  }

  refused(client: ClientKey, attempt: string, message: string): void {
    const attempts = this.#clients.get(client);
    this.#decided(attempts?.get(attempt));
    attempts?.set(attempt, { refused: message });
  }

  remove(client: ClientKey, attempt: string): void {
    const attempts = this.#clients.get(client);
    this.#decided(attempts?.get(attempt));
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

  /** Whether so few wait that the answer of another registration may follow. */
  get hasRoom(): boolean {
    return this.#undecided < this.#most;
  }

  /** Resolves when there is room. */
  async room(): Promise<void> {
    while (!this.hasRoom) {
      await new Promise<void>((resolve) => this.#room.push(resolve));
    }
  }

  #decided(before: Unrecorded | undefined): void {
    if (before === UNDECIDED) {
      this.#undecided -= 1;
      for (const resolve of this.#room.splice(0)) {
        resolve();
      }
    }
  }

  async idle(): Promise<void> {
    if (this.#clients.size > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }
}

const UNDECIDED: Unrecorded = { refused: undefined };
