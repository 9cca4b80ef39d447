import type { ServerKey } from '../../core/server-key.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import type { Clock } from '../ports.ts';

interface ReusableToken {
  readonly token: Sensitive;
  /** By the monotonic clock, in milliseconds: from then on it isn't used, though nobody has refused it. */
  readonly goodUntil: number;
}

/** A token that ends while a call is under way would be refused. */
const MARGIN_MS = 10_000;

/** Tokens that may serve again, by server and by what they were asked for with. Losing them with the process does no harm. */
export class ReusableTokens {
  readonly #servers = new Map<
    ServerKey,
    { readonly version: string; readonly tokens: Map<string, ReusableToken> }
  >();
  readonly #clock: Pick<Clock, 'monotonic'>;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** How many servers have tokens here. */
  get size(): number {
    return this.#servers.size;
  }

  get(server: ServerKey, version: string, grant: string): Sensitive | undefined {
    const known = this.#servers.get(server);
    const kept = known?.version === version ? known.tokens.get(grant) : undefined;
    return kept !== undefined && this.#clock.monotonic() < kept.goodUntil ? kept.token : undefined;
  }

  /**
   * Those of another version of the server object are forgotten: no call uses them any more.
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

  /** The server object is gone. */
  forgetServer(server: ServerKey): void {
    this.#servers.delete(server);
  }
}
