import { type JsonObject, parseJsonObject } from './json.ts';
import { defined, own } from './objects.ts';
import type { Sensitive } from './sensitive.ts';
import { MAX_JWT_LENGTH } from './signing-key.ts';

/** Software statements (RFC 7591 section 2.3) and signed registration requests: claims to sign, and claims read. */

interface Validity {
  readonly lifetimeSeconds: number;
  /** Since the epoch. */
  readonly nowSeconds: number;
  /** Unique among what the issuer signs. */
  readonly jti: string;
}

export interface StatementInputs extends Validity {
  readonly issuer: string;
  readonly subject?: string | undefined;
  readonly audience?: string | undefined;
  readonly claims: JsonObject;
  /** Claim to wire name of the member whose value it takes. */
  readonly claimsFromClient: Readonly<Record<string, string>>;
  /** The metadata that is registered. */
  readonly document: JsonObject;
}

/**
 * Claims of a software statement. A member that is absent from `document` gives no claim. The issuer's own `claims`
 * override claims that are copied from the client. Nothing overrides issuer, subject, audience and times.
 */
export function softwareStatementClaims(inputs: StatementInputs): JsonObject {
  const { issuer, subject, audience, claims, claimsFromClient, document } = inputs;
  const copied = Object.entries(claimsFromClient).flatMap(([claim, member]) => {
    const value = own(document, member);
    return value === undefined ? [] : [[claim, value] as const];
  });
  return {
    ...Object.fromEntries(copied),
    ...claims,
    iss: issuer,
    ...defined({ sub: subject, aud: audience }),
    ...times(inputs),
  };
}

/** Claims of a registration or update that is sent as a JWS: the metadata itself, and who sends it to whom. */
export function signedRequestClaims(
  inputs: Validity & {
    readonly document: JsonObject;
    readonly issuer?: string | undefined;
    readonly audience: string;
  },
): JsonObject {
  const { document, issuer, audience } = inputs;
  return {
    ...document,
    ...defined({ iss: issuer, aud: audience }),
    ...times(inputs),
  };
}

function times({ nowSeconds, lifetimeSeconds, jti }: Validity): JsonObject {
  const iat = Math.floor(nowSeconds);
  return { iat, exp: iat + lifetimeSeconds, jti };
}

/**
 * The claims of a compact JWS, **not verified**: use them to judge what would be registered, never to trust them.
 * `undefined` for an encrypted statement, for more than 32 KiB, and for anything else that isn't a JWS of a JSON
 * object.
 */
export function decodeStatementClaims(jwt: Sensitive): JsonObject | undefined {
  const text = jwt.reveal();
  if (text.length > MAX_JWT_LENGTH) {
    return undefined;
  }
  const [header = '', payload = '', ...rest] = text.split('.');
  const isJws = rest.length === 1 && objectIn(header)?.['alg'] !== undefined;
  return isJws ? objectIn(payload) : undefined;
}

function objectIn(part: string): JsonObject | undefined {
  return /^[\w-]+$/.test(part) ? parseJsonObject(Buffer.from(part, 'base64url').toString()) : undefined;
}

/** `exp` of a statement, in seconds since the epoch; `undefined` where it has none or can't be read. */
export function statementExpiry(jwt: Sensitive): number | undefined {
  const exp = decodeStatementClaims(jwt)?.['exp'];
  return typeof exp === 'number' && Number.isFinite(exp) ? exp : undefined;
}

const PER_SIGNATURE = new Set(['iat', 'exp', 'nbf', 'jti']);

/** The claims that identify the inputs of a statement: all but those that differ in each signature. */
export function withoutTimes(claims: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(claims).filter(([claim]) => !PER_SIGNATURE.has(claim)));
}
