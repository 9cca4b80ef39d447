import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { JsonObject } from './behaviour.ts';
import type { ServerState } from './server-state.ts';

export interface StatementOptions {
  /** Default: HS256 with the publisher's secret. RS256 and PS256 take its private key. */
  readonly algorithm?: string;
  /** Default: 300. Negative: expired already. `null`: no `exp`. */
  readonly lifetimeSeconds?: number | null;
  /** Default: the publisher. */
  readonly issuer?: string;
}

/** A software statement (RFC 7591 section 2.3) as the publisher makes it. */
export async function signStatement(
  { credentials, now, secrets }: ServerState,
  claims: JsonObject,
  { algorithm = 'HS256', lifetimeSeconds = 300, issuer }: StatementOptions,
): Promise<string> {
  const { publisher } = credentials;
  const issuedAt = Math.floor(now() / 1000);
  const jwt = new SignJWT({ ...claims })
    .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid: publisher.key.keyId })
    .setIssuer(issuer ?? publisher.issuer)
    .setIssuedAt(issuedAt);
  if (lifetimeSeconds !== null) {
    jwt.setExpirationTime(issuedAt + lifetimeSeconds);
  }
  const key = algorithm.startsWith('HS')
    ? new TextEncoder().encode(publisher.secret)
    : createPrivateKey(publisher.key.privateKey);
  const statement = await jwt.sign(key);
  secrets.add(statement);
  return statement;
}
