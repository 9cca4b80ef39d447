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
import type { ServerState } from './server-state.ts';
import { keysIn } from './trusted.ts';

/** Body and software statement of a request, verified, or why they are refused. */
export interface Gathered {
  readonly body: JsonObject | Refused;
  /** Claims of the software statement in the body; `undefined`: there is none. */
  readonly statement: JsonObject | Refused | undefined;
}

/** Reads a body with metadata and verifies what is signed in it. Never rejects: what is refused is refused in its turn. */
export async function gather(state: ServerState, message: Message): Promise<Gathered> {
  const body = await readBody(state, message);
  const statement = body instanceof Refused ? undefined : body['software_statement'];
  const ignored = statement === undefined || state.behaviour.gate.statement === 'ignored';
  return { body, statement: ignored ? undefined : await verifyStatement(state, statement) };
}

async function readBody(state: ServerState, message: Message): Promise<JsonObject | Refused> {
  const { gate, limits } = state.behaviour;
  if (message.bytes > limits.bodyBytes) {
    return new Refused('tooLarge');
  }
  // Whether updates must be signed, too, no document says: those that are, are verified.
  const isSigned = message.method === 'POST' || gate.signedBodyTypes.includes(message.contentType);
  if (gate.signedBody && isSigned) {
    return readSignedBody(state, message);
  }
  if (limits.contentType === 'checked' && message.contentType !== 'application/json') {
    return new Refused('wrongContentType');
  }
  return objectOf(message.text) ?? new Refused('notJson');
}

/** A JWS whose payload is the metadata, perhaps with the claims of a JWT around it. */
async function readSignedBody(
  state: ServerState,
  { contentType, text }: Message,
): Promise<JsonObject | Refused> {
  const { gate } = state.behaviour;
  if (!gate.signedBodyTypes.includes(contentType)) {
    return new Refused('wrongContentType');
  }
  try {
    const { requestSigner } = state.credentials;
    const keys = keysIn(state.trusted.requestKeys) ?? (async () => requestSigner.publicKey);
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
    const expired = exp !== undefined && exp * 1000 <= state.now();
    const elsewhere = aud !== undefined && !isForUs(state, aud);
    return expired || elsewhere ? new Refused('badSignature') : metadata;
  } catch {
    return new Refused('badSignature');
  }
}

function isForUs({ behaviour, issuer, origin }: ServerState, audience: string | string[]): boolean {
  const ours = [issuer, `${origin}${behaviour.paths.registration}`];
  return [audience].flat().some((value) => ours.includes(value));
}

/** RFC 7591 section 2.3: claims of a statement that a trusted publisher signed. */
export async function verifyStatement(state: ServerState, statement: unknown): Promise<JsonObject | Refused> {
  const { gate } = state.behaviour;
  if (typeof statement !== 'string' || Buffer.byteLength(statement) > gate.statementMaxBytes) {
    return new Refused('invalidStatement');
  }
  try {
    if (decodeJwt(statement).iss !== state.credentials.publisher.issuer) {
      return new Refused('unapprovedStatement');
    }
    const { payload } = await jwtVerify(statement, statementKeys(state, statement), {
      currentDate: new Date(state.now()),
      requiredClaims: [...gate.statementClaims, ...(gate.statementMustExpire ? ['exp'] : [])],
    });
    return payload;
  } catch {
    return new Refused('invalidStatement');
  }
}

/** By the kind of algorithm; the keys that a header may name are not asked for. */
function statementKeys({ behaviour, credentials, trusted }: ServerState, statement: string): JWTVerifyGetKey {
  const { secret, key } = credentials.publisher;
  const isShared = decodeProtectedHeader(statement).alg?.startsWith('HS') === true;
  const allowed = { any: true, secret: isShared, publicKey: !isShared }[behaviour.gate.statementKeys];
  if (!allowed) {
    throw new Refused('invalidStatement');
  }
  const own = async () => (isShared ? new TextEncoder().encode(secret) : key.publicKey);
  return (isShared ? undefined : keysIn(trusted.statementKeys)) ?? own;
}
