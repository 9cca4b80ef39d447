import type { ClientInformation } from '../oauth/client-information.ts';
import { ENDPOINT_NAMES, ENDPOINTS, type Endpoints, endpointOf } from '../oauth/discovery.ts';
import type { Json, JsonObject } from '../oauth/json.ts';
import { own } from '../oauth/objects.ts';
import type { GeneratedKey } from '../oauth/signing-key.ts';
import { ACCOUNT_TOKEN_NAMES, accountTokenValues } from './account-token.ts';

/** What a workload may know of its client. */
export interface PublishedClient {
  readonly information: ClientInformation;
  /** The document that was sent last. It gives the method, and the scope of an answer without metadata. */
  readonly sent: JsonObject;
  readonly issuer: string;
  readonly endpoints: Endpoints;
  /** The key that the operator made for the client. */
  readonly key?: GeneratedKey | undefined;
  /**
   * Further members of the answer, and endpoints that the server publishes, by wire name; or `type` and `provider`, see
   * {@link BINDING_TYPE}.
   */
  readonly include?: readonly string[];
  /** Of the tokens of its ServiceAccount by which the client authenticates. Absent: it authenticates in another way. */
  readonly audience?: string | undefined;
  /** Name of the server object. */
  readonly provider?: string;
  /** Name of the OAuthClient. */
  readonly name?: string;
}

/** A member of the registration: as the server answered it, else as it was sent. */
export const saidOf = (
  { information: { metadata }, sent }: Pick<PublishedClient, 'information' | 'sent'>,
  member: string,
): Json | undefined => own(metadata, member) ?? own(sent, member);

/**
 * What the Service Binding specification calls the type of a Secret with an OAuth client. It is published as `type`, and the
 * name of the server object as `provider`, where `include` names them and the answer has no such member.
 */
export const BINDING_TYPE = 'oauth2';

/**
 * The wire names of the values that any client may have, `include` aside. No other value may be renamed to one of them, so a
 * name here takes something from people who have it.
 */
export const PUBLISHED_NAMES: readonly string[] = [
  'client_id',
  'client_secret',
  'token_endpoint_auth_method',
  'scope',
  'issuer',
  ...ENDPOINT_NAMES.filter((name) => ENDPOINTS[name].isPublished).map((name) => ENDPOINTS[name].wire),
  'private_key.pem',
  'private_key.jwk',
  'kid',
];

/** The same, and of the values that only clients of a ServiceAccount have. */
export const VALUE_NAMES: readonly string[] = [...PUBLISHED_NAMES, ...ACCOUNT_TOKEN_NAMES];

const PUBLISHED = ENDPOINT_NAMES.filter((name) => ENDPOINTS[name].isPublished).map(
  (name) => ENDPOINTS[name].wire,
);

/** Whether the client presents a certificate at the endpoints of its server (RFC 8705 sections 2 and 3). */
export function presentsCertificate(client: Pick<PublishedClient, 'information' | 'sent'>): boolean {
  const said = (member: string) => saidOf(client, member);
  const method = said('token_endpoint_auth_method');
  return (
    method === 'tls_client_auth' ||
    method === 'self_signed_tls_client_auth' ||
    String(said('tls_client_certificate_bound_access_tokens')) === 'true'
  );
}

/** What a workload may know of its client, by wire name; `undefined` where it isn't known. */
export function publishedValues({
  information,
  sent,
  issuer,
  endpoints,
  key,
  include = [],
  audience,
  provider,
}: PublishedClient): Record<string, string | undefined> {
  const answered = (member: string) =>
    nonEmptyString(information.metadata[member]) ?? nonEmptyString(sent[member]);
  const hasCertificate = presentsCertificate({ information, sent });
  const endpoint = (wire: string) => endpointOf(wire, endpoints, hasCertificate);
  const binding: Record<string, string | undefined> = { type: BINDING_TYPE, provider };
  return {
    ...Object.fromEntries(
      include.map((member) => [
        member,
        included(information.metadata, member) ?? endpoint(member) ?? own(binding, member),
      ]),
    ),
    client_id: information.clientId,
    client_secret: information.clientSecret?.reveal(),
    token_endpoint_auth_method: answered('token_endpoint_auth_method'),
    scope: registeredScope(information.metadata, sent),
    issuer,
    ...Object.fromEntries(PUBLISHED.map((wire) => [wire, endpoint(wire)])),
    'private_key.pem': key?.privatePem.reveal(),
    'private_key.jwk': key?.privateJwk.reveal(),
    kid: key?.kid,
    ...(audience === undefined ? {} : accountTokenValues(audience)),
  };
}

/**
 * An answer has all that is registered (RFC 7591 section 3.2.1), so a scope that it leaves out is not registered. An answer
 * without any of the members that were sent says nothing.
 */
function registeredScope(metadata: JsonObject, sent: JsonObject): string | undefined {
  const isSilent = Object.keys(sent).every((member) => !Object.hasOwn(metadata, member));
  return nonEmptyString(metadata['scope']) ?? (isSilent ? nonEmptyString(sent['scope']) : undefined);
}

/** A member of the answer as text: a string as it is, anything else as JSON. */
function included(metadata: JsonObject, member: string): string | undefined {
  const value = own(metadata, member);
  return typeof value === 'string'
    ? nonEmptyString(value)
    : value === undefined || value === null
      ? undefined
      : JSON.stringify(value);
}

const nonEmptyString = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
