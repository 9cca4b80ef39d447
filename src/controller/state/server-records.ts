/** What this process knows of the server records that it wrote. */
export class ServerRecords {
  /** Name of the Secret → version of the means that it holds. */
  readonly #versions = new Map<string, string>();
  /** Name of the Secret → when it was first seen without use, by the monotonic clock. */
  readonly #unusedSince = new Map<string, number>();

  get size(): number {
    return this.#versions.size + this.#unusedSince.size;
  }

  holds(name: string, version: string): boolean {
    return this.#versions.get(name) === version;
  }

  wrote(name: string, version: string): void {
    this.#versions.set(name, version);
  }

  /** Something needs it. */
  used(name: string): void {
    this.#unusedSince.delete(name);
  }

  unusedSince(name: string, now: number): number {
    const since = this.#unusedSince.get(name) ?? now;
    this.#unusedSince.set(name, since);
    return since;
  }

  forget(name: string): void {
    this.#versions.delete(name);
    this.#unusedSince.delete(name);
  }
}
