import type { ServerKey } from '../../core/server-key.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import type { Clock } from '../ports.ts';

interface ReusableToken {
  readonly token: Sensitive;
  /** Monotonic time in milliseconds from which the token isn't used any more, even if no server refused it. */
  readonly goodUntil: number;
}

/** Margin: a token that expires during a call would be refused. */
const MARGIN_MS = 10_000;

/** Access tokens that can be reused, by server and by token request. Losing them with the process is harmless. */
export class ReusableTokens {
  readonly #servers = new Map<
    ServerKey,
    { readonly version: string; readonly tokens: Map<string, ReusableToken> }
  >();
  readonly #clock: Pick<Clock, 'monotonic'>;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** How many servers have cached tokens. */
  get size(): number {
    return this.#servers.size;
  }

  get(server: ServerKey, version: string, grant: string): Sensitive | undefined {
    const known = this.#servers.get(server);
    const kept = known?.version === version ? known.tokens.get(grant) : undefined;
    return kept !== undefined && this.#clock.monotonic() < kept.goodUntil ? kept.token : undefined;
  }

  /**
   * Removes tokens of other versions of the server object: no call uses them any more.
   *
   * @param expiresInSeconds as the token endpoint says (RFC 6749 section 5.1). Default: until it is refused.
   */
  keep(
    server: ServerKey,
    version: string,
    grant: string,
    token: Sensitive,
    expiresInSeconds = Number.POSITIVE_INFINITY,
  ): void {
    const known = this.#servers.get(server);
    const kept = known?.version === version ? known : { version, tokens: new Map<string, ReusableToken>() };
    const goodUntil = this.#clock.monotonic() + expiresInSeconds * 1000 - MARGIN_MS;
    kept.tokens.set(grant, { token, goodUntil });
    this.#servers.set(server, kept);
  }

  forget(server: ServerKey, grant: string): void {
    this.#servers.get(server)?.tokens.delete(grant);
  }

  /** The server object was deleted. */
  forgetServer(server: ServerKey): void {
    this.#servers.delete(server);
  }
}
