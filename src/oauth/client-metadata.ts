import type { Json, JsonObject } from './json.ts';

/**
 * Client metadata: the only table of members, and the only rule that maps wire names to spec names.
 *
 * The CRD, the TypeScript types, the wire form, the comparison and the reference page all come from this table.
 * To add a member, add one row.
 */

/** Grant types that send users back to a redirect URI (RFC 6749 sections 4.1 and 4.2). */
export const REDIRECTING_GRANTS: readonly string[] = ['authorization_code', 'implicit'];

export type MemberType = 'string' | 'uri' | 'strings' | 'uris' | 'scope' | 'boolean' | 'integer' | 'object';

export interface Member {
  /** The name that RFC 7591 and its extensions register with IANA, in snake_case. */
  readonly wire: string;
  readonly type: MemberType;
  /** May carry a language tag on the wire: `client_name#ja` (RFC 7591 section 2.2). */
  readonly localizable?: true;
  /** The order of the list matters. */
  readonly ordered?: true;
  /** Its URIs have no fragment (RFC 6749 section 3.1.2, OpenID Connect logout, UMA 2.0). */
  readonly noFragment?: true;
  readonly source: string;
  readonly description: string;
}

const row = <const Wire extends string, const Type extends MemberType>(
  wire: Wire,
  type: Type,
  source: string,
  description: string,
  more: { readonly localizable?: true; readonly ordered?: true; readonly noFragment?: true } = {},
) => ({ wire, type, source, description, ...more });

const localizable = { localizable: true } as const;
const noFragment = { noFragment: true } as const;

const RFC7591 = 'RFC 7591';
const OIDC = 'OpenID Connect Registration 1.0';
const NFV = 'ETSI GS NFV-SEC 022';
const FEDERATION = 'OpenID Federation 1.0';

/** Every request member of the IANA registry "OAuth Dynamic Client Registration Metadata". */
export const MEMBERS = [
  row(
    'redirect_uris',
    'uris',
    RFC7591,
    'Where the server may send the user back to, like `[https://shop.example.com/callback]`.',
    noFragment,
  ),
  row(
    'token_endpoint_auth_method',
    'string',
    RFC7591,
    'How the client authenticates at the token endpoint, like `client_secret_basic`; `none` for a public client.',
  ),
  row(
    'grant_types',
    'strings',
    RFC7591,
    'Grant types that the client will use, like `[authorization_code, refresh_token]`.',
  ),
  row('response_types', 'strings', RFC7591, 'Response types that the client will use, like `[code]`.'),
  row('client_name', 'string', RFC7591, 'Name shown to people.', localizable),
  row('client_uri', 'uri', RFC7591, 'Home page of the client.', localizable),
  row('logo_uri', 'uri', RFC7591, 'Logo of the client.', localizable),
  row('scope', 'scope', RFC7591, 'Scopes that the client may ask for, like `[openid, profile]`.'),
  row('contacts', 'strings', RFC7591, 'How to reach the people responsible, like `[shop-team@example.com]`.'),
  row('tos_uri', 'uri', RFC7591, 'Terms of service.', localizable),
  row('policy_uri', 'uri', RFC7591, 'Privacy policy.', localizable),
  row('jwks_uri', 'uri', RFC7591, 'Where the client publishes its public keys.'),
  row('jwks', 'object', RFC7591, 'Public keys of the client, as a JWK set, like `{keys: [{kty: EC, …}]}`.'),
  row(
    'software_id',
    'string',
    RFC7591,
    'Identifies the software, the same for all its instances, like `shop`.',
  ),
  row('software_version', 'string', RFC7591, 'Version of that software, like `2.1.0`.'),
  row(
    'application_type',
    'string',
    OIDC,
    'Kind of application: `web` or `native`; other values are passed through.',
  ),
  row('sector_identifier_uri', 'uri', OIDC, 'Groups clients that see the same pairwise subject identifiers.'),
  row('subject_type', 'string', OIDC, 'Kind of subject identifiers: `pairwise` or `public`.'),
  row('id_token_signed_response_alg', 'string', OIDC, 'Algorithm that signs ID tokens, like `RS256`.'),
  row(
    'id_token_encrypted_response_alg',
    'string',
    OIDC,
    'Algorithm that encrypts the key of ID tokens, like `RSA-OAEP-256`.',
  ),
  row(
    'id_token_encrypted_response_enc',
    'string',
    OIDC,
    'Algorithm that encrypts ID tokens, like `A256GCM`.',
  ),
  row('userinfo_signed_response_alg', 'string', OIDC, 'Algorithm that signs UserInfo answers, like `RS256`.'),
  row(
    'userinfo_encrypted_response_alg',
    'string',
    OIDC,
    'Algorithm that encrypts the key of UserInfo answers, like `RSA-OAEP-256`.',
  ),
  row(
    'userinfo_encrypted_response_enc',
    'string',
    OIDC,
    'Algorithm that encrypts UserInfo answers, like `A256GCM`.',
  ),
  row('request_object_signing_alg', 'string', OIDC, 'Algorithm that signs request objects, like `RS256`.'),
  row(
    'request_object_encryption_alg',
    'string',
    OIDC,
    'Algorithm that encrypts the key of request objects, like `RSA-OAEP-256`.',
  ),
  row(
    'request_object_encryption_enc',
    'string',
    OIDC,
    'Algorithm that encrypts request objects, like `A256GCM`.',
  ),
  row(
    'token_endpoint_auth_signing_alg',
    'string',
    OIDC,
    'Algorithm that signs the client assertion, like `ES256`.',
  ),
  row('default_max_age', 'integer', OIDC, 'Longest time since the user logged in, in seconds.'),
  row('require_auth_time', 'boolean', OIDC, 'Whether ID tokens must carry `auth_time`.'),
  row(
    'default_acr_values',
    'strings',
    OIDC,
    'Authentication context classes asked for by default, like `[urn:example:strong]`.',
    {
      ordered: true,
    },
  ),
  row('initiate_login_uri', 'uri', OIDC, 'Where a third party can start a login.'),
  row('request_uris', 'uris', OIDC, 'Request object addresses that the server may fetch.'),
  row(
    'post_logout_redirect_uris',
    'uris',
    'OpenID Connect RP-Initiated Logout 1.0',
    'Where users may go after logging out.',
  ),
  row(
    'frontchannel_logout_uri',
    'uri',
    'OpenID Connect Front-Channel Logout 1.0',
    'Rendered by the server to log the user out.',
    noFragment,
  ),
  row(
    'frontchannel_logout_session_required',
    'boolean',
    'OpenID Connect Front-Channel Logout 1.0',
    'Whether issuer and session id must be sent along.',
  ),
  row(
    'backchannel_logout_uri',
    'uri',
    'OpenID Connect Back-Channel Logout 1.0',
    'Called by the server to log the user out.',
    noFragment,
  ),
  row(
    'backchannel_logout_session_required',
    'boolean',
    'OpenID Connect Back-Channel Logout 1.0',
    'Whether the logout token must carry a session id.',
  ),
  row(
    'tls_client_certificate_bound_access_tokens',
    'boolean',
    'RFC 8705',
    'Binds access tokens to the client certificate.',
  ),
  row(
    'tls_client_auth_subject_dn',
    'string',
    'RFC 8705',
    'Subject of the certificate that authenticates the client, like `CN=shop,O=Example`.',
  ),
  row(
    'tls_client_auth_san_dns',
    'string',
    'RFC 8705',
    'DNS name in that certificate, like `shop.example.com`.',
  ),
  row(
    'tls_client_auth_san_uri',
    'string',
    'RFC 8705',
    'URI in that certificate, like `spiffe://example.com/shop`.',
  ),
  row('tls_client_auth_san_ip', 'string', 'RFC 8705', 'IP address in that certificate, like `192.0.2.1`.'),
  row(
    'tls_client_auth_san_email',
    'string',
    'RFC 8705',
    'Mail address in that certificate, like `shop@example.com`.',
  ),
  row(
    'require_signed_request_object',
    'boolean',
    'RFC 9101',
    'Whether authorization requests must be signed.',
  ),
  row(
    'require_pushed_authorization_requests',
    'boolean',
    'RFC 9126',
    'Whether authorization requests must be pushed.',
  ),
  row(
    'authorization_details_types',
    'strings',
    'RFC 9396',
    'Types of authorization details that the client may ask for, like `[payment_initiation]`.',
  ),
  row('dpop_bound_access_tokens', 'boolean', 'RFC 9449', 'Whether access tokens must be bound by DPoP.'),
  row(
    'introspection_signed_response_alg',
    'string',
    'RFC 9701',
    'Algorithm that signs introspection answers, like `RS256`.',
  ),
  row(
    'introspection_encrypted_response_alg',
    'string',
    'RFC 9701',
    'Algorithm that encrypts the key of introspection answers, like `RSA-OAEP-256`.',
  ),
  row(
    'introspection_encrypted_response_enc',
    'string',
    'RFC 9701',
    'Algorithm that encrypts introspection answers, like `A256GCM`.',
  ),
  row(
    'claims_redirect_uris',
    'uris',
    'UMA 2.0',
    'Where users may return to after gathering claims.',
    noFragment,
  ),
  row('nfv_token_signed_response_alg', 'string', NFV, 'Algorithm that signs NFV tokens, like `RS256`.'),
  row(
    'nfv_token_encrypted_response_alg',
    'string',
    NFV,
    'Algorithm that encrypts the key of NFV tokens, like `RSA-OAEP-256`.',
  ),
  row(
    'nfv_token_encrypted_response_enc',
    'string',
    NFV,
    'Algorithm that encrypts NFV tokens, like `A256GCM`.',
  ),
  row(
    'client_registration_types',
    'strings',
    FEDERATION,
    'Ways of registering that the client uses, like `[automatic]`.',
  ),
  row('signed_jwks_uri', 'uri', FEDERATION, 'Where the client publishes its public keys as a signed JWT.'),
  row('organization_name', 'string', FEDERATION, 'Organization that owns the client.'),
  row('description', 'string', FEDERATION, 'What the client is for.'),
  row('keywords', 'strings', FEDERATION, 'Words that describe the client, like `[shopping]`.'),
  row('information_uri', 'uri', FEDERATION, 'Documentation about the client.'),
  row('organization_uri', 'uri', FEDERATION, 'Home page of the organization.'),
  row(
    'use_mtls_endpoint_aliases',
    'boolean',
    'FAPI 2.0',
    'Whether the client uses the mutual-TLS endpoint aliases.',
  ),
  row(
    'encrypted_response_enc_values_supported',
    'strings',
    'OpenID4VP 1.0',
    'Content encryption that the client accepts, like `[A256GCM]`.',
  ),
  row(
    'vp_formats_supported',
    'object',
    'OpenID4VP 1.0',
    'Presentation formats that the client accepts, like `{dc+sd-jwt: {}}`.',
  ),
] as const satisfies readonly Member[];

type Row = (typeof MEMBERS)[number];

type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

type SpecName<Wire extends string> = Wire extends 'scope' ? 'scopes' : CamelCase<Wire>;

interface ValueOf {
  string: string;
  uri: string;
  strings: readonly string[];
  uris: readonly string[];
  scope: readonly string[];
  boolean: boolean;
  integer: number;
  object: JsonObject;
}

/** The typed members of `spec.client`: camelCase, each optional; unset is not sent, `[]` is. */
type ClientMembers = { readonly [R in Row as SpecName<R['wire']>]?: ValueOf[R['type']] };

type LocalizableName = SpecName<Extract<Row, { localizable: true }>['wire']>;

/** Everything below `spec.client`. */
export interface ClientMetadata extends ClientMembers {
  /** Language tag to text, for each member that may carry one. */
  readonly localized?: { readonly [Name in LocalizableName]?: Readonly<Record<string, string>> };
  /** Members without a row, by their wire names. */
  readonly additionalMetadata?: JsonObject;
}

/** `redirect_uris` → `redirectUris`. The one renamed member is `scope` → `scopes`, a list. */
export function specName(wire: string): string {
  if (wire === 'scope') {
    return 'scopes';
  }
  return wire.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

const byWire = new Map<string, Member>(MEMBERS.map((member) => [member.wire, member]));

/** Computed once, since each reconcile of each client reads all members. */
const NAMED: readonly { readonly member: Member; readonly name: string }[] = MEMBERS.map((member) => ({
  member,
  name: specName(member.wire),
}));

/** The row of a wire name, without its language tag. */
export function memberOf(wireName: string): Member | undefined {
  return byWire.get(wireName.split('#', 1)[0] ?? wireName);
}

/** A request document (RFC 7591 section 3.1): the spec's members under their wire names, nothing added. */
export function toWire(client: ClientMetadata): JsonObject {
  const declared: Readonly<Record<string, Json | undefined>> = { ...client } as Record<
    string,
    Json | undefined
  >;
  const document: Record<string, Json> = {};
  for (const { member, name } of NAMED) {
    const value = declared[name];
    if (value !== undefined) {
      document[member.wire] = member.type === 'scope' && Array.isArray(value) ? value.join(' ') : value;
    }
    const translations = client.localized?.[name as LocalizableName] ?? {};
    for (const [tag, text] of Object.entries(translations)) {
      document[`${member.wire}#${tag}`] = text as string;
    }
  }
  return { ...document, ...client.additionalMetadata };
}

const MAX_NAME_LENGTH = 255;

/** Members that only the server sets, in its answers; users may not set them. */
const RESERVED = /^(scopes?|client_id|client_secret|registration_.*|.*_at|software_statement)$/;

/**
 * Why `additionalMetadata` may not hold this name, as a sentence, or `undefined` where it may.
 * Refused: names with a row (they have a field of their own), names that carry credentials or their life, and names
 * that nobody could read in a status.
 */
export function additionalNameProblem(name: string): string | undefined {
  if (/^\s*$|\p{C}/u.test(name) || name.length > MAX_NAME_LENGTH) {
    return `additionalMetadata has a member whose name is blank, has more than ${MAX_NAME_LENGTH} characters, or some that control; rename it`;
  }
  const member = memberOf(name);
  if (member !== undefined) {
    if (name.includes('#') && member.localizable === undefined) {
      return `additionalMetadata.${name} can't carry a language tag; remove it`;
    }
    const field = name.includes('#') ? `localized.${specName(member.wire)}` : specName(member.wire);
    return `additionalMetadata.${name} has a field of its own: write spec.client.${field}`;
  }
  if (RESERVED.test(name)) {
    return `additionalMetadata.${name} can't be set: it belongs to the registration itself; remove it`;
  }
  return undefined;
}
