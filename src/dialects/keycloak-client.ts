import type { MEMBERS } from '../oauth/client-metadata.ts';
import { isJsonObject, type Json, type JsonObject } from '../oauth/json.ts';
import { own } from '../oauth/objects.ts';
import type { ClientCodec } from './codec.ts';

/**
 * Keycloak's ClientRepresentation, as `clients-registrations/default` reads and answers it (26.7.0, observed on a running
 * server). Only what this file names is ever sent: no attribute, mapper or flag comes from a client's spec by its name.
 */

/** A row of the table of client members: `additionalMetadata` may not hold its name. */
type Row = (typeof MEMBERS)[number]['wire'];

/** Members of the representation that have the value of the metadata as it is. */
const PLAIN: Readonly<Partial<Record<Row, string>>> = {
  client_name: 'name',
  client_uri: 'baseUrl',
  description: 'description',
  redirect_uris: 'redirectUris',
};

type Form = 'text' | 'boolean' | 'list' | 'object';
type Attribute = readonly [attribute: string, form: Form];

/** Attributes of the representation: each is a text. Lists are joined by `##`. */
const ATTRIBUTES: Readonly<Partial<Record<Row, Attribute>>> = {
  logo_uri: ['logoUri', 'text'],
  policy_uri: ['policyUri', 'text'],
  tos_uri: ['tosUri', 'text'],
  sector_identifier_uri: ['sectorIdentifierUri', 'text'],
  jwks_uri: ['jwks.url', 'text'],
  jwks: ['jwks.string', 'object'],
  default_acr_values: ['default.acr.values', 'list'],
  post_logout_redirect_uris: ['post.logout.redirect.uris', 'list'],
  request_uris: ['request.uris', 'list'],
  token_endpoint_auth_signing_alg: ['token.endpoint.auth.signing.alg', 'text'],
  id_token_signed_response_alg: ['id.token.signed.response.alg', 'text'],
  id_token_encrypted_response_alg: ['id.token.encrypted.response.alg', 'text'],
  id_token_encrypted_response_enc: ['id.token.encrypted.response.enc', 'text'],
  userinfo_signed_response_alg: ['user.info.response.signature.alg', 'text'],
  userinfo_encrypted_response_alg: ['user.info.encrypted.response.alg', 'text'],
  userinfo_encrypted_response_enc: ['user.info.encrypted.response.enc', 'text'],
  request_object_signing_alg: ['request.object.signature.alg', 'text'],
  request_object_encryption_alg: ['request.object.encryption.alg', 'text'],
  request_object_encryption_enc: ['request.object.encryption.enc', 'text'],
  backchannel_logout_uri: ['backchannel.logout.url', 'text'],
  backchannel_logout_session_required: ['backchannel.logout.session.required', 'boolean'],
  frontchannel_logout_uri: ['frontchannel.logout.url', 'text'],
  frontchannel_logout_session_required: ['frontchannel.logout.session.required', 'boolean'],
  require_pushed_authorization_requests: ['require.pushed.authorization.requests', 'boolean'],
  tls_client_certificate_bound_access_tokens: ['tls.client.certificate.bound.access.tokens', 'boolean'],
  dpop_bound_access_tokens: ['dpop.bound.access.tokens', 'boolean'],
  tls_client_auth_subject_dn: ['x509.subjectdn', 'text'],
};

/**
 * Keycloak demands a request object by one attribute and names its algorithm in another. Without an algorithm it takes any,
 * `none` included, so a demand for a signature needs both.
 */
const SIGNED_REQUEST = 'require_signed_request_object';
const REQUEST_REQUIRED = 'request.object.required';
const REQUEST_ALGORITHM = 'request.object.signature.alg';
const BY_VALUE_OR_URL = 'request or request_uri';
const ANY_OR_NONE = ['', 'any', 'none'];

/** Members that the operator itself adds for a workload of the cluster. No client may name them: see `ofServiceAccount`. */
const ISSUER = 'jwt.credential.issuer';
const SUBJECT = 'jwt.credential.sub';
const OWN: readonly string[] = [ISSUER, SUBJECT];
/** Of lists in attributes. A value that has it would become two, and no policy would have judged them. */
const SEPARATOR = '##';
const SCOPE = 'optionalClientScopes';
const FEDERATED = 'federated-jwt';

const AUTHENTICATORS: Readonly<Record<string, string>> = {
  client_secret_basic: 'client-secret',
  client_secret_post: 'client-secret',
  client_secret_jwt: 'client-secret-jwt',
  private_key_jwt: 'client-jwt',
  tls_client_auth: 'client-x509',
  [FEDERATED]: FEDERATED,
};
const METHOD_BY_AUTHENTICATOR: Readonly<Record<string, string>> = {
  'client-secret': 'client_secret_basic',
  'client-secret-jwt': 'client_secret_jwt',
  'client-jwt': 'private_key_jwt',
  'client-x509': 'tls_client_auth',
  [FEDERATED]: FEDERATED,
};

/** Grant type → the flag that permits it, as a member of the representation or as an attribute. */
const FLOW_FLAGS: Readonly<Record<string, string>> = {
  authorization_code: 'standardFlowEnabled',
  implicit: 'implicitFlowEnabled',
};
const GRANT_FLAGS: Readonly<Record<string, string>> = {
  password: 'directAccessGrantsEnabled',
  client_credentials: 'serviceAccountsEnabled',
};
const GRANT_ATTRIBUTES: Readonly<Record<string, string>> = {
  refresh_token: 'use.refresh.tokens',
  'urn:ietf:params:oauth:grant-type:device_code': 'oauth2.device.authorization.grant.enabled',
  'urn:openid:params:grant-type:ciba': 'oidc.ciba.grant.enabled',
  'urn:ietf:params:oauth:grant-type:token-exchange': 'standard.token.exchange.enabled',
  'urn:ietf:params:oauth:grant-type:jwt-bearer': 'oauth2.jwt.authorization.grant.enabled',
};

const DERIVED: readonly Row[] = ['grant_types', 'response_types', 'token_endpoint_auth_method', 'scope'];

/** `openid-connect` is the endpoint of the OpenID Connect form, `default` that of Keycloak's own. */
const PUBLISHED = /\/clients-registrations\/openid-connect$/;

export const keycloakClient: ClientCodec = {
  knows,
  encode,
  decode,
  derived: ['response_types'],
  endpointOf: (published) => published.replace(PUBLISHED, '/clients-registrations/default'),
  ofServiceAccount: ({ identityProvider, subject }) => ({
    token_endpoint_auth_method: FEDERATED,
    [ISSUER]: identityProvider,
    [SUBJECT]: subject,
  }),
};

function knows(member: string, value: Json, metadata: JsonObject): boolean {
  if (member === SIGNED_REQUEST) {
    return value !== true || namesAlgorithm(metadata['request_object_signing_alg']);
  }
  const attribute = own<Attribute>(ATTRIBUTES, member);
  return attribute === undefined
    ? Object.hasOwn(PLAIN, member) || DERIVED.some((name) => name === member)
    : attribute[1] !== 'list' || !(textsOf(value) ?? []).some((text) => text.includes(SEPARATOR));
}

const namesAlgorithm = (value: Json | undefined): boolean =>
  typeof value === 'string' && !ANY_OR_NONE.includes(value);

/**
 * Without `grant_types` RFC 7591 section 2 says `authorization_code`. What is not asked for is off. `enabled` is never sent: a
 * client is enabled when it is created, and an update must not undo that an administrator disabled it.
 */
function encode(metadata: JsonObject): JsonObject {
  const grants = textsOf(metadata['grant_types']) ?? ['authorization_code'];
  const flows = flowsOf(metadata);
  const method = String(metadata['token_endpoint_auth_method'] ?? 'client_secret_basic');
  const { scope, client_id: clientId } = metadata;
  return {
    protocol: 'openid-connect',
    bearerOnly: false,
    fullScopeAllowed: false,
    publicClient: method === 'none',
    clientAuthenticatorType: AUTHENTICATORS[method] ?? method,
    ...Object.fromEntries(Object.entries(FLOW_FLAGS).map(([flow, flag]) => [flag, flows.includes(flow)])),
    ...Object.fromEntries(Object.entries(GRANT_FLAGS).map(([grant, flag]) => [flag, grants.includes(grant)])),
    ...(clientId !== undefined && { clientId }),
    frontchannelLogout: typeof metadata['frontchannel_logout_uri'] === 'string',
    ...Object.fromEntries(
      Object.entries(PLAIN).flatMap(([member, name]) => {
        const value = metadata[member];
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    ...(typeof scope === 'string' && { [SCOPE]: scope.split(' ').filter(Boolean) }),
    attributes: attributesOf(metadata, grants),
  };
}

/**
 * The flows that Keycloak turns on for the same metadata at its endpoint of the OpenID Connect form: those of the response types,
 * and only where there are none, those of the grant types. A hybrid response type turns on both.
 */
function flowsOf(metadata: JsonObject): readonly string[] {
  const types = textsOf(metadata['response_types']) ?? [];
  const grants = textsOf(metadata['grant_types']) ?? [];
  if (types.length === 0) {
    return grants.length === 0 ? ['authorization_code'] : grants;
  }
  const words = types.flatMap((type) => type.split(' '));
  return [
    ...(words.includes('code') || words.includes('none') ? ['authorization_code'] : []),
    ...(words.includes('token') || words.includes('id_token') ? ['implicit'] : []),
  ];
}

function attributesOf(metadata: JsonObject, grants: readonly string[]): JsonObject {
  const given = Object.entries<Attribute>(ATTRIBUTES).flatMap(([member, [attribute, form]]) => {
    const value = metadata[member];
    return value === undefined ? [] : [[attribute, attributeOf(value, form)]];
  });
  const flags = Object.entries(GRANT_ATTRIBUTES).map(([grant, attribute]) => [
    attribute,
    String(grants.includes(grant)),
  ]);
  const ofWorkload = OWN.flatMap((name) =>
    typeof metadata[name] === 'string' ? [[name, metadata[name]]] : [],
  );
  const keys = keySource(metadata);
  const signed = metadata[SIGNED_REQUEST];
  const demand = signed === undefined ? [] : [[REQUEST_REQUIRED, signed === true ? BY_VALUE_OR_URL : '']];
  return Object.fromEntries([...flags, ...given, ...keys, ...demand, ...ofWorkload]) as JsonObject;
}

/**
 * Where the keys are. Keycloak keeps attributes that an update does not send, and prefers the URL: so what the client had
 * before is taken away.
 */
function keySource({ jwks, jwks_uri: uri }: JsonObject): readonly (readonly [string, string])[] {
  if (jwks === undefined && uri === undefined) {
    return [];
  }
  const isByUrl = uri !== undefined && uri !== '';
  return [
    ['use.jwks.url', String(isByUrl)],
    ['use.jwks.string', String(!isByUrl && jwks !== undefined && jwks !== '')],
    [isByUrl ? 'jwks.string' : 'jwks.url', ''],
  ];
}

function attributeOf(value: Json, form: Form): string {
  if (form === 'list') {
    return (textsOf(value) ?? []).join(SEPARATOR);
  }
  return form === 'object' && typeof value !== 'string' ? JSON.stringify(value) : String(value);
}

/** An answer without `clientId` is no client: it stays as it is. */
function decode(answer: JsonObject): JsonObject {
  const { clientId, attributes, clientAuthenticatorType: authenticator } = answer;
  if (typeof clientId !== 'string') {
    return answer;
  }
  const texts = isJsonObject(attributes) ? attributes : {};
  const isPublic = answer['publicClient'] === true;
  const method = isPublic
    ? 'none'
    : (METHOD_BY_AUTHENTICATOR[String(authenticator)] ?? (authenticator as Json | undefined));
  const grants = grantsOf(answer, texts);
  const scopes = textsOf(answer[SCOPE]);
  return {
    client_id: clientId,
    ...present({
      // With other authenticators the secret serves nothing.
      client_secret:
        String(authenticator).startsWith('client-secret') && !isPublic ? answer['secret'] : undefined,
      registration_access_token: answer['registrationAccessToken'],
      token_endpoint_auth_method: method,
      scope: scopes?.join(' '),
    }),
    grant_types: grants,
    response_types: responseTypesOf(grants),
    ...(texts[REQUEST_REQUIRED] === BY_VALUE_OR_URL &&
      namesAlgorithm(texts[REQUEST_ALGORITHM]) && { [SIGNED_REQUEST]: true }),
    ...Object.fromEntries(
      Object.entries(PLAIN).flatMap(([member, name]) => {
        const value = answer[name];
        return value === undefined || value === null ? [] : [[member, value]];
      }),
    ),
    ...Object.fromEntries(
      Object.entries<Attribute>(ATTRIBUTES).flatMap(([member, [attribute, form]]) => {
        const text = texts[attribute];
        return typeof text === 'string' && text !== '' ? [[member, valueIn(text, form)]] : [];
      }),
    ),
    ...Object.fromEntries(
      OWN.flatMap((name) => (typeof texts[name] === 'string' ? [[name, texts[name]]] : [])),
    ),
  } as JsonObject;
}

function grantsOf(answer: JsonObject, texts: JsonObject): readonly string[] {
  const byFlag = Object.entries({ ...FLOW_FLAGS, ...GRANT_FLAGS }).filter(
    ([, flag]) => answer[flag] === true,
  );
  const byAttribute = Object.entries(GRANT_ATTRIBUTES).filter(([, attribute]) => texts[attribute] === 'true');
  return [...byFlag, ...byAttribute].map(([grant]) => grant);
}

const responseTypesOf = (grants: readonly string[]): readonly string[] => [
  ...(grants.includes('authorization_code') ? ['code'] : []),
  ...(grants.includes('implicit') ? ['id_token', 'id_token token'] : []),
  ...(grants.includes('authorization_code') && grants.includes('implicit')
    ? ['code id_token', 'code token', 'code id_token token']
    : []),
];

function valueIn(text: string, form: Form): Json {
  switch (form) {
    case 'boolean':
      return text === 'true';
    case 'list':
      return text.split(SEPARATOR);
    default:
      return text;
  }
}

const textsOf = (value: Json | undefined): readonly string[] | undefined =>
  Array.isArray(value) ? value.filter((text) => typeof text === 'string') : undefined;

const present = (members: Readonly<Record<string, Json | undefined>>): object =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null));
