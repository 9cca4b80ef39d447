import type { ServerKey } from '../../core/server-key.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';

/** Tokens that may serve again, by server and by what they were asked for with. Lost with the process, at no harm. */
export class ReusableTokens {
  readonly #servers = new Map<
    string,
    { readonly version: string; readonly tokens: Map<string, Sensitive> }
  >();

  /** How many servers have tokens here. */
  get size(): number {
    return this.#servers.size;
  }

  get(server: ServerKey, version: string, grant: string): Sensitive | undefined {
    const known = this.#servers.get(server);
    return known?.version === version ? known.tokens.get(grant) : undefined;
  }

  /** Those of another version of the server object are forgotten: no call uses them any more. */
  keep(server: ServerKey, version: string, grant: string, token: Sensitive): void {
    const known = this.#servers.get(server);
    const kept = known?.version === version ? known : { version, tokens: new Map<string, Sensitive>() };
    kept.tokens.set(grant, token);
    this.#servers.set(server, kept);
  }

  forget(server: ServerKey, grant: string): void {
    this.#servers.get(server)?.tokens.delete(grant);
  }

  /** The server object is gone. */
  forgetServer(server: ServerKey): void {
    this.#servers.delete(server);
  }
}
