import { boundedMs } from '../api/durations.ts';
import type { OAuthClientSpec } from '../api/oauth-client.ts';
import { encodeMetadata, type Withheld } from '../dialects/encoding.ts';
import { ANSWERED_ONLY } from '../dialects/member-names.ts';
import { memberOf, toWire } from '../oauth/client-metadata.ts';
import { presentable } from '../oauth/error-response.ts';
import type { JsonObject } from '../oauth/json.ts';
import { decodeStatementClaims, softwareStatementClaims, withoutTimes } from '../oauth/software-statement.ts';
import { cut } from '../oauth/text.ts';
import { type PlaceholderValues, withDefaults } from './client-defaults.ts';
import type { ServerConnection, SignTerms } from './connection.ts';
import type { Substitution } from './drift.ts';
import type { OwnStatement } from './observation.ts';
import { isProblem, type Problem } from './problem.ts';
import { workloadMembers } from './workload-identity.ts';

/** The document to register. The policy judges this document, and it is compared, recorded and sent. */
export interface WantedDocument {
  /**
   * In the server's dialect. `software_statement` is an object with the claims that identify the statement; the request
   * carries the JWT instead. Generated keys and the attempt's marker are added later.
   */
  readonly document: JsonObject;
  /**
   * Declared members that aren't sent, because the dialect says that the server refuses them; `registered` is empty.
   */
  readonly withheld: readonly Substitution[];
  /** Wire names of members that the operator adds, which no spec may name. */
  readonly own?: readonly string[];
}

export interface ClientFacts extends PlaceholderValues {
  /** Creation of the object, in milliseconds since the epoch. NaN or absent: not known. */
  readonly createdAt?: number | undefined;
}

type Terms = Pick<
  ServerConnection,
  'defaults' | 'dialect' | 'statement' | 'policy' | 'codec' | 'workloadIdentity'
>;

/**
 * The document of a client at a server: its metadata over the server's defaults, under wire names, in the server's
 * dialect, with the software statement's claims.
 *
 * @param own what `spec.softwareStatement` refers to
 * @returns a problem where the spec conflicts with the server object
 */
export function wantedDocument(
  client: ClientFacts,
  spec: OAuthClientSpec,
  connection: Terms,
  own: OwnStatement | undefined,
): WantedDocument | Problem {
  const problem = expiryMemberProblem(spec) ?? statementProblem(spec, connection, own);
  if (problem !== undefined) {
    return problem;
  }
  const metadata = withDefaults(spec, connection.defaults, client);
  if (isProblem(metadata)) {
    return metadata;
  }
  const ofWorkload = workloadMembers(client.namespace, spec, connection);
  if (isProblem(ofWorkload)) {
    return ofWorkload;
  }
  const wire = { ...toWire(metadata), ...authentication(spec, metadata), ...expiry(client, spec) };
  const { body: metadataBody, withheld } = encodeMetadata(wire, connection.dialect);
  const { known, unknown } = sortedBy(connection.codec, metadataBody);
  // Last, so that nothing of the spec takes the place of a member by which the workload authenticates.
  const body = ofWorkload === undefined ? known : { ...known, ...ofWorkload };
  const claims = statementClaims(wire, connection, own);
  return {
    document: claims === undefined ? body : { ...body, software_statement: claims },
    withheld: [...withheld, ...unknown].map(toSubstitution),
    ...(ofWorkload && { own: Object.keys(ofWorkload) }),
  };
}

/** What the form of the server has a place for, and what it has none for. */
function sortedBy(
  codec: ServerConnection['codec'],
  body: JsonObject,
): { readonly known: JsonObject; readonly unknown: readonly Withheld[] } {
  if (codec === undefined) {
    return { known: body, unknown: [] };
  }
  const members = Object.entries(body);
  return {
    known: Object.fromEntries(members.filter(([member, value]) => codec.knows(member, value, body))),
    unknown: members.flatMap(([member, asked]) =>
      codec.knows(member, asked, body) ? [] : [{ member, asked }],
    ),
  };
}

/** The document that the server's defaults alone give for this client, in the server's dialect, for comparison. */
export function defaultsDocument(
  client: ClientFacts,
  { defaults, dialect }: Pick<Terms, 'defaults' | 'dialect'>,
): JsonObject {
  const metadata = withDefaults({ client: {} }, defaults, client);
  return isProblem(metadata) ? {} : encodeMetadata(toWire(metadata), dialect).body;
}

/** Only `private_key_jwt` uses a generated key (RFC 7523). */
const authentication = (
  { credential }: OAuthClientSpec,
  { tokenEndpointAuthMethod }: OAuthClientSpec['client'],
): JsonObject =>
  credential?.generatedKey === undefined || tokenEndpointAuthMethod !== undefined
    ? {}
    : { token_endpoint_auth_method: 'private_key_jwt' };

/** Tells the server when the client ends, in seconds since the epoch. */
function expiry({ createdAt = Number.NaN }: ClientFacts, { lifetime }: OAuthClientSpec): JsonObject {
  const { expiryMember, expiresAfter } = lifetime ?? {};
  return expiryMember === undefined || expiresAfter === undefined || Number.isNaN(createdAt)
    ? {}
    : { [expiryMember]: Math.floor((createdAt + boundedMs('expiresAfter', expiresAfter)) / 1000) };
}

/** The member with the end of the client must not replace other metadata. */
function expiryMemberProblem({ lifetime }: OAuthClientSpec): Problem | undefined {
  const member = lifetime?.expiryMember;
  const isTaken =
    member !== undefined &&
    (memberOf(member) !== undefined || member === 'scopes' || ANSWERED_ONLY.includes(member));
  return isTaken
    ? invalid(
        `spec.lifetime.expiryMember can't be ${member}, which means something else. Name the member in which the server takes the end of a client, or remove it.`,
      )
    : undefined;
}

function statementProblem(
  spec: OAuthClientSpec,
  { statement: { fromClient }, policy }: Terms,
  own: OwnStatement | undefined,
): Problem | undefined {
  const brings = spec.softwareStatement !== undefined || own !== undefined;
  if (fromClient === 'Deny' && brings) {
    return invalid(
      "The server object doesn't permit softwareStatement; remove spec.softwareStatement or ask the platform team to set registration.softwareStatement.fromClient.",
    );
  }
  if (fromClient === 'Require' && !brings) {
    return invalid(
      'The server object requires a software statement of each client; set spec.softwareStatement to the Secret that holds yours.',
    );
  }
  const isUnreadable = policy !== undefined && own !== undefined && !decodeStatementClaims(own.jwt);
  return isUnreadable
    ? {
        reason: 'PolicyRefused',
        message:
          "The software statement that spec.softwareStatement refers to can't be read, and so spec.policy of the server object can't judge what it claims. Bring one that is signed and not encrypted, or ask the platform team to send it for you (registration.softwareStatement.secretRef).",
      }
    : undefined;
}

const invalid = (message: string): Problem => ({ reason: 'InvalidSpec', message });

/**
 * The claims that identify the statement to send: of the client's own statement, of the server object's, or those to
 * sign.
 */
function statementClaims(
  wire: JsonObject,
  { statement: { given, sign } }: Terms,
  own: OwnStatement | undefined,
): JsonObject | undefined {
  return (own ?? given)?.claims ?? (sign && claimsToSign(wire, sign));
}

/** Without times, since each signature has its own. */
function claimsToSign(document: JsonObject, sign: SignTerms): JsonObject {
  return withoutTimes(softwareStatementClaims({ ...sign, document, nowSeconds: 0, jti: '' }));
}

const toSubstitution = ({ member, asked }: Withheld): Substitution => ({
  member: cut(presentable(member, []), 255),
  asked: presentable(cut(typeof asked === 'string' ? asked : JSON.stringify(asked), 200), []),
  registered: '',
});
