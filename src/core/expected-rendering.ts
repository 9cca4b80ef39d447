import type { OAuthClientSpec } from '../api/oauth-client.ts';
import { SHARES } from '../api/shares.ts';
import type { Rendering } from '../formats/format.ts';
import { FORMATS, formatNamed } from '../formats/formats.ts';
import { presentsCertificate } from '../formats/published-client.ts';
import { renderSecret } from '../formats/render-secret.ts';
import type { ClientInformation } from '../oauth/client-information.ts';
import type { Json, JsonObject } from '../oauth/json.ts';
import { own } from '../oauth/objects.ts';
import { Sensitive } from '../oauth/sensitive.ts';
import type { GeneratedKey } from '../oauth/signing-key.ts';
import type { ServerConnection } from './connection.ts';
import type { ServerRef } from './record.ts';

/**
 * The data of the workload Secret before there is an answer. What is known before is as it will be: issuer, endpoints,
 * audience, names, and whether there is a key. What the answer brings is letters: they need no filter and break no format,
 * so only its length is judged here, and its characters when it is there.
 */

/** `Longest`: what the answer brings is as long as what is kept of one. `Usual`: about as long as servers have it. */
type Lengths = 'Usual' | 'Longest';

const letters = (length: number): string => 'x'.repeat(length);

/** The answer's credentials, and the length of each further member. */
const ANSWERS: Readonly<Record<Lengths, Omit<ClientInformation, 'metadata'> & { readonly member: string }>> =
  {
    Usual: { clientId: letters(64), clientSecret: new Sensitive(letters(128)), member: letters(8) },
    Longest: {
      clientId: letters(SHARES.clientIdLength.most),
      clientSecret: new Sensitive(letters(SHARES.clientSecretBytes.most)),
      member: letters(SHARES.keptValueBytes.most),
    },
  };

/** In the form of a key that is made, and longer than any. */
const KEY: GeneratedKey = {
  kid: letters(43),
  privateJwk: new Sensitive(`{"kty":"RSA","d":"${letters(3_300)}"}`),
  privatePem: new Sensitive(`-----BEGIN PRIVATE KEY-----\n${letters(3_300)}\n-----END PRIVATE KEY-----\n`),
  publicJwk: {},
};

/** What a Secret is made of before there is an answer. */
interface Expected {
  /** Name of the OAuthClient. */
  readonly name: string;
  readonly spec: OAuthClientSpec;
  /** What is to be sent, in the dialect of the server. */
  readonly document: JsonObject;
  readonly connection: ServerConnection;
  readonly ref: ServerRef;
}

/** The data of the Secret of `spec.secret`, or why there can be none. */
export function expectedRendering(
  { name, spec, document, connection, ref }: Expected,
  lengths: Lengths,
): Rendering {
  const { keys = {}, include = [], template, format } = spec.secret;
  const { member, ...credentials } = ANSWERS[lengths];
  const { issuer, endpoints, workloadIdentity } = connection;
  const sentOr = (name: string) => longer(own(document, name), member);
  const isKept = presentsCertificate({ information: { clientId: '', metadata: {} }, sent: document });
  const metadata = {
    ...document,
    scope: sentOr('scope'),
    ...(!isKept && { token_endpoint_auth_method: sentOr('token_endpoint_auth_method') }),
    ...Object.fromEntries(include.map((name) => [name, sentOr(name)])),
  };
  const client = {
    information: { ...credentials, metadata },
    sent: document,
    issuer,
    endpoints,
    key: spec.credential?.generatedKey && KEY,
    include,
    audience: spec.credential?.serviceAccount && workloadIdentity?.audience,
    provider: ref.name,
    name,
  };
  return renderSecret(client, formatNamed(format, FORMATS), { keys, template });
}

/** A text as long as the value that is sent, which is kept whole if the server answers it, but no shorter than another. */
function longer(sent: Json | undefined, member: string): string {
  const bytes = sent === undefined ? 0 : Buffer.byteLength(JSON.stringify(sent));
  return bytes > member.length ? letters(bytes) : member;
}

/**
 * Why the workload Secret could not be made, as a sentence with a full stop; `undefined`: it can, unless the answer has
 * characters that its form can't have.
 */
export function renderingProblem(expected: Expected): string | undefined {
  const { spec, name } = expected;
  if (spec.secret.mode === 'None') {
    return undefined;
  }
  const longest = expectedRendering(expected, 'Longest');
  if (longest.ok) {
    return undefined;
  }
  const usual = expectedRendering(expected, 'Usual');
  const what = `Nothing is registered: Secret ${spec.secret.name ?? name}`;
  return usual.ok
    ? `${what} could not be written if the server answered with the longest values that are kept. It ${longest.problem}.`
    : `${what} ${usual.problem}.`;
}
