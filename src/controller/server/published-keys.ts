import type { ServerConnection } from '../../core/connection.ts';
import type { Problem } from '../../core/problem.ts';
import { assertionKey } from '../../core/weak-keys.ts';
import type { JsonObject } from '../../oauth/json.ts';
import { SigningError } from '../../oauth/signing-key.ts';
import type { JsonWebTokens } from '../ports.ts';

/**
 * The public keys for everything that the operator signs for a server, as a JWK set; `undefined` if it signs nothing, or
 * with shared secrets only. Detects an unusable key before any client needs it.
 */
export async function signingKeysOf(
  { statement, signedRequest, admission, management }: ServerConnection,
  jwt: JsonWebTokens,
): Promise<JsonObject | Problem | undefined> {
  const keys = [
    statement.sign?.key,
    signedRequest?.key,
    assertionKey(admission),
    management.credential && assertionKey(management.credential),
  ].filter((key) => key !== undefined);
  const found = new Map<string, JsonObject>();
  try {
    for (const key of keys) {
      const jwk = await jwt.publicJwk(key);
      if (jwk !== undefined) {
        found.set(String(jwk['kid']), jwk);
      }
    }
  } catch (error) {
    if (error instanceof SigningError) {
      return { reason: 'SigningKeyUnusable', message: error.message };
    }
    throw error;
  }
  return found.size === 0 ? undefined : { keys: [...found.values()] };
}
