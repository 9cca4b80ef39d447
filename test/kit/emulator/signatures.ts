import {
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import type { JsonObject } from './behaviour.ts';
import { Refused } from './error-answer.ts';
import { type Message, objectOf } from './message.ts';
import { keysIn } from './trusted.ts';
import type { World } from './world.ts';

/** Body and software statement of a request, verified, or why they are refused. */
export interface Gathered {
  readonly body: JsonObject | Refused;
  /** Claims of the software statement in the body; `undefined`: there is none. */
  readonly statement: JsonObject | Refused | undefined;
}

/** Reads a body with metadata and verifies what is signed in it. Never rejects: what is refused is refused in its turn. */
export async function gather(world: World, message: Message): Promise<Gathered> {
  const body = await readBody(world, message);
  const statement = body instanceof Refused ? undefined : body['software_statement'];
  const ignored = statement === undefined || world.behaviour.gate.statement === 'ignored';
  return { body, statement: ignored ? undefined : await verifyStatement(world, statement) };
}

async function readBody(world: World, message: Message): Promise<JsonObject | Refused> {
  const { gate, limits } = world.behaviour;
  if (message.bytes > limits.bodyBytes) {
    return new Refused('tooLarge');
  }
  // Whether updates must be signed, too, no document says: those that are, are verified.
  const isSigned = message.method === 'POST' || gate.signedBodyTypes.includes(message.contentType);
  if (gate.signedBody && isSigned) {
    return readSignedBody(world, message);
  }
  if (limits.contentType === 'checked' && message.contentType !== 'application/json') {
    return new Refused('wrongContentType');
  }
  return objectOf(message.text) ?? new Refused('notJson');
}

/** A JWS whose payload is the metadata, perhaps with the claims of a JWT around it. */
async function readSignedBody(world: World, { contentType, text }: Message): Promise<JsonObject | Refused> {
  const { gate } = world.behaviour;
  if (!gate.signedBodyTypes.includes(contentType)) {
    return new Refused('wrongContentType');
  }
  try {
    const { requestSigner } = world.credentials;
    const keys = keysIn(world.trusted.requestKeys) ?? (async () => requestSigner.publicKey);
    const { payload } = await compactVerify(text, keys);
    const {
      iss: _iss,
      sub: _sub,
      aud,
      exp,
      iat: _iat,
      nbf: _nbf,
      jti: _jti,
      ...metadata
    } = objectOf(new TextDecoder().decode(payload)) as JWTPayload;
    const expired = exp !== undefined && exp * 1000 <= world.now();
    const elsewhere = aud !== undefined && !isForUs(world, aud);
    return expired || elsewhere ? new Refused('badSignature') : metadata;
  } catch {
    return new Refused('badSignature');
  }
}

function isForUs({ behaviour, issuer, origin }: World, audience: string | string[]): boolean {
  const ours = [issuer, `${origin}${behaviour.paths.registration}`];
  return [audience].flat().some((value) => ours.includes(value));
}

/** RFC 7591 section 2.3: claims of a statement that a trusted publisher signed. */
export async function verifyStatement(world: World, statement: unknown): Promise<JsonObject | Refused> {
  const { gate } = world.behaviour;
  if (typeof statement !== 'string' || Buffer.byteLength(statement) > gate.statementMaxBytes) {
    return new Refused('invalidStatement');
  }
  try {
    if (decodeJwt(statement).iss !== world.credentials.publisher.issuer) {
      return new Refused('unapprovedStatement');
    }
    const { payload } = await jwtVerify(statement, statementKeys(world, statement), {
      currentDate: new Date(world.now()),
      requiredClaims: [...gate.statementClaims, ...(gate.statementMustExpire ? ['exp'] : [])],
    });
    return payload;
  } catch {
    return new Refused('invalidStatement');
  }
}

/** By the kind of algorithm; the keys that a header may name are not asked for. */
function statementKeys({ behaviour, credentials, trusted }: World, statement: string): JWTVerifyGetKey {
  const { secret, key } = credentials.publisher;
  const isShared = decodeProtectedHeader(statement).alg?.startsWith('HS') === true;
  const allowed = { any: true, secret: isShared, publicKey: !isShared }[behaviour.gate.statementKeys];
  if (!allowed) {
    throw new Refused('invalidStatement');
  }
  const own = async () => (isShared ? new TextEncoder().encode(secret) : key.publicKey);
  return (isShared ? undefined : keysIn(trusted.statementKeys)) ?? own;
}
