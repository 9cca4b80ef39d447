import type { ServerConnection, SignTerms } from '../../core/connection.ts';
import { type Failure, failure } from '../../core/failure.ts';
import type { OwnStatement } from '../../core/observation.ts';
import { KEY_UNUSABLE, tellOnly, type Viewers, wordsOf } from '../../core/tell.ts';
import { isJsonObject, type JsonObject } from '../../oauth/json.ts';
import { jsonBody, type RequestBody } from '../../oauth/registration.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import { SigningError } from '../../oauth/signing-key.ts';
import { signedRequestClaims, statementExpiry } from '../../oauth/software-statement.ts';
import type { Context } from '../context.ts';
import { jtiOf } from './admission.ts';

type Tools = Pick<Context, 'jwt' | 'clock' | 'random'>;

/**
 * The body on the wire: the document, in which the software statement replaces the statement's claims; as JSON or, if the
 * server requires it, signed as a whole.
 */
export async function requestBody(
  document: JsonObject,
  statement: OwnStatement | undefined,
  connection: ServerConnection,
  viewers: Viewers,
  tools: Tools,
): Promise<RequestBody | Failure> {
  try {
    const jwt = await statementToSend(document, statement, connection, tools);
    if (jwt !== undefined && isExpired(jwt, tools)) {
      return failure('Terminal', 'SoftwareStatementExpired', 'The software statement has expired', UNSENT);
    }
    const whole = jwt === undefined ? document : { ...document, software_statement: jwt.reveal() };
    return connection.codec === undefined
      ? await inSignature(whole, connection, tools)
      : jsonBody(connection.codec.encode(document));
  } catch (error) {
    if (error instanceof SigningError) {
      const telling = tellOnly('Credential', error.message, KEY_UNUSABLE);
      return failure('Terminal', 'SigningKeyUnusable', wordsOf(telling, { viewers }), UNSENT);
    }
    throw error;
  }
}

const UNSENT = { unsent: true };

async function statementToSend(
  { software_statement: claims }: JsonObject,
  own: OwnStatement | undefined,
  { statement }: ServerConnection,
  tools: Tools,
): Promise<Sensitive | undefined> {
  const existing = own ?? statement.given;
  if (existing !== undefined || statement.sign === undefined || !isJsonObject(claims)) {
    return existing?.jwt;
  }
  return sign(claims, statement.sign, tools);
}

async function sign(claims: JsonObject, terms: SignTerms, { jwt, clock, random }: Tools): Promise<Sensitive> {
  const iat = Math.floor(clock.now() / 1000);
  const timed = { ...claims, iat, exp: iat + terms.lifetimeSeconds, jti: jtiOf(random) };
  const signed = await jwt.sign(timed, terms.key);
  return terms.encryption === undefined ? signed : jwt.encrypt(signed, terms.encryption);
}

function isExpired(jwt: Sensitive, { clock }: Tools): boolean {
  const expiry = statementExpiry(jwt);
  return expiry !== undefined && expiry * 1000 <= clock.now();
}

async function inSignature(
  document: JsonObject,
  { signedRequest }: ServerConnection,
  { jwt, clock, random }: Tools,
): Promise<RequestBody> {
  if (signedRequest === undefined) {
    return jsonBody(document);
  }
  const { key, issuer, audience, lifetimeSeconds, contentType } = signedRequest;
  const nowSeconds = Math.floor(clock.now() / 1000);
  const inputs = { document, issuer, audience, lifetimeSeconds, nowSeconds, jti: jtiOf(random) };
  return { content: await jwt.sign(signedRequestClaims(inputs), key), contentType };
}
