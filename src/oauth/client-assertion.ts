import type { JsonObject } from './json.ts';

const LIFETIME_SECONDS = 60;

/**
 * Claims by which a client authenticates with `client_secret_jwt` or `private_key_jwt` (RFC 7523 section 3, OpenID
 * Connect Core 1.0 section 9). Valid for a minute from `nowSeconds`: it is used at once, and once.
 */
export function clientAssertionClaims(assertion: {
  readonly clientId: string;
  /** The issuer, or the token endpoint, of the server. */
  readonly audience: string;
  /** Since the epoch. */
  readonly nowSeconds: number;
  /** Unique among all assertions of the client. */
  readonly jti: string;
}): JsonObject {
  const { clientId, audience, nowSeconds, jti } = assertion;
  const iat = Math.floor(nowSeconds);
  return { iss: clientId, sub: clientId, aud: audience, iat, exp: iat + LIFETIME_SECONDS, jti };
}
