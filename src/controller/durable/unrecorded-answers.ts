import type { ClientKey } from '../../core/client-key.ts';

/** An answer that was read and is not recorded yet. */
export interface Unrecorded {
  /** The message of the API server if it refused even the minimal record. */
  readonly refused: string | undefined;
}

/** Answers that were read and are not recorded yet, by client and attempt. */
export class UnrecordedAnswers {
  readonly #clients = new Map<ClientKey, Map<string, Unrecorded>>();
  readonly #most: number;
  /** Answers that the API server has not refused: it may accept them at any moment. */
  #undecided = 0;
  #idle: (() => void)[] = [];
  #room: (() => void)[] = [];

  /** @param most how many such answers leave room for a further registration */
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

  /** Whether so few answers wait that a further registration may be sent. */
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
