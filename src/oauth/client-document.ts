import { isJsonObject, type Json, type JsonObject, parseJsonObject } from './json.ts';
import { sha256 } from './sha256.ts';
import { enumerated } from './text.ts';
import { originOf } from './url.ts';

/**
 * Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document): the URL that is the client_id, and what is
 * served there. The bounds are those that all servers that were tried accept.
 */

/** Characters that a base URL may have. */
export const LONGEST_BASE_URL = 60;
/** Characters that a client_id may have. */
export const LONGEST_DOCUMENT_URL = 100;
/** Bytes that every server that was tried reads. */
const BYTES_FOR_ALL = 2048;
/** Bytes that no server but those with less reads: larger documents are not published. */
export const MOST_DOCUMENT_BYTES = 5000;
/** Bytes of a key set: an RSA key has 400. */
export const MOST_KEYS_BYTES = 12_000;

/**
 * Why documents can't be published under a base URL, as the end of a sentence that begins with its name; `undefined`: they
 * can.
 */
export function baseUrlProblem(text: string): string | undefined {
  if (text.length > LONGEST_BASE_URL) {
    return `is longer than ${LONGEST_BASE_URL} characters, and servers take a client_id of at most ${LONGEST_DOCUMENT_URL}`;
  }
  if (!BASE_URL.test(text) || !URL.canParse(text) || new URL(text).href.replace(/\/$/, '') !== text) {
    return 'is not written as https://host or https://host/path in lower case: servers compare a client_id letter by letter, so it may have no query, no "." segment and no "/" at its end';
  }
  return undefined;
}

const BASE_URL = /^https:\/\/[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(\/[a-z0-9._~-]+)*$/;

interface DocumentOwner {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * The URL of a client's document, which is its client_id: at most 100 characters. It is given to no other client: it has
 * a part of the object's uid and the id of the registration, which is new for each.
 *
 * @param baseUrl without a problem; see {@link baseUrlProblem}
 */
export function documentUrl(
  baseUrl: string,
  { namespace, name, uid }: DocumentOwner,
  attempt: string,
): string {
  const part = uid.replaceAll('-', '').slice(0, 8);
  const readable = `${baseUrl}/${namespace}/${name}-${part}-${attempt}`;
  return readable.length <= LONGEST_DOCUMENT_URL
    ? readable
    : `${baseUrl}/${part}-${attempt}-${sha256([namespace, name, uid].join('/')).slice(0, 16)}`;
}

/** Where the keys of a client are served: at the origin of its document, as some servers demand. */
export const keysUrl = (url: string): string => `${url}/jwks`;

/**
 * The members that a document may have, by wire name. Keycloak 26.7.0 refuses a document with any other; those that are
 * left out here are answers, secrets, or what this file adds.
 */
const DOCUMENT_MEMBERS: ReadonlySet<string> = new Set(
  (
    'client_name client_uri logo_uri tos_uri policy_uri contacts redirect_uris post_logout_redirect_uris grant_types ' +
    'response_types application_type scope token_endpoint_auth_method token_endpoint_auth_signing_alg jwks jwks_uri ' +
    'software_id software_version sector_identifier_uri subject_type id_token_signed_response_alg ' +
    'id_token_encrypted_response_alg id_token_encrypted_response_enc userinfo_signed_response_alg ' +
    'userinfo_encrypted_response_alg userinfo_encrypted_response_enc request_object_signing_alg ' +
    'request_object_encryption_alg request_object_encryption_enc authorization_signed_response_alg ' +
    'authorization_encrypted_response_alg authorization_encrypted_response_enc default_max_age require_auth_time ' +
    'default_acr_values initiate_login_uri request_uris tls_client_certificate_bound_access_tokens ' +
    'tls_client_auth_subject_dn dpop_bound_access_tokens backchannel_logout_uri backchannel_logout_session_required ' +
    'backchannel_token_delivery_mode backchannel_client_notification_endpoint ' +
    'backchannel_authentication_request_signing_alg backchannel_user_code_parameter frontchannel_logout_uri ' +
    'frontchannel_logout_session_required require_pushed_authorization_requests'
  ).split(' '),
);

/** What is served for one client. */
export interface ClientDocument {
  /** The client_id. */
  readonly url: string;
  /** JSON. */
  readonly body: string;
  /** JWK set of {@link keysUrl}; absent: the client has no keys there. */
  readonly keys?: string;
}

/**
 * The document of a client. Its keys are not in the document but at {@link keysUrl}: only there can they be rotated at all
 * servers.
 *
 * @param metadata without a problem; see {@link documentProblem}
 */
export function clientDocument(url: string, { jwks, ...metadata }: JsonObject): ClientDocument {
  const members = Object.entries(metadata).filter(([, value]) => value !== null);
  const keys = isJsonObject(jwks) ? { jwks_uri: keysUrl(url) } : {};
  const document = { client_id: url, ...Object.fromEntries(members), ...keys };
  const body = JSON.stringify(document);
  return isJsonObject(jwks) ? { url, body, keys: JSON.stringify(jwks) } : { url, body };
}

/** What no server may be without, where the metadata says nothing of it. A member that is null or an empty name says nothing. */
export function completeMetadata(metadata: JsonObject, name: string): JsonObject {
  const given: JsonObject = Object.fromEntries(
    Object.entries(metadata).filter(
      ([member, value]) => value !== null && !(member === 'client_name' && value === ''),
    ),
  );
  const { client_name: named, token_endpoint_auth_method: method, jwks, jwks_uri: uri } = given;
  const hasKeys = jwks !== undefined || uri !== undefined;
  return {
    ...(named === undefined ? { client_name: name } : {}),
    ...(method === undefined ? { token_endpoint_auth_method: hasKeys ? 'private_key_jwt' : 'none' } : {}),
    ...given,
  };
}

/**
 * Why servers would refuse a document with this metadata, as a sentence with what to do; `undefined`: they take it.
 *
 * @param metadata by wire names, as {@link completeMetadata} gives it
 * @param hasGeneratedKey the operator adds a key
 */
export function documentProblem(metadata: JsonObject, hasGeneratedKey: boolean): string | undefined {
  return (
    memberProblem(metadata) ??
    methodProblem(metadata, hasGeneratedKey) ??
    redirectProblem(metadata) ??
    keysProblem(metadata['jwks'])
  );
}

function memberProblem(metadata: JsonObject): string | undefined {
  const unknown = Object.keys(metadata).find((member) => !DOCUMENT_MEMBERS.has(member));
  return unknown === undefined
    ? undefined
    : `A client that is identified by a document can't have ${unknown}: some servers refuse the whole document for a member that they don't know. Remove it.`;
}

function methodProblem(
  { token_endpoint_auth_method: method, jwks, jwks_uri: uri }: JsonObject,
  hasGeneratedKey: boolean,
): string | undefined {
  if (jwks !== undefined && uri !== undefined) {
    return 'The client names jwks and jwksUri, and servers refuse a document with both. Remove one.';
  }
  if (typeof method === 'string' && /^client_secret/.test(method)) {
    return `A client that is identified by a document has no secret, so it can't authenticate by ${method}. Set spec.credential.generatedKey, which makes it private_key_jwt; or set tokenEndpointAuthMethod to none for a public client.`;
  }
  return method === 'private_key_jwt' && !hasGeneratedKey && jwks === undefined && uri === undefined
    ? 'The client authenticates by private_key_jwt and has no key. Set spec.credential.generatedKey, or spec.client.jwks.'
    : undefined;
}

const redirectProblem = ({ redirect_uris: uris }: JsonObject): string | undefined =>
  Array.isArray(uris) && uris.length > 0
    ? undefined
    : 'A client that is identified by a document needs at least one redirect URI, also where it only asks for tokens of its own: servers refuse a document without one. Set spec.client.redirectUris.';

/** Private members of a JWK (RFC 7518 sections 6.2.2, 6.3.2 and 6.4). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

function keysProblem(jwks: Json | undefined): string | undefined {
  const keys = isJsonObject(jwks) && Array.isArray(jwks['keys']) ? jwks['keys'] : [];
  for (const key of keys.filter(isJsonObject)) {
    if (PRIVATE.some((member) => key[member] !== undefined)) {
      return 'spec.client.jwks has a private key, and the document is public. Put the public key alone there, and make another pair: this one is known to all who may read this object.';
    }
    if (typeof key['kid'] !== 'string' || key['use'] !== 'sig' || typeof key['alg'] !== 'string') {
      return 'A key of spec.client.jwks lacks kid, alg or "use": "sig", and servers refuse a document with such a key. Add them.';
    }
  }
  return undefined;
}

/**
 * The same, for what servers refuse but a policy may judge first.
 *
 * @param url the client_id, or the base URL: its origin counts
 */
export function placementProblem(metadata: JsonObject, url: string): string | undefined {
  const { jwks_uri: keys, response_types: responseTypes, grant_types: grantTypes } = metadata;
  if (isElsewhere(keys, originOf(url))) {
    return `jwksUri is not at ${originOf(url)}, and some servers take keys only from the origin of the document. Remove it, and set spec.credential.generatedKey; or put the public keys into spec.client.jwks, which are served there.`;
  }
  const asksForCode = Array.isArray(responseTypes) && responseTypes.some(hasCode);
  return asksForCode && Array.isArray(grantTypes) && !grantTypes.includes('authorization_code')
    ? 'responseTypes has code, and some servers refuse a document with it where grantTypes lacks authorization_code. Add authorization_code to grantTypes, or set responseTypes to [].'
    : undefined;
}

/** A response type is a set of words. */
const hasCode = (responseType: Json): boolean =>
  typeof responseType === 'string' && responseType.split(' ').includes('code');

/** Whether any of these URLs has another origin. */
const isElsewhere = (value: Json | undefined, origin: string): boolean =>
  (Array.isArray(value) ? value : [value]).some(
    (one) => typeof one === 'string' && !(URL.canParse(one) && originOf(one) === origin),
  );

/** Members with URLs of people, for which servers differ in what they take; for the first two one refuses the document. */
const URLS_OF_PEOPLE = ['client_uri', 'post_logout_redirect_uris', 'logo_uri', 'tos_uri', 'policy_uri'];
const OF_THE_ORIGIN = URLS_OF_PEOPLE.slice(0, 2);
const MOST_SCOPES = 4;

/**
 * What a person should know of a document that not every server takes, as sentences; `undefined`: nothing.
 *
 * @param metadata by wire names
 * @param scopes those that the server's metadata names; `undefined`: it names none
 */
export function metadataNote(
  url: string,
  metadata: JsonObject,
  scopes: readonly string[] | undefined,
): string | undefined {
  const origin = URL.canParse(url) ? originNote(metadata, originOf(url)) : undefined;
  const sentences = [origin, scopeNote(metadata['scope'], scopes)];
  const told = sentences.filter((sentence) => sentence !== undefined);
  return told.length === 0 ? undefined : told.join(' ');
}

function originNote(metadata: JsonObject, origin: string): string | undefined {
  const elsewhere = URLS_OF_PEOPLE.filter((member) => isElsewhere(metadata[member], origin));
  if (elsewhere.length === 0) {
    return undefined;
  }
  const refused = elsewhere.filter((member) => OF_THE_ORIGIN.includes(member));
  const who =
    refused.length === 0 ? '' : `better-auth refuses it for ${enumerated(refused, refused.length)}, and `;
  return `It has URLs that are not at ${origin} (${enumerated(elsewhere, elsewhere.length)}): ${who}Keycloak refuses it where it does not trust their hosts.`;
}

function scopeNote(scope: Json | undefined, scopes: readonly string[] | undefined): string | undefined {
  const asked = typeof scope === 'string' ? scope.split(' ').filter((one) => one !== '') : [];
  const unknown = scopes === undefined ? [] : asked.filter((one) => !scopes.includes(one));
  return unknown.length === 0
    ? undefined
    : `scopes_supported of the server lacks scopes that it asks for (${enumerated(unknown, MOST_SCOPES)}): node-oidc-provider and better-auth refuse a document with a scope that they do not know.`;
}

/** Why a document is not published, as a sentence with what to do; `undefined`: its size and that of its keys are fine. */
export function sizeProblem({ body, keys = '' }: Pick<ClientDocument, 'body' | 'keys'>): string | undefined {
  const [bytes, ofKeys] = [Buffer.byteLength(body), Buffer.byteLength(keys)];
  if (bytes > MOST_DOCUMENT_BYTES) {
    return `The document would have ${bytes} bytes, and servers read ${MOST_DOCUMENT_BYTES} at most. ${largestMember(body)}Make spec.client smaller, or make two OAuthClients of it.`;
  }
  return ofKeys > MOST_KEYS_BYTES
    ? `The keys have ${ofKeys} bytes, and ${MOST_KEYS_BYTES} at most are served. Remove keys from spec.client.jwks.`
    : undefined;
}

/** Where to begin, as a sentence with a space after it. */
function largestMember(body: string): string {
  const sizes = Object.entries(parseJsonObject(body) ?? {}).map(
    ([member, value]) => [member, Buffer.byteLength(JSON.stringify(value))] as const,
  );
  const [largest] = sizes.toSorted(([, one], [, other]) => other - one);
  return largest === undefined ? '' : `The largest member is ${largest[0]}, with ${largest[1]} bytes. `;
}

/**
 * What a person should know of a document of this size, as a sentence; `undefined`: nothing.
 *
 * @param bytes of its body
 */
export const sizeNote = (bytes: number): string | undefined =>
  bytes <= BYTES_FOR_ALL
    ? undefined
    : `It has ${bytes} bytes: django-allauth reads ${BYTES_FOR_ALL} at most, the other servers that were tried ${MOST_DOCUMENT_BYTES} or more.`;

/**
 * The document that takes a client back: other redirect URI, other key, so that codes and refresh tokens of the client are
 * refused. A document that can't be fetched takes nothing back at some servers.
 *
 * @param publicJwk of a key whose private half nobody has
 */
export const withdrawalDocument = (url: string, publicJwk: JsonObject): ClientDocument =>
  clientDocument(url, {
    client_name: 'Withdrawn',
    redirect_uris: [withdrawnRedirect(url)],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [publicJwk] },
  });

/** The redirect URI of a withdrawn client: nothing is served there. */
export const withdrawnRedirect = (url: string): string => `${url}/withdrawn`;

/** Identifies what is served: it changes with document or keys, not with how long they may be kept. 43 characters. */
export const documentDigest = ({ body, keys = '' }: Pick<ClientDocument, 'body' | 'keys'>): string =>
  sha256(`${sha256(body)}.${sha256(keys)}`);

/** Value of the header `ETag`. */
const entityTag = (body: string): string => `"${sha256(body).slice(0, 22)}"`;

/**
 * Headers of a document or of its keys.
 *
 * @param maxAge seconds that a server may keep its copy: the time an outage is survived, and the delay of a change
 */
export const documentHeaders = (body: string, maxAge: number): Readonly<Record<string, string>> => ({
  'content-type': 'application/json',
  'cache-control': `public, max-age=${maxAge}`,
  etag: entityTag(body),
  'access-control-allow-origin': '*',
  'x-content-type-options': 'nosniff',
});
